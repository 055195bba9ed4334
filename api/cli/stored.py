"""Verifying ledgers on their database: plain rows in one snapshot, against the signer's memory that lies elsewhere."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg

from api.cli.console import Advance, stop
from api.settings import Settings
from api.signed_folder import CONTROL
from api.witnesses import witnessed_note
from ledger.evidence.checkpoint import read_unverified
from ledger.evidence.faults import EvidenceError, LogFalse, PolicyNotMet, RootFalse, SignerStateLost, Unusable
from ledger.evidence.note import VerifierKey
from ledger.evidence.policy import parse, require_witnessed
from ledger.evidence.rows import Head, Row
from ledger.evidence.signer import Signer
from ledger.evidence.signer_files import RESTORED
from ledger.evidence.tiles import read_file
from ledger.evidence.verdict import Verdict, from_fault
from ledger.evidence.verify_ledger import Trust, require_checkpointed, verify_ledger
from ledger.kernel.statements import Statements, load
from ledger.privacy.sealed_check import SealedCheck
from ledger.privacy.secrets import LedgerSecrets, SecretMissing
from ledger.store.embedded import open_cluster
from ledger.store.kept_answers import KeptAnswersCheck
from ledger.store.kept_tiles import KeptTilesCheck
from ledger.store.ledgers import UnknownLedger, control_schema_of, keys_schema_of, list_ledgers, schema_of

LEVEL = 2
FETCHED = 2_000
COLUMNS = ("position", "stream", "version", "recorded_at", "event_id", "topic", "actor", "subjects", "effective_at")
Connection = psycopg.Connection[tuple[Any, ...]]  # rows are typed by their statement


@dataclass(frozen=True, slots=True)
class Demand:
    """What a good verdict needs beyond true rows: checkpointed or witnessed, and earlier checkpoints to continue."""

    require: str | None = None
    earlier: Path | None = None
    policy: Path | None = None
    witnessed: bytes | None = None  # the last checkpoint that witnesses cosigned, as the service kept it


@dataclass(frozen=True, slots=True)
class Memory:
    """What the signer's folder holds of a ledger: its last signed checkpoint and the key to check it with."""

    note: bytes
    key: VerifierKey
    size: int
    successions: tuple[bytes, ...] = ()


def verdicts(settings: Settings, demand: Demand, advance: Advance) -> Iterator[tuple[str, Verdict]]:
    """Yield (ledger, verdict) for the ledger named, else for each in the database. Ends the command without any."""
    with database_that_is_there(settings) as conninfo:
        names = list_ledgers(conninfo)
        if settings.ledger is not None and settings.ledger not in names:
            raise UnknownLedger(settings.ledger)
        if not names:
            stop("There is no ledger in this database: nothing could be verified.")
        for name in [settings.ledger] if settings.ledger else names:
            witnessed = witnessed_note(settings.witnessed_folder, name)
            yield name, verdict_on(conninfo, name, settings.keys_folder, replace(demand, witnessed=witnessed), advance)
            control = control_verdict_on(conninfo, name, settings.keys_folder, advance)
            if control is not None:
                yield f"{name}/{CONTROL}", control


@contextmanager
def database_that_is_there(settings: Settings) -> Iterator[str]:
    """Yield the database's address. An embedded one is joined or started, but never made."""
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    if not (settings.database_folder / "data").is_dir():
        stop(f"There is no database in {settings.data}: name the data folder with --data.")
    with open_cluster(settings.database_folder) as cluster:
        yield cluster.conninfo


def control_verdict_on(conninfo: str, name: str, keys: Path, advance: Advance) -> Verdict | None:
    """Return the verdict on a ledger's control log; None where nothing was ever kept in it."""
    if _keeps_entries(conninfo, control_schema_of(name)):
        return verdict_on(conninfo, name, keys, Demand(), advance, control=True)
    try:
        memory = _memory(keys / "signer" / name / CONTROL)
    except EvidenceError as fault:
        return from_fault(fault, level=LEVEL)
    if memory is None or memory.size == 0:
        return None
    zh, en = (
        f"已签 {memory.size} 条，控制日志却是空的",
        f"{memory.size} entries were signed, and the control log is empty",
    )
    return from_fault(RootFalse(zh=zh, en=en), level=LEVEL)


