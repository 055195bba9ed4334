"""Rebuilds: beside the live build, without a failing or empty answer, resumable, cancellable, to be rolled back."""

import threading
from dataclasses import replace
from datetime import datetime

import psycopg
import pytest

from ledger.kernel.statements import Statements
from ledger.store.reader import Reader
from projections import responsibility
from projections.engine import Catalogue, NotBuilt, Runner
from projections.engine.projection import Connection
from projections.responsibility.queries import owned_by, who_owns
from tests.projections.conftest import Bench, StartRunner
from tests.projections.histories import History, append, day
from tests.projections.ledger_of_units import extend
from tests.projections.test_runner import NAME, ONE, PATIENCE_S, content, poisoned

MISSING = "select %s, %s, %s from {schema}.gone"
FAR = datetime.fromisoformat("2026-06-01T00:00:00+00:00")
VERSION = responsibility.PROJECTION.version


def test_a_rebuild_under_load_is_never_seen_but_in_its_result(
    admin: Connection, schema: str, start_runner: StartRunner, bench: Bench
) -> None:
    """While events come in and questions are asked, the version is built anew twice: no answer fails or shrinks."""
    runner, history = start_runner(ONE), History()
    size = append(admin, schema, extend(history, 6_000))
    assert runner.wait_for(NAME, size, PATIENCE_S)
    ended, faults, answers = threading.Event(), [], [0]

    def ask() -> None:
        seen = 0
        while not ended.is_set():
            try:
                with runner.view(NAME) as view:
                    answered = who_owns(view, "team/t1", on=FAR)
                    if not answered.accountable or view.position < seen:
                        faults.append(f"{view.position} after {seen}: {answered}")
                    seen = view.position
                    answers[0] += 1
            except psycopg.Error as error:
                faults.append(repr(error))

    askers = [threading.Thread(target=ask) for _ in range(2)]
    for asker in askers:
        asker.start()
    builds = set()
    try:
        for _ in range(2):
            rebuild = runner.rebuild(NAME)
            while not rebuild.wait(0.02):
                size = append(admin, schema, extend(history, 50))
            with runner.view(NAME) as view:
                builds.add(view.tables.build.number)
    finally:
        ended.set()
        for asker in askers:
            asker.join()
    assert faults == []
    assert answers[0] > 0
    assert builds == {2, 3}
    assert runner.wait_for(NAME, size, PATIENCE_S)
    with runner.view(NAME) as view:
        rebuilt = content(admin, view.tables, responsibility.PROJECTION)
    expected = bench.build(responsibility.PROJECTION, [history.raw()])
    assert rebuilt == bench.content(expected, responsibility.PROJECTION)


def tables_of(admin: Connection, schema: str) -> set[str]:
    found = admin.execute(
        "select tablename from pg_tables where schemaname = %s and tablename like %s", (schema, f"{NAME}%")
    )
    return {name for (name,) in found}


def test_one_generation_is_kept_and_the_one_before_is_dropped(
    admin: Connection, schema: str, start_runner: StartRunner
) -> None:
    runner = start_runner(ONE)
    size = append(admin, schema, extend(History(), 50))
    for _ in range(2):
        assert runner.rebuild(NAME).wait(PATIENCE_S)
    assert runner.wait_for(NAME, size, PATIENCE_S)
    runner.drop_retired()
    assert {name.split("_")[1] for name in tables_of(admin, schema)} == {f"v{VERSION}b2", f"v{VERSION}b3"}


def test_a_retired_build_outlives_the_snapshots_that_may_see_it(
    admin: Connection, schema: str, start_runner: StartRunner
) -> None:
    runner = start_runner(ONE)
    append(admin, schema, extend(History(), 50))
    with runner.view(NAME) as view:
        before = view.tables.build
        for _ in range(2):
            assert runner.rebuild(NAME).wait(PATIENCE_S)
        runner.drop_retired()
        assert view.tables.build == before
        assert who_owns(view, "team/t1", on=FAR).subject == "team/t1"
    runner.drop_retired()
    assert {name.split("_")[1] for name in tables_of(admin, schema)} == {f"v{VERSION}b2", f"v{VERSION}b3"}


def test_rolling_back_catches_the_earlier_build_up(admin: Connection, schema: str, start_runner: StartRunner) -> None:
    runner, history = start_runner(ONE), History()
    append(admin, schema, extend(history, 50))
    assert runner.rebuild(NAME).wait(PATIENCE_S)
    size = append(admin, schema, extend(history, 200))
    assert runner.wait_for(NAME, size, PATIENCE_S)
    assert runner.roll_back(NAME).wait(PATIENCE_S)
    with runner.view(NAME) as view:
        assert (view.tables.build.number, view.position) == (1, size)
        assert owned_by(view, "person/p-10", on=FAR)
    with pytest.raises(KeyError):
        runner.roll_back("nothing")


