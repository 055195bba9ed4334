"""A small ledger as tests need it: stored bytes shaped as the writer makes them, rows, tree, checkpoints, exports."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from ledger.evidence import checkpoint, tiles
from ledger.evidence.checkpoint import Checkpoint
from ledger.evidence.commitment import commit
from ledger.evidence.merkle import Frontier, leaf_hash, tree_root
from ledger.evidence.note import SigningKey
from ledger.evidence.rows import Head, Row
from ledger.evidence.signer import attest
from ledger.evidence.stand_in import leaf_of, stands_for

ORIGIN = "ledger.example/acme-0123456789abcdef"
KEY = SigningKey(ORIGIN, bytes(range(32)))
EVENTS_SIZE = 700
ATTEST_KEY = b"a key that the database never sees"
BEGIN = datetime(2026, 1, 5, 8, tzinfo=UTC)
SALT, CONTENT = bytes(range(32)), "请照顾南区的新客户".encode()


def stored(position: int, *, stream: str = "", version: int = 0, at: datetime | None = None, note: str = "") -> bytes:
    """The stored bytes of one event; by default three streams take turns."""
    moment = at or BEGIN + timedelta(seconds=position // 3)
    stream = json.dumps(stream or f'goal/"目标"-{position % 3}', ensure_ascii=False)
    version = version or (position - 1) // 3 + 1
    recorded_at = moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    prefix = f'{{"position":{position},"stream":{stream},"version":{version},"recorded_at":"{recorded_at}",'
    remainder = {
        "event_id": str(UUID(int=position)),
        "topic": "goals.GoalAssigned",
        "schema": 1,
        "effective_at": "2026-03-31",
        "actor": "person/p-7f3a9c",
        "subjects": [f"goal/g-{position % 3}", "person/p-7f3a9c"],
        "data": {"target": "100.5", "note": note},
        "sealed": {"note": {"subject": "person/p-7f3a9c", "commitment": commit(SALT, CONTENT).hex()}},
    }
    return (prefix + json.dumps(remainder, ensure_ascii=False, separators=(",", ":"))[1:]).encode()


def on_record(position: int, positions: Sequence[int], *, stream: str = "retention-schedule/cn") -> bytes:
    """The stored bytes of an event that says that the bytes of others give way."""
    event = json.loads(stored(position, stream=stream, version=1))
    event |= {"topic": "privacy.EventsRetired", "data": {"of": "goal-records", "version": 1, "positions": positions}}
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def stand_in(entry: bytes) -> bytes:
    """What stands in the place of an event whose bytes gave way, as the database makes it."""
    event = json.loads(entry)
    kept = {name: event[name] for name in ("position", "stream", "version", "recorded_at", "event_id")}
    at = event["recorded_at"]
    rest = {"topic": "privacy.EventRetired", "schema": 1, "effective_at": at, "begins": at, "actor": ""}
    rest |= {"credential": "", "authority": {}, "source": "", "correlation": event["event_id"], "subjects": []}
    whole = {**kept, **rest, "data": {"leaf": leaf_hash(entry).hex()}, "sealed": {}}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def retired(entries: Sequence[bytes], positions: Sequence[int]) -> list[bytes]:
    """The stored bytes that the ledger holds once the bytes at these positions gave way."""
    return [stand_in(entry) if at in set(positions) else entry for at, entry in enumerate(entries, 1)]


def events(count: int) -> list[bytes]:
    return [stored(position) for position in range(1, count + 1)]


def signed(entries: Sequence[bytes], key: SigningKey = KEY) -> bytes:
    """The signed checkpoint over all of `entries`."""
    return checkpoint.sign(Checkpoint(ORIGIN, len(entries), tree_root(map(leaf_of, entries))), [key])


def export(folder: Path, entries: Sequence[bytes]) -> Path:
    tiles.export_log(folder, signed=signed(entries), verifier_keys=[KEY.verifier_key], entries=entries)
    return folder


def rows(entries: Sequence[bytes]) -> list[Row]:
    """The rows that the database would hold for honest `entries`."""
    found = []
    for position, entry in enumerate(entries, 1):
        event = json.loads(entry)
        columns: dict[str, object] = {
            name: event[name]
            for name in ("position", "stream", "version", "topic", "actor", "subjects", "effective_at")
        }
        columns["event_id"] = UUID(event["event_id"])
        columns["recorded_at"] = datetime.fromisoformat(event["recorded_at"])
        retired_by = None if stands_for(entry) is None else len(entries)
        found.append(Row(position, entry, columns, leaf_of(entry), retired_by))
    return found


def head(entries: Sequence[bytes]) -> Head:
    frontier = Frontier()
    frontier.extend(map(leaf_of, entries))
    attestation = attest(ATTEST_KEY, origin=ORIGIN, size=frontier.size, root=frontier.root())
    return Head(frontier.size, frontier.to_bytes(), attestation)
