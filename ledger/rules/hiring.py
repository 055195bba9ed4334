"""Rules about hiring: requisitions to approve, scorecards to submit, applications to decide."""

from collections.abc import Iterable
from typing import Any

from ledger.asking import Ask
from ledger.domain.duties import Outcome
from ledger.domain.hiring.applications import (
    STANDING,
    ApplicationState,
    AssessmentRecorded,
    HiringDecisionMade,
    HiringDecisionReversed,
    PanelNamed,
)
from ledger.domain.hiring.requisitions import (
    RequisitionApproved,
    RequisitionClosed,
    RequisitionOpened,
    RequisitionRefused,
)
from ledger.kernel.event import Entry, Subject
from ledger.kernel.ids import split_stream
from ledger.rules.matrix import Kind
from ledger.rules.rule import Looked, Rule, ended, opened


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
    """Each member of the panel owes a scorecard; who is no longer named, and has none, owes nothing."""
    assert isinstance(entry.event, PanelNamed)
    asks: list[Ask] = []
    named = {f"person/{person}" for person in entry.event.assessors}
    for _, state in looked.live.about(entry.stream, (Kind.SUBMIT_SCORECARD,)):
        assert state.opened is not None
        of = state.opened.of.key
        if of not in named and state.opened.escalates is None:
            asks += ended(rule, entry, looked, entry.stream, Kind.SUBMIT_SCORECARD, outcome=Outcome.MOOT, of=of)
    owing = {s.opened.of.key for _, s in looked.live.about(entry.stream, (Kind.SUBMIT_SCORECARD,)) if s.opened}
    submitted = _application(entry, looked).assessments
    for person in entry.event.assessors:
        of_person = Subject(kind="person", id=person)
        if of_person.key not in owing and person not in submitted:
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
    """When the last assessment is in, or a decision is taken back, the hiring lead has to decide."""
    state = _application(entry, looked)
    if state.received is None or (state.decided is not None and state.decided.decision in STANDING):
        return []
    taken_back = isinstance(entry.event, HiringDecisionReversed)
    if not taken_back and (not state.panel or set(state.panel) - set(state.assessments)):
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


def _topics(*events: type[Any]) -> frozenset[str]:
    return frozenset(event.topic for event in events)


RULES = (
    Rule("requisition-to-approve", 1, _topics(RequisitionOpened), _to_approve),
    Rule("requisition-approved", 1, _topics(RequisitionApproved, RequisitionRefused, RequisitionClosed), _approved),
    Rule("scorecard-owed", 1, _topics(PanelNamed), _to_score),
    Rule("scorecard-submitted", 1, _topics(AssessmentRecorded), _scored),
    Rule("application-to-decide", 1, _topics(AssessmentRecorded, PanelNamed, HiringDecisionReversed), _to_decide),
    Rule("application-decided", 1, _topics(HiringDecisionMade), _decided),
)
