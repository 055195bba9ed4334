"""Catch-up of one simple projection and of all together, and a rebuild, beside the library's ProjectionRunner."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import psycopg
from eventsourcing.application import Application
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection as LibraryProjection
from eventsourcing.projection import ProjectionRunner
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool

from ledger.domain.goals.events import GoalAccepted, GoalAssigned
from ledger.domain.people.persons import (
    AssignmentKind,
    EmploymentStarted,
    ManagerAssigned,
    ManagerKind,
    PersonAssignedToUnit,
    PersonRegistered,
)
from ledger.domain.progress import MeasurementRecorded, ProgressReported
from ledger.domain.responsibilities.events import HandOverAccepted, ResponsibilityAssigned, Role, SubjectRegistered
from ledger.kernel.event import Subject
from ledger.kernel.statements import Statements
from ledger.store.embedded import open_cluster
from ledger.store.ledgers import UnknownLedger, as_service, create_ledger, drop_ledger, schema_of
from ledger.store.reader import Reader
from projections import goals
from projections.catalogue import CATALOGUE
from projections.engine import Catalogue, Runner
from projections.engine.projection import Cursor, Events, Projection, Tables
from tests.projections.histories import History, append, day

LEDGER = "bench_projections"
PEER_EVENTS = 4_000
PATIENCE_S = 600.0
Row = dict[str, str | int | float]


def run(*, events: int = 60_000) -> list[Row]:
    """Measure catch-up on `events` events of a steady mix, then the peer; return rows of case, rate and ratio."""
    with durable_database() as database_url:
        stored = mixed_history(events)
        rows = [
            measure(database_url, stored, "simple projection (latest progress, as the peer)", (LATEST,)),
            measure(database_url, stored, "goals", (goals.PROJECTION,)),
            measure(database_url, stored, "all projections", CATALOGUE),
            measure_rebuild(database_url, stored),
        ]
        peer = measure_library(database_url)
    for row in rows:
        row["times_library"] = round(float(row["events_per_s"]) / float(peer["events_per_s"]), 1)
    return [*rows, peer]


@contextmanager
def durable_database() -> Iterator[str]:
    """Yield the server in PLEDGER_TEST_DATABASE_URL, else an embedded one that waits for the disk."""
    given = os.environ.get("PLEDGER_TEST_DATABASE_URL")
    if given:
        yield given
        return
    with TemporaryDirectory() as folder, open_cluster(Path(folder) / "pg") as cluster:
        yield cluster.conninfo


def mixed_history(count: int) -> list[bytes]:
    """Return stored events: of twenty, ten report progress; the others are about goals, people and holders."""
    history = History()
    number = 0
    while len(history.stored) < count:
        add_person(history, number)
        number += 1
    return history.stored


def add_person(history: History, number: int) -> None:
    person, goal, subject = f"person/p-{number}", f"goal/g-{number}", f"responsibility/team/t{number // 4}"
    owner, before = Subject(kind="person", id=f"p-{number}"), Subject(kind="person", id=f"p-{max(number - 1, 0)}")
    history.add(person, PersonRegistered(), day(0))
    history.add(person, EmploymentStarted(employment=f"e-{number}", contract="permanent"), day(0))
    history.add(person, PersonAssignedToUnit(unit=f"u{number % 50}", assignment=AssignmentKind.HOME), day(0))
    history.add(person, ManagerAssigned(manager=f"p-{number // 8}", relation=ManagerKind.LINE), day(0))
    history.add(goal, _assigned(owner), day(1))
    history.add(goal, GoalAccepted(owner=owner), day(2))
    for week in range(10):
        about = date(2026, 1, 5 + week)
        history.add(goal, ProgressReported(owner=owner, value=Decimal(week), day=about), day(4 + week))
    history.add(goal, MeasurementRecorded(owner=owner, value=Decimal(9), day=date(2026, 1, 20), source="erp"), day(20))
    history.add(subject, SubjectRegistered(label=f"Team {number}"), day(0))
    history.add(subject, ResponsibilityAssigned(role=Role.ACCOUNTABLE, holder=owner), day(number % 50))
    history.add(subject, HandOverAccepted(offer="o-1", giver=owner, taker=before), day(60))


def _assigned(owner: Subject) -> GoalAssigned:
    period = {"starts_on": date(2026, 1, 1), "ends_on": date(2026, 12, 31)}
    numbers = {"baseline": Decimal(0), "target": Decimal(96)}
    return GoalAssigned.model_validate(
        {"owner": owner, "metric": "m-new-customers", "scored_by": "progress", **numbers, **period}
    )


def measure(database_url: str, stored: list[bytes], case: str, catalogue: Catalogue) -> Row:
    """Record everything, then start a runner whose projections are made first: they catch up from position 1."""
    with fresh_ledger(database_url) as reader:
        start_runner(database_url, reader, catalogue).stop()  # tables with all of their indexes
        _record(database_url, stored)
        started = time.perf_counter()
        runner = start_runner(database_url, reader, catalogue)
        _wait(runner, catalogue, len(stored))
        seconds = time.perf_counter() - started
        runner.stop()
    return _row(case, len(stored), seconds)


def measure_rebuild(database_url: str, stored: list[bytes]) -> Row:
    """Build all projections anew, all at once, on a ledger that has them."""
    with fresh_ledger(database_url) as reader:
        runner = start_runner(database_url, reader, CATALOGUE)
        _record(database_url, stored)
        _wait(runner, CATALOGUE, len(stored))
        started = time.perf_counter()
        rebuilds = [runner.rebuild(projection.name) for projection in CATALOGUE]
        failed = [rebuild.progress().name for rebuild in rebuilds if not rebuild.wait(PATIENCE_S)]
        if failed:
            raise RuntimeError(f"not rebuilt: {', '.join(failed)}")
        seconds = time.perf_counter() - started
        runner.stop()
    return _row("rebuild of all", len(stored), seconds)


def _row(case: str, events: int, seconds: float) -> Row:
    return {"case": case, "events": events, "seconds": round(seconds, 2), "events_per_s": round(events / seconds)}


@contextmanager
def fresh_ledger(database_url: str) -> Iterator[Reader]:
    with suppress(UnknownLedger):
        drop_ledger(database_url, LEDGER)
    create_ledger(database_url, LEDGER)
    with ConnectionPool[psycopg.Connection](as_service(database_url), min_size=1, max_size=4, open=True) as pool:
        yield Reader(pool, LEDGER)
    drop_ledger(database_url, LEDGER)


def _record(database_url: str, stored: list[bytes]) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        for start in range(0, len(stored), 10_000):
            append(connection, schema_of(LEDGER), stored[start : start + 10_000])
        connection.execute(f"vacuum analyze {schema_of(LEDGER)}.events".encode())


def start_runner(database_url: str, reader: Reader, catalogue: Catalogue) -> Runner:
    runner = Runner(as_service(database_url), LEDGER, reader, catalogue)
    runner.start()
    return runner


def _wait(runner: Runner, catalogue: Catalogue, position: int) -> None:
    for projection in catalogue:
        if not runner.wait_for(projection.name, position, PATIENCE_S):
            raise TimeoutError(projection.name)


# The plainest view that can be written for each engine: the latest progress of every goal


def _latest(_: object, events: Events) -> dict[str, str]:
    return {event["stream"]: event["data"]["value"] for event in events}


def _write(cursor: Cursor, tables: Tables, latest: dict[str, str]) -> None:
    if latest:
        cursor.execute(tables.sql("upsert_latest"), (list(latest), list(latest.values())))


LATEST = Projection(
    name="bench_latest",
    version=1,
    question="what was said last about each goal",
    tables=("latest",),
    topics=frozenset({"progress.ProgressReported"}),
    schema=Statements("bench", {"create_latest": "create table {schema}.{latest} (goal text primary key, value text)"}),
    statements=Statements(
        "bench",
        {
            "upsert_latest": "insert into {schema}.{latest} select * from unnest(%s::text[], %s::text[])"
            " on conflict (goal) do update set value = excluded.value"
        },
    ),
    load=lambda cursor, tables, events: None,
    fold=_latest,
    write=_write,
)


# The peer: the library's runner with the plainest view that can be written for it


class Goal(Aggregate):
    """A goal as the library would hold it."""

    @event("ProgressReported")
    def report(self, value: str) -> None:
        """Report progress."""
        self.value = value


class Goals(Application):
    """The library's application."""


