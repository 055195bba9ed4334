"""Appends, one event a request with all checks on, beside the library's default recorder and a plain INSERT."""

import asyncio
import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import psycopg
import uvloop
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict

from ledger.evidence.signer import attest
from ledger.kernel import collector
from ledger.kernel.append import Append, Appended, Draft, IdempotencyKey, SealedBox
from ledger.kernel.ids import uuid7, uuid_text
from ledger.store.embedded import open_cluster
from ledger.store.ledgers import UnknownLedger, as_service, create_ledger, drop_ledger
from ledger.store.writer import Writer

LEDGER = "bench_append"
CALLERS = (1, 16, 64, 256)
WARM_S = 1.0
SEGMENTS = 63  # of 16 MB: what min_wal_size keeps
BODY = (
    '"id":"%s","type":"goals.GoalAssigned","schema_version":1,"effective_at":"2026-03-31","actor":"p-7f3a9c21d4e8",'
    '"authority":{"basis":"line_lead","via":"unit/u-19ab44c0","judged_at":%d},"source":"api","correlation":"c-%s",'
    '"subjects":["goal/%s","person/%s","metric/m-new-customers","unit/u-19ab44c0"],"data":{"goal_id":"%s",'
    '"owner":"%s","metric":"m-new-customers","baseline":"0","target":"100.5","starts_on":"2026-01-01",'
    '"ends_on":"2026-12-31","weight":"0.25"},"sealed":{"note":"%s"}}'
)
TEXT = b"please mind the new customers in the south region, as we agreed on Monday"

Row = dict[str, str | int | float]


def run(*, seconds: float = 4.0) -> list[Row]:
    """Measure each number of callers, then the peers; return rows of case, callers, rate and latencies."""
    collector.settle()  # as the service does
    with durable_database() as database_url:
        rows = [measure_writer(database_url, callers, seconds) for callers in CALLERS]
        rows += [measure_library(database_url, threads, seconds) for threads in (1, 16)]
        rows += [measure_plain(database_url, threads, seconds) for threads in (1, 16)]
    rates = {(row["case"], row["callers"]): float(row["events_per_s"]) for row in rows}
    for row in rows:
        if row["case"] == "writer":
            row["times_library"] = round(float(row["events_per_s"]) / rates["eventsourcing default", 16], 1)
            row["times_plain"] = round(float(row["events_per_s"]) / rates["plain INSERT", 16], 2)
    return rows


@contextmanager
def durable_database() -> Iterator[str]:
    """Yield the server in PLEDGER_TEST_DATABASE_URL, else an embedded one that waits for the disk."""
    given = os.environ.get("PLEDGER_TEST_DATABASE_URL")
    if given:
        yield given
        return
    with TemporaryDirectory() as folder, open_cluster(Path(folder) / "pg") as cluster:
        with psycopg.connect(cluster.conninfo, autocommit=True) as connection:
            recycle_segments(connection)
        yield cluster.conninfo


def recycle_segments(connection: psycopg.Connection) -> None:
    """Have write-ahead segments at hand, as a server that has run for an hour has: making one stalls every commit."""
    connection.execute("create table filler (line text)")
    for _ in range(SEGMENTS):
        connection.execute("insert into filler values ('a line')")
        connection.execute("select pg_switch_wal()")
    connection.execute("drop table filler")
    connection.execute("checkpoint")


def measure_writer(database_url: str, callers: int, seconds: float) -> Row:
    """Append from `callers` coroutines: version, idempotency key, tree, one sealed part, attestation."""
    fresh_ledger(database_url)
    latencies: list[float] = []
    key = os.urandom(32)

    async def main() -> None:
        writer = Writer(
            as_service(database_url),
            LEDGER,
            clock=lambda: datetime.now(UTC),
            attest=lambda size, root: attest(key, origin="bench.example/append", size=size, root=root),
        )
        await writer.start()
        warm = time.perf_counter() + WARM_S
        stop = warm + seconds
        await asyncio.gather(*(call(writer, n, latencies, warm, stop) for n in range(callers)))
        await writer.close()

    uvloop.run(main())
    drop_ledger(database_url, LEDGER)
    return summary("writer", callers, latencies, seconds)


async def call(writer: Writer, caller: int, latencies: list[float], warm: float, stop: float) -> None:
    """One caller: prepare an event as a command would, append it, and again."""
    turn = 0
    while (began := time.perf_counter()) < stop:
        request = make_request(caller, turn)
        outcome = await writer.append(request)
        if not isinstance(outcome, Appended):
            raise TypeError("every request is new")
        if began > warm:
            latencies.append(time.perf_counter() - began)
        turn += 1


_boxes: dict[str, AESGCMSIV] = {}


