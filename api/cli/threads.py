"""Asking for threads: lists and single subjects over HTTP, told line by line on the terminal."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import quote

import typer

from api.cli.asking import How
from api.cli.console import Fields, language, say, show_table
from api.cli.questions import READER, moment, rows_of

Id = Annotated[str, typer.Argument(metavar="ID", help="Its id.", show_default=False)]
THREAD_COLUMNS = ("position", "recorded_at", "effective_at", "topic", "actor", "reason", "data")
NAMED = frozenset(
    {
        "person",
        "owner",
        "holder",
        "unit",
        "opener",
        "candidate",
        "recipient",
        "giver",
        "asked",
        "member",
        "lead",
        "coach",
    }
)


def listed(path: str, asked: Mapping[str, str | int | None], how: How) -> list[Fields]:
    """Return the rows of a list, page by page."""
    from api.cli.service import client, way

    given = {name: value for name, value in {**how.times, **asked}.items() if value is not None}
    with client(way(how.data, how.ledger, how.as_role or READER), language=language(how.lang)) as service:
        return list(rows_of(service, path, how.limit, machine=how.json, asked=given))


def one_of(path: str, id: str, asked: Mapping[str, str | int | None], how: How) -> Fields:
    """Return the answer about one subject."""
    from api.cli.service import answered, client, way

    given = {name: value for name, value in {**how.times, **asked}.items() if value is not None}
    with client(way(how.data, how.ledger, how.as_role or READER), language=language(how.lang)) as service:
        found: Fields = answered(service.get(f"{path}/{quote(id, safe='')}", params=given), machine=how.json)
        return found


def show_thread(found: Fields) -> None:
    """Print what happened to a subject, event by event."""
    zone = str(found["on"]["zone"])
    rows = [
        {
            **line,
            "position": line["event"]["position"],
            "recorded_at": moment(line["recorded_at"], zone),
            "actor": name_of(line["actor"]),
        }
        for line in found["thread"]
    ]
    columns = [name for name in THREAD_COLUMNS if any(row.get(name) not in (None, [], {}) for row in rows)]
    show_table(f"Thread (times in {zone})", columns, rows)
    say(f"True at position {found['position']}, known {found['known']}.")


def called(row: Fields) -> Fields:
    """Return a row with each person, unit and candidate by name, or else by id."""
    return {name: name_of(value) if name in NAMED else value for name, value in row.items()}


def name_of(holder: Fields | None) -> str:
    """Return the name of a person, unit or candidate, else the id."""
    return "" if holder is None else str(holder.get("label") or holder["id"])
