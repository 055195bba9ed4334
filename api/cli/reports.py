"""`pledger reports` and `pledger report NAME`: what can be asked, and the answer line by line."""

from typing import Annotated

import typer

from api.cli.asking import How, Limit
from api.cli.console import Fields, as_json, language, say, show_table
from api.cli.options import AsJson, AsRole, Data, Lang, LedgerName
from api.cli.questions import Known, On, moment
from api.cli.threads import one_of

Name = Annotated[str, typer.Argument(help="Name of the report, as `pledger reports` lists it.", show_default=False)]
Unit = Annotated[str | None, typer.Option("--unit", help="Of a unit and those below it.")]
From = Annotated[str | None, typer.Option("--from", help="The period's first day or instant.")]
Until = Annotated[str | None, typer.Option("--until", help="Its last day, or the instant before which it ends.")]
Subject = Annotated[str | None, typer.Option("--subject", help="Of one subject: kind/id.")]
Event = Annotated[str | None, typer.Option("--event", help="When this event happened.")]
ThanOn = Annotated[str | None, typer.Option("--than-on", help="Compare with this day.")]
ThanKnown = Annotated[str | None, typer.Option("--than-known", help="Compare with what was known then.")]
REPORT_COLUMNS = ("name", "question", "formula")
TOLD_ELSEWHERE = frozenset({"events"})


def reports(
    data: Data = None, ledger: LedgerName = None, as_role: AsRole = None, lang: Lang = None, json: AsJson = False
) -> None:
    """List the reports."""
    from api.cli.questions import READER
    from api.cli.service import answered, client, way

    with client(way(data, ledger, as_role or READER), language=language(lang)) as service:
        rows = answered(service.get("/reports"), machine=json)["rows"]
    as_json({"rows": rows}) if json else show_table(
        "报告" if language(lang) == "zh" else "Reports", REPORT_COLUMNS, rows
    )


def report(
    name: Name,
    on: On = None,
    known: Known = None,
    unit: Unit = None,
    since: From = None,
    until: Until = None,
    subject: Subject = None,
    event: Event = None,
    than_on: ThanOn = None,
    than_known: ThanKnown = None,
    limit: Limit = 1000,
    data: Data = None,
    ledger: LedgerName = None,
    as_role: AsRole = None,
    lang: Lang = None,
    json: AsJson = False,
) -> None:
    """Answer a report: its lines, what is missing, and which policy and formula it went by."""
    asked: dict[str, str | int | None] = {"unit": unit, "from": since, "until": until, "limit": limit}
    asked |= {"subject": subject, "event": event, "than_on": than_on, "than_known": than_known}
    found = one_of("/reports", name, asked, How(on, known, limit, data, ledger, as_role, lang, json))
    as_json(found) if json else _show(found, zh=language(lang) == "zh")


def _show(found: Fields, *, zh: bool) -> None:
    zone, labels = str(found["on"]["zone"]), {**found["words"], **found["labels"]}
    rows = [{name: _cell(name, value, zone, labels) for name, value in line.items()} for line in found["lines"]]
    columns = [name for name in dict.fromkeys(n for row in rows for n in row) if _says(name, rows)]
    say(found["definition"])
    show_table(found["question"], columns, rows)
    for one in found["missing"]:
        what = f"{one['code']} {', '.join(one['about'])}".rstrip()
        meant = found["words"].get(one["code"])
        say(f"{'缺失：' if zh else 'Missing: '}{what}{f' ({meant})' if meant else ''}")
    if found["next"] is not None:
        say("行数超过 --limit。" if zh else "There are more lines than --limit.")
    say(_rests_on(found, zh=zh))


def _rests_on(found: Fields, *, zh: bool) -> str:
    """Return the sentence that says up to where, and by which policy and formula, the answer holds."""
    policy, position, known = found["policy"], found["position"], found["known"]
    name = None if policy is None else f"{policy['id']}@{policy['version']}"
    if zh:
        by = "无已发布制度" if name is None else f"制度 {name}"
        return f"截至位置 {position}，所知位置 {known}；{by}；公式 {found['formula']}。"
    by = "no published policy" if name is None else f"policy {name}"
    return f"True at position {position}, known {known}; {by}; formula {found['formula']}."


def _says(name: str, rows: list[Fields]) -> bool:
    return any(row.get(name) not in (None, "", [], {}) for row in rows)


def _cell(name: str, value: object, zone: str, labels: Fields) -> object:
    """Return a cell: events by position, times in the ledger's zone, names for ids."""
    if name in TOLD_ELSEWHERE and isinstance(value, list):
        return ", ".join(str(one["position"]) for one in value)
    if isinstance(value, list):
        return ", ".join(str(_cell("", one, zone, labels)) for one in value)
    if isinstance(value, str) and value.endswith("Z") and "T" in value:
        return moment(value, zone)
    return labels.get(value, value) if isinstance(value, str) else value
