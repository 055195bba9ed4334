"""Policies: a change leaves everything before it as it was, in effective and in recorded time."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from pydantic import ValidationError

from ledger.domain.policies import publishing, reading
from ledger.domain.policies.publishing import NoSuchVersion, PolicyLooksBack, TermsElsewhere
from ledger.domain.policies.reading import NotBound
from ledger.kernel.annulment import EntryAnnulled, EntryRedated
from ledger.kernel.moments import ONE_TICK, Effective, parse_effective
from ledger.kernel.policy import STANDING, Boundary, PolicyInForce, PolicyTerms
from ledger.kernel.refusals import AfterLastDay, AlreadyRecorded, InTheFuture, NotFound, UnknownReference
from tests.domain.examples import POLICY, POLICY_COMES, POLICY_HOLDS, company
from tests.domain.given import NOW, Given, History, at, given

WORLD = company()
PUBLISH = publishing.PublishPolicy.model_validate(POLICY)


def published(version: int, days: int) -> publishing.PolicyPublished:
    return publishing.PolicyPublished(version=version, label="P", terms=PolicyTerms(late_window_days=days))


def standing(*happened: publishing.PolicyPublished | tuple[publishing.PolicyPublished, Effective]) -> Given:
    return given("policy", STANDING, *happened, world=WORLD)


# What holds when


def test_without_a_policy_the_defaults_hold_and_no_version_is_named():
    in_force = WORLD.policy(NOW)
    assert in_force == PolicyInForce()
    assert in_force.name is None
    assert in_force.terms.boundary is Boundary.REFUSE
    assert in_force.terms.late_window_days == 7


@pytest.mark.parametrize("on", ["2026-06-15", "2026-06-14", "2020-01-01", "2026-06-15T11:59:59+08:00"])
def test_a_policy_never_takes_effect_before_it_is_recorded(on: str):
    standing().when(PUBLISH, on=on).then(PolicyLooksBack)
    standing().when(PUBLISH, on=on, testimony=True).then(PolicyLooksBack)


@pytest.mark.parametrize("on", [None, "2026-06-15T12:00:00+08:00", "2026-06-16", "2030-01-01"])
def test_a_policy_may_take_effect_now_or_later(on: str | None):
    standing().when(PUBLISH, on=on).then(publishing.PolicyPublished)


def test_between_judgement_and_recording_the_version_before_still_holds():
    history = WORLD.copy()
    entry = history.record("policy", STANDING, published(1, 3), on=NOW - timedelta(seconds=2))
    state = history.state("policy", STANDING)
    assert entry.recorded_at == NOW
    assert state.in_force(STANDING, NOW - ONE_TICK).version == 0
    assert state.in_force(STANDING, NOW).version == 1


def test_a_change_leaves_what_held_before_it_on_both_axes():
    before = standing(published(1, 3))
    after = before.history.copy()
    after.now = NOW + timedelta(days=10)
    after.record("policy", STANDING, published(2, 9))
    for moment in (NOW - timedelta(days=400), NOW - ONE_TICK, NOW, NOW + timedelta(days=10) - ONE_TICK):
        assert after.policy(moment) == before.history.policy(moment)
    assert after.policy(after.now).name == f"{STANDING}@2"
    known_then = publishing.STREAM.fold([e for e in after.entries if e.stream == f"policy/{STANDING}"][:1])
    assert known_then.in_force(STANDING, after.now).terms.late_window_days == 3


def test_a_scheduled_version_waits_and_gives_way_to_one_said_later_for_the_same_time():
    first, second = at("2026-07-01"), at("2026-08-01")
    subject = standing(published(1, 1), (published(2, 2), first), (published(3, 3), second), (published(4, 4), second))
    found = [subject.history.policy(m).version for m in (NOW, first - ONE_TICK, first, second - ONE_TICK, second)]
    assert found == [1, 1, 2, 2, 4]


def test_only_a_version_still_to_come_can_be_taken_out_or_moved():
    subject = standing(POLICY_HOLDS, POLICY_COMES)
    (holds, comes) = [e.event_id for e in subject.history.entries if e.stream == f"policy/{STANDING}"]
    subject.when(publishing.AnnulPolicyEntry.model_validate({"entry": comes})).then(EntryAnnulled)
    subject.when(publishing.AnnulPolicyEntry.model_validate({"entry": holds})).then(PolicyLooksBack)
    for moved_to, expected in (("2026-06-14", PolicyLooksBack), ("2026-06-16", EntryRedated)):
        ask = publishing.RedatePolicyEntry.model_validate({"entry": comes, "new_effective_at": moved_to})
        subject.when(ask).then(expected)
        subject.when(ask.model_copy(update={"entry": holds})).then(PolicyLooksBack)


DAYS = st.integers(0, 40)


@for_all(steps=st.lists(st.tuples(st.integers(0, 20), DAYS, st.booleans()), max_size=8))
def test_no_publication_ever_changes_what_held_before_it_was_recorded(steps: list[tuple[int, int, bool]]):
    history = History()
    for passed, ahead, move in steps:
        history.now += timedelta(days=passed)
        moments = [history.now - timedelta(days=n) for n in range(1, 60)] + [history.now - ONE_TICK]
        held = [history.policy(moment) for moment in moments]
        ask = PUBLISH.model_copy(update={"effective_at": (history.now + timedelta(days=ahead))})
        history.do("policy", STANDING, ask)
        last = history.entries[-1]
        if move and ahead:
            asked = {"entry": last.event_id, "new_effective_at": history.now.astimezone(UTC).isoformat()}
            history.do("policy", STANDING, publishing.RedatePolicyEntry.model_validate(asked))
        assert [history.policy(moment) for moment in moments] == held


# Terms and texts


def test_terms_stand_in_the_standing_policy_and_in_no_other():
    given("policy", "travel", world=WORLD).when(PUBLISH).then(TermsElsewhere)
    bare = PUBLISH.model_copy(update={"terms": None})
    standing().when(bare).then(TermsElsewhere)
    given("policy", "travel", world=WORLD).when(bare).then(publishing.PolicyPublished)


def test_offices_and_bound_units_are_known():
    terms = PolicyTerms.model_validate({"offices": {"privacy_officer": "p-nobody"}})
    standing().when(PUBLISH.model_copy(update={"terms": terms})).then(UnknownReference)
    standing().when(PUBLISH.model_copy(update={"bound": ("nowhere",)})).then(UnknownReference)
    held = PolicyTerms.model_validate({"offices": {"hr": "p-hr"}})
    standing().when(PUBLISH.model_copy(update={"terms": held})).then(publishing.PolicyPublished)


@pytest.mark.parametrize(
    "terms",
    [
        {"scales": [{"code": "five", "grades": ["a", "a"]}]},
        {"scales": [{"code": "five", "grades": ["a", "b"]}] * 2},
        {"duties": [{"duty": "coach"}] * 2},
        {"distribution": [{"scale": "five", "grade": "a", "largest": "0.1"}]},
        {"deviation_share": "1.1"},
        {"deviation_share": "NaN"},
        {"late_window_days": -1},
        {"unknown": 1},
    ],
)
def test_contradictory_terms_are_no_terms(terms: dict[str, object]):
    with pytest.raises(ValidationError):
        PolicyTerms.model_validate(terms)


def test_the_limit_of_a_probation_is_that_of_the_longest_term_that_fits():
    limits = [
        {"jurisdiction": "cn", "contract": "fixed", "term_from_months": n, "months": m}
        for n, m in ((3, 1), (12, 2), (36, 6))
    ]
    terms = PolicyTerms.model_validate({"probation_limits": limits, "probation_months": 5})
    found = [
        terms.probation_limit(jurisdiction="cn", contract="fixed", term_months=n) for n in (2, 3, 11, 12, 35, 36, None)
    ]
    assert found == [5, 1, 1, 2, 2, 6, 6]
    assert terms.probation_limit(jurisdiction=None, contract="fixed", term_months=12) == 5


def test_both_texts_are_sealed_to_the_policy_and_the_label_stands_in_the_clear():
    event = standing().when(PUBLISH).event
    assert event is not None
    texts = {"text_zh": "绩效制度", "text_en": "How we do it"}
    assert event.sealed_texts(f"policy/{STANDING}") == {(f"policy/{STANDING}", "policy"): texts}
    assert b"Performance" in event.clear_json()
    assert b"How we do it" not in event.clear_json()


# Reading and reviewing


def reader(person: str = "p-ann", *, world: History = WORLD) -> Given:
    return given("policy-reading", person, world=world)


def test_a_version_is_read_once_by_a_person_bound():
    world = given("policy", STANDING, POLICY_HOLDS, POLICY_COMES, world=WORLD).history
    read = reading.ReadPolicy(policy=STANDING)
    reader(world=world).when(read).then(reading.PolicyRead(policy=STANDING, version=1, reader="p-ann"))
    reader(world=world).when(reading.ReadPolicy(policy=STANDING, version=2)).then(NoSuchVersion)
    reader("p-eve", world=world).when(read).then(AfterLastDay)
    reader("p-nobody", world=world).when(read).then(NotFound)
    again = given(
        "policy-reading", "p-ann", reading.PolicyRead(policy=STANDING, version=1, reader="p-ann"), world=world
    )
    again.when(read).then(AlreadyRecorded)
    again.history.now = at("2026-07-02")
    again.when(read).then(reading.PolicyRead(policy=STANDING, version=2, reader="p-ann"))
    again.when(read, on="2026-07-03").then(InTheFuture)


def test_who_works_elsewhere_is_not_bound():
    bound = publishing.PolicyPublished(version=1, label="Sales", bound=("sales",))
    world = given("policy", "sales-rules", bound, world=WORLD).history
    read = reading.ReadPolicy(policy="sales-rules")
    reader(world=world).when(read).then(reading.PolicyRead)
    reader("p-boss", world=world).when(read).then(NotBound)
    everyone = publishing.PolicyPublished(version=1, label="All", bound=("company",))
    above = given("policy", "all", everyone, world=WORLD).history
    reader(world=above).when(reading.ReadPolicy(policy="all")).then(reading.PolicyRead)


def test_only_a_version_that_was_in_force_is_reviewed():
    subject = standing(POLICY_HOLDS, POLICY_COMES)
    review = publishing.ReviewPolicy(finding=publishing.Finding.CHANGE, note="Too long a window")
    subject.when(review).then(publishing.PolicyReviewed)
    subject.when(review.model_copy(update={"version": 2})).then(NoSuchVersion)
    subject.when(review, on=parse_effective("2026-06-20")).then(InTheFuture)
    given("policy", "none", world=WORLD).when(review).then(NotFound)
