"""The runner: follows the ledger, is fenced, stops or parks at a bad event, survives lost connections."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from projections import responsibility
from projections.catalogue import CATALOGUE
from projections.engine import Catalogue, NotBuilt
from projections.engine.builds import Builds
from projections.engine.following import Fenced, Following, apply_events
from projections.engine.projection import AnyProjection, Connection, Events, Tables
from tests.projections.conftest import Bench, StartRunner
from tests.projections.histories import History, append
from tests.projections.ledger_of_units import extend

PATIENCE_S = 60.0
ONE: Catalogue = (responsibility.PROJECTION,)
NAME = responsibility.PROJECTION.name


def content(connection: Connection, tables: Tables, projection: AnyProjection) -> dict[str, list[Any]]:
    rows = {
        t: connection.execute(f"select t::text from {tables.name(t)} t".encode()).fetchall() for t in projection.tables
    }
    return {table: sorted(found) for table, found in rows.items()}


def poisoned(projection: AnyProjection, bad: set[int], **changes: Any) -> AnyProjection:
    """Return a projection that can't take the events at some positions, for as long as they stand in `bad`."""

    def fold(state: Any, events: Events) -> Any:
        if any(event["position"] in bad for event in events):
            raise ValueError("this event can't be taken")
        return projection.fold(state, events)

    return replace(projection, fold=fold, **changes)


def test_what_is_recorded_is_projected(admin: Connection, schema: str, start_runner: StartRunner, bench: Bench) -> None:
    history = History()
    append(admin, schema, extend(history, 200))
    runner = start_runner(ONE)
    size = append(admin, schema, extend(history, 300))
    assert runner.wait_for(NAME, size, PATIENCE_S)
    with runner.view(NAME) as view:
        assert view.position == size
        followed = content(admin, view.tables, responsibility.PROJECTION)
    expected = bench.build(responsibility.PROJECTION, [history.raw()])
    assert followed == bench.content(expected, responsibility.PROJECTION)


def test_waiting_ends_for_threads_and_coroutines(admin: Connection, schema: str, start_runner: StartRunner) -> None:
    runner, history = start_runner(ONE), History()
    events = extend(history, 30)

    async def wait_and_record() -> list[bool]:
        waits = [asyncio.create_task(runner.reached(NAME, len(events), PATIENCE_S)) for _ in range(20)]
        waits.append(asyncio.create_task(asyncio.to_thread(runner.wait_for, NAME, len(events), PATIENCE_S)))
        await asyncio.to_thread(append, admin, schema, events)
        return await asyncio.gather(*waits)

    assert all(asyncio.run(wait_and_record()))
    assert not runner.wait_for(NAME, len(events) + 1, 0.01)
    assert not asyncio.run(runner.reached(NAME, len(events) + 1, 0.01))


def test_an_event_that_no_projection_uses_is_passed(admin: Connection, schema: str, start_runner: StartRunner) -> None:
    runner = start_runner((replace(responsibility.PROJECTION, topics=frozenset({"nothing.Happens"})),))
    size = append(admin, schema, extend(History(), 10))
    assert runner.wait_for(NAME, size, PATIENCE_S)


def test_a_question_to_what_is_not_built_is_refused(start_runner: StartRunner, admin: Connection, schema: str) -> None:
    runner = start_runner(ONE)
    admin.execute(f"update {schema}.projection_live set version = 99".encode())
    with pytest.raises(NotBuilt), runner.view(NAME):
        raise AssertionError("there is nothing to see")
    with pytest.raises(KeyError):
        runner.wait_for("nothing", 1, 0.01)


def test_a_runner_that_was_taken_over_commits_nothing_more(
    admin: Connection, schema: str, start_runner: StartRunner, bench: Bench
) -> None:
    history = History()
    first = start_runner(ONE)
    size = append(admin, schema, extend(history, 100))
    assert first.wait_for(NAME, size, PATIENCE_S)
    second = start_runner(ONE)
    for _ in range(2):
        size = append(admin, schema, extend(history, 40))
        assert second.wait_for(NAME, size, PATIENCE_S)
        assert first.wait_for(NAME, size, PATIENCE_S)
    assert [first.status()[0].state, second.status()[0].state] == ["elsewhere", "following"]
    with first.view(NAME) as view:
        followed = content(admin, view.tables, responsibility.PROJECTION)
    expected = bench.build(responsibility.PROJECTION, [history.raw()])
    assert followed == bench.content(expected, responsibility.PROJECTION)


def test_what_was_taken_over_is_no_bad_event(admin: Connection, schema: str, bench: Bench) -> None:
    """The rows of the new runner are there already: the old one must meet the epoch, not a duplicate key."""
    builds, projection, raw = Builds(schema), responsibility.PROJECTION, History()
    extend(raw, 30)
    events = raw.raw()
    tables = bench.build(projection, [])
    first, second = (
        Following(builds, projection, tables.build, builds.claim(bench.connection.cursor(), tables.build))
        for _ in range(2)
    )
    second.take(bench.connection, events, len(events))
    with pytest.raises(Fenced):
        first.take(bench.connection, events, len(events))
    assert first.stopped is None
    assert second.position == len(events)


def test_a_runner_takes_over_from_one_that_is_gone(admin: Connection, schema: str, start_runner: StartRunner) -> None:
    first, second = start_runner(ONE), start_runner(ONE)
    history = History()
    size = append(admin, schema, extend(history, 20))
    assert first.wait_for(NAME, size, PATIENCE_S)
    second.stop()
    size = append(admin, schema, extend(history, 20))
    assert first.wait_for(NAME, size, PATIENCE_S)
    assert first.status()[0].state == "following"