def _keeps_entries(conninfo: str, schema: str) -> bool:
    with psycopg.connect(conninfo) as connection:
        if connection.execute("select to_regclass(%s)", (f"{schema}.events",)).fetchone() == (None,):
            return False
        return connection.execute(f"select from {schema}.events limit 1".encode()).fetchone() is not None


def verdict_on(
    conninfo: str, name: str, keys: Path, demand: Demand, advance: Advance, *, control: bool = False
) -> Verdict:
    """Return the verdict on one ledger or its control log, whatever is wrong with it."""
    folder = keys / "signer" / name
    try:
        memory = _memory(folder / CONTROL if control else folder)  # before the rows: they may have grown since
        secrets = LedgerSecrets.open(keys, name)
        with _snapshot(conninfo) as connection:
            if control:
                verdict = _verdict(connection, control_schema_of(name), memory, secrets, demand, advance)
            else:
                beside = _Beside(connection, name, secrets)
                verdict = _verdict(connection, schema_of(name), memory, secrets, demand, advance, beside.seeing)
                verdict = beside.judged(verdict)
        return _demanded(verdict, memory, demand)
    except SecretMissing as missing:
        fault = SignerStateLost(zh=f"缺少账本密钥：{missing}", en=f"a key of the ledger is missing: {missing}")
        return from_fault(fault, level=LEVEL)
    except EvidenceError as fault:
        return from_fault(fault, level=LEVEL)
    except psycopg.Error as error:
        why = str(error).strip().partition("\n")[0]
        return from_fault(Unusable(zh=f"无法读取账本：{why}", en=f"the ledger can't be read: {why}"), level=LEVEL)


def _memory(folder: Path) -> Memory | None:
    """Return what the signer remembers; None where it has never signed. Nothing is made or changed here."""
    if not (folder / "key").exists() and not (folder / "state").exists():
        return None
    try:
        origin = (folder / "state").read_text("utf-8").split("\n")[1]
    except (OSError, UnicodeDecodeError, IndexError):
        origin = None
    if origin is None or not (folder / "key").exists():
        raise SignerStateLost(
            zh=f"{folder} 中签点器的密钥或状态丢失", en=f"the signer's key or state is missing from {folder}"
        )
    signer = Signer(folder, origin.partition(RESTORED)[0])
    return Memory(signer.last(), signer.verifier_key, signer.size, tuple(signer.successions))


@contextmanager
def _snapshot(conninfo: str) -> Iterator[Connection]:
    """Yield a connection whose every look sees the same moment."""
    with psycopg.connect(conninfo) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        yield connection


def _verdict(
    connection: Connection,
    schema: str,
    memory: Memory | None,
    secrets: LedgerSecrets,
    demand: Demand,
    advance: Advance,
    seeing: Callable[[Iterator[Row]], Iterator[Row]] = iter,
) -> Verdict:
    statements = load("api.cli", "statements.sql").bind(schema=schema)
    keys, successions = ((memory.key,), memory.successions) if memory else ((), ())
    trust = Trust(keys, _origin(connection, statements), secrets.attest, successions)
    signed = [] if memory is None or memory.size == 0 else [memory.note]
    signed += [] if demand.earlier is None else [read_file(file) for file in _files(demand.earlier)]
    signed += [] if demand.witnessed is None else [demand.witnessed]
    return verify_ledger(
        seeing(_rows(connection, statements)),
        head=_head(connection, statements),
        signed=signed,
        trust=trust,
        full_tile=_full_tile(connection, statements),
        progress=advance,
    )


