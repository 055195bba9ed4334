"""`pledger control`: the control log of a running service: looks, refusals, starts, rebuilds, what was taken out."""

from typing import Annotated

import typer

from api.cli.console import Fields, as_json, show_table
from api.cli.options import AsJson, AsRole, Data, LedgerName

AUDITOR = "auditor"
PREFIX = "control."


def control(
    topic: Annotated[
        list[str] | None, typer.Option("--topic", help="Only these, as in RecordSeen or AttemptRefused.")
    ] = None,
    after: Annotated[int, typer.Option(min=0, help="The number after which to go on.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many entries.")] = 100,
    data: Data = None,
    ledger: LedgerName = None,
    as_role: AsRole = None,
    json: AsJson = False,
) -> None:
    """List the control log, as an auditor: who looked at whom, what was refused, and what was done to the service."""
    from api.cli.service import answered, client, way

    asked: Fields = {"after": after, "limit": limit}
    if topic:
        asked["topic"] = [one if one.startswith(PREFIX) else PREFIX + one for one in topic]
    with client(way(data, ledger, as_role or AUDITOR)) as service:
        found = answered(service.get("/control", params=asked), machine=json)
    if json:
        as_json(found)
        return
    show_table(
        "Control log", ("number", "recorded_at", "topic", "actor", "subjects", "said"), [*map(_row, found["rows"])]
    )


def _row(entry: Fields) -> Fields:
    said = ", ".join(f"{name} {value}" for name, value in entry["data"].items())
    return {**entry, "topic": str(entry["topic"]).removeprefix(PREFIX), "said": said}
