"""Every command has a valid example, every event too, and every command has an answer in every state."""

from __future__ import annotations

import orjson
import pytest

from ledger.domain import COMMANDS, STREAM_KINDS
from ledger.kernel.annulment import EntryAnnulled, EntryRedated
from ledger.kernel.event import EVENTS, Authority, Envelope, decode, encode
from ledger.kernel.moments import parse_effective
from ledger.kernel.refusals import REFUSALS
from tests.domain.examples import EXAMPLES, Example, company
from tests.domain.examples.states import answers, happened, states
from tests.domain.examples.states import label as name
from tests.domain.given import NOW, given

WORLD = company()
AT_ONCE = {
    "GoalAccepted",
    "GoalDisputed",
    "GoalClosed",
    "GoalReopened",
    "GoalWithdrawn",
    "RequisitionApproved",
    "RequisitionRefused",
    "RequisitionClosed",
    "ProgressReported",
    "MeasurementRecorded",
    "GoalHandedOver",
    "MilestoneSet",
    "MilestoneReached",
    "TrainingCompleted",
    "TrainingAbandoned",
    "OutcomeRecorded",
    "OutcomeCorrected",
    "AttendanceSummarised",
}


STATES = states(EXAMPLES, WORLD)


@pytest.mark.parametrize("example", EXAMPLES, ids=name)
def test_the_example_is_accepted(example: Example):
    subject = example.given(WORLD)
    subject.when(example.asked(subject), actor=example.actor).then(example.event)


def test_every_command_has_an_example():
    shown = {type(example.asked(example.given(WORLD))) for example in EXAMPLES}
    assert set(COMMANDS.values()) - shown == set()


def test_every_event_has_an_example():
    topics = {event.topic for event in EVENTS if event.topic.split(".")[0] in CONTEXTS}
    assert topics - {example.event.topic for example in EXAMPLES} == set()


CONTEXTS = {
    "ledgers",
    "batches",
    "identity",
    "people",
    "responsibilities",
    "goals",
    "progress",
    "feedback",
    "hiring",
    "entries",
    "policies",
    "duties",
    "reviews",
    "training",
    "findings",
    "suggestions",
    "outcomes",
}


@pytest.mark.parametrize("example", EXAMPLES, ids=name)
def test_every_command_has_an_answer_in_every_state(example: Example):
    for label, subject in STATES[example.kind]:
        outcome = subject.when(example.asked(subject), actor=example.actor)
        assert (outcome.event is None) != (outcome.refusal is None), label
        if outcome.refusal is not None:
            assert REFUSALS[outcome.refusal.code] is type(outcome.refusal)
            assert "{" not in outcome.refusal.text("zh") + outcome.refusal.text("en")
            assert "{" not in outcome.refusal.accepted("zh") + outcome.refusal.accepted("en")


@pytest.mark.parametrize("kind", sorted(STREAM_KINDS))
def test_every_pair_of_a_state_and_a_command_is_asked(kind: str):
    asked = {(answer.state, answer.command) for answer in answers(kind, EXAMPLES, STATES[kind])}
    reached = {happened(subject) for _, subject in STATES[kind]}
    assert asked >= {(state, command.__name__) for state in reached for command in STREAM_KINDS[kind].commands}


@pytest.mark.parametrize("example", EXAMPLES, ids=name)
def test_history_brought_in_has_an_answer_in_every_state(example: Example):
    for label, subject in STATES[example.kind]:
        outcome = subject.when(example.asked(subject), actor="p-hr", testimony=True)
        assert (outcome.event is None) != (outcome.refusal is None), label
        assert outcome.refusal is None or not outcome.refusal.markable, label


@pytest.mark.parametrize("example", EXAMPLES, ids=name)
def test_nothing_is_known_to_an_empty_ledger_yet_every_command_is_answered(example: Example):
    subject = given(example.kind, example.id)
    outcome = subject.when(example.asked(subject), actor=example.actor)
    assert (outcome.event is None) != (outcome.refusal is None)


