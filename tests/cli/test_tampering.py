"""The database's owner changes, drops, swaps and adds events; `pledger verify` finds each and says where."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psycopg
import pytest
from psycopg import sql

from api.cli.stored import Demand, verdict_on
from ledger.evidence.merkle import Frontier, leaf_hash
from ledger.evidence.verdict import Verdict
from ledger.store.embedded import open_cluster
from tests.cli.program import Program, program_with_trial

SCHEMA = "ledger_trial"
PEOPLE = 300
KEYS_SCHEMA = "keys_trial"
TABLES = ("events", "head", "tiles", "sealed", "idempotency", "tombstones")


@dataclass
class Owner:
    """The owner of the database, with SQL in hand and the guards taken off; what they do can be put back."""

    program: Program
    connection: psycopg.Connection
    size: int
    many_from: int  # where the people begin who were registered together
    conninfo: str

    def run(self, statement: str) -> None:
        self.connection.execute(sql.SQL(statement).format(s=sql.Identifier(SCHEMA)))

    def verdict(self) -> Verdict:
        """What `pledger verify` finds, without starting it anew each time."""
        keys = self.program.data / "secrets"
        return verdict_on(self.conninfo, "trial", keys, Demand(), lambda done, whole: None)

    def fit_head(self) -> None:
        """Make the head fit the leaves; the writer's word is beyond the database."""
        leaves = self.connection.execute(f"select leaf from {SCHEMA}.events order by position".encode()).fetchall()
        tree = Frontier()
        tree.extend(leaf for (leaf,) in leaves)
        update = f"update {SCHEMA}.head set size = %s, frontier = %s".encode()
        self.connection.execute(update, (tree.size, tree.to_bytes()))


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Owner]:
    with program_with_trial(tmp_path_factory.mktemp("tampered")) as program:
        with program.serving() as serving, serving.client(program.tokens()["hr_administrator"]) as hr:
            commands = [{"path": "/people/register", "body": {"name": f"Person {n}"}} for n in range(PEOPLE)]
            sent = {"mode": "all", "commands": commands}
            done = hr.post("/batch", json=sent, headers={"idempotency-key": "many"})
            assert done.status_code == 201, done.text
            many_from = done.json()["receipts"][0]["position"]
            size = max(registered(hr, key) for key in ("one", "two"))
        with open_cluster(program.data / "pg") as cluster, psycopg.connect(cluster.conninfo) as connection:
            connection.autocommit = True
            found = Owner(program, connection, size, many_from, cluster.conninfo)
            for table in TABLES:
                found.run(f"create table kept_{table} as table {{s}}.{table}")
            connection.execute(f"create table kept_data_keys as table {KEYS_SCHEMA}.data_keys".encode())
            found.run("alter table {s}.events disable trigger all")
            found.run("alter table {s}.tiles disable trigger all")
            yield found


def registered(hr: httpx2.Client, key: str) -> int:
    """Register somebody under an idempotency key; return the position."""
    done = hr.post("/people/register", json={"name": f"Person {key}"}, headers={"idempotency-key": key})
    assert done.status_code == 201, done.text
    position: int = done.json()["position"]
    return position


@pytest.fixture
def tampered(owner: Owner) -> Iterator[Owner]:
    yield owner
    for table in TABLES:
        owner.run(f"delete from {{s}}.{table}")
        owner.run(f"insert into {{s}}.{table} select * from kept_{table}")
    owner.connection.execute(f"delete from {KEYS_SCHEMA}.data_keys".encode())
    owner.connection.execute(f"insert into {KEYS_SCHEMA}.data_keys select * from kept_data_keys".encode())


CHANGE = """
update {s}.events
set stored = overlay(stored placing 'z'::bytea from position('"correlation":"'::bytea in stored) + 15 for 1)
where position = 200
"""
SWAP = (
    "update {s}.events e set stored = o.stored, leaf = o.leaf from {s}.events o "
    "where (e.position, o.position) in ((150, 190), (190, 150))"
)

APPEND = """
insert into {s}.events
select position + 1, recorded_at, version + 1, overlay(event_id::text placing 'ffff' from 1 for 4)::uuid, stream, topic,
    effective_at, actor, subjects, leaf,
    convert_to(replace(replace(replace(convert_from(stored, 'UTF8'),
        '"position":' || position, '"position":' || position + 1),
        '"version":' || version, '"version":' || version + 1),
        event_id::text, overlay(event_id::text placing 'ffff' from 1 for 4)), 'UTF8')
from {s}.events
where position = (select size from {s}.head)
"""


def change_a_byte(owner: Owner) -> None:
    owner.run(CHANGE)


def change_a_byte_and_fit_all(owner: Owner) -> None:
    owner.run(CHANGE)
    owner.run("update {s}.events set leaf = sha256('\\x00'::bytea || stored) where position = 200")
    owner.fit_head()


