"""Questions about hiring: requisitions with their pipeline, and one application with its whole thread."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ledger.domain.hiring.applications import ApplicationReceived, ApplicationState
from ledger.domain.hiring.applications import evolve as evolve_application
from ledger.domain.hiring.candidates import CandidateState
from ledger.domain.hiring.candidates import evolve as evolve_candidate
from ledger.domain.hiring.offers import Offer
from ledger.domain.hiring.profiles import JobProfileAdopted, Requirement
from ledger.domain.hiring.requisitions import RequisitionOpened, RequisitionState, Stage
from ledger.domain.hiring.requisitions import evolve as evolve_requisition
from ledger.kernel.ids import stream_name
from projections.engine import View
from projections.engine.kept import Line, Times, folded, found_by, ids_of, known_at, lines_of, read_as
from projections.hiring.handlers import ALL
from projections.hiring.judgements import DecisionTold, Scorecard, decisions_of, scorecards_of
from projections.hiring.places import Place, Spell, is_blind, place_of, spells_of, told_to_the_blind

MOST = 1_000
APPLICATION, REQUISITION, CANDIDATE = "application/", "requisition/", "candidate/"


@dataclass(frozen=True, slots=True)
class RequisitionStanding:
    """A requisition at a time; `requirements` are those of the job profile's form that it named."""

    id: str
    position: int
    known: int
    stage: Stage
    opened: RequisitionOpened
    opener: str  # as read after merges
    requirements: tuple[Requirement, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class ApplicationStanding:
    """An application at a time, as told to whoever asks.

    `blind`: others' scorecards are kept from them until their own is in; then nothing tells how many there are.
    `candidate` is read as the merged id, `recorded_candidate` is the id that was recorded. `after` are the events of
    onboarding and probation of whoever was hired, `lines` all others, in order of position.
    """

    id: str
    position: int
    known: int
    place: Place
    received: ApplicationReceived
    candidate: str
    recorded_candidate: str
    requirements: tuple[Requirement, ...]
    panel: tuple[str, ...]
    scorecards: tuple[Scorecard, ...]
    missing: tuple[str, ...] | None  # of the panel; None to the blind
    blind: bool
    decisions: tuple[DecisionTold, ...]
    offer: Offer | None
    hired: str | None
    employment: str | None
    spells: tuple[Spell, ...]
    lines: tuple[Line, ...]
    after: tuple[Line, ...]

    @property
    def since(self) -> datetime:
        """Return since when it stands where it stands."""
        return self.spells[-1].since


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which requisitions a list is to hold: of a unit, at a stage; None for any."""

    unit: str | None = None
    stage: Stage | None = None


# Requisitions


def requisition(
    view: View, id: str, *, on: datetime | None = None, known: int | None = None
) -> RequisitionStanding | None:
    """Return how a requisition stood at `on` (None: by all that is recorded), as known at a position."""
    found = _requisitions(view, [stream_name("requisition", id)], Times(on, known_at(view, known)))
    return found[0] if found else None


def requisitions(
    view: View,
    wanted: Wanted,
    *,
    on: datetime | None = None,
    known: int | None = None,
    after: str = "",
    limit: int = MOST,
) -> tuple[list[RequisitionStanding], str | None]:
    """Return requisitions in order of id after `after`, and the id to go on from, None at the end.

    A page may hold fewer than `limit` and yet not be the last: what no filter finds by itself is looked through.
    """
    rows, now = min(limit, MOST), on is None and known is None
    start = stream_name("requisition", after) if after else ""
    facet, value = ("requisition", ALL) if wanted.unit is None else ("unit", wanted.unit)
    if wanted.unit is None and wanted.stage is not None and now:
        facet, value = "stage", wanted.stage.value
    streams = found_by(view, facet, [value], now=facet == "stage", after=start, limit=rows)
    found = _requisitions(view, streams, Times(on, known_at(view, known)))
    following = streams[-1].removeprefix(REQUISITION) if len(streams) == rows else None
    return [r for r in found if wanted.stage in (None, r.stage)], following


def _requisitions(view: View, streams: Sequence[str], times: Times) -> list[RequisitionStanding]:
    found, everything = [], lines_of(view, streams, times.known)
    for stream, all_of_it in sorted(everything.items()):
        lines = times.of(all_of_it)
        state = folded(RequisitionState(), evolve_requisition, lines)
        if state.opened is not None:
            found.append((stream.removeprefix(REQUISITION), state.stage, state.opened, lines))
    asked_by = read_as(view, {opened.opener for _, _, opened, _ in found}, times.known)
    required = _requirements(view, {(opened.profile, opened.requirements) for _, _, opened, _ in found}, times.known)
    return [
        RequisitionStanding(
            id=id,
            position=view.position,
            known=times.known,
            stage=stage,
            opened=opened,
            opener=asked_by[opened.opener],
            requirements=required.get(opened.requirements, ()),
            lines=tuple(lines),
        )
        for id, stage, opened, lines in found
    ]


def _requirements(view: View, named: set[tuple[str, str]], known: int) -> dict[str, tuple[Requirement, ...]]:
    """Return entry → the requirements that a job profile had by it."""
    streams = [stream_name("job-profile", profile) for profile, _ in named]
    entries = (line.entry for lines in lines_of(view, streams, known).values() for line in lines)
    return {e.event_id: e.event.requirements for e in entries if isinstance(e.event, JobProfileAdopted)}


# Applications


def application(
    view: View, id: str, *, on: datetime | None = None, known: int | None = None, reader: str | None = None
) -> ApplicationStanding | None:
    """Return how an application stood at `on` (None: by all that is recorded), as known at a position.

    What is kept from `reader` as of now is kept from them whatever time is asked about.
    """
    found = _applications(view, [stream_name("application", id)], Times(on, known_at(view, known)), reader)
    return found[0] if found else None


def applications(
    view: View,
    requisition: str,
    *,
    on: datetime | None = None,
    known: int | None = None,
    reader: str | None = None,
    after: str = "",
    limit: int = MOST,
) -> tuple[list[ApplicationStanding], str | None]:
    """Return the applications for a requisition, in order of id; paged as `requisitions`."""
    start, rows = stream_name("application", after) if after else "", min(limit, MOST)
    streams = found_by(view, "requisition_of", [requisition], now=False, after=start, limit=rows)
    found = _applications(view, streams, Times(on, known_at(view, known)), reader)
    return found, streams[-1].removeprefix(APPLICATION) if len(streams) == rows else None


def applications_of(
    view: View, candidate: str, *, on: datetime | None = None, known: int | None = None, reader: str | None = None
) -> list[ApplicationStanding]:
    """Return the applications of a candidate, under whatever id they were recorded."""
    times = Times(on, known_at(view, known))
    whole = read_as_candidate(view, [candidate], times.known)[candidate]
    ids, fresh = {whole}, [whole]
    while fresh:
        former = [s.removeprefix(CANDIDATE) for s in found_by(view, "into", fresh, now=False, after="", limit=MOST)]
        fresh = [id for id in former if id not in ids]
        ids |= set(fresh)
    streams = found_by(view, "candidate", sorted(ids), now=False, after="", limit=MOST)
    return [found for found in _applications(view, streams, times, reader) if found.candidate == whole]


def read_as_candidate(view: View, candidates: Iterable[str], known: int) -> dict[str, str]:
    """Return candidate's id → the id that it is read as, as known at a position."""
    wanted = set(candidates)
    into, fresh = dict[str, str](), set(wanted)
    while fresh:
        streams = [stream_name("candidate", id) for id in fresh]
        found = dict[str, str]()
        for stream, lines in lines_of(view, streams, known).items():
            merged_into = folded(CandidateState(), evolve_candidate, lines).merged_into
            found |= {} if merged_into is None else {stream.removeprefix(CANDIDATE): merged_into}
        into |= found
        fresh = set(found.values()) - into.keys()
    return {id: _end(id, into) for id in wanted}


def _end(id: str, into: Mapping[str, str]) -> str:
    while id in into:  # merging closes no circle
        id = into[id]
    return id


@dataclass(frozen=True, slots=True)
class _Told:
    """What of an application is told to whoever asks, folded."""

    id: str
    state: ApplicationState
    received: ApplicationReceived
    lines: tuple[Line, ...]
    blind: bool

    @property
    def candidate(self) -> str:
        return self.state.candidate or self.received.candidate


def _applications(view: View, streams: Sequence[str], times: Times, reader: str | None) -> list[ApplicationStanding]:
    ids = [] if reader is None else ids_of(view, reader, view.position)
    told = []
    for stream, everything in sorted(lines_of(view, streams, view.position).items()):
        blind = is_blind(folded(ApplicationState(), evolve_application, everything), ids)
        lines = times.of(told_to_the_blind(everything, ids) if blind else everything)
        state = folded(ApplicationState(), evolve_application, lines)
        if state.received is not None:
            told.append(_Told(stream.removeprefix(APPLICATION), state, state.received, tuple(lines), blind))
    whole = read_as_candidate(view, {one.candidate for one in told}, times.known)
    required = _requirements(view, {(one.received.profile, one.received.requirements) for one in told}, times.known)
    return [_application(view, one, times, whole, required.get(one.received.requirements, ())) for one in told]


def _application(
    view: View, told: _Told, times: Times, whole: Mapping[str, str], requirements: tuple[Requirement, ...]
) -> ApplicationStanding:
    state = told.state
    missing = tuple(person for person in state.panel if person not in state.assessments)
    return ApplicationStanding(
        id=told.id,
        position=view.position,
        known=times.known,
        place=place_of(state),
        received=told.received,
        candidate=whole[told.candidate],
        recorded_candidate=told.candidate,
        requirements=requirements,
        panel=state.panel,
        scorecards=scorecards_of(told.lines),
        missing=None if told.blind else missing,
        blind=told.blind,
        decisions=decisions_of(told.lines),
        offer=state.offer,
        hired=state.hired,
        employment=state.employment,
        spells=spells_of(told.lines),
        lines=told.lines,
        after=_after(view, state, times),
    )


def _after(view: View, state: ApplicationState, times: Times) -> tuple[Line, ...]:
    """Return what was recorded of the hire's onboarding and probation in the employment that came of it."""
    if state.hired is None:
        return ()
    people = ids_of(view, state.hired, times.known)
    streams = [stream_name(kind, person) for kind in ("onboarding", "probation") for person in people]
    found = (line for lines in lines_of(view, streams, times.known).values() for line in times.of(lines))
    own = [line for line in found if line.entry.data.get("employment") == state.employment]
    return tuple(sorted(own, key=lambda line: line.entry.position))


def identity_entries(view: View, candidates: Sequence[str], *, known: int | None = None) -> dict[str, str]:
    """Return candidate's id → the entry that holds the sealed name."""
    streams = [stream_name("candidate", id) for id in candidates]
    return {
        stream.removeprefix(CANDIDATE): lines[0].entry.event_id
        for stream, lines in lines_of(view, streams, known_at(view, known)).items()
    }
