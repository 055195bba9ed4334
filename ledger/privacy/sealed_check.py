"""Sealed check: each sealed part of a ledger is what its event committed to, or its erasure is recorded."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap
from psycopg import Connection

from ledger.evidence.commitment import SALT_BYTES, verify_disclosure
from ledger.evidence.faults import CommitmentFalse, LogFalse, Malformed
from ledger.evidence.rows import Row
from ledger.kernel.append import SealedBox
from ledger.kernel.statements import load
from ledger.privacy.data_keys import Owner
from ledger.privacy.sealing import NONCE_BYTES, bound
from ledger.privacy.secrets import LedgerSecrets, SecretMissing

NOTHING = b'"sealed":{}'
PAGE_EVENTS = 256
Opening = Callable[[], AbstractContextManager[Connection[tuple[Any, ...]]]]
Said = Mapping[str, Mapping[str, Any]]  # part → what the event says of it


@dataclass(frozen=True, slots=True)
class _Suspect:
    """A part that is not as its event says: how, where, and of whom; an erasure may explain it."""

    kind: str
    position: int
    event_id: UUID
    part: str
    owner: Owner


@dataclass(frozen=True, slots=True)
class _Sealed:
    """An event with sealed parts."""

    position: int
    event_id: UUID
    said: Said


WORDS = {
    "sealed_changed": ("密封内容与其承诺不符", "the sealed part {part} is not what the event committed to"),
    "sealed_missing": (
        "密封字段不见了，也没有删除记录",
        "the sealed part {part} is missing, and no erasure of it is recorded",
    ),
    "sealed_added": ("有事件未提及的密封字段", "a sealed part {part} is there that the event does not speak of"),
    "key_missing": (
        "密封字段的密钥不见了，也没有删除记录",
        "the key of the sealed part {part} is missing, and no erasure",
    ),
    "key_changed": ("密封字段的密钥被改动", "the key of the sealed part {part} is not the one that was wrapped"),
}
EXPLAINED = frozenset({"sealed_missing", "key_missing"})  # by an erasure


class SealedCheck:
    """One pass over the sealed parts of a ledger, beside a pass over its rows.

    `opening` gives a connection to the database for a moment. Faults are LogFalse, of the kinds in WORDS; what an
    erasure explains is no fault, and is judged when the pass is over. A `gentle` check does not look for ciphertext of
    events that are not there, which takes the whole table at once.
    """

    def __init__(
        self,
        ledger: str,
        schema: str,
        keys_schema: str,
        secrets: LedgerSecrets,
        opening: Opening,
        *,
        gentle: bool = False,
    ) -> None:
        self._ledger, self._secrets, self._opening, self._gentle = ledger.encode(), secrets, opening, gentle
        self._statements = load("ledger.privacy", "sealed_check.sql").bind(schema=schema, keys=keys_schema)
        self._waiting, self._doubtful = list[_Sealed](), list[_Sealed]()
        self._endings: _Endings | None = None
        self.checked = 0

    def take(self, row: Row) -> None:
        """Take the next row; the parts of some hundred events are looked at together."""
        if row.stored is None or row.is_retired or NOTHING in row.stored:
            return
        try:
            event = orjson.loads(row.stored)
            self._waiting.append(_Sealed(row.position, UUID(event["event_id"]), event["sealed"]))
        except (ValueError, KeyError, TypeError):
            return  # not an event: the check of the rows says so
        if len(self._waiting) >= PAGE_EVENTS:
            self._look()

    def finish(self) -> None:
        """Judge what was found. Raises LogFalse for the first part that no erasure explains."""
        self._look()
        doubtful, self._doubtful = self._doubtful, []
        if doubtful:
            self._endings = None  # what was erased meanwhile is recorded by now
            starts = range(0, len(doubtful), PAGE_EVENTS)
            found = [one for start in starts for one in self._unexplained(doubtful[start : start + PAGE_EVENTS])]
            if found:
                raise _fault(min(found, key=lambda one: one.position))
        if not self._gentle:
            self._refuse_strange()

    # ---- looking

    def _look(self) -> None:
        page, self._waiting = self._waiting, []
        named = {one.event_id for one in self._unexplained(page)}
        self._doubtful += [one for one in page if one.event_id in named]

    def _unexplained(self, page: Sequence[_Sealed]) -> list[_Suspect]:
        """Return what is wrong with the parts of these events, by boxes, keys and erasures as they are now."""
        if not page:
            return []
        boxes = self._boxes(page)
        keys = self._keys({(box.subject, box.retention) for there in boxes.values() for box in there.values()})
        found = [one for event in page for one in self._wrong(event, boxes.get(event.event_id, {}), keys)]
        return [one for one in found if not (one.kind in EXPLAINED and self._explain(one))]

    def _wrong(
        self, event: _Sealed, boxes: Mapping[str, SealedBox], keys: Mapping[Owner, AESGCMSIV | None]
    ) -> Iterable[_Suspect]:
        for part, said in event.said.items():
            owner, box = (str(said["subject"]), str(said["class"])), boxes.get(part)
            kind = "sealed_missing" if box is None else self._kind(event, said, owner, box, keys)
            self.checked += 1
            if kind is not None:
                yield _Suspect(kind, event.position, event.event_id, part, owner)
        for part, box in boxes.items():
            if part not in event.said:
                yield _Suspect("sealed_added", event.position, event.event_id, part, (box.subject, box.retention))

    def _kind(
        self,
        event: _Sealed,
        said: Mapping[str, Any],
        owner: Owner,
        box: SealedBox,
        keys: Mapping[Owner, AESGCMSIV | None],
    ) -> str | None:
        """Return what is wrong with a box, None where its content is what was committed to."""
        if (box.subject, box.retention) != owner:
            return "sealed_changed"
        if owner not in keys:
            return "key_missing"
        key = keys[owner]
        if key is None:
            return "key_changed"
        aad = bound(self._ledger, event.event_id.bytes, box.part)
        try:
            plain = key.decrypt(box.box[:NONCE_BYTES], box.box[NONCE_BYTES:], aad)
            verify_disclosure(bytes.fromhex(said["commitment"]), salt=plain[:SALT_BYTES], content=plain[SALT_BYTES:])
        except (InvalidTag, CommitmentFalse, Malformed, ValueError):
            return "sealed_changed"
        return None

    # ---- what an erasure explains

    def _explain(self, suspect: _Suspect) -> bool:
        if self._endings is None:
            self._endings = self._read_endings()
        return self._endings.explain(suspect.owner, suspect.position)

    def _read_endings(self) -> "_Endings":
        with self._opening() as connection:
            told = connection.execute(self._statements["read_endings"].encode()).fetchall()
            merged = connection.execute(self._statements["read_mergings"].encode()).fetchall()
        found = _Endings()
        for stream, stored in merged:
            found.take_merging(str(stream), orjson.loads(stored))
        for position, stored in told:
            found.take(int(position), orjson.loads(stored))
        return found

    def _refuse_strange(self) -> None:
        with self._opening() as connection:
            row = connection.execute(self._statements["find_strange_box"].encode()).fetchone()
        if row is not None:
            raise LogFalse(
                "sealed_added",
                None,
                zh=f"有密封内容属于不存在的事件 {row[0]}",
                en=f"a sealed part is there of the event {row[0]}, which is not in the ledger",
            )

    # ---- reading

    def _boxes(self, events: Sequence[_Sealed]) -> dict[UUID, dict[str, SealedBox]]:
        found: dict[UUID, dict[str, SealedBox]] = {}
        with self._opening() as connection, connection.cursor(binary=True) as cursor:
            rows = cursor.execute(self._statements["read_boxes"].encode(), ([one.event_id for one in events],))
            for event_id, part, subject, retention, box in rows:
                found.setdefault(event_id, {})[part] = SealedBox(part, subject, retention, bytes(box))
        return found

    def _keys(self, owners: Iterable[Owner]) -> dict[Owner, AESGCMSIV | None]:
        """Return the keys there are; None for one that does not unwrap."""
        wanted = sorted(owners)
        if not wanted:
            return {}
        columns = [list(column) for column in zip(*wanted, strict=True)]
        with self._opening() as connection, connection.cursor(binary=True) as cursor:
            rows = cursor.execute(self._statements["read_wrapped_keys"].encode(), columns).fetchall()
        return {(subject, retention): self._unwrapped(epoch, wrapped) for subject, retention, epoch, wrapped in rows}

    def _unwrapped(self, epoch: int, wrapped: bytes) -> AESGCMSIV | None:
        try:
            return AESGCMSIV(aes_key_unwrap(self._secrets.epoch_key(epoch), bytes(wrapped)))
        except (SecretMissing, InvalidUnwrap, ValueError):
            return None


class _Endings:
    """Whose texts are recorded as gone: of erased subjects all, of a class that ran out those from before it did."""

    def __init__(self) -> None:
        self._erased = set[str]()
        self._expired: dict[Owner, int] = {}
        self._merged: dict[str, set[str]] = {}

    def take_merging(self, former: str, event: Mapping[str, Any]) -> None:
        """Take a merging of ids: who is erased is erased under all of them."""
        self._merged.setdefault(f"person/{event['data']['into']}", set()).add(former)

    def take(self, position: int, event: Mapping[str, Any]) -> None:
        """Take an event that says that texts are gone, or about to go."""
        data = event["data"]
        ids = {_key(one) for one in (data["subject"], *data.get("ids", ()))}
        if event["topic"] == "privacy.ClassExpired":
            self._expired.update({(id, str(data["of"])): position for id in ids})
            return
        fresh = ids
        while fresh:
            self._erased |= fresh
            fresh = {former for id in fresh for former in self._merged.get(id, ())} - self._erased

    def explain(self, owner: Owner, position: int) -> bool:
        """Tell whether the texts of an owner in the event at a position are recorded as gone."""
        return owner[0] in self._erased or self._expired.get(owner, 0) > position


def _key(subject: Mapping[str, str]) -> str:
    return f"{subject['kind']}/{subject['id']}"


def _fault(suspect: _Suspect) -> LogFalse:
    zh, en = WORDS[suspect.kind]
    return LogFalse(
        suspect.kind,
        suspect.position,
        zh=f"位置 {suspect.position}：{zh}（{suspect.part}）",
        en=f"position {suspect.position}: {en.format(part=suspect.part)}",
    )
