"""A live ledger's rows: twelve ways to tamper with a database, each found, located and named."""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from ledger.evidence.faults import ExitCode
from ledger.evidence.merkle import leaf_hash
from ledger.evidence.note import SigningKey
from ledger.evidence.proofs import TreeTiles
from ledger.evidence.rows import Head, Row
from ledger.evidence.signer import attest
from ledger.evidence.verdict import Verdict
from ledger.evidence.verify_ledger import Trust, require_checkpointed, verify_ledger
from tests.evidence import a_ledger
from tests.evidence.a_ledger import ATTEST_KEY, EVENTS_SIZE, KEY, ORIGIN

EVENTS = a_ledger.events(EVENTS_SIZE)
ROWS = a_ledger.rows(EVENTS)
HEAD = a_ledger.head(EVENTS)
TRUST = Trust([KEY.verifier_key], ORIGIN, ATTEST_KEY)
SIGNED = [a_ledger.signed(EVENTS[:size]) for size in (1, 100, 256, 257, 500, 600)]
TILES = TreeTiles(map(leaf_hash, EVENTS))


def full_tile(index: int) -> bytes | None:
    return TILES.tile(0, index, 256) if (index + 1) * 256 <= len(EVENTS) else None


def check(rows: Sequence[Row], head: Head = HEAD, *, tiles: bool = True, signed: Sequence[bytes] = SIGNED) -> Verdict:
    return verify_ledger(iter(rows), head=head, signed=signed, trust=TRUST, full_tile=full_tile if tiles else None)


def renumbered(rows: Sequence[Row]) -> list[Row]:
    """Rows whose positions were made dense again, as one would after taking one out or putting one in."""
    return [row._replace(position=at, columns={**row.columns, "position": at}) for at, row in enumerate(rows, 1)]


def forged(position: int, entry: bytes | None = None) -> Row:
    """A row that is whole in itself: bytes, leaf and columns fit."""
    entry = entry or EVENTS[position - 1].replace(b"100.5", b"900.5")
    return a_ledger.rows([entry])[0]._replace(position=position)


def rehead(rows: Sequence[Row]) -> Head:
    """What somebody makes of the head who knows the tree but not the attestation key."""
    honest = a_ledger.head([row.stored or b"" for row in rows])
    return Head(honest.size, honest.frontier, HEAD.attestation)


def test_an_honest_ledger_passes_and_its_tail_is_reported() -> None:
    seen: list[tuple[int, int]] = []
    verdict = verify_ledger(
        ROWS, head=HEAD, signed=SIGNED, trust=TRUST, full_tile=full_tile, progress=lambda *done: seen.append(done)
    )
    assert (verdict.ok, verdict.checked, verdict.checkpoint_size, verdict.tail) == (True, 700, 600, 100)
    assert (verdict.complete, verdict.exit_code) == ("proven", ExitCode.OK)
    assert seen == [(700, 700)]
    assert "600" in verdict.zh


def test_a_tail_past_the_checkpoint_is_not_yet_provable_where_that_is_required() -> None:
    verdict = require_checkpointed(check(ROWS))
    assert (verdict.ok, verdict.exit_code, verdict.first_bad) == (False, ExitCode.NOT_YET_PROVABLE, 601)
    whole = check(ROWS, signed=[a_ledger.signed(EVENTS)])
    assert require_checkpointed(whole).ok
    none = check(ROWS, signed=[])
    assert (none.ok, none.tail, none.complete) == (True, 700, "not proven")
    assert require_checkpointed(none).exit_code == ExitCode.NOT_YET_PROVABLE
    broken = check(ROWS[1:])
    assert require_checkpointed(broken) == broken


Harm = Callable[[int], list[Row]]


def changed_byte(at: int) -> list[Row]:
    stored = EVENTS[at - 1].replace(b"100.5", b"900.5")
    return [*ROWS[: at - 1], ROWS[at - 1]._replace(stored=stored), *ROWS[at:]]


