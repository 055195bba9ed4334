"""What is kept of hiring, and by what it is found: requisitions by unit and stage, applications by requisition."""

from collections.abc import Iterable

from ledger.domain import hiring
from ledger.domain.hiring.applications import ApplicationState
from ledger.domain.hiring.applications import evolve as evolve_application
from ledger.domain.hiring.candidates import CandidateState
from ledger.domain.hiring.candidates import evolve as evolve_candidate
from ledger.domain.hiring.requisitions import RequisitionState
from ledger.domain.hiring.requisitions import evolve as evolve_requisition
from ledger.kernel.event import EVENTS
from projections.engine.kept import MERGES, Found, Kept, KeptFold, Standing, fold_kept, load_kept
from projections.engine.projection import Cursor, Events, Tables

ALL = "all"
CONTEXT = f"{hiring.__name__.rpartition('.')[2]}."


def _requisition_facets(state: RequisitionState) -> Iterable[Found]:
    yield "requisition", ALL
    yield "stage", state.stage.value
    if state.unit is not None:
        yield "unit", state.unit


def _application_facets(state: ApplicationState) -> Iterable[Found]:
    if state.received is not None:
        yield "requisition_of", state.received.requisition
    if state.candidate is not None:
        yield "candidate", state.candidate


def _candidate_facets(state: CandidateState) -> Iterable[Found]:
    """A candidate that was merged is found by the id that it was read as."""
    if state.merged_into is not None:
        yield "into", state.merged_into


STANDINGS = {
    "requisition": Standing(RequisitionState(), evolve_requisition, _requisition_facets),
    "application": Standing(ApplicationState(), evolve_application, _application_facets),
    "candidate": Standing(CandidateState(), evolve_candidate, _candidate_facets),
}
TOPICS = MERGES | {event.topic for event in EVENTS if event.topic.startswith(CONTEXT)}


def load(cursor: Cursor, tables: Tables, page: Events) -> Kept:
    """Read what is kept of the streams that a page is about."""
    return load_kept(cursor, tables, (e["stream"] for e in page if e["topic"] not in MERGES))


def fold(kept: Kept, page: Events) -> KeptFold:
    """Return the changes that a page makes."""
    return fold_kept(kept, page, STANDINGS)
