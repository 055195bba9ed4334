"""Questions about reviews: one with its whole thread, and lists by person, cycle, state and assessor."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from ledger.domain.reviews.events import GoalAsItStood, ReviewOpened
from ledger.domain.reviews.state import Answer, Assessment, Rating, ReviewState, evolve_review
from ledger.kernel.ids import stream_name
from ledger.kernel.policy import Scale
from projections.engine import View
from projections.engine.kept import Line, effective, folded, found_by, ids_of, known_at, lines_of, read_as
from projections.reviews.handlers import ALL
from projections.reviews.states import State, assessors_of, state_of, told_to_the_person

MOST = 1_000
PREFIX = "review/"


@dataclass(frozen=True, slots=True)
class Told:
    """A published result as it stands: `content` binds all that it rests on."""

    entry: str
    grade: str
    content: str
    publisher: str
    published_at: datetime
    told_in_person: bool
    received: bool
    answer: Answer | None


@dataclass(frozen=True, slots=True)
class Appealed:
    """The appeal against a result; `outcome` is None while it is open."""

    entry: str
    result: str
    decider: str | None
    outcome: str | None


@dataclass(frozen=True, slots=True)
class ReviewStanding:
    """A review at a time: `person` is read as the merged id, `recorded_person` is the id that was recorded.

    `ratings` holds the proposal and over it every override, `missing` who has not assessed, `results` every result
    ever published. `lines` are the events that all of it rests on, in order of position.
    """

    id: str
    position: int
    known: int
    state: State
    person: str
    recorded_person: str
    cycle: str | None
    employment: str | None
    starts_on: date
    ends_on: date
    goals: tuple[GoalAsItStood, ...]
    scale: Scale
    policy_version: int
    reviewers: tuple[tuple[str, str], ...]  # seat, person
    judge: str | None
    assessors: frozenset[str]  # who still has to judge; to the person, nobody
    assessments: tuple[Assessment, ...]
    missing: tuple[tuple[str, str], ...]  # seat, person
    ratings: tuple[Rating, ...]
    result: Told | None
    results: tuple[str, ...]
    appeal: Appealed | None
    plan: str | None
    lines: tuple[Line, ...]

    def begun(self, entry: str) -> datetime | None:
        """Return when an entry took effect."""
        return next((line.entry.begins for line in self.lines if line.entry.event_id == entry), None)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which reviews a list is to hold: of a person, of a cycle, in a state, for an assessor; None for any.

    `called` are reviews that duties call the assessor to, as they call a lead who calibrates.
    """

    person: str | None = None
    cycle: str | None = None
    state: State | None = None
    assessor: str | None = None
    called: frozenset[str] = frozenset()


def review(
    view: View, id: str, *, on: datetime | None, known: int | None = None, reader: str | None = None
) -> ReviewStanding | None:
    """Return how a review stood at `on` (None: by all that is recorded), as known at a position; None where unknown.

    Of their own review a `reader` gets what was told to them, whatever time is asked about.
    """
    found = _standings(view, [stream_name("review", id)], on=on, known=known, own=ids_of_person(view, reader))
    return found[0] if found else None


def reviews(
    view: View,
    wanted: Wanted,
    *,
    on: datetime | None = None,
    known: int | None = None,
    reader: str | None = None,
    after: str = "",
    limit: int = MOST,
) -> tuple[list[ReviewStanding], str | None]:
    """Return reviews in order of id after `after`, and the id to go on from, None at the end.

    A page may hold fewer than `limit` and yet not be the last: what no filter finds by itself is looked through.
    """
    rows, own = min(limit, MOST), ids_of_person(view, reader)
    streams = _candidates(view, wanted, on, known, own, after, rows)
    standings = _standings(view, streams, on=on, known=known, own=own)
    of = None if wanted.person is None else read_as(view, [wanted.person], known_at(view, known))[wanted.person]
    by = frozenset() if wanted.assessor is None else frozenset(ids_of(view, wanted.assessor, known_at(view, known)))
    found = [one for one in standings if _fits(one, wanted, of) and (not by or _judges(one, by, wanted.called, own))]
    return found, streams[-1].removeprefix(PREFIX) if len(streams) == rows else None


def ids_of_person(view: View, reader: str | None) -> list[str]:
    """Return every id under which whoever asks is recorded, as known now."""
    return [] if reader is None else ids_of(view, reader, view.position)


