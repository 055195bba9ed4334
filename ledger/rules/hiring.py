"""Rules about hiring: requisitions to approve, scorecards to submit, applications to decide, offers that lapse."""

from collections.abc import Iterable
from typing import Any

from ledger.asking import Ask
from ledger.domain.duties import Outcome
from ledger.domain.hiring.applications import (
    STANDING,
    ApplicationAllotted,
    ApplicationReceived,
    ApplicationResumed,
    ApplicationState,
    ApplicationWithdrawn,
    AssessmentRecorded,
    HiringDecisionMade,
    HiringDecisionReversed,
    PanelNamed,
)
from ledger.domain.hiring.candidates import CandidatesMerged, CandidatesUnmerged, NoteApplication, resolved
from ledger.domain.hiring.offering import LapseOffer
from ledger.domain.hiring.offers import OfferMade, OfferStanding
from ledger.domain.hiring.requisitions import (
    RequisitionApproved,
    RequisitionClosed,
    RequisitionOpened,
    RequisitionRefused,
)
from ledger.kernel.event import Entry, Subject
from ledger.kernel.ids import split_stream
from ledger.rules.matrix import Kind
from ledger.rules.rule import Looked, Rule, Watch, ended, opened


def _subject(entry: Entry) -> Subject:
    kind, id = split_stream(entry.stream)
    return Subject(kind=kind, id=id)


def _application(entry: Entry, looked: Looked) -> ApplicationState:
    state: ApplicationState = looked.facts.state(*split_stream(entry.stream))
    return state