@pytest.mark.parametrize("example", EXAMPLES, ids=name)
def test_the_stored_bytes_bring_the_event_back_without_its_sealed_part(example: Example):
    subject = example.given(WORLD)
    event = subject.when(example.asked(subject), actor=example.actor).event
    assert event is not None
    stream = f"{example.kind}/{example.id}"
    envelope = Envelope("id", parse_effective("2026-06-15"), NOW, "p-hr", "c", Authority("b", None, 1), "api", "x")
    prefix = f'{{"position":7,"stream":"{stream}","version":2,"recorded_at":"2026-06-15T04:00:00.000000Z",'.encode()
    stored = prefix + encode(envelope, event, event.subjects(stream), {})
    entry = decode(stored)
    assert entry.event == event.model_copy(update=dict.fromkeys(type(event).sealed_fields))
    assert entry.event is not None
    assert set(orjson.loads(stored)["data"]).isdisjoint(type(event).sealed_fields)
    assert prefix + encode(envelope, entry.event, event.subjects(stream), {}) == stored


@pytest.mark.parametrize("example", EXAMPLES, ids=name)
def test_everyone_that_the_event_names_is_among_its_subjects(example: Example):
    subject = example.given(WORLD)
    event = subject.when(example.asked(subject), actor=example.actor).event
    assert event is not None
    subjects = event.subjects(f"{example.kind}/{example.id}")
    data = orjson.dumps(orjson.loads(event.clear_json()), option=orjson.OPT_SORT_KEYS).decode()
    named = {person for person in ("p-boss", "p-lead", "p-ann", "p-bob", "p-hr") if f'"{person}"' in data}
    assert {f"person/{person}" for person in named} <= set(subjects)


@pytest.mark.parametrize("example", EXAMPLES, ids=name)
def test_each_sealed_text_has_a_data_subject(example: Example):
    subject = example.given(WORLD)
    event = subject.when(example.asked(subject), actor=example.actor).event
    assert event is not None
    kinds = {stream.split("/")[0] for stream, _ in event.sealed_texts(f"{example.kind}/{example.id}")}
    about_rules = {"policy", "retention-schedule"}
    assert kinds <= {"person", "unit", "candidate", "feedback", "survey", "survey-answers"} | about_rules


@pytest.mark.parametrize("kind", sorted(STREAM_KINDS))
def test_a_fold_resumed_from_any_state_is_the_whole_fold(kind: str):
    stream = STREAM_KINDS[kind]
    for _, subject in STATES[kind]:
        entries = [e for e in subject.history.entries if e.stream == f"{kind}/{subject.id}"]
        for cut in range(len(entries)):
            assert stream.fold(entries[cut:], stream.fold(entries[:cut])) == subject.state


def test_annulling_events_stay_with_the_stream_of_their_entry():
    pointing = [e for e in EXAMPLES if e.event in {EntryAnnulled, EntryRedated}]
    assert {e.kind for e in pointing} == {
        "unit",
        "person",
        "responsibility",
        "goal",
        "policy",
        "metric",
        "training",
        "outcome",
        "attendance",
    }


AT_ONCE_KINDS = {
    "feedback",
    "coaching",
    "comment",
    "application",
    "candidate",
    "onboarding",
    "probation",
    "review",
    "draft",
    "calibration",
    "pay",
    "survey",
    "finding",
}
IMMEDIATE = [e for e in EXAMPLES if e.kind in AT_ONCE_KINDS or e.event.__name__ in AT_ONCE]


@pytest.mark.parametrize("example", IMMEDIATE, ids=name)
def test_what_is_done_at_once_does_not_lie_in_the_future(example: Example):
    subject = example.given(WORLD)
    assert subject.when(example.asked(subject), actor=example.actor, on="2026-06-16").said == "in_the_future"
    subject.when(example.asked(subject), actor=example.actor, on="2026-06-15").then(example.event)


def test_only_witnessed_values_are_judged_for_their_day():
    assert {c.__name__ for c in COMMANDS.values() if c.claim} == {
        "ReportProgress",
        "CorrectProgress",
        "RecordMeasurement",
        "HoldReviewMeeting",
        "ReachMilestone",
        "HoldCoaching",
        "CompleteTraining",
        "AbandonTraining",
    }
