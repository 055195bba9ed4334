"""What is offered agrees with what is accepted, for every command's example and everybody in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ledger.authority import judge
from ledger.domain import STREAM_KINDS
from ledger.domain.identity import Role, RoleGranted
from ledger.domain.people.delegations import DelegationGranted, Scope
from ledger.domain.people.units import HrPartnerAssigned
from ledger.domain.policies.publishing import PolicyPublished
from ledger.facts import LedgerFacts
from ledger.kernel.ids import split_stream
from ledger.kernel.policy import STANDING, PolicyTerms
from ledger.kernel.refusals import NotAllowed, NotFound, Refusal
from ledger.naming import KIND as NAMING
from ledger.offered import Offered, offered
from ledger.question import Question
from ledger.states import Versioned
from tests.domain.examples import EXAMPLES, Example, company
from tests.domain.given import NOW, SHANGHAI, Given, History

PEOPLE = ("p-hr", "p-boss", "p-lead", "p-ann", "p-bob", "p-eve", "system:setup", "system:rules")


class Remembered:
    """The states of a history, as decisions find them."""

    def __init__(self, history: History) -> None:
        self.position, self._history = history.position, history

    def get(self, stream: str) -> Versioned:
        kind, id = split_stream(stream)
        state = self._history.state(kind, id) if kind in {*STREAM_KINDS, NAMING} else None
        return Versioned(self._history.versions.get((kind, id), 0), state)


def world(*, marked: bool) -> History:
    """Return the company with an administrator, an HR partner, a deputy of the lead, and the boundary as said."""
    history = company()
    granted = RoleGranted(role=Role.HR_ADMINISTRATOR)
    history.record("access", "p-hr", granted, by="system:setup", on=NOW - timedelta(days=30))
    history.record("unit", "sales", HrPartnerAssigned(partner="p-bob"), on=NOW - timedelta(days=30))
    ends = NOW + timedelta(days=30)
    scope = (Scope.GOALS, Scope.RESPONSIBILITIES, Scope.HIRING, Scope.PEOPLE)
    deputy = DelegationGranted(delegation="d-9", delegate="p-boss", scope=scope, until=ends, ends=ends)
    history.record("person", "p-lead", deputy, on=NOW - timedelta(days=1))
    if marked:
        terms = PolicyTerms.model_validate({"boundary": "mark"})
        history.record("policy", STANDING, PolicyPublished(version=1, label="P", terms=terms))
    return history


ROUTED = [e for e in EXAMPLES if e.kind != "batch"]  # a reversal is an act of its own, not a command of a route
WORLDS = {marked: world(marked=marked) for marked in (False, True)}


def accepts(facts: LedgerFacts, subject: Given, example: Example, actor: str) -> bool:
    """Tell whether the example's command passes authority for somebody."""
    question = Question(actor, example.asked(subject), subject.id, subject.state, NOW, facts)
    try:
        judge(question)
    except (NotAllowed, NotFound):
        return False
    return True


def offer(facts: LedgerFacts, subject: Given, example: Example, actor: str) -> Offered | None:
    """Return how the example's command is offered to somebody, or None."""
    known = facts.exists(subject.kind, subject.id) or STREAM_KINDS[subject.kind].begins_by_any
    id = subject.id if known or STREAM_KINDS[subject.kind].caller_ids else None
    try:
        found = offered(facts, actor, subject.kind, id, NOW)
    except NotFound:
        return None
    wanted = type(example.asked(subject))
    return next((one for one in found if one.command is wanted), None)


@pytest.mark.parametrize("marked", [False, True], ids=["refusing", "marking"])
@pytest.mark.parametrize("example", ROUTED, ids=lambda e: f"{e.kind}-{e.event.__name__}")
def test_what_is_accepted_is_offered_and_what_is_offered_is_accepted(example: Example, marked: bool):
    subject = example.given(WORLDS[marked])
    facts = LedgerFacts(Remembered(subject.history), SHANGHAI)
    conflict = _conflicts(subject, example)
    for actor in PEOPLE:
        accepted, found = accepts(facts, subject, example, actor), offer(facts, subject, example, actor)
        if accepted and not conflict:
            assert found is not None, f"{actor} may, and is not told"
        if found is not None and not found.needs:
            assert accepted, f"{actor} is told so, and may not"


def _conflicts(subject: Given, example: Example) -> bool:
    try:
        return (
            subject.history.judge(subject.kind, subject.id, example.asked(subject), actor=example.actor).event is None
        )
    except Refusal:
        return True


def test_in_a_leads_place_hr_is_offered_a_goal_only_where_that_is_marked():
    for marked, expected in ((False, None), (True, ("hr_for_lead of owner",))):
        facts = LedgerFacts(Remembered(WORLDS[marked]), SHANGHAI)
        found = {one.command.verb: one.needs for one in offered(facts, "p-hr", "goal", None, datetime.now(UTC))}
        assert (expected is None) or expected[0] in found["assign"]
        assert any("hr_for_lead" in need for needs in found.values() for need in needs) is marked


def test_nothing_is_told_about_what_is_not_ones_own_to_see():
    facts = LedgerFacts(Remembered(WORLDS[False]), SHANGHAI)
    with pytest.raises(NotFound):
        offered(facts, "p-eve", "person", "p-boss", NOW)


def test_what_the_state_refuses_is_not_offered():
    accept = next(e for e in EXAMPLES if e.event.__name__ == "GoalAccepted")
    subject = accept.given(WORLDS[False])
    facts = LedgerFacts(Remembered(subject.history), SHANGHAI)
    assert "accept" in {one.command.verb for one in offered(facts, "p-ann", "goal", subject.id, NOW)}
    subject.history.do(accept.kind, accept.id, accept.asked(subject), actor="p-ann")
    facts = LedgerFacts(Remembered(subject.history), SHANGHAI)
    assert "accept" not in {one.command.verb for one in offered(facts, "p-ann", "goal", subject.id, NOW)}