def change_a_column(owner: Owner) -> None:
    owner.run("update {s}.events set actor = 'p-another' where position = 120")


def make_a_time_infinite(owner: Owner) -> None:
    owner.run("update {s}.events set recorded_at = 'infinity' where position = 120")


def drop_one(owner: Owner) -> None:
    owner.run("delete from {s}.events where position = 100")


def swap_two(owner: Owner) -> None:
    owner.run(SWAP)


def add_one(owner: Owner) -> None:
    """With proper bytes, columns, leaf and head: only the writer's word is missing."""
    owner.run(APPEND)
    owner.run(
        "update {s}.events set leaf = sha256('\\x00'::bytea || stored) where position > (select size from {s}.head)"
    )
    owner.fit_head()


def add_one_in_the_middle(owner: Owner) -> None:
    owner.run("update {s}.events set position = position + 1000000 where position >= 100")
    owner.run("update {s}.events set position = position - 999999 where position > 1000000")
    owner.run(
        "insert into {s}.events select 100, recorded_at, version + 9, gen_random_uuid(), stream, topic, effective_at, "
        "actor, subjects, leaf, stored from {s}.events where position = 101"
    )
    owner.fit_head()


def cut_the_end(owner: Owner) -> None:
    owner.run("delete from {s}.events where position > 290")
    owner.fit_head()


def put_another_tile_back(owner: Owner) -> None:
    """A tile as it would be had another event stood at position 60: the rows are right, their second copy is not."""
    owner.run(
        "update {s}.tiles set hashes = overlay(hashes placing sha256('another') from 59 * 32 + 1 for 32) "
        "where (level, index) = (0, 0)"
    )


def replace_the_attestation(owner: Owner) -> None:
    """The writer's word on another root, of the right length."""
    owner.run("update {s}.head set attestation = sha256('another') || substr(attestation, 33)")


def write_with_another_key_order(owner: Owner) -> None:
    """The same event for whoever parses it, with its fields in another order, and leaf and head made to fit."""
    stored: bytes
    (stored,) = owner.connection.execute(
        f"select stored from {SCHEMA}.events where position = 210".encode(), binary=True
    ).fetchone() or (b"",)
    fields = json.loads(stored)
    again = json.dumps(dict(reversed(fields.items())), ensure_ascii=False, separators=(",", ":")).encode()
    assert again != stored
    assert json.loads(again) == fields
    owner.connection.execute(
        f"update {SCHEMA}.events set stored = %s, leaf = %s where position = 210".encode(), (again, leaf_hash(again))
    )
    owner.fit_head()


def test_what_nobody_touched_passes(owner: Owner):
    verified = owner.program.run("verify", "--json", "--require", "checkpointed")
    verdict = verified.json["ledgers"]["trial"]
    assert (verified.code, verdict["checked"], verdict["checkpoint_size"]) == (0, owner.size, owner.size)


@pytest.mark.parametrize(
    ("tamper", "kinds", "first"),
    [
        (change_a_byte, {"changed"}, 200),
        (change_a_byte_and_fit_all, {"changed"}, 200),
        (change_a_column, {"column_changed"}, 120),
        (make_a_time_infinite, {"column_changed"}, None),
        (drop_one, {"dropped"}, 100),
        (swap_two, {"swapped", "changed"}, 150),
        (add_one, {"attestation_false"}, None),
        (add_one_in_the_middle, {"added", "changed", "column_changed"}, 100),
        (cut_the_end, {"root_false"}, None),
        (put_another_tile_back, {"changed", "tile_changed"}, 60),
        (replace_the_attestation, {"attestation_false"}, None),
        (write_with_another_key_order, {"changed"}, 210),
    ],
)
def test_each_tampering_is_found_and_located(
    tampered: Owner, tamper: Callable[[Owner], None], kinds: set[str], first: int | None
):
    tamper(tampered)
    verified = tampered.program.run("verify", "--json")
    verdict = verified.json["ledgers"]["trial"]
    assert verified.code == 1, verdict
    assert verdict["kind"] in kinds, verdict
    assert verdict["first_bad"] == first, verdict
    shown = tampered.program.run("verify")
    assert shown.code == 1
    assert first is None or f"first position that fails: {first}" in shown.out
    assert "events checked before" in shown.out


# What lies beside the events and is under no leaf: sealed parts, their keys, and answers kept to be repeated.


def box_at(position: int) -> str:
    return f"(select event_id from {{s}}.events where position = {position})"


def owner_at(position: int) -> str:
    return f"(select subject from {{s}}.sealed where event_id = {box_at(position)})"


