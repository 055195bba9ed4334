"""`pledger bundle`: an answer with everything it rests on in one file, taken from the running service."""

from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from api.cli.console import as_json, say, stop
from api.cli.options import AsJson, AsRole, Data, LedgerName

ASKED = {
    "who-owns": "who-owns/{}/{}",
    "trail": "trail/{}/{}",
    "goal": "goals/{1}",
    "decision": "decisions/{1}",
    "report": "reports/{1}",
}
OF_A_SUBJECT = ("who-owns", "trail")


def bundle(
    ask: Annotated[str, typer.Argument(help="who-owns, trail, goal, decision or report.", show_default=False)],
    subject: Annotated[
        str, typer.Argument(help="kind/id; of a goal or a decision its id, of a report its name.", show_default=False)
    ],
    on: Annotated[str | None, typer.Option(help="A date, or an instant with offset.", show_default=False)] = None,
    known: Annotated[str | None, typer.Option(help="Reports: as known then.", show_default=False)] = None,
    unit: Annotated[str | None, typer.Option(help="Reports: of a unit and those below.", show_default=False)] = None,
    since: Annotated[str | None, typer.Option("--from", help="Reports: first day.", show_default=False)] = None,
    until: Annotated[str | None, typer.Option(help="Reports: last day.", show_default=False)] = None,
    of: Annotated[str | None, typer.Option(help="Reports: of one subject, kind/id.", show_default=False)] = None,
    event: Annotated[str | None, typer.Option(help="Reports: when this event happened.", show_default=False)] = None,
    than_on: Annotated[str | None, typer.Option(help="Reports: compare with a day.", show_default=False)] = None,
    than_known: Annotated[str | None, typer.Option(help="Reports: with what was known.", show_default=False)] = None,
    earlier: Annotated[list[int] | None, typer.Option(help="Size of a checkpoint kept from before.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="File to write.", show_default=False)] = None,
    data: Data = None,
    ledger: LedgerName = None,
    as_role: AsRole = None,
    json: AsJson = False,
) -> None:
    """Take an evidence bundle, which anyone checks offline with: pledger verify FILE --key KEY."""
    from api.cli.service import client, refuse, way

    path, id = _path(ask, subject)
    of_reports = {"known": known, "unit": unit, "from": since, "until": until, "subject": of, "event": event}
    of_reports |= {"than_on": than_on, "than_known": than_known}
    if ask != "report" and any(value is not None for value in of_reports.values()):
        stop(f"{', '.join(name for name, value in of_reports.items() if value is not None)}: of reports only.")
    asked = {"on": on, "earlier": earlier, **of_reports}
    with client(way(data, ledger, as_role or "auditor")) as service:
        response = service.get(path, params={name: value for name, value in asked.items() if value is not None})
        if not response.is_success:
            refuse(response, machine=json)
    file = out or Path(f"{ask}-{id}.zip".replace("/", "-"))
    file.write_bytes(response.content)
    if json:
        as_json({"file": str(file), "bytes": len(response.content)})
        return
    say(f"{file}: {len(response.content):,} bytes. Anyone checks it with: pledger verify {file}")


def _path(ask: str, subject: str) -> tuple[str, str]:
    """Return the address of a bundle, and the id that it is of."""
    if ask not in ASKED:
        stop(f"A bundle is of {', '.join(ASKED)}.")
    kind, slash, id = subject.partition("/")
    if not slash and ask in OF_A_SUBJECT:
        stop("Name the subject by kind and id, as in team/compiler.")
    parts = (kind, id) if slash and ask in OF_A_SUBJECT else ("", subject.removeprefix("goal/"))
    return "/bundles/" + ASKED[ask].format(*(quote(part, safe="") for part in parts)), id or subject
