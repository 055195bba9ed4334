"""The database's owner changes, drops, swaps and adds events; `pledger verify` finds each and says where."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from ledger.evidence.merkle import Frontier, leaf_hash
from ledger.store.embedded import open_cluster
from tests.cli.program import Program, program_with_trial

SCHEMA = "ledger_trial"
PEOPLE = 300
TABLES = ("events", "head", "tiles")


@dataclass
class Owner:
    """The owner of the database, with SQL in hand and the guards taken off; what they do can be put back."""

    program: Program
    connection: psycopg.Connection
    size: int

    def run(self, statement: str) -> None:
        self.connection.execute(sql.SQL(statement).format(s=sql.Identifier(SCHEMA)))

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
            size = done.json()["receipts"][-1]["position"]
        with open_cluster(program.data / "pg") as cluster, psycopg.connect(cluster.conninfo) as connection:
            connection.autocommit = True
            found = Owner(program, connection, size)
            for table in TABLES:
                found.run(f"create table kept_{table} as table {{s}}.{table}")
            found.run("alter table {s}.events disable trigger all")
            found.run("alter table {s}.tiles disable trigger all")
            yield found


@pytest.fixture
def tampered(owner: Owner) -> Iterator[Owner]:
    yield owner
    for table in TABLES:
        owner.run(f"delete from {{s}}.{table}")
        owner.run(f"insert into {{s}}.{table} select * from kept_{table}")


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
