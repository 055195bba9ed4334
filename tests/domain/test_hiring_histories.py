"""Any history of an application: whatever is asked in whatever order, contradictory states are never both true."""

from __future__ import annotations

from typing import Any

from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from ledger.domain.hiring import applications as hired
from ledger.domain.hiring import judging as hire
from ledger.domain.hiring import offering, offers, outcomes
from ledger.domain.hiring.applications import Decision
from ledger.domain.hiring.candidates import CandidateRegistered
from ledger.domain.hiring.stream import STREAM
from ledger.kernel.event import Entry
from tests.domain.examples import APPLIED, GOOD, HIRE, POOR, company
from tests.domain.examples.hiring import BEGINS, OFFERED, TAKEN, TERMS
from tests.domain.given import Given, given

WORLD = company()
for _kind, _id, _event, *_on in BEGINS[1:]:
    WORLD.record(_kind, _id, _event, on=_on[0] if _on else None)
WORLD.record("candidate", "c-2", CandidateRegistered(name="Dee"))
reasons: st.SearchStrategy[Any] = st.sampled_from(("facts", "changed", None))
scores = st.sampled_from((GOOD, POOR))
panels = st.sampled_from((("p-ann",), ("p-bob",), ("p-ann", "p-bob")))
actors = st.sampled_from(("p-lead", "p-ann", "p-bob", "p-hr"))
asked = st.one_of(
    st.builds(hire.MoveApplication, to_stage=st.sampled_from(hired.Step)),
    st.builds(hire.NamePanel, assessors=panels),
    st.builds(hire.RecordAssessment, scores=scores),
    st.builds(hire.AmendAssessment, scores=scores),
    st.builds(hire.DecideApplication, decision=st.sampled_from(Decision), reason=reasons),
    st.builds(hire.RecordDissent),
    st.builds(hire.ReverseDecision, reason=reasons),
    st.just(offering.MakeOffer.model_validate({**TERMS, "open_until": "2026-06-20"})),
    st.builds(offering.AcceptOffer),
    st.builds(offering.DeclineOffer),
    st.builds(offering.WithdrawOffer, reason=reasons),
    st.builds(offering.LapseOffer),
    st.builds(outcomes.WithdrawApplication),
    st.builds(outcomes.ResumeApplication, reason=reasons),
    st.just(outcomes.FillApplication(person="p-cleo", employment="e-cleo")),
    st.builds(outcomes.VacateApplication),
    st.builds(outcomes.AllotApplication, candidate=st.sampled_from(("c-1", "c-2")), reason=reasons),
)
Steps = list[tuple[Any, str]]
BEGUN = (HIRE, OFFERED, TAKEN)  # a course that most histories would not reach, from which they branch off
ALWAYS = (hired.DissentRecorded, hired.ApplicationAllotted)  # say nothing about where the application stands


def lived(begun: int, steps: Steps) -> Given:
    """Return the application after everything of `steps` that was accepted."""
    subject = given("application", "n-1", APPLIED, *BEGUN[:begun], world=WORLD)
    for command, actor in steps:
        outcome = subject.when(command, actor=actor)
        if outcome.event is not None:
            before = own(subject)
            subject.history.record("application", "n-1", outcome.event, by=actor)
            assert own(subject)[:-1] == before, "nothing that was recorded is changed by what follows"
    return subject


def own(subject: Given) -> list[Entry]:
    return [entry for entry in subject.history.entries if entry.stream == "application/n-1"]


@settings(max_examples=150, deadline=None)
@for_all(st.integers(0, len(BEGUN)), st.lists(st.tuples(asked, actors), min_size=10, max_size=30))
def test_no_history_makes_contradictory_states_true(begun: int, steps: Steps):
    subject = lived(begun, steps)
    entries, state = own(subject), subject.state
    _decisions(entries)
    _offers(entries)
    _withdrawn_or_filled(entries)
    assert STREAM.fold(entries) == state, "rebuilt is live"


def _decisions(entries: list[Entry]) -> None:
    """A decision that stands is followed by a reversal before anything contradicts it, and names what it reverses."""
    stands: Entry | None = None
    for entry in entries:
        match entry.event:
            case hired.HiringDecisionMade(decision=decision):
                assert stands is None, "decided twice"
                stands = entry if decision in hired.STANDING else None
            case hired.HiringDecisionReversed(decision_entry=reversed_):
                assert reversed_ in {e.event_id for e in entries if isinstance(e.event, hired.HiringDecisionMade)} | {
                    "x"
                }
                stands = None
            case hired.AssessmentRecorded() | hired.AssessmentAmended() | hired.PanelNamed() | hired.ApplicationMoved():
                assert stands is None, "judged after the decision"
            case offers.OfferMade():
                assert stands is not None, "offered without a decision"
                assert stands.event is not None
                assert stands.data["decision"] == Decision.HIRE, "offered after a rejection"


def _offers(entries: list[Entry]) -> None:
    """One offer binds at a time; each is answered once, and no decision is reversed while one binds."""
    binds: str | None = None
    for entry in entries:
        match entry.event:
            case offers.OfferMade():
                assert binds is None, "two offers"
                binds = "open"
            case offers.OfferAccepted():
                assert binds == "open", "accepted what was not open"
                binds = "accepted"
            case offers.OfferDeclined() | offers.OfferLapsed():
                assert binds == "open", "answered twice"
                binds = None
            case offers.OfferWithdrawn():
                assert binds is not None, "withdrew what did not bind"
                binds = None
            case hired.HiringDecisionReversed():
                assert binds is None, "reversed under an offer"
            case hired.ApplicationFilled():
                assert binds == "accepted", "began without an accepted offer"
            case hired.ApplicationWithdrawn():
                binds = None


def _withdrawn_or_filled(entries: list[Entry]) -> None:
    """Nothing happens after a withdrawal or a hire before its own reversal."""
    closed: type | None = None
    for entry in entries:
        match entry.event:
            case hired.ApplicationWithdrawn():
                assert closed is None
                closed = hired.ApplicationResumed
            case hired.ApplicationFilled():
                assert closed is None
                closed = hired.ApplicationVacated
            case event if closed is not None and not isinstance(event, ALWAYS):
                assert isinstance(event, closed), f"{type(event).__name__} needs {closed.__name__} first"
                closed = None
