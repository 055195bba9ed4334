"""Goals folded again: what is kept of one, with values and policy of the time, as the ledger's own figures take it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from ledger.domain.figures import Actual, Direction
from ledger.domain.goals.metrics import MetricState, evolve_metric
from ledger.domain.goals.state import GoalState, evolve_goal
from ledger.domain.people.absences import Absences
from ledger.domain.people.absences import evolve as evolve_absences
from ledger.domain.policies.publishing import PolicyState, evolve
from ledger.domain.progress.help import HelpState, evolve_help
from ledger.kernel.facts import Away
from ledger.kernel.ids import stream_name
from ledger.kernel.policy import STANDING, PolicyInForce
from projections.engine.kept import PERSON_PREFIX, Line, effective, folded, known_at, lines_of, read_as
from projections.engine.views import View
from projections.goals.handlers import CLAIM, MEASUREMENT, POLICY_STREAM


@dataclass(frozen=True, slots=True)
class When:
    """The time of a question: the instant `on` (None: by all that is recorded), its day in `zone`, and `known`."""

    on: datetime | None
    day: date
    zone: ZoneInfo
    known: int | None = None


class Value(NamedTuple):
    """One claim or measurement, as it stands after correction."""

    goal: str
    kind: str
    source: str
    day: date
    position: int
    value: Decimal
    health: str | None
    corrected_by: str | None
    entry: str

    @property
    def actual(self) -> Actual:
        """Return it as figures take it."""
        return Actual(self.value, self.day, self.entry, "measurement" if self.kind == MEASUREMENT else "claim")


@dataclass(frozen=True, slots=True)
class Series:
    """The values of one goal: what figures ask of progress (`ledger.domain.goals.scoring.Measured`)."""

    values: tuple[Value, ...] = ()

    def series(self, day: date, source: str | None) -> tuple[Actual, ...]:
        """Return the values up to a day: the approved source's if there are any, else the claims."""
        upto = [value for value in self.values if value.day <= day]
        measured = tuple(v.actual for v in upto if v.kind == MEASUREMENT and v.source == source)
        return measured or tuple(v.actual for v in upto if v.kind == CLAIM)

    def last(self, kind: str) -> Value | None:
        """Return the latest value of a kind."""
        return next((value for value in reversed(self.values) if value.kind == kind), None)


@dataclass(frozen=True, slots=True)
class Replayed:
    """A goal at a time: its state, the help asked for, its values, and the events that all of it rests on."""

    id: str
    state: GoalState
    help: HelpState
    values: Series
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Replay:
    """Goals at a time, with metrics, policy and owners' absences as known then (`ledger.kernel.facts.Terms`)."""

    when: When
    goals: Mapping[str, Replayed]
    metrics: Mapping[str, MetricState]
    policies: PolicyState = field(default_factory=PolicyState)
    absences: Mapping[str, Absences] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which days begin."""
        return self.when.zone

    def state(self, kind: str, id: str) -> Any:  # noqa: ANN401  # each kind of stream has a state of its own
        """Return the state of a metric. Raises LookupError for other kinds: figures ask for none."""
        if kind != "metric":
            raise LookupError(kind)
        return self.metrics.get(id, MetricState())

    def days_away(self, person: str) -> tuple[Away, ...]:
        """Return the runs of days in which an absence runs that pauses an owner's duties, as known then."""
        return self.absences.get(person, Absences()).days_away(self.zone)

    def policy(self, at: datetime) -> PolicyInForce:
        """Return the policy in force at an instant; the defaults before the first version."""
        return self.policies.in_force(STANDING, at)


