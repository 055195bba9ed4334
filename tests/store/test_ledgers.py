"""Ledgers are made, listed, migrated and dropped; what was recorded is refused to be changed by anyone."""

import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg import errors
from psycopg.conninfo import make_conninfo

from ledger.kernel.ids import uuid7
from ledger.store.background import BackgroundWriter
from ledger.store.ledgers import (
    SERVICE_ROLE,
    LedgerExists,
    RoleMissing,
    UnknownLedger,
    apply_migrations,
    control_schema_of,
    create_ledger,
    drop_ledger,
    ensure_role,
    keys_schema_of,
    list_ledgers,
    migrate,
    schema_of,
)
from ledger.store.writer import Writer
from tests.store.requests import append

CONTROL_LOG = 11  # the migration that brings it
CHANGES = [
    "update {s}.events set actor = 'someone else'",
    "update {s}.events set position = position + 1 where position = -5",
    "delete from {s}.events",
    "truncate {s}.events cascade",
    "update {s}.tiles set hashes = hashes",
    "delete from {s}.tiles where false",
    "truncate {s}.tiles",
    "insert into {s}.events select * from {s}.events on conflict (position) do update set actor = 'x'",
    "merge into {s}.events e using (select 1) x on true when matched then delete",
]


@pytest.mark.parametrize("name", ["", "Acme", "1st", "a-b", "a;drop schema public", "ü", "a" * 42, "a\n"])
def test_bad_names_are_refused(name: str) -> None:
    """A name becomes part of SQL: nothing but small letters, digits and underscores."""
    with pytest.raises(ValueError, match="no name for a ledger"):
        schema_of(name)


def test_made_listed_dropped(database_url: str) -> None:
    """A ledger and its keys stand in two schemas and go together."""
    name = "x" + uuid7().hex()
    create_ledger(database_url, name)
    assert name in list_ledgers(database_url)
    with pytest.raises(LedgerExists):
        create_ledger(database_url, name)
    with psycopg.connect(database_url) as connection:
        assert connection.execute(f"select count(*) from {keys_schema_of(name)}.data_keys").fetchone() == (0,)
    drop_ledger(database_url, name)
    assert name not in list_ledgers(database_url)
    with psycopg.connect(database_url) as connection, pytest.raises(errors.UndefinedTable):
        connection.execute(f"select count(*) from {keys_schema_of(name)}.data_keys")
    with pytest.raises(UnknownLedger):
        drop_ledger(database_url, name)
    with pytest.raises(UnknownLedger):
        migrate(database_url, name)


def description(database_url: str, schema: str) -> list[tuple[str, ...]]:
    """Return all that the catalogue says about a schema: columns, settings, constraints, indexes, triggers, grants."""
    query = """
        select 'column', c.relname::text, a.attname::text,
            format_type(a.atttypid, a.atttypmod)::text, a.attnotnull::text,
            a.attstorage::text, coalesce(pg_get_expr(d.adbin, d.adrelid), ''), coalesce(a.attcollation::text, '')
        from pg_class c join pg_attribute a on a.attrelid = c.oid left join pg_attrdef d on d.adrelid = c.oid
            and d.adnum = a.attnum where c.relnamespace = %(s)s::text::regnamespace and a.attnum > 0 and c.relkind = 'r'
        union all select 'table', relname, relkind::text, reloptions::text, relacl::text, '', '', ''
        from pg_class where relnamespace = %(s)s::text::regnamespace
        union all select 'constraint', conname, pg_get_constraintdef(oid), conrelid::regclass::text, '', '', '', ''
        from pg_constraint where connamespace = %(s)s::text::regnamespace
        union all select 'index', indexname, indexdef, '', '', '', '', '' from pg_indexes where schemaname = %(s)s::text
        union all select 'trigger', tgname, pg_get_triggerdef(t.oid), tgenabled::text, '', '', '', ''
        from pg_trigger t join pg_class c on c.oid = t.tgrelid where c.relnamespace = %(s)s::text::regnamespace
        union all select 'function', proname, prosrc, proacl::text, '', '', '', ''
        from pg_proc where pronamespace = %(s)s::text::regnamespace
        union all select 'schema', nspacl::text, '', '', '', '', '', '' from pg_namespace where nspname = %(s)s::text
    """
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(query, {"s": schema}).fetchall()
        content = connection.execute(f"select size, frontier, last_at, attestation from {schema}.head").fetchall()
    own = rf"\b(ledger|control)_{schema.partition('_')[2]}\b"
    named = [tuple(re.sub(own, r"\1_NAME", str(value)) for value in row) for row in rows]
    return sorted(named) + [tuple(map(str, row)) for row in content]


