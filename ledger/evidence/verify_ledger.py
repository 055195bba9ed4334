"""Checking a live ledger's rows: bytes against leaves, columns and order, and the tree against head and checkpoints.

The caller reads the database, in one snapshot; nothing here knows where the rows come from.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from .checkpoint import Checkpoint
from .faults import EvidenceError, ExitCode, LogFalse, RootFalse, Unusable
from .merkle import HASH_BYTES, Frontier, leaf_hash
from .note import VerifierKey
from .order import Order, claimed_position, misplaced
from .proofs import TILE_WIDTH
from .rows import Head, Row, check_stand_in, compare_columns
from .signer import check_attestation
from .stand_in import Withheld
from .succession import Keyring
from .verdict import Progress, Verdict, from_fault, told_withheld
from .verify_log import Continuity

PROGRESS_EVERY = 4096


@dataclass(frozen=True, slots=True)
class Trust:
    """What the verifier holds from elsewhere: the log's keys with their successions, its origin, the writer's key."""

    keys: Sequence[VerifierKey] = ()
    origin: str | None = None
    attest_key: bytes | None = None
    successions: Sequence[bytes] = ()


def verify_ledger(
    rows: Iterable[Row],
    *,
    head: Head,
    signed: Sequence[bytes] = (),
    trust: Trust | None = None,
    full_tile: Callable[[int], bytes | None] | None = None,
    progress: Progress | None = None,
) -> Verdict:
    """Check all rows from position 1 on against `head` and every signed checkpoint in `signed`.

    `full_tile(index)` gives the level-0 tile of 256 leaf hashes kept beside the rows: a second copy by which a
    changed row is located exactly. Never raises for what it finds; the verdict tells.
    """
    trust = trust or Trust()
    check = None
    try:
        ring = Keyring(trust.keys, trust.successions)
        known = [ring.verify(one, origin=trust.origin) for one in signed]
        check = LedgerCheck(head, known, full_tile)
        check.run(rows, progress)
        if trust.attest_key is not None:
            _check_attested(head, trust)
    except EvidenceError as fault:
        return from_fault(fault, level=2, checked=check.checked if check else 0)
    return _good(check, head, max((one.size for one in known), default=0))


def _check_attested(head: Head, trust: Trust) -> None:
    if trust.attest_key is None or trust.origin is None:
        raise Unusable(zh="核对认可需要账本源", en="checking the attestation needs the origin")
    root = Frontier.from_bytes(head.size, head.frontier).root()
    check_attestation(head.attestation, trust.attest_key, origin=trust.origin, size=head.size, root=root)


def _good(check: "LedgerCheck", head: Head, signed_size: int) -> Verdict:
    tail = head.size - signed_size
    zh = [f"已查 {check.checked} 个事件，全部相符", f"签点覆盖 {signed_size} 个", f"其后 {tail} 个已重算、尚未签点"]
    en = [f"{check.checked} events checked, all as recorded", f"{signed_size} under a checkpoint"]
    en.append(f"{tail} after it recomputed and not signed yet")
    good = Verdict(
        ok=True,
        level=2,
        checked=check.checked,
        kind="ok",
        zh="；".join(zh),
        en="; ".join(en),
        checkpoint_size=signed_size,
        tail=tail,
        complete="proven" if signed_size else "not proven",
    )
    return told_withheld(good, check.withheld)


class LedgerCheck:
    """One pass over a ledger's rows; `checked` counts the events found good so far."""

    def __init__(
        self, head: Head, known: Sequence[Checkpoint], full_tile: Callable[[int], bytes | None] | None = None
    ) -> None:
        if head.size == 0:
            raise Unusable(zh="账本是空的，没有可查的内容", en="the ledger is empty: there is nothing to check")
        self._head, self._claimed = head, Frontier.from_bytes(head.size, head.frontier)
        beyond = max((one.size for one in known), default=0)
        if beyond > head.size:
            raise RootFalse(
                zh=f"签点有 {beyond} 个事件，账本只有 {head.size} 个",
                en=f"a checkpoint has {beyond} events and the ledger only {head.size}",
            )
        self._continuity, self._full_tile = Continuity(known, None), full_tile
        self._frontier, self._order, self._leaves = Frontier(), Order(), list[bytes]()
        self._kept_from = 0  # index of the first of the leaves kept
        self._withheld = Withheld()

    @property
    def checked(self) -> int:
        """How many events were found good."""
        return self._frontier.size

    @property
    def withheld(self) -> int:
        """How many events were passed over because their bytes were retired."""
        return self._withheld.count

    def run(self, rows: Iterable[Row], progress: Progress | None = None) -> None:
        """Check everything; LogFalse names the first position that fails."""
        rest = iter(rows)
        for row in rest:
            try:
                self._check_row(row)
            except LogFalse as fault:
                found = self._first_of(self._explain(fault, row, rest))
                raise _added_before(found, row, next(rest, None)) from None
            if progress is not None and self._frontier.size % PROGRESS_EVERY == 0:
                progress(self._frontier.size, self._head.size)
        self._check_head()
        self._continuity.require_done()
        self._withheld.require_on_record()
        if progress is not None:
            progress(self._frontier.size, self._head.size)

    def _check_row(self, row: Row) -> None:
        position = self._frontier.size + 1
        if row.position != position:
            raise misplaced(position, row.position, lambda _: False)
        if position > self._head.size:
            raise LogFalse(
                "added",
                position,
                zh=f"位置 {position} 在账本末尾之后",
                en=f"position {position} lies past the ledger's head",
            )
        if row.stored is None or row.is_retired:
            self._skip(row)
        else:
            if leaf_hash(row.stored) != row.leaf:
                raise LogFalse(
                    "changed",
                    position,
                    zh=f"位置 {position} 的字节与其叶哈希不符",
                    en=f"the bytes at position {position} do not give their leaf hash",
                )
            self._order.extend((row.stored,))
            compare_columns(row)
            self._withheld.take((row.stored,))
        self._keep_leaf(row.leaf)
        if self._continuity.due(position):
            self._continuity.compare(self._frontier, (row.leaf,))
        self._frontier.append(row.leaf)

    def _skip(self, row: Row) -> None:
        check_stand_in(row)
        self._withheld.skip(row.position)
        self._order.skip()
        stream, version = row.columns.get("stream"), row.columns.get("version")
        if isinstance(stream, str) and isinstance(version, int):
            self._order.learn(json.dumps(stream, ensure_ascii=False)[1:-1].encode(), version)

    def _keep_leaf(self, leaf: bytes) -> None:
        if self._full_tile is None:
            return
        if len(self._leaves) == TILE_WIDTH:
            self._leaves.clear()
            self._kept_from += TILE_WIDTH
        self._leaves.append(leaf)
        if len(self._leaves) == TILE_WIDTH:
            self._locate()

    def _first_of(self, fault: LogFalse) -> LogFalse:
        """The fault found, or one that the kept tile shows to lie before it."""
        try:
            self._locate()
        except LogFalse as earlier:
            vague = fault.kind in {"rewritten", "forked"}
            if vague or (earlier.position or 0) < (fault.position or 0):
                return earlier
        return fault

    def _locate(self) -> None:
        """Compare the leaves of the tile that is being filled with the copy kept beside them."""
        if self._full_tile is None or not self._leaves:
            return
        start = self._kept_from
        tile = self._full_tile(start // TILE_WIDTH)
        if tile is None and len(self._leaves) == TILE_WIDTH:
            raise LogFalse(
                "tile_changed",
                start + 1,
                zh=f"缺少从位置 {start + 1} 起的瓦片",
                en=f"the tile from position {start + 1} is missing",
            )
        for at, leaf in enumerate(self._leaves):
            if tile is not None and tile[at * HASH_BYTES : (at + 1) * HASH_BYTES] != leaf:
                raise self._tile_fault(start + at + 1, at, tile)

    def _tile_fault(self, position: int, at: int, tile: bytes) -> LogFalse:
        expected = tile[at * HASH_BYTES : (at + 1) * HASH_BYTES]
        added = expected in self._leaves[at + 1 : at + 2]
        return LogFalse(
            "added" if added else "changed",
            position,
            zh=f"位置 {position} 的事件与保存的叶哈希不符",
            en=f"the event at position {position} is not the one whose leaf hash was kept",
        )

    def _explain(self, fault: LogFalse, row: Row, rest: Iterator[Row]) -> LogFalse:
        """A changed or missing event may be one that stands elsewhere: look for it in the rows that follow."""
        position, claimed = self._frontier.size + 1, claimed_position(row.stored or b"")
        if fault.kind not in {"changed", "dropped"} or row.position != position or claimed <= position:
            return fault
        there = next((other for other in rest if other.position == claimed), None)
        swapped = there is not None and claimed_position(there.stored or b"") == position
        if swapped or fault.kind == "dropped":
            return misplaced(position, claimed, lambda _: swapped)
        return fault

    def _check_head(self) -> None:
        size = self._frontier.size
        if size < self._head.size:
            raise LogFalse(
                "dropped",
                size + 1,
                zh=f"位置 {size + 1} 的事件不见了",
                en=f"the event at position {size + 1} is missing",
            )
        mine, theirs, start = self._frontier.to_bytes(), self._head.frontier, 0
        for at, height in enumerate(reversed([bit for bit in range(size.bit_length()) if size >> bit & 1])):
            if mine[at * HASH_BYTES : (at + 1) * HASH_BYTES] != theirs[at * HASH_BYTES : (at + 1) * HASH_BYTES]:
                first = max(start, self._continuity.proven_size) + 1
                last = start + (1 << height)
                raise LogFalse(
                    "rewritten",
                    first,
                    zh=f"事件得不出账本头的树根：改动在位置 {first} 到 {last} 之间",
                    en=f"the events do not give the head's root: a change lies in positions {first}–{last}",
                )
            start += 1 << height


def _added_before(fault: LogFalse, row: Row, following: Row | None) -> LogFalse:
    """The fault, or an addition where the event behind a false one claims the same position."""
    position = row.position
    claimed = claimed_position(following.stored or b"") if following is not None else 0
    if (fault.kind, fault.position, claimed) == ("changed", position, position):
        return misplaced(position + 1, position, lambda _: False)
    return fault


def require_checkpointed(verdict: Verdict) -> Verdict:
    """The verdict, or not yet provable where events lie past the last checkpoint."""
    if not verdict.ok or (verdict.tail == 0 and verdict.checkpoint_size):
        return verdict
    return replace(
        verdict,
        ok=False,
        kind="not_yet_provable",
        exit_code=ExitCode.NOT_YET_PROVABLE,
        first_bad=verdict.checkpoint_size + 1,
        zh=f"从位置 {verdict.checkpoint_size + 1} 起尚未签点，暂不可证明",
        en=f"from position {verdict.checkpoint_size + 1} on nothing is under a checkpoint yet: not provable so far",
    )
