"""Every projection takes a ledger whose streams were retired, however they are named: as if they had never been."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.domain.privacy.terms import RECORDS
from ledger.kernel.event import Event, decode_raw
from ledger.kernel.ids import split_stream
from projections.catalogue import CATALOGUE
from projections.engine.projection import AnyProjection
from tests.evidence.a_ledger import stand_in
from tests.projections.conftest import Bench
from tests.projections.histories import History, day, pages
from tests.projections.test_catalogue import assigned, opened, steps

RETIRABLE = sorted({"goal/g-1", "goal/g-2", "duty/d-1", "duty/d-2", "feedback/f-1", "review/v-1", "coaching/h-1"})


def test_the_streams_here_are_of_kinds_that_may_retire() -> None:
    assert {split_stream(stream)[0] for stream in RETIRABLE} <= set(RECORDS)


@pytest.mark.parametrize("projection", CATALOGUE, ids=lambda projection: projection.name)
@given(
    chosen=st.lists(steps, min_size=1, max_size=30),
    terms=assigned,
    gone=st.sets(st.sampled_from(RETIRABLE), min_size=1),
    cuts=st.lists(st.integers(0, 60), max_size=4),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=5)
def test_what_is_retired_is_as_if_it_had_never_been(
    bench: Bench,
    projection: AnyProjection,
    chosen: list[tuple[str, Event, int]],
    terms: Event,
    gone: set[str],
    cuts: list[int],
) -> None:
    history = History()
    for stream in ("goal/g-1", "goal/g-2"):
        history.add(stream, terms, day(0))
    for stream in ("duty/d-1", "duty/d-2"):
        history.add(stream, opened, day(0))
    for stream, event, on in chosen:
        history.add(stream, event, day(on), actor=f"p-{on}")
    raw = history.raw()
    left = [event for event in raw if event["stream"] not in gone]
    told = [
        decode_raw(stand_in(stored)) if event["stream"] in gone else event
        for stored, event in zip(history.stored, raw, strict=True)
    ]
    rebuilt, never = bench.build(projection, pages(told, cuts)), bench.build(projection, [left])
    try:
        assert bench.content(rebuilt, projection) == bench.content(never, projection)
    finally:
        for tables in (rebuilt, never):
            bench.drop(tables.build)
