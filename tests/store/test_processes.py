"""Many writers in two processes: a reader that tails the ledger misses nothing, and the tree stays whole."""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor

import psycopg
import pytest

from ledger.store.reader import Reader
from tests.store.appending import Account, run_writers
from tests.store.naive_log import check_tree

WRITERS, REQUESTS = 8, 40  # of each process

Start = Callable[..., list["Future[Account]"]]


@pytest.fixture
def start(service_url: str, ledger_name: str) -> Iterator[Start]:
    """Start writers in two processes; return the accounts to come."""
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:

        def both(*, head_lock: bool = True, requests: int = REQUESTS, writers: int = WRITERS) -> list[Future[Account]]:
            return [
                pool.submit(
                    run_writers,
                    service_url,
                    ledger_name,
                    writers=writers,
                    requests=requests,
                    seed=seed,
                    head_lock=head_lock,
                )
                for seed in (1, 2)
            ]

        yield both


def tail(database_url: str, reader: Reader, accounts: list["Future[Account]"]) -> list[int]:
    """Follow the ledger by notification until all processes are done; return the positions in the order seen."""
    seen: list[int] = []
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"listen {reader.schema}")
        while True:
            done = all(account.done() for account in accounts)
            seen += [position for position, _ in reader.page(seen[-1] if seen else 0, 1000)]
            if done and reader.head().size == len(seen):
                return seen
            for _ in connection.notifies(timeout=0.05, stop_after=1):
                pass


def kill_sessions(database_url: str, reader: Reader, accounts: list["Future[Account]"]) -> int:
    """Kill two of the writers' sessions at every tenth commit; return how many were killed."""
    killed = 0
    kill = (
        "select count(pg_terminate_backend(pid)) from (select pid from pg_stat_activity where state <> 'idle' "
        "and pid <> pg_backend_pid() and query like %s order by random() limit 2) working"
    )
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"listen {reader.schema}")
        while not all(account.done() for account in accounts):
            if len(list(connection.notifies(timeout=0.05, stop_after=10))) >= 10:
                row = connection.execute(kill, (f"%{reader.schema}%",)).fetchone()
                killed += row[0] if row else 0
    return killed


def test_a_tailing_reader_misses_nothing(database_url: str, reader: Reader, start: Start) -> None:
    """Sixteen writers, stale requests among theirs: every answer was true, and all of it was seen in order."""
    accounts = start()
    seen = tail(database_url, reader, accounts)
    told = [account.result() for account in accounts]
    assert seen == list(range(1, reader.head().size + 1))
    assert sorted(position for account in told for position in account.positions) == seen
    assert sum(account.refusals["StaleVersion"] for account in told) > 20
    assert sum(account.refusals.total() for account in told) == sum(a.refusals["StaleVersion"] for a in told)
    check_tree(reader)


def test_killed_sessions_make_no_answer_untrue(database_url: str, reader: Reader, start: Start) -> None:
    """Wherever a session dies: told positions are there, and what was told to be unrecorded is not."""
    accounts = start()
    assert kill_sessions(database_url, reader, accounts) > 1
    seen = tail(database_url, reader, accounts)
    told = [account.result() for account in accounts]
    assert sorted(position for account in told for position in account.positions) == seen
    assert seen == list(range(1, reader.head().size + 1))
    assert {kind for account in told for kind in account.refusals} <= {"StaleVersion", "StoreUnavailable"}
    check_tree(reader)


def test_without_the_head_lock_positions_are_refused(database_url: str, reader: Reader, start: Start) -> None:
    """What the lock is for: without it writers collide on the position key, which still lets no hole appear."""
    accounts = start(head_lock=False)
    seen = tail(database_url, reader, accounts)
    told = [account.result() for account in accounts]
    assert sum(account.refusals["PositionTaken"] for account in told) > 0
    assert sorted(position for account in told for position in account.positions) == seen
    assert seen == list(range(1, reader.head().size + 1))


def test_versions_of_a_stream_are_dense(database_url: str, reader: Reader, start: Start) -> None:
    """Fifty streams written by all: 1, 2, 3 … in each."""
    tail(database_url, reader, accounts := start(writers=2))
    assert all(account.result().positions for account in accounts)
    for number in range(50):
        count = len(reader.events_of(f"goal/{number}"))
        assert len(reader.events_of(f"goal/{number}", after_version=count)) == 0
        assert len(reader.events_of(f"goal/{number}", after_version=count - 1)) == min(count, 1)