BESIDE = {
    "a byte of a box": (
        "update {s}.sealed set box = overlay(box placing '\\x0000'::bytea from 20 for 2) "
        f"where event_id = {box_at(150)}",
        "sealed_changed",
        150,
    ),
    "two boxes exchanged": (
        f"update {{s}}.sealed a set box = b.box from {{s}}.sealed b where (a.event_id, b.event_id) in "
        f"(({box_at(160)}, {box_at(170)}), ({box_at(170)}, {box_at(160)}))",
        "sealed_changed",
        160,
    ),
    "an older box of the same person": (
        f"update {{s}}.sealed set subject = {owner_at(140)}, box = (select box from {{s}}.sealed "
        f"where event_id = {box_at(140)}) where event_id = {box_at(141)}",
        "sealed_changed",
        141,
    ),
    "a box deleted": (f"delete from {{s}}.sealed where event_id = {box_at(180)}", "sealed_missing", 180),
    "a box moved to another event": (
        f"update {{s}}.sealed set event_id = {box_at(1)} where event_id = {box_at(181)}",
        "sealed_missing",
        181,
    ),
    "a box deleted behind a tombstone that no event speaks of": (
        f"with t as (insert into {{s}}.tombstones (subject) values ({owner_at(182)})) "
        f"delete from {{s}}.sealed where event_id = {box_at(182)}",
        "sealed_missing",
        182,
    ),
    "a box more on an event": (
        f"insert into {{s}}.sealed select event_id, '7', subject, retention, box from {{s}}.sealed "
        f"where event_id = {box_at(183)}",
        "sealed_added",
        183,
    ),
    "a box of no event": (
        "insert into {s}.sealed select gen_random_uuid(), part, subject, retention, box from {s}.sealed limit 1",
        "sealed_added",
        None,
    ),
    "a key deleted": (
        f"delete from {KEYS_SCHEMA}.data_keys where subject = {owner_at(200)}",
        "key_missing",
        200,
    ),
    "a key changed": (
        f"update {KEYS_SCHEMA}.data_keys set wrapped = sha256(wrapped) || '\\x0000000000000000'::bytea "
        f"where subject = {owner_at(201)}",
        "key_changed",
        201,
    ),
    "the keys of two persons exchanged": (
        f"update {KEYS_SCHEMA}.data_keys a set wrapped = b.wrapped from {KEYS_SCHEMA}.data_keys b "
        f"where (a.subject, b.subject) in (({owner_at(202)}, {owner_at(203)}), ({owner_at(203)}, {owner_at(202)}))",
        "sealed_changed",
        202,
    ),
    "the root of a tile": ("update {s}.tiles set root = sha256(root) where (level, index) = (0, 0)", "tile_changed", 1),
    "a tile above that holds other roots": (
        "insert into {s}.tiles select 1, 0, root, hashes from {s}.tiles where (level, index) = (0, 0)",
        "tile_changed",
        1,
    ),
    "an answer that names the event before": (
        "update {s}.idempotency set first = first - 1 where key = 'two'",
        "answer_changed",
        -1,
    ),
    "an answer that names an event of somebody else": (
        "update {s}.idempotency set first = 1 where key = 'two'",
        "answer_changed",
        1,
    ),
    "an answer past the end": ("update {s}.idempotency set count = count + 5 where key = 'two'", "answer_changed", 0),
}


@pytest.mark.parametrize("name", sorted(BESIDE))
def test_what_lies_beside_the_events_is_checked_and_located(tampered: Owner, name: str):
    """A place from 0 down counts from the last event."""
    statement, kind, first = BESIDE[name]
    tampered.run(statement)
    verdict = tampered.verdict()
    assert (int(verdict.exit_code), verdict.kind) == (1, kind), verdict
    assert verdict.checked == tampered.size
    assert verdict.first_bad == (first if first is None or first > 0 else tampered.size + first), verdict


def test_an_answer_of_other_refusals_is_found(tampered: Owner):
    tampered.run("update {s}.idempotency set answer = '[[0, 17, null]]' where key = 'many#0'")
    verdict = tampered.verdict()
    assert (verdict.kind, verdict.first_bad) == ("answer_changed", tampered.many_from)


def test_a_missing_key_is_never_made_anew(owner: Owner):
    key = owner.program.data / "secrets/signer/trial/key"
    aside = key.rename(key.with_name("aside"))
    try:
        assert owner.program.run("verify").code == 2
        assert not key.exists()
    finally:
        aside.rename(key)
    assert owner.program.run("verify").code == 0


def test_a_ledger_without_its_table_is_unusable(tampered: Owner):
    tampered.run("alter table {s}.tiles rename to hidden")
    try:
        verified = tampered.program.run("verify", "--json")
    finally:
        tampered.run("alter table {s}.hidden rename to tiles")
    assert (verified.code, verified.json["ledgers"]["trial"]["kind"]) == (2, "unusable")


def test_another_database_under_the_same_keys_is_refused(owner: Owner, tmp_path: Path):
    with program_with_trial(tmp_path) as other:
        keys = str(owner.program.data / "secrets")
        verified = other.run("verify", "--keys", keys, "--json")
        assert verified.code == 1, verified.out