def _to_approve(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """The lead of who asks for people has to approve or refuse; never who asked."""
    assert isinstance(entry.event, RequisitionOpened)
    opener = entry.event.opener
    return opened(
        rule,
        Kind.APPROVE_REQUISITION,
        looked,
        cause=entry.event_id,
        of=Subject(kind="person", id=opener),
        subject=_subject(entry),
        answers=opener,
    )


def _approved(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    outcome = Outcome.MOOT if isinstance(entry.event, RequisitionClosed) else Outcome.DONE
    return ended(rule, entry, looked, entry.stream, Kind.APPROVE_REQUISITION, outcome=outcome)


def _to_score(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """Each member of the panel owes a scorecard; who is no longer named, and has none, owes nothing.

    A decision that is taken back, or a candidate who comes back, makes it owed again.
    """
    application = _application(entry, looked)
    panel = entry.event.assessors if isinstance(entry.event, PanelNamed) else application.panel
    if not application.is_live or not application.is_blind:
        return []
    asks: list[Ask] = []
    named = {f"person/{person}" for person in panel}
    for _, state in looked.live.about(entry.stream, (Kind.SUBMIT_SCORECARD,)):
        assert state.opened is not None
        of = state.opened.of.key
        if of not in named and state.opened.escalates is None:
            asks += ended(rule, entry, looked, entry.stream, Kind.SUBMIT_SCORECARD, outcome=Outcome.MOOT, of=of)
    owing = {s.opened.of.key for _, s in looked.live.about(entry.stream, (Kind.SUBMIT_SCORECARD,)) if s.opened}
    for person in panel:
        of_person = Subject(kind="person", id=person)
        if of_person.key not in owing and person not in application.assessments:
            asks += opened(
                rule,
                Kind.SUBMIT_SCORECARD,
                looked,
                cause=entry.event_id,
                of=of_person,
                subject=_subject(entry),
            )
    return asks


def _scored(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    assert isinstance(entry.event, AssessmentRecorded)
    of = f"person/{entry.event.assessor}"
    return ended(rule, entry, looked, entry.stream, Kind.SUBMIT_SCORECARD, of=of)


def _to_decide(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """When the last assessment is in, a decision is taken back, or a candidate comes back, the lead has to decide."""
    state = _application(entry, looked)
    if state.received is None or not state.is_live or not state.is_blind:
        return []
    taken_back = isinstance(entry.event, HiringDecisionReversed | ApplicationResumed)
    complete = bool(state.panel) and not set(state.panel) - set(state.assessments)
    if not complete and not isinstance(entry.event, HiringDecisionReversed):
        return []
    return opened(
        rule,
        Kind.DECIDE_APPLICATION,
        looked,
        cause=entry.event_id,
        of=Subject(kind="unit", id=state.received.unit),
        subject=_subject(entry),
        once_for=entry.event_id if taken_back else f"panel {' '.join(sorted(state.panel))}",
    )


def _decided(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    assert isinstance(entry.event, HiringDecisionMade)
    if entry.event.decision not in STANDING:
        return []
    done = ended(rule, entry, looked, entry.stream, Kind.DECIDE_APPLICATION)
    return [*done, *ended(rule, entry, looked, entry.stream, Kind.SUBMIT_SCORECARD, outcome=Outcome.MOOT)]


def _withdrawn(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    kinds = (Kind.DECIDE_APPLICATION, Kind.SUBMIT_SCORECARD)
    return ended(rule, entry, looked, entry.stream, *kinds, outcome=Outcome.MOOT)


# ---- candidates with two ids


def _noted(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """An application is noted with its candidate, and with the id that they are read as."""
    assert isinstance(entry.event, ApplicationReceived | ApplicationAllotted)
    application = split_stream(entry.stream)[1]
    ids = dict.fromkeys((entry.event.candidate, resolved(looked.facts, entry.event.candidate)))
    return [ask for id in ids for ask in _to_note(application, id, entry, looked, rule)]


def _merged(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """What was applied for under one id is noted with the other, so that nobody applies for it again."""
    id = split_stream(entry.stream)[1]
    applied: Iterable[str] = looked.facts.state("candidate", id).applied
    into = resolved(looked.facts, id)
    return [ask for application in applied for ask in _to_note(application, into, entry, looked, rule)]


def _to_note(application: str, candidate: str, entry: Entry, looked: Looked, rule: Rule) -> list[Ask]:
    if application in looked.facts.state("candidate", candidate).applied:
        return []
    return [rule.ask("candidate", candidate, NoteApplication(application=application), entry.event_id)]


def _unmerged(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """Each application that came in while two ids were read as one has to be allotted to one of them."""
    assert isinstance(entry.event, CandidatesUnmerged)
    merged_at: int = looked.facts.state("candidate", split_stream(entry.stream)[1]).merged_at
    between: Iterable[str] = looked.facts.state("candidate", entry.event.former).applied
    asks: list[Ask] = []
    for application in between:
        state: ApplicationState = looked.facts.state("application", application)
        if state.received is not None and merged_at < state.since < entry.position:
            asks += opened(
                rule,
                Kind.ALLOT_APPLICATION,
                looked,
                cause=entry.event_id,
                of=Subject(kind="unit", id=state.received.unit),
                subject=Subject(kind="application", id=application),
            )
    return asks


def _allotted(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    return ended(rule, entry, looked, entry.stream, Kind.ALLOT_APPLICATION)


# ---- the day of an offer


def _lapsing(id: str, looked: Looked, rule: Rule) -> list[Ask] | None:
    """An offer that was not answered by its own day lapses on the next."""
    offer = looked.facts.state("application", id).offer
    if offer is None or offer.standing is not OfferStanding.OPEN:
        return None
    if looked.today <= offer.made.open_until:
        return []
    return [rule.ask("application", id, LapseOffer(), offer.entry)]


def _topics(*events: type[Any]) -> frozenset[str]:
    return frozenset(event.topic for event in events)


_ASKED_AGAIN = (HiringDecisionReversed, ApplicationResumed)

RULES = (
    Rule("requisition-to-approve", 1, _topics(RequisitionOpened), _to_approve),
    Rule("requisition-approved", 1, _topics(RequisitionApproved, RequisitionRefused, RequisitionClosed), _approved),
    Rule("scorecard-owed", 2, _topics(PanelNamed, *_ASKED_AGAIN), _to_score),
    Rule("scorecard-submitted", 1, _topics(AssessmentRecorded), _scored),
    Rule("application-to-decide", 2, _topics(AssessmentRecorded, PanelNamed, *_ASKED_AGAIN), _to_decide),
    Rule("application-decided", 1, _topics(HiringDecisionMade), _decided),
    Rule("application-withdrawn", 1, _topics(ApplicationWithdrawn), _withdrawn),
    Rule("application-noted", 1, _topics(ApplicationReceived, ApplicationAllotted), _noted),
    Rule("candidates-merged", 1, _topics(CandidatesMerged), _merged),
    Rule("application-to-allot", 1, _topics(CandidatesUnmerged), _unmerged),
    Rule("application-allotted", 1, _topics(ApplicationAllotted), _allotted),
)
OFFER_LAPSED = Rule("offer-lapsed", 1, frozenset(), lambda entry, looked, rule: ())
WATCHES = (Watch(OFFER_LAPSED, OfferMade.topic, b'"open_until"', _lapsing),)