class LatestProgress(PostgresTrackingRecorder):
    """One upsert an event, in one transaction with its tracking: what the library asks of a view."""

    def report(self, goal: object, value: str, tracking: Tracking) -> None:
        """Keep the latest value."""
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            statement = (
                f"insert into {self.datastore.schema}.peer_progress values (%s, %s) on conflict (goal) do update"
            )
            cursor.execute(f"{statement} set value = excluded.value".encode(), (goal, value))


class ProgressProjection(LibraryProjection[LatestProgress]):
    """The library's projection."""

    name = "peer"

    @singledispatchmethod
    def process_event(self, domain_event: object, tracking: Tracking) -> None:
        """Track what is not used."""
        self.view.insert_tracking(tracking)

    @process_event.register
    def report(self, domain_event: Goal.ProgressReported, tracking: Tracking) -> None:  # type: ignore[name-defined]  # made by @event
        """Keep the latest value."""
        self.view.report(domain_event.originator_id, domain_event.value, tracking)


def measure_library(database_url: str) -> Row:
    """Let the library's runner catch up on events of one kind."""
    env = _library_env(database_url)
    application = Goals(env)
    for _ in range(PEER_EVENTS // 40):
        goal = Goal()
        for number in range(39):
            goal.report(str(number))
        application.save(goal)
    last = application.recorder.max_notification_id() or 0
    started = time.perf_counter()
    with ProjectionRunner(
        application_class=Goals, projection_class=ProgressProjection, view_class=LatestProgress, env=env
    ) as runner:
        runner.wait(last, timeout=PATIENCE_S)
        seconds = time.perf_counter() - started
    application.close()
    return _row("eventsourcing ProjectionRunner", last, seconds)


def _library_env(database_url: str) -> dict[str, str]:
    parts = conninfo_to_dict(database_url)
    schema = f"peer_{uuid4().hex[:8]}"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"create schema {schema}".encode())
        connection.execute(f"create table {schema}.peer_progress (goal uuid primary key, value text)".encode())
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(parts["dbname"]),
        "POSTGRES_HOST": str(parts["host"]),
        "POSTGRES_PORT": str(parts.get("port", 5432)),
        "POSTGRES_USER": str(parts["user"]),
        "POSTGRES_PASSWORD": str(parts.get("password") or ""),
        "POSTGRES_SCHEMA": schema,
    }