def replay(view: View, ids: Sequence[str], when: When) -> Replay:
    """Return goals as they stood, without those of which nothing binding or proposed is known."""
    known = known_at(view, when.known)
    kept = lines_of(view, [stream_name("goal", id) for id in ids], known)
    states: dict[str, tuple[GoalState, list[Line]]] = {}
    for id in ids:
        all_of_it = kept.get(stream_name("goal", id), [])
        lines = all_of_it if when.on is None else effective(all_of_it, when.on)
        state = folded(GoalState(), evolve_goal, lines)
        if state.terms is not None:
            states[id] = state, lines
    metrics, policies = _terms(view, {s.metric for s, _ in states.values() if s.metric is not None}, known)
    values = _values(view, {id: state for id, (state, _) in states.items()}, metrics, when, known)
    goals = {
        id: Replayed(id, state, folded(HelpState(), evolve_help, lines), values.get(id, Series()), tuple(lines))
        for id, (state, lines) in states.items()
    }
    return Replay(when, goals, metrics, policies, _absences(view, (state for state, _ in states.values()), known))


def _absences(view: View, states: Iterable[GoalState], known: int) -> dict[str, Absences]:
    """Return owner → absences as known at a position; a merged owner's are those of the id that they are read as."""
    owners = {owner.id for state in states for _, owner in state.owners if owner.kind == "person"}
    whole = read_as(view, owners, known) if owners else {}
    kept = lines_of(view, sorted({PERSON_PREFIX + id for id in whole.values()}), known) if whole else {}
    found = {stream: folded(Absences(), evolve_absences, lines) for stream, lines in kept.items()}
    return {id: found[PERSON_PREFIX + end] for id, end in whole.items() if PERSON_PREFIX + end in found}


def _terms(view: View, metrics: Iterable[str], known: int) -> tuple[dict[str, MetricState], PolicyState]:
    streams = {stream_name("metric", id): id for id in metrics}
    kept = lines_of(view, [*streams, POLICY_STREAM], known)
    found = {id: folded(MetricState(), evolve_metric, kept.get(stream, ())) for stream, id in streams.items()}
    return found, folded(PolicyState(), evolve, kept.get(POLICY_STREAM, ()))


def _values(
    view: View, states: Mapping[str, GoalState], metrics: Mapping[str, MetricState], when: When, known: int
) -> dict[str, Series]:
    """Return each goal's values up to the day, at most its last: the latest ones, or all where a band is to be kept."""
    asked = [(id, _last_day(state, when.day), source_of(state, metrics)) for id, state in states.items()]
    found: dict[str, list[Value]] = {}
    whole = {id for id, state in states.items() if _keeps_a_band(state, metrics)}
    latest = [one for one in asked if one[0] not in whole]
    if latest:
        goals, days, sources = ([one[place] for one in latest] for place in range(3))
        for row in view.rows("find_values", {"goals": goals, "days": days, "sources": sources, "known": known}):
            found.setdefault(row[0], []).append(Value(*row))
    for id, day, source in asked:
        if id in whole:
            found[id] = values_by_day(view, id, day=day, source=source, known=known)
    return {id: Series(tuple(sorted(values, key=lambda v: (v.kind, v.day)))) for id, values in found.items()}


def values_by_day(view: View, id: str, *, day: date, source: str | None, known: int) -> list[Value]:
    """Return the last claim, and the last measurement of the source, of each day of a goal up to a day."""
    sources = ["", *([] if source is None else [source])]
    return [
        Value(*row) for row in view.rows("list_values", {"goal": id, "sources": sources, "day": day, "known": known})
    ]


def source_of(state: GoalState, metrics: Mapping[str, MetricState]) -> str | None:
    """Return the approved source of a goal's metric, None where none is, or the metric is unknown."""
    defined = metrics.get(state.metric or "", MetricState()).defined
    return None if defined is None else defined.approved_source


def _last_day(state: GoalState, day: date) -> date:
    return day if state.ends_on is None else min(day, state.ends_on)


def _keeps_a_band(state: GoalState, metrics: Mapping[str, MetricState]) -> bool:
    defined = metrics.get(state.metric or "", MetricState()).defined
    return defined is not None and defined.direction is Direction.MAINTAIN
