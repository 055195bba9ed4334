"""What is kept of reviews and cycles, and how found: by person, cycle, state and assessor; all cycles under one."""

from collections.abc import Iterable

from ledger.domain.reviews import cycles, events
from ledger.domain.reviews.cycles import CycleState, evolve_cycle
from ledger.domain.reviews.state import ReviewState, evolve_review
from ledger.kernel.event import Event
from projections.engine.kept import MERGES, Found, Kept, KeptFold, Standing, fold_kept, load_kept
from projections.engine.projection import Cursor, Events, Tables
from projections.reviews.states import assessors_of, state_of

ALL = "all"
_DECLARED = [*vars(cycles).values(), *vars(events).values()]


def _review_facets(state: ReviewState) -> Iterable[Found]:
    """A review without a cycle is found by the empty one."""
    yield "review", ALL
    if state.person is not None:
        yield "person", state.person
        yield "cycle", state.cycle or ""
        yield "state", state_of(state).value
        for assessor in assessors_of(state):
            yield "assessor", assessor


def _cycle_facets(state: CycleState) -> Iterable[Found]:
    yield "cycles", ALL
    yield "phase", state.phase.value


STANDINGS = {
    "review": Standing(ReviewState(), evolve_review, _review_facets),
    "cycle": Standing(CycleState(), evolve_cycle, _cycle_facets),
}
TOPICS = MERGES | {
    found.topic for found in _DECLARED if isinstance(found, type) and issubclass(found, Event) and found is not Event
}


def load(cursor: Cursor, tables: Tables, page: Events) -> Kept:
    """Read what is kept of the reviews and cycles that a page is about."""
    return load_kept(cursor, tables, (e["stream"] for e in page if e["topic"] not in MERGES))


def fold(kept: Kept, page: Events) -> KeptFold:
    """Return the changes that a page makes."""
    return fold_kept(kept, page, STANDINGS)
