"""Applications: stages, panel, scorecards that lock when submitted, the decision, dissent and reversal."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from ledger.domain.hiring.profiles import ScoreValue
from ledger.kernel.event import Entry, Event, Seal, Value
from ledger.kernel.ids import CandidateId, Code, Id, JobProfileId, PersonId, RequisitionId, UnitId
from ledger.kernel.texts import Note


class Score(Value):
    """What an assessor gives for one competency; a competency not seen is left out, never zero."""

    competency: Code
    score: ScoreValue


Scores = Annotated[tuple[Score, ...], Field(min_length=1, max_length=40)]


class Step(StrEnum):
    """The stages of an application before it is decided."""

    RECEIVED = "received"
    SCREENING = "screening"
    ASSESSMENT = "assessment"
    DECISION = "decision"


class Decision(StrEnum):
    """What is decided; hire and reject stand until they are reversed."""

    HIRE = "hire"
    REJECT = "reject"
    HOLD = "hold"
    NO_DECISION = "no_decision"


STANDING = frozenset({Decision.HIRE, Decision.REJECT})


# Events


class ApplicationReceived(Event, context="hiring"):
    """A candidate applies for what a requisition asks; `requirements` is the job profile's entry it is judged by."""

    candidate: CandidateId
    requisition: RequisitionId
    unit: UnitId
    profile: JobProfileId
    requirements: Id


class ApplicationMoved(Event, context="hiring"):
    """The application goes from one stage to another."""

    candidate: CandidateId
    from_stage: Step
    to_stage: Step


class PanelNamed(Event, context="hiring"):
    """These people are to assess, in place of any panel before; what was submitted stays."""

    candidate: CandidateId
    assessors: tuple[PersonId, ...]


class AssessmentRecorded(Event, context="hiring"):
    """An assessor's scorecard; locked from now on, and hidden from other assessors until theirs is in."""

    candidate: CandidateId
    assessor: PersonId
    scores: Scores
    note: Annotated[Note | None, Seal("candidate", "hiring")] = None


class AssessmentAmended(Event, context="hiring"):
    """An assessor puts an own scorecard right; the original entry stays."""

    candidate: CandidateId
    assessor: PersonId
    entry: Id
    scores: Scores
    note: Annotated[Note | None, Seal("candidate", "hiring")] = None


class HiringDecisionMade(Event, context="hiring"):
    """A decider decides against these requirements; the coded reason stands in the envelope.

    `unmet` are the required competencies whose mean score is too low, `unscored` those that nobody scored.
    """

    candidate: CandidateId
    decision: Decision
    decider: PersonId
    requirements: Id
    unmet: tuple[Code, ...] = ()
    unscored: tuple[Code, ...] = ()


class DissentRecorded(Event, context="hiring"):
    """A member of the panel disagrees with the decision."""

    candidate: CandidateId
    dissenter: PersonId
    decision_entry: Id
    note: Annotated[Note | None, Seal("candidate", "hiring")] = None


class HiringDecisionReversed(Event, context="hiring"):
    """The decision holds no more, for the coded reason in the envelope; another may be made."""

    candidate: CandidateId
    decision_entry: Id


# State


@dataclass(frozen=True, slots=True)
class Assessment:
    """One assessor's scorecard as it stands: its first entry, and the scores after any amendment."""

    entry: str
    scores: tuple[Score, ...]


@dataclass(frozen=True, slots=True)
class Decided:
    """The decision that stands."""

    entry: str
    decision: Decision
    decider: str
    dissenters: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ApplicationState:
    """An application: what for, at which stage, judged by whom, and what was decided."""

    received: ApplicationReceived | None = None
    step: Step = Step.RECEIVED
    panel: tuple[str, ...] = ()
    assessments: Mapping[str, Assessment] = field(default_factory=dict)
    decided: Decided | None = None

    @property
    def unit(self) -> str | None:
        """Return the unit that hires."""
        return None if self.received is None else self.received.unit

    @property
    def assessors(self) -> tuple[str, ...]:
        """Return who is on the panel or has submitted."""
        return tuple(dict.fromkeys((*self.panel, *self.assessments)))


def evolve(state: ApplicationState, entry: Entry) -> ApplicationState:
    """Return the state after `entry`."""
    match entry.event:
        case ApplicationReceived() as received:
            return ApplicationState(received=received)
        case ApplicationMoved(to_stage=to_stage):
            return replace(state, step=to_stage)
        case PanelNamed(assessors=assessors):
            return replace(state, panel=assessors)
        case AssessmentRecorded(assessor=assessor, scores=scores):
            assessment = Assessment(entry.event_id, scores)
            return replace(state, assessments={**state.assessments, assessor: assessment})
        case AssessmentAmended(assessor=assessor, scores=scores, entry=original):
            return replace(state, assessments={**state.assessments, assessor: Assessment(original, scores)})
        case HiringDecisionMade(decision=decision, decider=decider):
            return replace(state, decided=Decided(entry.event_id, decision, decider))
        case DissentRecorded(dissenter=dissenter) if state.decided is not None:
            dissenters = state.decided.dissenters | {dissenter}
            return replace(state, decided=replace(state.decided, dissenters=dissenters))
        case HiringDecisionReversed():
            return replace(state, decided=None)
    return state
