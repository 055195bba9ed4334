"""Ledgers as a whole: made, brought up to date, listed and dropped, one at a time.

A ledger `acme` is the schema `ledger_acme`, its control log `control_acme`; its wrapped data keys stand in `keys_acme`,
here or in another database.
"""

import re
from importlib import resources

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ledger.kernel.statements import fill, load

SERVICE_ROLE = "pledger_service"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_MIGRATION = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


class LedgerExists(Exception):
    """A ledger of this name is there already."""


class UnknownLedger(Exception):
    """There is no ledger of this name."""


class RoleMissing(Exception):
    """The service's role does not exist, and who is connected may not make it."""


def schema_of(name: str) -> str:
    """Return the schema of a ledger. Raises ValueError unless `name` is `[a-z][a-z0-9_]{0,40}`."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name for a ledger: a small letter, then small letters, digits, underscores")
    return f"ledger_{name}"


def keys_schema_of(name: str) -> str:
    """Return the schema of a ledger's wrapped data keys; errors as in `schema_of`."""
    return schema_of(name).replace("ledger_", "keys_", 1)


def control_schema_of(name: str) -> str:
    """Return the schema of a ledger's control log; errors as in `schema_of`."""
    return schema_of(name).replace("ledger_", "control_", 1)


def as_service(conninfo: str) -> str:
    """Return `conninfo` such that its sessions work as the service's role, with the least rights that serve."""
    options = conninfo_to_dict(conninfo).get("options") or ""
    return make_conninfo(conninfo, options=f"{options} -c role={SERVICE_ROLE}".strip())


def create_ledger(conninfo: str, name: str, *, keys_conninfo: str | None = None) -> None:
    """Make an empty ledger, and the schema of its keys in the database `keys_conninfo` (default: the same).

    Raises ValueError for a bad name, LedgerExists, RoleMissing.
    """
    names = _names(schema_of(name))
    script = fill(_read("schema.sql"), **names) + fill(_read("control.sql"), **names)
    recorded = _statement(schema_of(name), "insert_schema_version")
    with psycopg.connect(conninfo) as connection:
        ensure_role(connection)
        _create(connection, name, script)
        with connection.cursor() as cursor:
            cursor.executemany(recorded, [(number,) for number in sorted(_migrations())])
        if keys_conninfo is None:
            _create_keys(connection, name)
    if keys_conninfo is not None:
        with psycopg.connect(keys_conninfo) as connection:
            ensure_role(connection)
            _create_keys(connection, name)


def list_ledgers(conninfo: str) -> list[str]:
    """Return the names of all ledgers in the database, sorted."""
    found = "select substr(nspname, 8) from pg_namespace where nspname ~ '^ledger_[a-z][a-z0-9_]*$' order by 1"
    with psycopg.connect(conninfo) as connection:
        return [str(name) for (name,) in connection.execute(found)]


def drop_ledger(conninfo: str, name: str, *, keys_conninfo: str | None = None) -> None:
    """Drop a ledger with all its projections, and its keys. Raises UnknownLedger. There is no way back."""
    with psycopg.connect(conninfo) as connection:
        try:
            connection.execute(f"drop schema {schema_of(name)} cascade".encode())
            connection.execute(f"drop schema if exists {control_schema_of(name)} cascade".encode())
        except errors.InvalidSchemaName as missing:
            raise UnknownLedger(name) from missing
    with psycopg.connect(keys_conninfo or conninfo) as connection:
        connection.execute(f"drop schema if exists {keys_schema_of(name)} cascade".encode())


def migrate(conninfo: str, name: str) -> list[int]:
    """Apply the migrations that a ledger lacks, in order, in one transaction; return their numbers.

    Processes that start together wait for each other. Raises UnknownLedger.
    """
    schema = schema_of(name)
    with psycopg.connect(conninfo) as connection:
        _lock_schema(connection, schema)
        ensure_role(connection)
        try:
            known = {row[0] for row in connection.execute(_statement(schema, "find_schema_versions"))}
        except (errors.UndefinedTable, errors.InvalidSchemaName) as missing:
            raise UnknownLedger(name) from missing
        return apply_migrations(connection, schema, known=known)


def apply_migrations(connection: psycopg.Connection, schema: str, *, known: set[int]) -> list[int]:
    """Run every migration whose number is not in `known` on `schema`, in the caller's transaction."""
    numbers = [number for number in sorted(_migrations()) if number not in known]
    for number in numbers:
        script = fill(_read("migrations/" + _migrations()[number]), **_names(schema))
        connection.execute(script.encode())
        connection.execute(_statement(schema, "insert_schema_version"), (number,))
    return numbers


def ensure_role(connection: psycopg.Connection) -> None:
    """Make the service's role where it is missing, and let who is connected work as it. Raises RoleMissing."""
    _lock_schema(connection, SERVICE_ROLE)
    if connection.execute("select 1 from pg_roles where rolname = %s", (SERVICE_ROLE,)).fetchone():
        return
    try:
        connection.execute(f"create role {SERVICE_ROLE} nologin".encode())
        connection.execute(f"grant {SERVICE_ROLE} to current_user".encode())
    except errors.InsufficientPrivilege as refused:
        raise RoleMissing(
            f"the role {SERVICE_ROLE} does not exist and this user may not make it: have an administrator run "
            f"`create role {SERVICE_ROLE} nologin; grant {SERVICE_ROLE} to <user of the service>;`"
        ) from refused


def _create(connection: psycopg.Connection, name: str, script: str) -> None:
    try:
        connection.execute(script.encode())
    except errors.DuplicateSchema as duplicate:
        raise LedgerExists(name) from duplicate


def _create_keys(connection: psycopg.Connection, name: str) -> None:
    _create(connection, name, fill(_read("keys.sql"), keys=keys_schema_of(name), service=SERVICE_ROLE))


def _names(schema: str) -> dict[str, str]:
    """Return what the placeholders of a script of the ledger in `schema` stand for."""
    return {"schema": schema, "control": schema.replace("ledger_", "control_", 1), "service": SERVICE_ROLE}


def _lock_schema(connection: psycopg.Connection, schema: str) -> None:
    connection.execute("select pg_advisory_xact_lock(hashtextextended('pledger:' || %s, 0))", (schema,))


def _statement(schema: str, name: str) -> bytes:
    return load("ledger.store", "statements.sql").bind(schema=schema)[name].encode()


def _read(filename: str) -> str:
    return resources.files("ledger.store").joinpath(filename).read_text(encoding="utf-8")


def _migrations() -> dict[int, str]:
    files = (entry.name for entry in resources.files("ledger.store").joinpath("migrations").iterdir())
    return {int(found[1]): found[0] for file in files if (found := _MIGRATION.fullmatch(file))}