def make_request(caller: int, turn: int) -> Append:
    """Return a request of one event of some 700 bytes with one sealed part; five events a stream."""
    event_id, goal, person = uuid7(), f"g-{caller}-{turn // 5}", f"p-{caller}-{turn % 40}"
    text, stream = uuid_text(event_id), f"goal/{goal}"
    cipher = _boxes.setdefault(person, AESGCMSIV(b"k" * 32))
    salt, nonce = os.urandom(32), os.urandom(12)
    commitment = hashlib.sha256(b"sealed" + salt + TEXT).hexdigest()
    box = nonce + cipher.encrypt(nonce, salt + TEXT, event_id)
    remainder = (BODY % (text, turn, text, goal, person, goal, person, commitment)).encode()
    draft = Draft(
        stream=stream,
        event_id=event_id,
        topic="goals.GoalAssigned",
        effective_at="2026-03-31",
        actor="p-7f3a9c21d4e8",
        subjects=(stream, f"person/{person}", "metric/m-new-customers", "unit/u-19ab44c0"),
        remainder=remainder,
        boxes=(SealedBox("note", f"person/{person}", "performance", box),),
    )
    key = IdempotencyKey("p-7f3a9c21d4e8", text, hashlib.sha256(remainder).digest())
    return Append([draft], {stream: turn % 5}, key)


def measure_library(database_url: str, threads: int, seconds: float) -> Row:
    """The default recorder of the eventsourcing library, one event a call."""
    parts = {key: str(value) for key, value in conninfo_to_dict(database_url).items() if value is not None}
    datastore = PostgresDatastore(
        dbname=parts.get("dbname", "postgres"),
        host=parts.get("host", "localhost"),
        port=parts.get("port", "5432"),
        user=parts.get("user", "postgres"),
        password=parts.get("password", ""),
        pool_size=threads + 2,
    )
    recorder = PostgresApplicationRecorder(datastore, events_table_name="bench_library")
    recorder.create_table()
    body = b"x" * 700

    def insert() -> None:
        recorder.insert_events([StoredEvent(uuid4(), 1, "goals:GoalAssigned", body)])

    latencies = in_threads(threads, seconds, lambda: insert)
    datastore.close()
    with psycopg.connect(database_url) as connection:
        connection.execute("drop table bench_library")
    return summary("eventsourcing default", threads, latencies, seconds)


def measure_plain(database_url: str, threads: int, seconds: float) -> Row:
    """A prepared INSERT and its commit, on a connection a thread."""
    table = "create table bench_plain (id bigserial primary key, stream uuid, version int, topic text, state bytea)"
    statement = "insert into bench_plain (stream, version, topic, state) values (%s, 1, 't', %s)"
    body = b"x" * 700
    with psycopg.connect(database_url) as connection:
        connection.execute("drop table if exists bench_plain")
        connection.execute(table)
        connection.execute("create unique index on bench_plain (stream, version)")
    opened: list[psycopg.Connection] = []

    def connect() -> Callable[[], None]:
        connection = psycopg.connect(database_url, autocommit=True, prepare_threshold=0)
        opened.append(connection)

        def insert() -> None:
            connection.execute(statement, (uuid4(), body))

        return insert

    latencies = in_threads(threads, seconds, connect)
    for connection in opened:
        connection.close()
    with psycopg.connect(database_url) as connection:
        connection.execute("drop table bench_plain")
    return summary("plain INSERT", threads, latencies, seconds)


def in_threads(threads: int, seconds: float, make: Callable[[], Callable[[], None]]) -> list[float]:
    """Run what `make` returns over and over in each of `threads`; return the latencies after warming up."""
    latencies: list[float] = []
    warm = time.perf_counter() + WARM_S
    stop = warm + seconds

    def work() -> None:
        act = make()
        while (began := time.perf_counter()) < stop:
            act()
            if began > warm:
                latencies.append(time.perf_counter() - began)

    running = [threading.Thread(target=work) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return latencies


def fresh_ledger(database_url: str) -> None:
    """Make the ledger of the benchmark anew."""
    with suppress(UnknownLedger):
        drop_ledger(database_url, LEDGER)
    create_ledger(database_url, LEDGER)


def summary(case: str, callers: int, latencies: list[float], seconds: float) -> Row:
    """Return one row of the report."""
    ordered = sorted(latencies)
    return {
        "case": case,
        "callers": callers,
        "events_per_s": round(len(ordered) / seconds),
        "p50_ms": round(ordered[len(ordered) // 2] * 1e3, 2),
        "p99_ms": round(ordered[int(len(ordered) * 0.99)] * 1e3, 2),
    }


if __name__ == "__main__":
    for row in run():
        print("  ".join(f"{key}={value}" for key, value in row.items()))