def slow(gate: threading.Event, at: int) -> Catalogue:
    """Return the catalogue with a projection that waits in front of a position until the gate opens."""
    projection = responsibility.PROJECTION

    def fold(state, events):
        if len(events) and events[0]["position"] > at:
            gate.wait(PATIENCE_S)
        return projection.fold(state, events)

    return (replace(projection, fold=fold, version=VERSION + 1),)


def test_a_new_version_is_built_in_the_background_and_then_seen(
    admin: Connection, schema: str, service_url: str, ledger_name: str, reader: Reader
) -> None:
    history, newer = History(), (replace(responsibility.PROJECTION, version=VERSION + 1),)
    size = append(admin, schema, extend(history, 7_000))
    old, new = Runner(service_url, ledger_name, reader, ONE), Runner(service_url, ledger_name, reader, newer)
    old.start()
    assert old.rebuild(NAME).wait(PATIENCE_S)
    new.start()
    try:
        assert new.wait_for(NAME, size, PATIENCE_S)
        with new.view(NAME) as view, old.view(NAME) as earlier:
            assert [view.tables.build.version, earlier.tables.build.version] == [VERSION + 1, VERSION]
            assert who_owns(view, "team/t1", on=FAR).holders == who_owns(earlier, "team/t1", on=FAR).holders
    finally:
        new.stop()
        old.stop()


def test_a_rebuild_that_was_left_is_gone_on_with(
    admin: Connection, schema: str, service_url: str, ledger_name: str, reader: Reader
) -> None:
    """The program ends in the middle of a rebuild; the next one goes on from the checkpoint, not from the start."""
    size = append(admin, schema, extend(History(), 9_000))
    gate = threading.Event()
    first = Runner(service_url, ledger_name, reader, slow(gate, 1_000))
    first.start()
    with pytest.raises(NotBuilt), first.view(NAME):
        raise AssertionError("nothing is built yet")
    stopping = threading.Thread(target=first.stop)
    stopping.start()
    gate.set()
    stopping.join()
    row = admin.execute(f"select position, state from {schema}.projection_checkpoint".encode()).fetchone()
    assert row is not None
    assert row[1] == "building"
    second = Runner(service_url, ledger_name, reader, slow(gate, size))
    second.start()
    try:
        assert second.wait_for(NAME, size, PATIENCE_S)
        with second.view(NAME) as view:
            assert view.tables.build.number == 1
        progress = second.status()[0].rebuild
        assert progress is not None
        assert (progress.state, progress.done >= progress.total) == ("done", True)
    finally:
        second.stop()


def test_a_cancelled_rebuild_leaves_nothing(admin: Connection, schema: str, start_runner: StartRunner) -> None:
    gate = threading.Event()
    gate.set()
    runner = start_runner(slow(gate, 0))
    size = append(admin, schema, extend(History(), 7_000))
    assert runner.wait_for(NAME, size, PATIENCE_S)
    before = tables_of(admin, schema)
    gate.clear()
    rebuild = runner.rebuild(NAME)
    rebuild.cancel()
    gate.set()
    assert not rebuild.wait(PATIENCE_S)
    assert rebuild.progress().state == "cancelled"
    assert tables_of(admin, schema) == before
    assert runner.rebuild(NAME).wait(PATIENCE_S)


def test_a_rebuild_stops_at_a_bad_event_and_the_live_build_stays(
    admin: Connection, schema: str, start_runner: StartRunner
) -> None:
    bad: set[int] = set()
    runner = start_runner((poisoned(responsibility.PROJECTION, bad, on_bad="park"),))
    size = append(admin, schema, extend(History(), 300))
    assert runner.wait_for(NAME, size, PATIENCE_S)
    bad.add(137)
    rebuild = runner.rebuild(NAME)
    assert not rebuild.wait(PATIENCE_S)
    assert (rebuild.progress().state, rebuild.progress().bad_position) == ("failed", 137)
    with runner.view(NAME) as view:
        assert (view.tables.build.number, view.position) == (1, size)
    bad.clear()
    again = runner.rebuild(NAME)
    assert again.wait(PATIENCE_S)
    assert again.build.number == 2


def test_broken_statements_fail_a_rebuild_with_their_code(
    admin: Connection, schema: str, start_runner: StartRunner
) -> None:
    statements = Statements("x", {**responsibility.PROJECTION.statements, "select_lines": MISSING})
    append(admin, schema, extend(History(), 7_000))
    runner = start_runner((replace(responsibility.PROJECTION, statements=statements),))
    assert not runner.rebuild(NAME).wait(PATIENCE_S)
    progress = runner.status()[0].rebuild
    assert progress is not None
    assert (progress.state, progress.code) == ("failed", "UndefinedTable")
    assert day(0) < FAR
