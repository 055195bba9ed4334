"""A real database tampered with by its owner, twelve ways and an older copy: each is found, located and named."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from ledger.evidence.faults import Inconsistent, RootFalse
from ledger.evidence.merkle import Frontier, leaf_hash
from ledger.evidence.rows import Head, Row
from ledger.evidence.signer import Signer, attest
from ledger.evidence.verdict import Verdict
from ledger.evidence.verify_ledger import Trust, verify_ledger
from ledger.kernel.append import Append, Draft
from ledger.kernel.ids import uuid7, uuid_text
from ledger.store.ledgers import as_service, create_ledger, drop_ledger, schema_of
from ledger.store.writer import Writer

ORIGIN = "ledger.example/tampered-0123456789abcdef"
ATTEST_KEY = b"held by the writer alone"
COUNT, SIGNED_SIZE = 600, 580
COLUMNS = ("position", "stream", "version", "recorded_at", "event_id", "topic", "actor", "subjects", "effective_at")


def draft(number: int) -> Draft:
    event_id, stream = uuid7(), f'goal/"目标"-{number % 7}'
    subjects = (stream, "person/p-7f3a")
    envelope = {
        "event_id": uuid_text(event_id), "topic": "goals.GoalAssigned", "schema": 1, "effective_at": "2026-03-31",
        "actor": "person/p-7f3a", "subjects": subjects, "data": {"target": "100.5"}, "sealed": {},
    }  # fmt: skip
    remainder = json.dumps(envelope, ensure_ascii=False).encode()[1:]
    return Draft(stream, event_id, "goals.GoalAssigned", "2026-03-31", "person/p-7f3a", subjects, remainder)


async def fill(service_url: str, name: str) -> None:
    def word(size: int, root: bytes) -> bytes:
        return attest(ATTEST_KEY, origin=ORIGIN, size=size, root=root)

    writer = Writer(service_url, name, clock=lambda: datetime.now(UTC), attest=word)
    await writer.start()
    for first in (0, SIGNED_SIZE):
        await writer.append(Append([draft(number) for number in range(first, SIGNED_SIZE if first == 0 else COUNT)]))
    await writer.close()


@dataclass
class Opened:
    """A ledger under the hands of the database's owner, and the checkpoints that lie elsewhere."""

    connection: psycopg.Connection
    schema: str
    signed: list[bytes]
    trust: Trust

    def run(self, statement: str) -> None:
        self.connection.execute(sql.SQL(statement).format(s=sql.Identifier(self.schema)))

    def rows(self) -> list[Row]:
        names = sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
        query = sql.SQL("select stored, leaf, {} from {}.events order by position")
        found = self.connection.execute(query.format(names, sql.Identifier(self.schema))).fetchall()
        return [Row(row[2], row[0], dict(zip(COLUMNS, row[2:], strict=True)), row[1]) for row in found]

    def head(self) -> Head:
        query = sql.SQL("select size, frontier, attestation from {}.head").format(sql.Identifier(self.schema))
        return Head(*(self.connection.execute(query).fetchone() or pytest.fail("no head")))

    def full_tile(self, index: int) -> bytes | None:
        query = sql.SQL("select hashes from {}.tiles where level = 0 and index = %s").format(
            sql.Identifier(self.schema)
        )
        row = self.connection.execute(query, (index,)).fetchone()
        return row[0] if row else None

    def verdict(self) -> Verdict:
        return verify_ledger(
            self.rows(), head=self.head(), signed=self.signed, trust=self.trust, full_tile=self.full_tile
        )

    def fit_leaves(self) -> None:
        """Make leaves fit the bytes again."""
        self.run("update {s}.events set leaf = sha256('\\x00'::bytea || stored)")

    def fit_head(self) -> None:
        """Make the head fit the rows again; the attestation is beyond the database."""
        tree = Frontier()
        tree.extend(row.leaf for row in self.rows())
        update = sql.SQL("update {}.head set size = %s, frontier = %s").format(sql.Identifier(self.schema))
        self.connection.execute(update, (tree.size, tree.to_bytes()))

    def renumber(self) -> None:
        """Make positions dense again."""
        self.run("update {s}.events set position = position + 1000000")
        self.run(
            "update {s}.events e set position = n.n from (select event_id, row_number() over (order by position) n "
            "from {s}.events) n where n.event_id = e.event_id"
        )