class _Beside:
    """What lies beside the events: the tiles above the leaves, sealed parts, and the answers kept to be repeated."""

    def __init__(self, connection: Connection, name: str, secrets: LedgerSecrets) -> None:
        def opening() -> AbstractContextManager[Connection]:
            return nullcontext(connection)

        schema = schema_of(name)
        self._sealed = SealedCheck(name, schema, keys_schema_of(name), secrets, opening)
        self._kept, self._tiles = KeptAnswersCheck(schema, opening), KeptTilesCheck(schema, opening)

    def seeing(self, rows: Iterator[Row]) -> Iterator[Row]:
        """Yield the rows, and look at what is sealed in them."""
        for row in rows:
            yield row
            self._sealed.take(row)

    def judged(self, verdict: Verdict) -> Verdict:
        """Return the verdict on the rows, or on what lies beside them where that is false."""
        if not verdict.ok:
            return verdict
        try:
            self._tiles.run()
            self._sealed.finish()
            self._kept.run()
        except EvidenceError as fault:
            told = from_fault(fault, level=LEVEL, checked=verdict.checked)
            return replace(told, checkpoint_size=verdict.checkpoint_size, tail=verdict.tail)
        parts, kept = self._sealed.checked, self._kept.checked
        zh = f"{verdict.zh}；{parts} 个密封字段与承诺相符或有删除记录，{kept} 个保存的答复无误"
        en = f"{verdict.en}; {parts} sealed parts as committed to or recorded as erased, {kept} kept answers in order"
        return replace(verdict, zh=zh, en=en)


def _files(path: Path) -> list[Path]:
    return sorted(file for file in path.iterdir() if file.is_file()) if path.is_dir() else [path]


def _demanded(verdict: Verdict, memory: Memory | None, demand: Demand) -> Verdict:
    """Return the verdict, or the one that follows from what was demanded of it."""
    if demand.require is None or not verdict.ok:
        return verdict
    verdict = require_checkpointed(verdict)
    if verdict.ok and demand.require == "witnessed" and memory is not None:
        asked = None if demand.policy is None else parse(read_file(demand.policy).decode("utf-8", "replace"))
        try:
            note = demand.witnessed or memory.note
            require_witnessed(note, asked, successions=memory.successions)
            _require_no_tail(read_unverified(note).size, verdict.checkpoint_size)
        except EvidenceError as fault:
            told = from_fault(fault, level=LEVEL, checked=verdict.checked)
            return replace(told, checkpoint_size=verdict.checkpoint_size, tail=verdict.tail)
    return verdict


def _require_no_tail(witnessed: int, signed: int) -> None:
    if witnessed < signed:
        raise PolicyNotMet(
            zh=f"从位置 {witnessed + 1} 起尚无见证", en=f"from position {witnessed + 1} on nothing is witnessed yet"
        )


def _origin(connection: Connection, statements: Statements) -> str | None:
    """Return the origin that the first event tells; None where that can't be read, which the check then finds."""
    row = connection.execute(statements.read_first_event.encode()).fetchone()
    try:
        return str(json.loads(row[0])["data"]["origin"]) if row else None
    except (ValueError, KeyError, TypeError):
        return None


def _head(connection: Connection, statements: Statements) -> Head:
    row = connection.execute(statements.read_head_row.encode(), binary=True).fetchone()
    return Head(*row) if row else Head(0, b"")


def _rows(connection: Connection, statements: Statements) -> Iterator[Row]:
    """Yield every row by position over a cursor of the server: memory stays flat, whatever the ledger's size."""
    with connection.cursor("rows_to_verify") as cursor:
        cursor.itersize = FETCHED
        cursor.execute(statements.read_rows_to_verify.encode(), binary=True)
        try:
            for stored, leaf, retired_by, *copies in cursor:
                yield Row(copies[0], stored, dict(zip(COLUMNS, copies, strict=True)), leaf, retired_by)
        except psycopg.DataError as error:
            raise LogFalse(
                "column_changed",
                None,
                zh=f"有一列的值不可能来自账本：{error}",
                en=f"a column holds what the ledger never writes: {error}",
            ) from error


def _full_tile(connection: Connection, statements: Statements) -> Callable[[int], bytes | None]:
    statement = statements.read_full_tile.encode()

    def read(index: int) -> bytes | None:
        row = connection.execute(statement, (index,), binary=True).fetchone()
        return bytes(row[0]) if row else None

    return read
