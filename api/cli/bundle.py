"""`pledger bundle`: an answer with everything it rests on in one file, taken from the running service."""

from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from api.cli.console import as_json, say, stop
from api.cli.options import AsJson, AsRole, Data, LedgerName

ASKED = {"who-owns": "who-owns/{}/{}", "trail": "trail/{}/{}", "goal": "goals/{1}", "decision": "decisions/{1}"}


def bundle(
    ask: Annotated[str, typer.Argument(help="who-owns, trail, goal or decision.", show_default=False)],
    subject: Annotated[str, typer.Argument(help="kind/id; of a goal or a decision its id.", show_default=False)],
    on: Annotated[str | None, typer.Option(help="A date, or an instant with offset.", show_default=False)] = None,
    earlier: Annotated[list[int] | None, typer.Option(help="Size of a checkpoint kept from before.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="File to write.", show_default=False)] = None,
    data: Data = None,
    ledger: LedgerName = None,
    as_role: AsRole = None,
    json: AsJson = False,
) -> None:
    """Take an evidence bundle, which anyone checks offline with: pledger verify FILE --key KEY."""
    from api.cli.service import client, refuse, way

    if ask not in ASKED:
        stop(f"A bundle is of {', '.join(ASKED)}.")
    kind, slash, id = subject.partition("/")
    if not slash and ask in ("who-owns", "trail"):
        stop("Name the subject by kind and id, as in team/compiler.")
    parts = (kind, id) if slash and ask in ("who-owns", "trail") else ("", subject.removeprefix("goal/"))
    path = "/bundles/" + ASKED[ask].format(*(quote(part, safe="") for part in parts))
    asked = {"on": on, "earlier": earlier}
    with client(way(data, ledger, as_role or "auditor")) as service:
        response = service.get(path, params={name: value for name, value in asked.items() if value is not None})
        if not response.is_success:
            refuse(response, machine=json)
    file = out or Path(f"{ask}-{id or subject}.zip".replace("/", "-"))
    file.write_bytes(response.content)
    if json:
        as_json({"file": str(file), "bytes": len(response.content)})
        return
    say(f"{file}: {len(response.content):,} bytes. Anyone checks it with: pledger verify {file}")