def changed_byte_and_leaf(at: int) -> list[Row]:
    return [*ROWS[: at - 1], forged(at), *ROWS[at:]]


def dropped(at: int) -> list[Row]:
    return [*ROWS[: at - 1], *ROWS[at:]]


def dropped_and_renumbered(at: int) -> list[Row]:
    return renumbered(dropped(at))


def added_and_renumbered(at: int) -> list[Row]:
    return renumbered([*ROWS[: at - 1], forged(at), *ROWS[at - 1 :]])


def doubled(at: int) -> list[Row]:
    return [*ROWS[:at], ROWS[at - 1], *ROWS[at:]]


def swapped_bytes(at: int) -> list[Row]:
    rows, other = list(ROWS), at + 30
    rows[at - 1] = ROWS[at - 1]._replace(stored=EVENTS[other - 1])
    rows[other - 1] = ROWS[other - 1]._replace(stored=EVENTS[at - 1])
    return rows


def swapped_whole(at: int) -> list[Row]:
    rows, other = list(ROWS), at + 30
    rows[at - 1] = ROWS[other - 1]._replace(position=at)
    rows[other - 1] = ROWS[at - 1]._replace(position=other)
    return rows


def changed_leaf(at: int) -> list[Row]:
    return [*ROWS[: at - 1], ROWS[at - 1]._replace(leaf=bytes(32)), *ROWS[at:]]


def no_event(at: int) -> list[Row]:
    return [*ROWS[: at - 1], ROWS[at - 1]._replace(stored=b"{}", leaf=leaf_hash(b"{}")), *ROWS[at:]]


def retired_without_right(at: int) -> list[Row]:
    return [*ROWS[: at - 1], ROWS[at - 1]._replace(stored=None, leaf=bytes(32)), *ROWS[at:]]


def back_dated(at: int) -> list[Row]:
    return [*ROWS[: at - 1], forged(at, a_ledger.stored(at, at=a_ledger.BEGIN - timedelta(days=1))), *ROWS[at:]]


@pytest.mark.parametrize("at", [1, 2, 200, 256, 257, 512])
@pytest.mark.parametrize(
    ("harm", "kind"),
    [
        (changed_byte, "changed"),
        (changed_byte_and_leaf, "changed"),
        (dropped, "dropped"),
        (dropped_and_renumbered, "dropped"),
        (added_and_renumbered, "added"),
        (doubled, "added"),
        (swapped_bytes, "swapped"),
        (swapped_whole, "swapped"),
        (changed_leaf, "changed"),
        (no_event, "changed"),
        (retired_without_right, "changed"),
    ],
)
def test_each_tampering_is_found_at_its_position(harm: Harm, kind: str, at: int) -> None:
    verdict = check(harm(at))
    assert (verdict.ok, verdict.exit_code) == (False, ExitCode.FOUND_FALSE)
    assert (verdict.kind, verdict.first_bad) == (kind, at)


@pytest.mark.parametrize("at", [2, 200, 600])
def test_a_recorded_time_that_goes_back_is_found(at: int) -> None:
    verdict = check(back_dated(at))
    assert (verdict.kind, verdict.first_bad, verdict.checked) == ("time_backwards", at, at - 1)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("position", 8), ("stream", "goal/other"), ("version", 9), ("recorded_at", a_ledger.BEGIN),
        ("event_id", b"x" * 16), ("topic", "goals.GoalDropped"), ("actor", "person/p-other"), ("subjects", ("a",)),
        ("effective_at", "2026-04-01"), ("unknown", 1), ("actor", None),
    ],
)  # fmt: skip
def test_a_column_that_is_not_what_stands_in_the_bytes_is_found(column: str, value: object) -> None:
    row = ROWS[299]._replace(columns={**ROWS[299].columns, column: value})
    verdict = check([*ROWS[:299], row, *ROWS[300:]])
    assert (verdict.kind, verdict.first_bad, verdict.checked) == ("column_changed", 300, 299)
    assert column in verdict.en


