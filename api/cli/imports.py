"""`pledger import`: a history table tried, proposed by one HR administrator and confirmed by another."""

import base64
import secrets
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.console import Fields, Language, as_json, language, out, progress, say, stop
from api.cli.options import AsJson, Data, Lang, LedgerName

if TYPE_CHECKING:
    import httpx2

    from api.cli.service import Way

LOOK_S = 0.3
FIRST, SECOND = "hr_administrator", "second_hr_administrator"
Confirm = Annotated[str | None, typer.Option("--confirm", metavar="IMPORT", help="Confirm what another has proposed.")]


def bring_in(
    file: Annotated[Path, typer.Argument(help="CSV, TSV, XLSX or SQL dump of a history.", show_default=False)],
    mapping: Annotated[Path | None, typer.Option("--mapping", help="What the columns mean (TOML or JSON).")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge every row by every rule; record nothing.")] = False,
    confirm: Confirm = None,
    data: Data = None,
    ledger: LedgerName = None,
    lang: Lang = None,
    json: AsJson = False,
) -> None:
    """Bring in a table of who owned what, as testimony; on the demonstration and the trial both people are played."""
    from api.cli.service import token_for, tokens_of, way

    speech = language(lang)
    body = _upload(file, mapping)
    first = way(data, ledger, FIRST)
    import_ = _Import(first, body, speech, machine=json)
    if dry_run:
        report = import_.post("/imports/ownership?dry_run=true", first, "Trying")
    elif confirm is not None:
        report = import_.confirm(confirm, first)
    else:
        report = import_.post("/imports/ownership", first, "Proposing")
        held = tokens_of(first.data, first.ledger) or {}
        if first.token == held.get(FIRST) and SECOND in held:
            second = replace(first, token=token_for(first.data, first.ledger, SECOND))
            report = import_.confirm(str(report["import_id"]), second)
    _show(report, file, speech, machine=json)


class _Import:
    """One file on its way into one ledger."""

    def __init__(self, way: "Way", body: Fields, speech: Language, *, machine: bool) -> None:
        self._way, self._body, self._speech, self._machine = way, body, speech, machine

    def confirm(self, id: str, confirmer: "Way") -> Fields:
        """Send the same file again as somebody else; its rows are recorded."""
        from urllib.parse import quote

        return self.post(f"/imports/ownership/{quote(id, safe='')}/confirm", confirmer, "Recording")

    def post(self, path: str, asker: "Way", doing: str) -> Fields:
        """Send the file; show how many events are recorded until the answer is there."""
        from api.cli.service import answered, client

        with client(asker, language=self._speech, timeout_s=None) as service, ThreadPoolExecutor(1) as hand:
            headers = {"idempotency-key": secrets.token_urlsafe(24)}
            begun = self._position(service)
            answer = hand.submit(service.post, path, json=self._body, headers=headers)
            with progress(doing, total=None, quiet=self._machine) as advance:
                while wait([answer], LOOK_S).not_done:
                    done = self._position(service) - begun
                    advance(done, done)
            return answered(answer.result(), machine=self._machine)

    def _position(self, service: "httpx2.Client") -> int:
        from api.cli.service import object_in

        states = object_in(service.get("/health")).get("ledgers", {})
        return int(states.get(self._way.ledger, {}).get("position", 0))


def _upload(file: Path, mapping: Path | None) -> Fields:
    try:
        content = file.read_bytes()
        meaning = None if mapping is None else mapping.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        stop(f"The file can't be read: {error}.")
    body: Fields = {"content_base64": base64.b64encode(content).decode(), "filename": file.name[:255]}
    return body if meaning is None else {**body, "mapping": meaning}


def _show(report: Fields, file: Path, speech: Language, *, machine: bool) -> None:
    if machine:
        as_json(report)
        return
    from api.exchange.report import show_fields

    show_fields(report, out(), speech)
    if report["state"] == "proposed":
        say(f"pledger import {file} --confirm {report['import_id']}")
