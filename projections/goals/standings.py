"""How goals stand: terms, target in force, claim beside measurement, figures with what they rest on, calls for help."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from ledger.domain.figures import Actual, Cause, Figure, Pause, Provenance, Why
from ledger.domain.figures.pauses import within
from ledger.domain.goals.events import GoalClosed, GoalDisputed, GoalTerms, MilestoneSet
from ledger.domain.goals.metrics import MetricDefined, MetricState
from ledger.domain.goals.resting import resting
from ledger.domain.goals.scoring import Scored, expected_of, score
from ledger.domain.goals.state import Answer, GoalState, Stage, Step, Target
from ledger.domain.progress.claims import Health
from ledger.kernel.moments import last_instant
from projections.engine.kept import Line, known_at
from projections.engine.views import View
from projections.goals.handlers import CLAIM, MEASUREMENT
from projections.goals.replay import Replay, Replayed, Value, source_of


@dataclass(frozen=True, slots=True)
class Milestone:
    """A milestone, with the entry that set it last and holds its sealed title."""

    code: str
    step: Step
    entry: str


@dataclass(frozen=True, slots=True)
class Call:
    """A difficulty or a call for support that nobody has answered: what about, since which event."""

    kind: str
    concern: str
    line: Line


@dataclass(frozen=True, slots=True)
class HealthBeside:
    """What the owner declared beside what the figures say; `agree` is None where one of the two is missing."""

    declared: Health | None
    derived: Health | None
    why: Why | None

    @property
    def agree(self) -> bool | None:
        """Tell whether both say the same."""
        return None if self.declared is None or self.derived is None else self.declared is self.derived


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A day for which the claim says another value than the measurement of the approved source."""

    claim: Value
    measurement: Value


@dataclass(frozen=True, slots=True)
class GoalStanding:
    """A goal as it stood. `owner` is read as the merged id, `recorded_owner` as it was recorded.

    `scored` holds the figures with what they rest on; None where the metric was never defined. `expected` is the share
    of the way that is expected by the asked day, `pauses` taken out: of the goal, and of an owner who was `away`.
    `closing` is the event that closed it last.
    """

    id: str
    position: int
    known: int
    stage: Stage
    owner: str
    recorded_owner: str
    terms: GoalTerms
    terms_entry: str
    metric: MetricDefined | None
    target: Target
    target_entry: str | None
    assigner: str | None
    proposer: str | None
    answer: Answer | None
    counter_target: Decimal | None
    closing: Line | None
    claim: Value | None
    measurement: Value | None
    scored: Scored | None
    expected: Decimal
    paused: bool
    away: bool
    pauses: tuple[Pause, ...]
    milestones: tuple[Milestone, ...]
    health: HealthBeside
    calls: tuple[Call, ...]
    contradicted: bool
    lines: tuple[Line, ...]

    @property
    def actual(self) -> Actual | None:
        """Return the value that counts: the approved measurement if there is any, else the claim."""
        if self.scored is not None:
            return self.scored.actual
        value = self.measurement or self.claim
        return None if value is None else value.actual

    @property
    def progress(self) -> Figure:
        """Return the progress, or why there is none."""
        return _UNDEFINED if self.scored is None else self.scored.progress

    @property
    def attainment(self) -> Figure:
        """Return the attainment, or why there is none."""
        return _UNDEFINED if self.scored is None else self.scored.attainment

    @property
    def provenance(self) -> Provenance | None:
        """Return what the figures rest on."""
        return None if self.scored is None else self.scored.provenance


_UNDEFINED = Figure(why=Why.NOT_FOR_THIS_DIRECTION)


def defined(played: Replay, state: GoalState) -> MetricDefined | None:
    """Return the goal's metric, None where it was never defined."""
    return played.metrics.get(state.metric or "", MetricState()).defined


def standing_of(view: View, one: Replayed, played: Replay) -> GoalStanding:
    """Return how a replayed goal stands."""
    state, when = one.state, played.when
    terms, metric = state.terms, defined(played, state)
    assert terms is not None  # a replay holds no others
    scored = None if metric is None else score(state, one.values, when.day, played)
    claim, measurement = one.values.last(CLAIM), _measured(one, source_of(state, played.metrics))
    change = state.targets["target"].change_on(when.on or last_instant(when.day, when.zone))
    pauses = tuple(pause for pause in resting(state, played) if pause.starts_on <= terms.ends_on)
    still = {pause.cause for pause in within(pauses, starts_on=when.day, until=when.day + timedelta(days=1))}
    return GoalStanding(
        id=one.id,
        position=view.position,
        known=known_at(view, when.known),
        stage=state.stage,
        owner=terms.owner.key,
        recorded_owner=terms.owner.key,
        terms=terms,
        terms_entry=state.entry or "",
        metric=metric,
        target=Target(terms.target, terms.stretch) if change is None else change.value,
        target_entry=None if change is None else change.event_id,
        assigner=state.assigner,
        proposer=state.proposer,
        answer=state.answer,
        counter_target=_counter_target(one) if state.answer is Answer.DISPUTED else None,
        closing=next((line for line in reversed(one.lines) if isinstance(line.entry.event, GoalClosed)), None),
        claim=claim,
        measurement=measurement,
        scored=scored,
        expected=expected_of(state, min(when.day, terms.ends_on), played),
        paused=Cause.GOAL_PAUSED in still,
        away=Cause.OWNER_AWAY in still,
        pauses=pauses,
        milestones=_milestones(one),
        health=_health(claim, scored),
        calls=_calls(one),
        contradicted=_contradicted(claim, measurement),
        lines=one.lines,
    )


def _measured(one: Replayed, source: str | None) -> Value | None:
    found = one.values.last(MEASUREMENT)
    return found if found is not None and found.source == source else None


def _counter_target(one: Replayed) -> Decimal | None:
    disputed = (line.entry.event for line in reversed(one.lines))
    return next((event.counter_target for event in disputed if isinstance(event, GoalDisputed)), None)


def _milestones(one: Replayed) -> tuple[Milestone, ...]:
    entries = {e.event.milestone: e.event_id for e, *_ in one.lines if isinstance(e.event, MilestoneSet)}
    return tuple(Milestone(code, step, entries[code]) for code, step in sorted(one.state.milestones.items()))


def _health(claim: Value | None, scored: Scored | None) -> HealthBeside:
    """Off track is below the policy's share of the path; at risk, without a value in time; else on track."""
    declared = None if claim is None or claim.health is None else Health(claim.health)
    if scored is None:
        return HealthBeside(declared, None, _UNDEFINED.why)
    if scored.judged.below:
        return HealthBeside(declared, Health.OFF_TRACK, None)
    if scored.stale_on is not None:
        return HealthBeside(declared, Health.AT_RISK, None)
    derived = None if scored.judged.below is None else Health.ON_TRACK
    return HealthBeside(declared, derived, scored.judged.why)


def _calls(one: Replayed) -> tuple[Call, ...]:
    lines = {line.entry.event_id: line for line in one.lines}
    asked = [("difficulty", *item) for item in one.help.difficulties.items()]
    asked += [("support", *item) for item in one.help.calls.items()]
    return tuple(Call(kind, concern, lines[entry]) for kind, entry, concern in asked if one.help.awaits(entry))


def _contradicted(claim: Value | None, measurement: Value | None) -> bool:
    if claim is None or measurement is None:
        return False
    return claim.day == measurement.day and claim.value != measurement.value
