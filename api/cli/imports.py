"""`pledger import`: a history table that two people bring in, or a command file of whoever sends it."""

import base64
import secrets
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from api.cli.console import REFUSED, Fields, Language, as_json, language, out, progress, say, show_table, stop
from api.cli.options import AsJson, AsRole, Data, Lang, LedgerName

if TYPE_CHECKING:
    import httpx2

    from api.cli.service import Way

LOOK_S = 0.3
FIRST, SECOND = "hr_administrator", "second_hr_administrator"
COMMAND_FILES = (".jsonl", ".ndjson")
FILE_KEY = "command-file"
Confirm = Annotated[str | None, typer.Option("--confirm", metavar="IMPORT", help="Confirm what another has proposed.")]


def bring_in(
    file: Annotated[
        Path,
        typer.Argument(help="CSV, TSV, XLSX or SQL dump of a history; or a .jsonl of commands.", show_default=False),
    ],
    mapping: Annotated[Path | None, typer.Option("--mapping", help="What the columns mean (TOML or JSON).")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge every row by every rule; record nothing.")] = False,
    confirm: Confirm = None,
    mode: Annotated[str, typer.Option("--mode", help="Of a command file: each line on its own, or all of a chunk.")] = (
        "each"
    ),
    key: Annotated[str, typer.Option("--key", help="Tells this command file's lines from another's.")] = FILE_KEY,
    as_role: AsRole = None,
    data: Data = None,
    ledger: LedgerName = None,
    lang: Lang = None,
    json: AsJson = False,
) -> None:
    """Bring in a table of who owned what, as testimony, or record a file of commands (.jsonl) as your own acts.

    A table takes two people; on the demonstration and the trial both are played.
    """
    from api.cli.service import token_for, tokens_of, way

    speech = language(lang)
    first = way(data, ledger, as_role or FIRST)
    if file.suffix.lower() in COMMAND_FILES:
        if mapping is not None or confirm is not None:
            stop("A command file has no mapping and needs nobody to confirm it.")
        query = f"mode={quote(mode, safe='')}" + ("&dry_run=true" if dry_run else "")
        _Import(first, None, speech, machine=json).commands(_content(file), key, query)
        return
    body = _upload(file, mapping)
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

    def __init__(self, way: "Way", body: Fields | None, speech: Language, *, machine: bool) -> None:
        self._way, self._body, self._speech, self._machine = way, body, speech, machine

    def confirm(self, id: str, confirmer: "Way") -> Fields:
        """Send the same file again as somebody else; its rows are recorded."""
        return self.post(f"/imports/ownership/{quote(id, safe='')}/confirm", confirmer, "Recording")

    def post(self, path: str, asker: "Way", doing: str) -> Fields:
        """Send the file; show how many events are recorded until the answer is there."""
        headers = {"idempotency-key": secrets.token_urlsafe(24)}
        return self._send(path, asker, doing, None, json=self._body, headers=headers)

    def commands(self, content: bytes, key: str, query: str) -> None:
        """Send a command file and show what became of it; refused lines make the exit code 1."""
        headers = {"idempotency-key": key, "content-type": "application/jsonl"}
        total = sum(1 for line in content.splitlines() if line.strip())
        report = self._send(f"/imports?{query}", self._way, "Recording", total, content=content, headers=headers)
        _show_commands(report, self._speech, machine=self._machine)
        if report["counts"]["refused"]:
            raise typer.Exit(REFUSED)

    def _send(self, path: str, asker: "Way", doing: str, total: int | None, **sent: Any) -> Fields:  # noqa: ANN401  # as httpx2 takes it
        from api.cli.service import answered, client

        with client(asker, language=self._speech, timeout_s=None) as service, ThreadPoolExecutor(1) as hand:
            begun = self._position(service)
            answer = hand.submit(service.post, path, **sent)
            with progress(doing, total=total, quiet=self._machine) as advance:
                while wait([answer], LOOK_S).not_done:
                    done = self._position(service) - begun
                    advance(done, total or done)
            return answered(answer.result(), machine=self._machine)

    def _position(self, service: "httpx2.Client") -> int:
        from api.cli.service import object_in

        states = object_in(service.get("/health")).get("ledgers", {})
        return int(states.get(self._way.ledger, {}).get("position", 0))


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        stop(f"The file can't be read: {error}.")


def _upload(file: Path, mapping: Path | None) -> Fields:
    content = _content(file)
    try:
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


_COUNTED = {
    "lines": ("lines with a command", "命令行数"),
    "recorded": ("recorded", "已记录"),
    "repeated": ("there already", "此前已记录"),
    "refused": ("refused", "被拒绝"),
}
_ENDS = {
    "dry_run": ("Nothing is recorded: this was a dry run.", "试运行：未作任何记录。"),
    "recorded": ("Recorded as your own acts.", "已作为您本人的操作记录。"),
    "stopped": ("Stopped at the lines from {line} on: none of them is recorded.", "自第 {line} 行起停止：均未记录。"),
}


def _show_commands(report: Fields, speech: Language, *, machine: bool) -> None:
    if machine:
        as_json(report)
        return
    index = 1 if speech == "zh" else 0
    say(_ENDS[str(report["state"])][index])
    if report["batch_id"] is not None:
        say(f"batch {report['batch_id']}")
    for name, words in _COUNTED.items():
        say(f"  {words[index]}: {report['counts'][name]}")
    if report["refused"]:
        show_table(_COUNTED["refused"][index], ("line", "code", "text"), report["refused"])
    if report["stopped_at"] is not None:
        say(_ENDS["stopped"][index].format(line=report["stopped_at"]))
