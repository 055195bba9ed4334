"""Reports of a bundle for people, in Chinese and in English: static pages without scripts, every text escaped.

A page is a pure function of the bundle's other files, so that the verifier makes it again and compares. A rendering
that was released never changes: bundles last longer than programs. What is to look otherwise is a new number.
"""

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from .verify_proof import Disclosure

RENDERING = 2  # what bundles are made with today
RENDERINGS = frozenset({1, RENDERING})  # what can be made again; 1 showed every answer as nested tables
STYLE = (
    "body{font:15px/1.6 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}table{border-collapse:collapse}"
    "td,th{border:1px solid #bbb;padding:.2em .6em;text-align:left;vertical-align:top}"
)
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
WORDS = {
    "en": {
        "title": "Evidence bundle",
        "question": "What was asked",
        "answer": "The answer",
        "events": "The events in this bundle",
        "position": "Position",
        "recorded_at": "Recorded",
        "topic": "Event",
        "actor": "By",
        "authority": "On what authority",
        "rests": "The answer rests on it",
        "disclosed": "Disclosed texts",
        "withheld": "What is withheld, and why",
        "not_visible": "not for whoever asked to read",
        "erased": "erased: its key is destroyed",
        "not_needed": "the answer does not need it",
        "missing": "What the answer lacks",
        "left_out": "Events in streams that whoever asked may not see are left out; how many is not told.",
        "checkpoint": "The signed state",
        "limits": "What this bundle does not show",
        "check": "How to check it",
        "checking": "With the program: pledger verify FILE --key KEY. With the stand-alone verifier: python -m "
        "ledger.evidence FILE --key KEY. Take the key from elsewhere than from this bundle. With the exported log, "
        "--log FOLDER shows whether any event about the subject is missing.",
        "limit_1": "It proves what was recorded, when and on what authority; not that a claim was true.",
        "limit_2": "That no other event about the subject exists is proven only against the exported log.",
        "separate": "Signer: separate.",
        "not separate": "Signer: not separate. It runs as the same user as the service.",
        "yes": "yes",
        "part": "Part",
        "why": "Why",
        "text": "Text",
    },
    "zh": {
        "title": "证据包",
        "question": "所问",
        "answer": "答案",
        "events": "本证据包中的事件",
        "position": "位置",
        "recorded_at": "记录时间",
        "topic": "事件",
        "actor": "操作人",
        "authority": "依据",
        "rests": "答案以此为据",
        "disclosed": "已披露的文字",
        "withheld": "未提供的内容及原因",
        "not_visible": "提问者无权阅读",
        "erased": "已删除：密钥已销毁",
        "not_needed": "答案不需要它",
        "missing": "答案所缺",
        "left_out": "提问者无权查看的流中的事件不在其中，数量不予说明。",
        "checkpoint": "已签点的状态",
        "limits": "本证据包不能说明的",
        "check": "如何核验",
        "checking": "用本程序：pledger verify 文件 --key 公钥。"
        "用独立核验器：python -m ledger.evidence 文件 --key 公钥。"
        "公钥应取自证据包以外的来源。加上导出的账本（--log 文件夹）可查明是否遗漏了有关事件。",
        "limit_1": "它证明记录了什么、何时、依据什么；不证明所述属实。",
        "limit_2": "要证明没有其他相关事件，须对照导出的完整账本。",
        "separate": "签点器：独立。",
        "not separate": "签点器：未独立（signer: not separate），与服务同一用户运行。",
        "yes": "是",
        "part": "字段",
        "why": "原因",
        "text": "文字",
    },
}


def reports(
    about: Mapping[str, Any],
    answer: Mapping[str, object],
    events: Mapping[int, bytes],
    disclosed: Sequence[Disclosure],
) -> dict[str, bytes]:
    """Return file name → page, one for each language."""
    return {f"report.{lang}.html": _page(lang, about, answer, events, disclosed).encode() for lang in WORDS}


def _page(
    lang: str,
    about: Mapping[str, Any],
    answer: Mapping[str, object],
    events: Mapping[int, bytes],
    disclosed: Sequence[Disclosure],
) -> str:
    words = WORDS[lang]
    sections = [
        ("question", _value(about["question"])),
        ("answer", _answer(words, about, answer)),
        ("checkpoint", _value({name: about[name] for name in ("origin", "size", "made_at", "clock", "formulas")})),
        ("events", _events(words, about, events)),
        ("disclosed", _table([words["position"], words["part"], words["text"]], [_shown(one) for one in disclosed])),
        ("withheld", f"<p>{words['left_out']}</p>" + _withheld(words, about["withheld"]["parts"])),
        ("limits", "".join(f"<p>{words[name]}</p>" for name in ("limit_1", "limit_2", about["signer"]))),
        ("check", f"<p>{words['checking']}</p>"),
    ]
    body = "\n".join(f"<h2>{words[name]}</h2>\n{html}" for name, html in sections)
    head = f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    return (
        f'<!doctype html>\n<html lang="{lang}"><head>{head}<title>{words["title"]}</title><style>{STYLE}</style></head>'
        f"\n<body><h1>{words['title']}</h1>\n{body}\n</body></html>\n"
    )


def _answer(words: Mapping[str, str], about: Mapping[str, Any], answer: Mapping[str, object]) -> str:
    """Return the answer; the lines of a report as one table, a column for each value that any of them has."""
    lines = answer.get("lines")
    if about.get("rendering", 1) == 1 or not isinstance(lines, list):
        return _value(answer)
    names = list(dict.fromkeys(name for line in lines for name in line))
    rows = "".join(
        "<tr>" + "".join(f"<td>{_value(line.get(name))}</td>" for name in names) + "</tr>\n" for line in lines
    )
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    table = f"<table><tr>{head}</tr>\n{rows}</table>" if lines else "<p>–</p>"
    rest = {name: value for name, value in answer.items() if name not in ("lines", "missing")}
    return f"{_value(rest)}\n{table}\n<h3>{words['missing']}</h3>\n{_value(answer.get('missing'))}"


def _events(words: Mapping[str, str], about: Mapping[str, Any], events: Mapping[int, bytes]) -> str:
    rests, rows = set(about["rests_on"]), []
    for position, stored in sorted(events.items()):
        event = json.loads(stored)
        mark = words["yes"] if position in rests else ""
        said = (event["recorded_at"], event["topic"], event["actor"], event["authority"]["basis"])
        rows.append([str(position), *said, mark])
    names = ("position", "recorded_at", "topic", "actor", "authority", "rests")
    return _table([words[name] for name in names], rows)


def _shown(one: Disclosure) -> list[str]:
    return [str(one.position), one.part, one.content.decode("utf-8", "replace")]


def _withheld(words: Mapping[str, str], parts: Sequence[Mapping[str, Any]]) -> str:
    rows = [[str(one["position"]), str(one["part"]), words[one["why"]]] for one in parts]
    return _table([words["position"], words["part"], words["why"]], rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return "<p>–</p>"
    cells = "".join(f"<th>{escape(name)}</th>" for name in head)
    lines = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>\n" for row in rows)
    return f"<table><tr>{cells}</tr>\n{lines}</table>"


def _value(value: object) -> str:
    """Return a value of JSON as nested tables."""
    if isinstance(value, Mapping):
        rows = "".join(
            f"<tr><th>{escape(str(name))}</th><td>{_value(item)}</td></tr>\n" for name, item in value.items()
        )
        return f"<table>{rows}</table>" if rows else "–"
    if isinstance(value, list | tuple):
        return "".join(f"<div>{_value(item)}</div>" for item in value) or "–"
    return "–" if value is None else escape(str(value))