@pytest.fixture(scope="module")
def ledger(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    name = f"tampered_{uuid7().hex()[:12]}"
    create_ledger(database_url, name)
    asyncio.run(fill(as_service(database_url), name))
    signer = Signer(tmp_path_factory.mktemp("keys") / "signer", ORIGIN, attest_key=ATTEST_KEY)
    with psycopg.connect(database_url) as connection:
        opened = Opened(connection, schema_of(name), [], Trust([signer.verifier_key], ORIGIN, ATTEST_KEY))
        opened.signed = [sign(signer, opened, size) for size in (3, 300, SIGNED_SIZE)]
        connection.rollback()
        yield opened
    drop_ledger(database_url, name)


@pytest.fixture
def opened(ledger: Opened) -> Iterator[Opened]:
    """The ledger with its guards taken off; all is undone afterwards."""
    ledger.run("alter table {s}.events disable trigger all")
    ledger.run("alter table {s}.tiles disable trigger all")
    yield ledger
    ledger.connection.rollback()


def sign(signer: Signer, opened: Opened, size: int) -> bytes:
    """Sign the first `size` events, with the word that the writer gave at that size."""
    entries = [row.stored or b"" for row in opened.rows()[:size]]
    tree = Frontier()
    tree.extend(map(leaf_hash, entries))
    word = attest(ATTEST_KEY, origin=ORIGIN, size=size, root=tree.root())
    first = signer.size
    return signer.sign(entries[first:], word, first=first, size=size, root=tree.root())


def test_a_ledger_as_its_writer_left_it_passes(opened: Opened) -> None:
    verdict = opened.verdict()
    assert verdict.ok, verdict.en
    assert (verdict.checked, verdict.checkpoint_size, verdict.tail) == (COUNT, SIGNED_SIZE, COUNT - SIGNED_SIZE)


CHANGE = "update {s}.events set stored = convert_to(replace(convert_from(stored, 'UTF8'), '100.5', '900.5'), 'UTF8')"
COPY = (
    "insert into {s}.events select position, recorded_at, 1000, gen_random_uuid(), stream, topic, effective_at, actor, "
    "subjects, leaf, stored from taken"
)


def change_bytes(opened: Opened) -> None:
    opened.run(CHANGE + " where position = 200")


def change_bytes_and_leaf(opened: Opened) -> None:
    opened.run(CHANGE + " where position = 200")
    opened.fit_leaves()


def change_everything_fitting(opened: Opened) -> None:
    opened.run(CHANGE + " where position = 200")
    opened.fit_leaves()
    opened.fit_head()


def drop_one(opened: Opened) -> None:
    opened.run("delete from {s}.events where position = 200")


def drop_one_and_renumber(opened: Opened) -> None:
    opened.run("delete from {s}.events where position = 200")
    opened.renumber()


def drop_the_last(opened: Opened) -> None:
    opened.run("delete from {s}.events where position = 600")


def swap_two_bytes(opened: Opened) -> None:
    opened.run(
        "update {s}.events e set stored = o.stored from {s}.events o "
        "where (e.position, o.position) in ((200, 450), (450, 200))"
    )


def swap_two_places(opened: Opened) -> None:
    for old, new in ((200, 999), (450, 200), (999, 450)):
        opened.run(f"update {{s}}.events set position = {new} where position = {old}")


def add_one_past_the_head(opened: Opened) -> None:
    opened.run("create temp table taken on commit drop as select * from {s}.events where position = 600")
    opened.run("update taken set position = 601")
    opened.run(COPY)


def change_a_column(opened: Opened) -> None:
    opened.run("update {s}.events set actor = 'person/p-other' where position = 200")


def change_a_leaf(opened: Opened) -> None:
    opened.run("update {s}.events set leaf = sha256('other') where position = 200")


def change_a_tile(opened: Opened) -> None:
    opened.run(
        "update {s}.tiles set hashes = overlay(hashes placing sha256('x') from 199 * 32 + 1) "
        "where level = 0 and index = 0"
    )


@pytest.mark.parametrize(
    ("tamper", "kind", "first"),
    [
        (change_bytes, "changed", 200),
        (change_bytes_and_leaf, "changed", 200),
        (change_everything_fitting, "changed", 200),
        (drop_one, "dropped", 200),
        (drop_one_and_renumber, "dropped", 200),
        (drop_the_last, "dropped", 600),
        (swap_two_bytes, "swapped", 200),
        (swap_two_places, "swapped", 200),
        (add_one_past_the_head, "added", 601),
        (change_a_column, "column_changed", 200),
        (change_a_leaf, "changed", 200),
        (change_a_tile, "changed", 200),
    ],
)
def test_each_tampering_by_the_owner_is_found(opened: Opened, tamper, kind: str, first: int) -> None:
    tamper(opened)
    verdict = opened.verdict()
    assert (verdict.ok, verdict.kind, verdict.first_bad) == (False, kind, first), verdict.en


def forge_the_tail(opened: Opened) -> None:
    """Append an event past the service, with everything in the database fitted to it."""
    opened.run("create temp table taken on commit drop as select * from {s}.events where position = 600")
    opened.run(
        "update taken set position = 601, version = version + 1, stored = convert_to(replace(replace(convert_from("
        "stored, 'UTF8'), '\"position\":600', '\"position\":601'), '\"version\":' || version, '\"version\":' || "
        "version + 1), 'UTF8')"
    )
    opened.run(
        "insert into {s}.events select position, recorded_at, version, gen_random_uuid(), stream, topic, effective_at, "
        "actor, subjects, leaf, stored from taken"
    )
    opened.run("update {s}.events set leaf = sha256('\\x00'::bytea || stored) where position = 601")
    opened.fit_head()


def test_an_event_appended_past_the_service_lacks_the_writers_word(opened: Opened, tmp_path: Path) -> None:
    forge_the_tail(opened)
    verdict = opened.verdict()
    assert not verdict.ok
    assert verdict.kind in {"attestation_false", "column_changed"}
    head, signer = opened.head(), Signer(tmp_path / "signer", ORIGIN)
    entries = [row.stored or b"" for row in opened.rows()]
    root = Frontier.from_bytes(head.size, head.frontier).root()
    signer.sign(entries[:SIGNED_SIZE], first=0, size=SIGNED_SIZE, root=root_of(entries[:SIGNED_SIZE]))
    guarded = Signer(tmp_path / "signer", ORIGIN, attest_key=ATTEST_KEY)
    with pytest.raises(Exception, match="not attested"):
        guarded.sign(entries[SIGNED_SIZE:], head.attestation, first=SIGNED_SIZE, size=head.size, root=root)


def root_of(entries: list[bytes]) -> bytes:
    tree = Frontier()
    tree.extend(map(leaf_hash, entries))
    return tree.root()


def test_a_restored_older_database_is_refused_by_the_signer(opened: Opened, tmp_path: Path) -> None:
    signer = Signer(tmp_path / "signer", ORIGIN, attest_key=ATTEST_KEY)
    sign(signer, opened, COUNT)
    opened.run("delete from {s}.events where position > 550")
    opened.fit_head()
    with pytest.raises(Inconsistent, match="600 was signed"):
        sign(signer, opened, 550)
    assert opened.verdict().kind == "root_false"
    opened.run(CHANGE + " where position = 5")
    with pytest.raises((Inconsistent, RootFalse)):
        sign(signer, opened, 550)
