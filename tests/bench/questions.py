"""Who-owns, a trail page and a duties page on a large ledger beside a row by its key; a rebuild of all, with memory."""

import random
import resource
import threading
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg

from ledger.domain.duties.events import DutyDischarged, DutyOpened, Outcome, Party, Seat
from ledger.kernel.event import Subject
from ledger.store.ledgers import schema_of
from projections import audit_trail, duties, responsibility
from projections.audit_trail.queries import trail
from projections.catalogue import CATALOGUE
from projections.duties.queries import Wanted, inbox
from projections.engine import Runner
from projections.responsibility.queries import who_owns
from tests.bench.projections import LEDGER, Row, add_person, durable_database, fresh_ledger, start_runner
from tests.projections.histories import History, append, day

EVENTS, LARGE_EVENTS = 1_000_000, 10_000_000
AT_ONCE = 10_000
QUESTIONS = 3_000
PAGE = 100
PATIENCE_S = 3_600.0
LOOK_S = 0.05


def run(*, events: int = EVENTS, large: bool = False) -> list[Row]:
    """Measure at a small ledger and at `events`; return latencies by question and size, and the rebuild."""
    sizes = [events // 10, events] if not large else [EVENTS, LARGE_EVENTS]
    with durable_database() as database_url, fresh_ledger(database_url) as reader:
        runner = start_runner(database_url, reader, CATALOGUE)
        history, people, rows = History(), 0, list[Row]()
        try:
            for size in sizes:
                people, seconds = _grow(database_url, runner, history, people, size)
                rows.append({"case": "all projections, following", "events": size, **_rate(size, seconds)})
                rows += _asked(database_url, runner, history.size, people)
            return [*rows, _rebuilt(runner, history.size)]
        finally:
            runner.stop()


def _rate(events: int, seconds: float) -> Row:
    return {"seconds": round(seconds, 1), "events_per_s": round(events / seconds)}


def _grow(database_url: str, runner: Runner, history: History, people: int, size: int) -> tuple[int, float]:
    """Record until the ledger has `size` events; return how many people it has, and how long projecting went on."""
    began = time.perf_counter()
    with psycopg.connect(database_url, autocommit=True) as connection:
        while history.size < size:
            while len(history.stored) < AT_ONCE:
                add_person(history, people)
                _add_duties(history, people)
                people += 1
            append(connection, schema_of(LEDGER), history.let_go())
        for projection in CATALOGUE:
            if not runner.wait_for(projection.name, history.size, PATIENCE_S):
                raise TimeoutError(projection.name)
        seconds = time.perf_counter() - began
        connection.execute("vacuum analyze")
    return people, seconds


def _add_duties(history: History, number: int) -> None:
    """Two duties a person, one of them done."""
    for turn in range(2):
        stream, holder = f"duty/d-{number}-{turn}", f"p-{number % 1_000}"
        opened = DutyOpened(
            kind="report_progress",
            party=Party.EMPLOYEE,
            seat=Seat.SELF,
            of=Subject(kind="person", id=holder),
            holder=holder,
            subject=Subject(kind="goal", id=f"g-{number}"),
            due_on=date(2026, 1, 1) + timedelta(days=number % 300),
            cause=f"e-{number}",
            rule="report",
        )
        history.add(stream, opened, day(number % 300))
        if turn:
            done = DutyDischarged(holder=holder, by_entry=f"e-{number}", outcome=Outcome.DONE)
            history.add(stream, done, day(number % 300 + 1))


def _asked(database_url: str, runner: Runner, size: int, people: int) -> list[Row]:
    """Ask each question of random subjects, in process; the peer is one event by its position."""
    draw = random.Random(7)  # which subject is asked about is no secret

    def owners() -> None:
        with runner.view(responsibility.PROJECTION.name) as view:
            subject = f"team/t{draw.randrange(people) // 4}"
            assert who_owns(view, subject, on=day(60 + draw.randrange(340))).holders

    def page_of_trail() -> None:
        with runner.view(audit_trail.PROJECTION.name) as view:
            assert trail(view, f"person/p-{draw.randrange(people)}", limit=PAGE)

    def page_of_duties() -> None:
        with runner.view(duties.PROJECTION.name) as view:
            assert inbox(view, [f"p-{draw.randrange(min(people, 1_000))}"], Wanted(), limit=PAGE)

    with psycopg.connect(database_url, autocommit=True, prepare_threshold=0) as connection:
        statement = f"select stored from {schema_of(LEDGER)}.events where position = %s".encode()

        def by_key() -> None:
            assert connection.execute(statement, (draw.randrange(1, size),)).fetchone()

        peer = _measured("a row by its key", size, by_key)
    cases = {"who-owns": owners, f"trail, page of {PAGE}": page_of_trail, f"duties, page of {PAGE}": page_of_duties}
    rows = [peer, *(_measured(case, size, ask) for case, ask in cases.items())]
    for row in rows[1:]:
        row["times_row_by_key"] = round(float(row["p50_ms"]) / float(peer["p50_ms"]), 1)
    return rows


def _measured(case: str, size: int, ask: Callable[[], Any]) -> Row:
    latencies = []
    for number in range(QUESTIONS + QUESTIONS // 10):
        began = time.perf_counter()
        ask()
        if number >= QUESTIONS // 10:
            latencies.append(time.perf_counter() - began)
    latencies.sort()
    p50, p99 = latencies[len(latencies) // 2], latencies[int(len(latencies) * 0.99)]
    return {"case": case, "events": size, "p50_ms": round(p50 * 1e3, 3), "p99_ms": round(p99 * 1e3, 3)}


def _rebuilt(runner: Runner, size: int) -> Row:
    """Build every projection anew, all at once; memory is that of this process alone, in MB."""
    before, peak, ended = _resident_mb(), [0.0], threading.Event()

    def watch() -> None:
        while not ended.wait(LOOK_S):
            peak[0] = max(peak[0], _resident_mb())

    watcher = threading.Thread(target=watch)
    watcher.start()
    began = time.perf_counter()
    rebuilds = [runner.rebuild(projection.name) for projection in CATALOGUE]
    failed = [rebuild.progress().name for rebuild in rebuilds if not rebuild.wait(PATIENCE_S)]
    seconds = time.perf_counter() - began
    ended.set()
    watcher.join()
    if failed:
        raise RuntimeError(f"not rebuilt: {', '.join(failed)}")
    memory = {"memory_before_mb": round(before), "memory_peak_mb": round(peak[0])}
    return {"case": f"rebuild of all {len(rebuilds)}", "events": size, **_rate(size, seconds), **memory}


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


if __name__ == "__main__":
    import sys

    for row in run(events=int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS):
        print("  ".join(f"{key}={value}" for key, value in row.items()))
