"""`pledger who-owns` and `pledger trail`: who answers for a subject, and all that happened to it."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote
from zoneinfo import ZoneInfo

import typer

from api.cli.console import Fields, as_json, language, printable, say, show_table
from api.cli.options import AsJson, AsRole, Data, Lang, LedgerName

if TYPE_CHECKING:
    import httpx2

ROLES = ("accountable", "responsible", "support", "consulted", "informed")
RELATIONS = ("member", "alumnus")
READER = "auditor"  # sees every subject and changes none
PAGE = 500
TRAIL_COLUMNS = ("position", "recorded_at", "effective_at", "topic", "actor", "authority", "source", "marks", "data")
Kind = Annotated[str, typer.Argument(help="Kind of the subject, as in unit, goal, team.", show_default=False)]
SubjectId = Annotated[str, typer.Argument(metavar="ID", help="Its id.", show_default=False)]
On = Annotated[str | None, typer.Option("--on", help="A date, or an instant with offset: as of when.")]
Known = Annotated[str | None, typer.Option("--known", help="An instant or position:N: as was known then.")]


def who_owns(
    kind: Kind,
    id: SubjectId,
    on: On = None,
    known: Known = None,
    data: Data = None,
    ledger: LedgerName = None,
    as_role: AsRole = None,
    lang: Lang = None,
    json: AsJson = False,
) -> None:
    """Tell who answers for a subject on a day, as known on a day, and what the answer rests on."""
    from api.cli.service import answered, client, way

    asked = {name: text for name, text in (("on", on), ("known", known)) if text is not None}
    with client(way(data, ledger, as_role or READER), language=language(lang)) as service:
        owned = answered(service.get(_path("who-owns", kind, id), params=asked), machine=json)
    as_json(owned) if json else _show_ownership(owned)


def trail(
    kind: Kind,
    id: SubjectId,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Rows at most.")] = 1000,
    data: Data = None,
    ledger: LedgerName = None,
    as_role: AsRole = None,
    lang: Lang = None,
    json: AsJson = False,
) -> None:
    """Tell all that happened to a subject, in order, who did it, and on what authority."""
    from api.cli.service import client, way

    with client(way(data, ledger, as_role or READER), language=language(lang)) as service:
        rows = list(rows_of(service, _path("trail", kind, id), limit, machine=json))
    if json:
        as_json({"rows": rows})
        return
    columns = [name for name in TRAIL_COLUMNS if any(row.get(name) not in (None, [], {}) for row in rows)]
    show_table(f"{kind}/{id}: {len(rows)} events", columns, [_shortened(row) for row in rows])


def _path(question: str, kind: str, id: str) -> str:
    return f"/{question}/{quote(kind, safe='')}/{quote(id, safe='')}"


def rows_of(
    service: "httpx2.Client", path: str, limit: int, *, machine: bool, asked: Fields | None = None
) -> Iterator[Fields]:
    """Yield the rows of a list, page by page; `asked` are the parameters of the question."""
    from api.cli.service import answered

    after: dict[str, str] = {}
    while limit > 0:
        page = answered(
            service.get(path, params={**(asked or {}), "limit": min(limit, PAGE), **after}), machine=machine
        )
        yield from page["rows"]
        limit -= len(page["rows"])
        if page.get("next") is None:
            return
        after = {"after": page["next"]}


def _shortened(row: Fields) -> Fields:
    return {name: moment(value) if name.endswith("_at") else value for name, value in row.items()}


def moment(text: object, zone: str = "UTC") -> str:
    """Return an instant in a zone, without its fractions of a second; a day as it is, nothing for one that is open."""
    if text is None or len(str(text)) <= len("2026-03-31"):
        return str(text or "")
    there = datetime.fromisoformat(str(text)).astimezone(ZoneInfo(zone))
    return there.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds").removesuffix(" 00:00:00")


def _show_ownership(owned: Fields) -> None:
    subject = owned["subject"]
    label = f" {printable(str(subject['label']))}" if subject.get("label") else ""
    zone = str(owned["on"]["zone"])
    say(f"{subject['kind']}/{subject['id']}{label}, on {owned['on']['asked']}")
    held = [_holding(role, holding, zone) for role in ROLES for holding in owned.get(role, [])]
    columns = ("role", "holder", "name", "since", "until", "authority", "mark", "position")
    show_table(f"Who answers (times in {zone})", columns, held)
    _show_relations(owned)
    if owned.get("changes"):
        show_table("Changes within the day", columns, [_holding(str(c["role"]), c, zone) for c in owned["changes"]])
    for gap in owned.get("gaps", []):
        since, until = moment(gap["since"], zone) or "the beginning", moment(gap["until"], zone) or "now"
        say(f"Gap: nobody was accountable from {since} to {until}.")
    for conflict in owned.get("conflicts", []):
        several = ", ".join(_called(holder) for holder in conflict["holders"])
        say(f"Conflict: several were accountable from {moment(conflict['since'], zone)}: {several}.")
    _show_hand_overs(owned.get("hand_overs", []), zone)
    _show_around(owned)
    checkpoint = owned.get("checkpoint") or {}
    say(f"True at position {owned['position']}; signed checkpoint of size {checkpoint.get('size')}.")


def _show_relations(owned: Fields) -> None:
    """Tell how many stand beside those who answer: registries keep hundreds."""
    counts = [f"{len(owned[role])} {role}" for role in RELATIONS if owned.get(role)]
    if counts:
        say(f"Also {', '.join(counts)} (with --json: who).")


def _show_hand_overs(passed: list[Fields], zone: str) -> None:
    rows = [
        {
            **one,
            "giver": _holder(one["giver"])[0],
            "taker": _holder(one["taker"])[0],
            "taken": moment(one["taken"], zone),
        }
        for one in passed
    ]
    if rows:
        show_table("Hand-overs", ("role", "giver", "taker", "taken", "returned"), rows)


def _show_around(owned: Fields) -> None:
    """Tell what stands above the subject, and what is owed about it."""
    chain = [
        {
            "above": _called(link["subject"]),
            "accountable": "" if link["accountable"] is None else _called(link["accountable"]),
        }
        for link in owned.get("chain", [])
    ]
    if chain:
        show_table("Up to the aim", ("above", "accountable"), chain)
    owed = [
        {**duty, "holder": "nobody" if duty["holder"] is None else _called(duty["holder"])}
        for duty in owned.get("open_duties", [])
    ]
    if owed:
        show_table("Open duties", ("kind", "holder", "standing", "due_on"), owed)


def _holding(role: str, holding: Fields, zone: str) -> Fields:
    key, name = _holder(holding["holder"])
    return {
        "role": role,
        "holder": key,
        "name": name,
        "since": moment(holding["since"], zone),
        "until": moment(holding["until"], zone),
        "authority": holding["authority"],
        "mark": holding["mark"],
        "position": holding["event"]["position"],
    }


def _passing(passed: Fields) -> Fields:
    return {side: _called(passed[side]) for side in ("giver", "taker")}


def _called(holder: Fields) -> str:
    key, name = _holder(holder)
    return name or key


def _holder(holder: Fields) -> tuple[str, str]:
    return f"{holder['kind']}/{holder['id']}", str(holder.get("label") or "")