def test_columns_may_come_in_the_database_s_own_types() -> None:
    event = json.loads(EVENTS[0])
    columns = {"event_id": bytes(15) + b"\1", "subjects": tuple(event["subjects"])}
    assert check([ROWS[0]._replace(columns=columns), *ROWS[1:]]).ok


def test_rows_past_the_head_and_rows_missing_at_the_end_are_found() -> None:
    more = [*ROWS, forged(701, a_ledger.stored(701))]
    assert (check(more).kind, check(more).first_bad) == ("added", 701)
    assert (check(ROWS[:690]).kind, check(ROWS[:690]).first_bad) == ("dropped", 691)
    assert (check([]).ok, check([]).first_bad) == (False, 1)


@pytest.mark.parametrize("at", [10, 300, 550, 650])
def test_without_tiles_a_fitted_row_is_narrowed_down_by_checkpoints_and_head(at: int) -> None:
    verdict = check(changed_byte_and_leaf(at), tiles=False)
    assert (verdict.ok, verdict.kind) == (False, "rewritten")
    assert verdict.first_bad == {10: 2, 300: 258, 550: 501, 650: 641}[at]


def test_a_head_fitted_to_forged_rows_fails_by_checkpoint_or_by_attestation() -> None:
    early, late = changed_byte_and_leaf(300), changed_byte_and_leaf(650)
    assert check(early, rehead(early), tiles=False).kind == "rewritten"
    verdict = check(late, rehead(late), tiles=False)
    assert (verdict.kind, verdict.checked) == ("attestation_false", 700)
    appended = [*ROWS, forged(701, a_ledger.stored(701))]
    assert check(appended, rehead(appended)).kind == "attestation_false"


def test_an_older_database_contradicts_a_later_checkpoint() -> None:
    old = EVENTS[:550]
    verdict = check(a_ledger.rows(old), a_ledger.head(old))
    assert (verdict.ok, verdict.kind, verdict.exit_code) == (False, "root_false", ExitCode.FOUND_FALSE)


def test_a_missing_tile_is_found() -> None:
    verdict = verify_ledger(
        ROWS, head=HEAD, trust=TRUST, full_tile=lambda index: None if index == 1 else full_tile(index)
    )
    assert (verdict.kind, verdict.first_bad) == ("tile_changed", 257)


def test_an_empty_ledger_is_a_failure() -> None:
    verdict = check([], Head(0, b""))
    assert (verdict.ok, verdict.checked, verdict.exit_code) == (False, 0, ExitCode.UNUSABLE)


def test_a_head_that_cannot_be_read_and_a_checkpoint_of_another_key_are_refused() -> None:
    assert check(ROWS, Head(700, HEAD.frontier[:-1])).exit_code == ExitCode.UNUSABLE
    other = a_ledger.signed(EVENTS[:100], SigningKey(ORIGIN, bytes(32)))
    assert check(ROWS, signed=[other]).kind == "signature_false"


def test_bytes_nested_past_reason_are_no_event_and_no_crash() -> None:
    deep = EVENTS[299][:-1] + b',"x":' + b"[" * 30_000 + b"]" * 30_000 + b"}"
    row = ROWS[299]._replace(stored=deep, leaf=leaf_hash(deep))
    verdict = check([*ROWS[:299], row, *ROWS[300:]], tiles=False)
    assert (verdict.kind, verdict.first_bad) == ("changed", 300)


def test_a_head_without_attestation_passes_only_where_none_is_asked_for() -> None:
    bare = Head(HEAD.size, HEAD.frontier)
    assert check(ROWS, bare).kind == "attestation_false"
    assert verify_ledger(ROWS, head=bare, signed=SIGNED, trust=Trust([KEY.verifier_key])).ok
    assert verify_ledger(ROWS, head=bare, trust=Trust(attest_key=b"k")).exit_code == ExitCode.UNUSABLE
    assert attest(b"k", origin="o", size=1, root=bytes(32)) != attest(b"k", origin="o", size=2, root=bytes(32))