def test_migrations_lead_to_the_same_tables(database_url: str, ledger_name: str) -> None:
    """Step by step from nothing, or made at once: the catalogue shows no difference."""
    name = "y" + uuid7().hex()
    with psycopg.connect(database_url) as connection:
        ensure_role(connection)
        numbers = apply_migrations(connection, schema_of(name), known=set())
    try:
        made_at_once = description(database_url, schema_of(ledger_name))
        assert len(made_at_once) > 80
        assert description(database_url, schema_of(name)) == made_at_once
        control = description(database_url, control_schema_of(ledger_name))
        assert len(control) > 20
        assert description(database_url, control_schema_of(name)) == control
        assert numbers == list(range(1, len(numbers) + 1))
        assert migrate(database_url, name) == []
        assert migrate(database_url, ledger_name) == []
    finally:
        drop_ledger(database_url, name)


def test_refused_attempts_from_before_the_control_log_stay(database_url: str) -> None:
    """They stand in no tree, and keep a table of their own; a table without rows goes."""
    name = "x" + uuid7().hex()
    schema = schema_of(name)
    try:
        with psycopg.connect(database_url) as connection:
            ensure_role(connection)
            apply_migrations(connection, schema, known=set(range(CONTROL_LOG, 10_000)))
            columns, values = (
                "recorded_at, actor, credential, kind, id, verb, code",
                "now(), 'p', 't', 'u', 'u', 'v', 'c'",
            )
            connection.execute(f"insert into {schema}.refused ({columns}) values ({values})".encode())
            apply_migrations(connection, schema, known=set(range(1, CONTROL_LOG)))
            assert connection.execute(f"select code from {schema}.refused_before_control".encode()).fetchone() == ("c",)
            assert connection.execute(f"select count(*) from {schema}.refused".encode()).fetchone() == (0,)
            gone = connection.execute("select to_regclass(%s)", (f"{schema}.accesses_before_control",))
            assert gone.fetchone() == (None,)
    finally:
        drop_ledger(database_url, name)


def test_processes_that_start_together_migrate_in_turn(database_url: str) -> None:
    """None of them fails, and none applies what is there."""
    name = "z" + uuid7().hex()
    create_ledger(database_url, name)
    done: list[list[int]] = []
    threads = [threading.Thread(target=lambda: done.append(migrate(database_url, name))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    drop_ledger(database_url, name)
    assert done == [[]] * 4


@pytest.fixture
def filled(service_url: str, ledger_name: str) -> str:
    """The schema of a ledger with one event."""
    with BackgroundWriter(lambda: Writer(service_url, ledger_name, clock=lambda: datetime.now(UTC))) as writer:
        writer.append(append())
    return schema_of(ledger_name)


@pytest.mark.parametrize("replica", [False, True], ids=["ordinary", "replica"])
@pytest.mark.parametrize("change", CHANGES)
def test_changes_are_refused_to_the_owner(database_url: str, filled: str, change: str, replica: bool) -> None:
    """Also in a session that switches ordinary triggers off."""
    with psycopg.connect(database_url) as connection:
        if replica:
            connection.execute("set session_replication_role = replica")
        with pytest.raises(errors.RestrictViolation, match="what was recorded is never changed"):
            connection.execute(change.format(s=filled))


@pytest.mark.parametrize(
    "act",
    [
        *CHANGES[:7],
        "drop table {s}.events",
        "alter table {s}.events disable trigger refuse_change",
        "insert into {s}.head values (false, 0, '', null, '')",
        "delete from {s}.head",
        "delete from {s}.idempotency",
        "update {s}.idempotency set first = 0",
        "update {s}.sealed set box = ''",
        "create or replace function {s}.refuse_change() returns trigger language plpgsql as 'begin return new; end'",
    ],
)
def test_the_service_has_the_least_rights(service_url: str, filled: str, act: str) -> None:
    """It may append and erase sealed parts, and nothing else."""
    with psycopg.connect(service_url) as connection, pytest.raises(errors.InsufficientPrivilege):
        connection.execute(act.format(s=filled))


def test_the_service_may_erase_and_project(service_url: str, filled: str) -> None:
    """Sealed parts and lookups are deleted when a subject is erased; projections make tables of their own."""
    with psycopg.connect(service_url) as connection:
        assert connection.execute("select current_user").fetchone() == (SERVICE_ROLE,)
        connection.execute(f"delete from {filled}.sealed where subject = 'x'")
        connection.execute(f"delete from {filled}.lookup where subject = 'x'")
        connection.execute(f"create table {filled}.trail_v1_entries (position bigint primary key)")
        connection.rollback()


@pytest.fixture
def powerless_url(database_url: str) -> Iterator[str]:
    """A user who may make schemas but no roles, in a database whose service role is hidden from view."""
    role = "powerless_" + uuid7().hex()[:12]
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"create role {role} login password 'powerless'")
        yield make_conninfo(database_url, user=role, password="powerless")
        connection.execute(f"drop role {role}")


def test_a_user_who_may_make_no_role_is_told_what_to_do(powerless_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the statement that an administrator must run."""
    monkeypatch.setattr("ledger.store.ledgers.SERVICE_ROLE", "pledger_absent")
    with psycopg.connect(powerless_url) as connection, pytest.raises(RoleMissing, match="create role pledger_absent"):
        ensure_role(connection)
