"""`pledger export`: the whole log as a folder of tiles that anyone can check, taken from the running service."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.console import Advance, as_json, progress, say, stop
from api.cli.options import AsJson, AsRole, Data, LedgerName

if TYPE_CHECKING:
    import httpx2

    from ledger.evidence.stand_in import Absent
    from ledger.evidence.succession import Keyring


def export(
    folder: Annotated[Path, typer.Argument(help="Where to; an earlier export there is brought up to date.")],
    data: Data = None,
    ledger: LedgerName = None,
    as_role: AsRole = None,
    json: AsJson = False,
) -> None:
    """Write the log up to its latest checkpoint: checkpoint, tiles, entries and verifier key (C2SP tlog-tiles)."""
    from api.cli.service import client, way
    from ledger.evidence.succession import Keyring, split
    from ledger.evidence.tiles import export_log, parse_keys

    asked = way(data, ledger, as_role or "subscriber")
    with client(asked) as service:
        log = _Log(service, f"/logs/{asked.ledger}", machine=json)
        keys = parse_keys(log.read("verifier-key"))
        handed = split(log.read("successions"))
        signed = log.read("checkpoint")
        ring = Keyring(keys, handed)
        head = ring.verify(signed)
        _refuse_other(folder, head.origin, ring)
        with progress("Exporting", total=head.size, quiet=json) as advance:
            entries = log.entries(head.size, advance)
            export_log(folder, signed=signed, verifier_keys=keys, entries=entries, successions=handed)
    if json:
        as_json({"folder": str(folder), "origin": head.origin, "events": head.size, "keys": [str(key) for key in keys]})
        return
    say(f"{head.size} events of {head.origin} are in {folder}.")
    say(f"The log's public key, to be kept apart from them: {', '.join(map(str, keys))}")
    say(f"Anyone checks them with: pledger verify {folder}")


class _Log:
    """The log of a ledger over HTTP."""

    def __init__(self, service: "httpx2.Client", prefix: str, *, machine: bool) -> None:
        self._service, self._prefix, self._machine = service, prefix, machine

    def read(self, path: str) -> bytes:
        """Return what lies at a path below the log's prefix."""
        from api.cli.service import refuse

        response = self._service.get(f"{self._prefix}/{path}")
        if not response.is_success:
            refuse(response, machine=self._machine)
        return response.content

    def entries(self, size: int, advance: Advance) -> "Iterator[bytes | Absent]":
        """Yield the stored bytes of every event up to `size`, bundle by bundle; of retired ones the leaf hash."""
        from ledger.evidence.stand_in import entries_in
        from ledger.evidence.tiles import TileName, bundle_names, unpack_entries

        done = 0
        for name in bundle_names(size):
            bundle = unpack_entries(self.read(name.path()))
            tile = b"" if all(bundle) else self.read(TileName(0, name.index, name.width).path())
            yield from entries_in(bundle, tile)
            done += len(bundle)
            advance(done, size)


def _refuse_other(folder: Path, origin: str, keys: "Keyring") -> None:
    """End the command where the folder holds anything but an export of this very ledger."""
    from ledger.evidence.faults import EvidenceError
    from ledger.evidence.tiles import LogFolder

    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    try:
        keys.verify(LogFolder(folder).signed_checkpoint(), origin=origin)
    except EvidenceError:
        stop(f"{folder} holds something else than an export of this ledger: name an empty folder.")
