"""Applications: stages, panel, scorecards that lock when submitted, decision, dissent and reversal, offer and hire."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from ledger.domain.hiring import offers
from ledger.domain.hiring.offers import Offer, OfferStanding
from ledger.domain.hiring.profiles import ScoreValue
from ledger.kernel.event import Entry, Event, Seal, Value
from ledger.kernel.ids import CandidateId, Code, Id, JobProfileId, PersonId, RequisitionId, UnitId
from ledger.kernel.texts import Note


class Score(Value):
    """What an assessor gives for one competency; a competency not seen is left out, never zero."""

    competency: Code
    score: ScoreValue


class Mean(Value):
    """What a decision rests on for one competency: the scores present, by their sum and number, against the bar."""

    competency: Code
    minimum: ScoreValue
    total: Annotated[Decimal, Field(ge=0)]
    scores: Annotated[int, Field(ge=0)]


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

    `unmet` are the required competencies whose mean score is too low, `unscored` those that nobody scored; `figures`
    keeps what that was worked out from.
    """

    candidate: CandidateId
    decision: Decision
    decider: PersonId
    requirements: Id
    unmet: tuple[Code, ...] = ()
    unscored: tuple[Code, ...] = ()
    figures: tuple[Mean, ...] = ()


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


class ApplicationWithdrawn(Event, context="hiring"):
    """The candidate is no candidate any more, by their own word; an offer that still bound is declined by it."""

    candidate: CandidateId


class ApplicationResumed(Event, context="hiring"):
    """The candidate takes the withdrawal back, for the coded reason in the envelope."""

    candidate: CandidateId
    withdrawal_entry: Id


class ApplicationFilled(Event, context="hiring"):
    """A person begins, or is to begin, by this application."""

    candidate: CandidateId
    person: PersonId
    employment: Id


class ApplicationVacated(Event, context="hiring"):
    """The person did not begin after all; the accepted offer is there to be withdrawn, or to be kept."""

    candidate: CandidateId
    person: PersonId
    employment: Id


class ApplicationAllotted(Event, context="hiring"):
    """What was recorded while two candidates were read as one belongs to this candidate."""

    candidate: CandidateId
    former: CandidateId


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
    """An application: whose and what for, at which stage, judged by whom, what was decided, offered, and came of it."""

    received: ApplicationReceived | None = None
    step: Step = Step.RECEIVED
    panel: tuple[str, ...] = ()
    assessments: Mapping[str, Assessment] = field(default_factory=dict)
    decided: Decided | None = None
    candidate: str | None = None
    since: int = 0  # the position at which it was received
    offer: Offer | None = None
    withdrawn: str | None = None  # the entry
    hired: str | None = None  # the person
    employment: str | None = None

    @property
    def is_live(self) -> bool:
        """Tell whether anything may come of it."""
        rejected = self.decided is not None and self.decided.decision is Decision.REJECT
        return self.received is not None and self.withdrawn is None and not rejected

    @property
    def accepted(self) -> Offer | None:
        """Return the offer that was accepted and stands."""
        offer = self.offer
        return offer if offer is not None and offer.standing is OfferStanding.ACCEPTED else None

    @property
    def is_blind(self) -> bool:
        """Tell whether scorecards are kept from those of the panel whose own is not in: until it is decided."""
        return self.decided is None or self.decided.decision not in STANDING

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
        case ApplicationReceived(candidate=candidate) as received:
            return ApplicationState(received=received, candidate=candidate, since=entry.position)
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
    return _ended(state, entry)


def _ended(state: ApplicationState, entry: Entry) -> ApplicationState:
    """Return the state after what the candidate says, and what comes of the application."""
    match entry.event:
        case ApplicationWithdrawn():
            offer = state.offer
            if offer is not None and offer.binds:
                offer = replace(offer, standing=OfferStanding.DECLINED)
            return replace(state, withdrawn=entry.event_id, offer=offer)
        case ApplicationResumed():
            return replace(state, withdrawn=None)
        case ApplicationFilled(person=person, employment=employment):
            return replace(state, hired=person, employment=employment)
        case ApplicationVacated():
            return replace(state, hired=None, employment=None)
        case ApplicationAllotted(candidate=candidate):
            return replace(state, candidate=candidate)
    return replace(state, offer=offers.evolve(state.offer, entry))