def _candidates(
    view: View,
    wanted: Wanted,
    on: datetime | None,
    known: int | None,
    own: Sequence[str],
    after: str,
    limit: int,
) -> list[str]:
    """Return streams to look at: by the narrowest of what is asked for that tells no more than the answer may.

    Who has to assess is found as it was recorded step by step; on another day it is looked for in all reviews.
    """
    now, at = on is None and known is None, known_at(view, known)
    after = stream_name("review", after) if after else ""
    if wanted.assessor is not None and on is None:
        by = ids_of(view, wanted.assessor, at)
        named = found_by(view, "assessor", by, now=False, after=after, limit=limit)
        called = (stream_name("review", review) for review in wanted.called)
        return sorted({*named, *(stream for stream in called if stream > after)})[:limit]
    if wanted.person is not None:
        return found_by(view, "person", ids_of(view, wanted.person, at), now=False, after=after, limit=limit)
    if wanted.cycle is not None:
        return found_by(view, "cycle", [wanted.cycle], now=False, after=after, limit=limit)
    if wanted.state is not None and now:
        own = found_by(view, "person", own, now=False, after=after, limit=limit)
        others = found_by(view, "state", [wanted.state.value], now=True, after=after, limit=limit)
        return sorted({*own, *others})[:limit]
    return found_by(view, "review", [ALL], now=False, after=after, limit=limit)


def _fits(standing: ReviewStanding, wanted: Wanted, person: str | None) -> bool:
    asked = ((standing.person, person), (standing.cycle, wanted.cycle), (standing.state, wanted.state))
    return all(value is None or has == value for has, value in asked)


def _judges(standing: ReviewStanding, by: frozenset[str], called: frozenset[str], own: Collection[str]) -> bool:
    """Tell whether an assessor of these ids has to judge; who asks learns nothing of who judges their own work."""
    return not {standing.recorded_person, standing.person} & {*own, *by} and (
        bool(standing.assessors & by) or standing.id in called
    )


def _standings(
    view: View, streams: Sequence[str], *, on: datetime | None, known: int | None, own: Sequence[str]
) -> list[ReviewStanding]:
    at, everything = known_at(view, known), lines_of(view, streams, view.position)
    states = {}
    for stream, lines in everything.items():
        read = _readable(lines, own)
        shown = [line for line in read if line.entry.position <= at]
        shown = shown if on is None else effective(shown, on)
        states[stream] = folded(ReviewState(), evolve_review, shown), shown
    persons = {state.person for state, _ in states.values() if state.person is not None}
    whole = read_as(view, persons, at)
    return [
        _standing(view, stream, state, state.opened, lines, whole, at, own)
        for stream, (state, lines) in sorted(states.items())
        if state.opened is not None
    ]


def _readable(lines: Sequence[Line], ids: Collection[str]) -> Sequence[Line]:
    """Return the lines without what is kept from the person, where it is the person who asks."""
    opened = next((line.entry.event for line in lines if isinstance(line.entry.event, ReviewOpened)), None)
    if opened is None or opened.person not in ids:
        return lines
    told = told_to_the_person(lines, ids)
    return [line for line in lines if line.entry.event_id in told]


def _standing(
    view: View,
    stream: str,
    state: ReviewState,
    opened: ReviewOpened,
    lines: Iterable[Line],
    whole: dict[str, str],
    known: int,
    own: Collection[str],
) -> ReviewStanding:
    return ReviewStanding(
        id=stream.removeprefix(PREFIX),
        position=view.position,
        known=known,
        state=state_of(state),
        person=whole[opened.person],
        recorded_person=opened.person,
        cycle=opened.cycle,
        employment=opened.employment,
        starts_on=opened.starts_on,
        ends_on=opened.ends_on,
        goals=opened.terms,
        scale=opened.scale,
        policy_version=opened.policy_version,
        reviewers=tuple((kind.value, person) for kind, people in state.named.items() for person in people),
        judge=state.judge,
        assessors=frozenset() if opened.person in own else assessors_of(state),
        assessments=state.assessments,
        missing=_missing(state, opened, own),
        ratings=state.ratings,
        result=_told(state),
        results=state.results,
        appeal=_appealed(state),
        plan=state.plan,
        lines=tuple(lines),
    )


def _missing(state: ReviewState, opened: ReviewOpened, own: Collection[str]) -> tuple[tuple[str, str], ...]:
    """Return the seats from which nobody has assessed yet; to the person, of their own seat only."""
    others = ((kind.value, person) for kind, people in state.named.items() for person in people)
    seats = [("self", opened.person), *(() if opened.person in own else others)]
    in_place = {a.assessor for a in state.assessments if not a.returned}
    return tuple((seat, person) for seat, person in seats if person not in in_place)


def _told(state: ReviewState) -> Told | None:
    result = state.result
    if result is None:
        return None
    return Told(
        entry=result.entry,
        grade=result.grade,
        content=result.content,
        publisher=result.publisher,
        published_at=result.published_at,
        told_in_person=result.told,
        received=result.received,
        answer=result.answer,
    )


def _appealed(state: ReviewState) -> Appealed | None:
    appeal = state.appeal
    if appeal is None:
        return None
    outcome = None if appeal.outcome is None else appeal.outcome.value
    return Appealed(appeal.entry, appeal.result, appeal.decider, outcome)
