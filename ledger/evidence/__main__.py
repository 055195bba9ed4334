"""Stand-alone verifier: ``python -m ledger.evidence PATH``; the standard library and cryptography are enough."""

import argparse
import json
import locale
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from .faults import EvidenceError, Malformed
from .note import VerifierKey
from .tiles import parse_keys, read_file
from .verdict import Progress, Verdict, from_fault
from .verify import Question, demanded, verify

PROGRESS_STEP = 1 << 16


def main(
    arguments: Sequence[str] | None = None, verifier: Callable[[Question, Progress | None], Verdict] = verify
) -> int:
    """Verify what the arguments name; the exit code is the verdict's. A larger program may bring its own verifier."""
    options = _parser().parse_args(arguments)
    try:
        question = _question(options)
    except EvidenceError as fault:
        verdict = from_fault(fault, level=0)
    else:
        show = None if options.json or not sys.stderr.isatty() else _show_progress
        verdict = demanded(question, verifier(question, show))
    print(_report(verdict, options.lang, as_json=options.json))  # noqa: T201 - the verifier's answer
    return int(verdict.exit_code)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ledger.evidence", description=__doc__)
    parser.add_argument("path", type=Path, help="bundle, exported log, folder of proofs, or one .tlog-proof")
    parser.add_argument("--event", type=Path, help="stored bytes of the one proof (default: same name, .event)")
    parser.add_argument("--key", action="append", default=[], help="verifier key, or a file of them")
    parser.add_argument("--origin", help="the ledger that this must be")
    parser.add_argument("--earlier", type=Path, help="an earlier checkpoint, or a folder of them")
    parser.add_argument("--disclosed", type=Path, help="disclosed sealed parts (JSON)")
    parser.add_argument("--log", type=Path, help="of a bundle: the exported log to find omissions with")
    parser.add_argument("--authority", type=Path, help="trusted time-stamping authorities (PEM)")
    parser.add_argument("--policy", type=Path, help="who must have witnessed (tlog-policy)")
    parser.add_argument("--require", choices=["checkpointed", "witnessed", "complete"], default="checkpointed")
    parser.add_argument("--json", action="store_true", help="answer for machines")
    parser.add_argument("--lang", choices=["zh", "en"], default=_language())
    return parser


def _question(options: argparse.Namespace) -> Question:
    return Question(
        path=options.path,
        event=options.event,
        keys=tuple(key for text in options.key for key in _keys(text)),
        origin=options.origin,
        earlier=options.earlier,
        disclosed=options.disclosed,
        policy=options.policy,
        witnessed=options.require == "witnessed",
        complete=options.require == "complete",
        log=options.log,
        authorities=options.authority,
    )


def _keys(text: str) -> list[VerifierKey]:
    try:
        return [VerifierKey.parse(text)]
    except Malformed:
        return parse_keys(read_file(Path(text)))


def _language() -> str:
    return "zh" if (locale.getlocale()[0] or "").lower().startswith(("zh", "chinese")) else "en"


def _report(verdict: Verdict, language: str, *, as_json: bool) -> str:
    if as_json:
        return json.dumps(verdict.as_json(), ensure_ascii=False)
    zh = language == "zh"
    lines = [("通过：" if zh else "ok: ") if verdict.ok else ("不通过：" if zh else "failed: ")]
    lines[0] += verdict.text(language)
    if verdict.first_bad is not None:
        lines.append(f"{'首个出错位置' if zh else 'first position that fails'}: {verdict.first_bad} ({verdict.kind})")
    lines += [f"{subject}: complete: {said}" for subject, said in verdict.subjects.items()]
    complete = "已证明" if verdict.complete == "proven" else "未证明"
    lines.append(f"完整性：{complete}" if zh else f"complete: {verdict.complete}")
    return "\n".join(lines)


def _show_progress(done: int, total: int) -> None:
    if done % PROGRESS_STEP < 256 or done == total:
        print(f"\r{done:,} / {total:,}", end="\n" if done == total else "", file=sys.stderr, flush=True)  # noqa: T201 - how far it got, for a person at a terminal


if __name__ == "__main__":
    sys.exit(main())