def test_a_lost_listener_and_a_lost_loop_come_back(admin: Connection, schema: str, start_runner: StartRunner) -> None:
    runner, history = start_runner(ONE), History()
    for _ in range(3):
        killed = admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where pid <> pg_backend_pid() and usename = current_user and backend_type = 'client backend'"
        ).rowcount
        assert killed > 1
        size = append(admin, schema, extend(history, 50))
        assert runner.wait_for(NAME, size, PATIENCE_S)


def test_a_bad_event_stops_a_projection_that_must_be_whole(
    admin: Connection, schema: str, start_runner: StartRunner
) -> None:
    bad = {137}
    runner = start_runner((poisoned(responsibility.PROJECTION, bad),))
    size = append(admin, schema, extend(History(), 300))
    assert runner.wait_for(NAME, 136, PATIENCE_S)
    assert not runner.wait_for(NAME, 137, 0.05)
    status = runner.status()[0]
    assert (status.state, status.position, status.bad_position, status.code) == ("stopped", 136, 137, "ValueError")
    bad.clear()
    assert runner.retry(NAME)
    assert runner.wait_for(NAME, size, PATIENCE_S)
    assert runner.status()[0].state == "following"


def parking(bad: set[int]) -> AnyProjection:
    return poisoned(responsibility.PROJECTION, bad, on_bad="park", topics=None)


def test_a_bad_event_parks_its_key_and_holds_back_what_follows(
    admin: Connection, schema: str, start_runner: StartRunner, bench: Bench
) -> None:
    bad, history = {137}, History()
    runner = start_runner((parking(bad),))
    size = append(admin, schema, extend(history, 900))
    assert runner.wait_for(NAME, size, PATIENCE_S)
    size = append(admin, schema, extend(history, 900))
    assert runner.wait_for(NAME, size, PATIENCE_S)
    stream = history.raw()[136]["stream"]
    behind = [e["position"] for e in history.raw() if e["stream"] == stream and e["position"] > 137]
    assert [(p.position, p.state, p.code) for p in runner.parked(NAME)] == [
        (137, "parked", "ValueError"),
        *[(position, "held", None) for position in behind],
    ]
    assert runner.status()[0].parked == 1 + len(behind)
    assert not runner.retry(NAME, stream)
    bad.clear()
    assert runner.retry(NAME, stream)
    assert runner.parked(NAME) == []
    with runner.view(NAME) as view:
        followed = content(admin, view.tables, responsibility.PROJECTION)
    expected = bench.build(parking(set()), [history.raw()])
    assert followed == bench.content(expected, responsibility.PROJECTION)


def test_a_parked_event_is_skipped_with_a_reason(admin: Connection, schema: str, start_runner: StartRunner) -> None:
    runner, history = start_runner((parking({137}),)), History()
    size = append(admin, schema, extend(history, 900))
    assert runner.wait_for(NAME, size, PATIENCE_S)
    assert runner.skip(NAME, 137, "its unit never was")
    assert [(p.position, p.state, p.reason) for p in runner.parked(NAME)] == [(137, "skipped", "its unit never was")]
    with pytest.raises(LookupError):
        runner.skip(NAME, 138, "there is nothing to skip")
    assert runner.status()[0].parked == 0


def test_bytes_that_are_no_event_are_bad_too(admin: Connection, schema: str, start_runner: StartRunner) -> None:
    runner, history = start_runner(ONE), History()
    events = extend(history, 20)
    events[9] = b"\x00 no json"
    append(admin, schema, events)
    assert runner.wait_for(NAME, 9, PATIENCE_S)
    assert not runner.wait_for(NAME, 10, 0.05)
    assert runner.status()[0].code == "unreadable"


class Crash(Exception):
    """The process dies here."""


@pytest.mark.parametrize("died_after", ["load", "fold", "write"])
def test_a_page_that_dies_halfway_leaves_nothing_behind(bench: Bench, admin: Connection, died_after: str) -> None:
    raw = History()
    extend(raw, 60)
    tables = bench.build(responsibility.PROJECTION, [raw.raw()[:30]])
    before = content(admin, tables, responsibility.PROJECTION)

    def dying(step: Callable[..., Any]) -> Callable[..., Any]:
        def die(*given: Any) -> Any:
            step(*given)
            raise psycopg.OperationalError("the connection is gone")

        return die

    step: dict[str, Any] = {died_after: dying(getattr(responsibility.PROJECTION, died_after))}
    dead: AnyProjection = replace(responsibility.PROJECTION, **step)
    with pytest.raises(psycopg.OperationalError), bench.connection.transaction(), bench.connection.cursor() as cursor:
        apply_events(dead, tables, cursor, dead.used(raw.raw()[30:]))
    assert content(admin, tables, responsibility.PROJECTION) == before


def test_killed_at_random_points_the_result_is_exact(
    admin: Connection, schema: str, start_runner: StartRunner, bench: Bench
) -> None:
    """The server process of the page loop is killed again and again, wherever it happens to be in a page."""
    history, kills = History(), 0
    events = extend(history, 4_000)
    runner = start_runner(CATALOGUE)
    for start in range(0, len(events), 100):
        append(admin, schema, events[start : start + 100])
        kills += admin.execute(
            "select pg_terminate_backend(pid) from pg_sleep(random() * 0.12), pg_stat_activity "
            "where application_name = 'projections'"
        ).rowcount
    assert kills > 3
    for projection in CATALOGUE:
        assert runner.wait_for(projection.name, len(events), PATIENCE_S)
        with runner.view(projection.name) as view:
            followed = content(admin, view.tables, projection)
        expected = bench.build(projection, [history.raw()])
        assert followed == bench.content(expected, projection)
