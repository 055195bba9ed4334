"""Onboarding: a new hire is shown what is expected of them, and acknowledges exactly what was shown."""

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Annotated

import orjson
from pydantic import Field

from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import Entry, Event, Seal, Value
from ledger.kernel.ids import ApplicationId, ContentHash, Id, MetricId, PersonId, UnitId
from ledger.kernel.refusals import AfterLastDay, AlreadyRecorded, NotFound, OwnAct, Refusal
from ledger.kernel.texts import Note

Amount = Annotated[Decimal, Field(max_digits=30, decimal_places=10)]


class Interval(StrEnum):
    """What one expected value covers."""

    PROBATION = "probation"
    YEAR = "year"
    QUARTER = "quarter"
    MONTH = "month"
    WEEK = "week"
    DAY = "day"


class Expectation(Value):
    """What is expected by one metric, as in 8 new customers a month."""

    metric: MetricId
    target: Amount
    interval: Interval = Interval.MONTH


Expectations = Annotated[tuple[Expectation, ...], Field(min_length=1, max_length=40)]

# Events


class OnboardingStarted(Event, context="hiring"):
    """Somebody new is taken in, for the employment named; `requirements` is the entry that they were hired by."""

    person: PersonId
    employment: Id
    application: ApplicationId | None = None
    unit: UnitId | None = None
    requirements: Id | None = None


class ExpectationsPresented(Event, context="hiring"):
    """The hire was shown what is expected; `content` binds what was shown, the note by this entry's commitment."""

    person: PersonId
    employment: Id
    presenter: PersonId
    expectations: Expectations
    content: ContentHash
    note: Annotated[Note | None, Seal("person", "performance")] = None


class ExpectationsAcknowledged(Event, context="hiring"):
    """The hire has taken note of exactly what was shown; that is no agreement to it."""

    person: PersonId
    employment: Id
    presentation: Id
    content: ContentHash


# State


@dataclass(frozen=True, slots=True)
class Presentation:
    """What was shown last: by which entry, with which content, and whether it was acknowledged."""

    entry: str
    content: str
    presenter: str
    expectations: tuple[Expectation, ...]
    acknowledged: bool = False


@dataclass(frozen=True, slots=True)
class OnboardingState:
    """The latest onboarding of a person, and what they were shown in it."""

    started: OnboardingStarted | None = None
    shown: Presentation | None = None

    @property
    def unit(self) -> str | None:
        """Return the unit that hired."""
        return None if self.started is None else self.started.unit


def evolve(state: OnboardingState, entry: Entry) -> OnboardingState:
    """Return the state after `entry`."""
    match entry.event:
        case OnboardingStarted() as started:
            return OnboardingState(started)
        case ExpectationsPresented(content=content, presenter=presenter, expectations=expectations):
            return replace(state, shown=Presentation(entry.event_id, content, presenter, expectations))
        case ExpectationsAcknowledged() if state.shown is not None:
            return replace(state, shown=replace(state.shown, acknowledged=True))
    return state


# Commands

_LEADS = (By("unit_lead", "@unit"), By("lead", "@"))


class StartOnboarding(
    Command,
    stream="onboarding",
    verb="start",
    by=(By("system", "rules"), *_LEADS, By("hr_partner", "@"), By("role:hr_administrator")),
):
    """Begin to take somebody in, for an employment that runs or is to begin."""

    employment: Id


class PresentExpectations(
    Command, stream="onboarding", verb="present", by=(*_LEADS, By("hr_for_lead", "@unit"), By("hr_for_lead", "@"))
):
    """Show the hire what is expected of them."""

    expectations: Expectations
    note: Note | None = None


class AcknowledgeExpectations(Command, stream="onboarding", verb="acknowledge", by=(By("own", "@"),), on_behalf=False):
    """Take note of exactly the expectations whose content hash is given."""

    content: ContentHash


class OnboardingNotStarted(Refusal):
    """Nobody is taken in here at this time."""

    code = "onboarding_not_started"
    en = "No onboarding has started."
    zh = "入职衔接尚未开始。"
    accepted_en = "starting the onboarding first"
    accepted_zh = "先开始入职衔接"


class NoSuchEmployment(Refusal):
    """The person has no such employment that runs or is to begin."""

    code, status = "no_such_employment", 422
    en = "No such employment runs or is to begin."
    zh = "没有该存续或即将开始的劳动关系。"


class NothingShown(Refusal):
    """There is nothing to acknowledge."""

    code = "nothing_shown"
    en = "No expectations have been presented."
    zh = "尚未出示岗位要求。"


class OtherExpectations(Refusal):
    """One acknowledges what was shown, and nothing else."""

    code = "other_expectations"
    en = "The content hash is not that of what was presented last."
    zh = "内容哈希与最近出示的岗位要求不一致。"
    accepted_en = "the hash of the latest presentation"
    accepted_zh = "最近一次出示内容的哈希"


class ExpectedTwice(Refusal):
    """Each metric stands once in what is expected."""

    code, status = "expected_twice", 422
    en = "A metric stands twice in the list."
    zh = "列表中同一指标重复出现。"


# Decide


def decide(command: Command, state: OnboardingState, act: Act) -> Event:
    """Return the event of an onboarding's command, or refuse it. The stream's id is the person's."""
    act.require_happened()
    if not act.facts.exists("person", act.id):
        raise NotFound()
    if isinstance(command, StartOnboarding):
        return _started(command.employment, state, act)
    if state.started is None:
        raise OnboardingNotStarted()
    if not _runs_or_comes(state.started.employment, act):
        act.refuse(AfterLastDay())
    match command:
        case PresentExpectations():
            return _presented(command, state, state.started, act)
        case AcknowledgeExpectations(content=content):
            return _acknowledged(content, state, state.started)
    raise TypeError(command)


def _runs_or_comes(employment: str, act: Act) -> bool:
    person = act.facts.state("person", act.id)
    engagement = person.engagement(employment)
    if engagement is None:
        return False
    return bool(engagement.at > act.begins or person.employment_on(act.begins) == employment)


def _started(employment: str, state: OnboardingState, act: Act) -> OnboardingStarted:
    if state.started is not None and state.started.employment == employment:
        raise AlreadyRecorded()
    if not _runs_or_comes(employment, act):
        raise NoSuchEmployment()
    if act.is_own(act.id):
        act.refuse(OwnAct())
    engagement = act.facts.state("person", act.id).engagement(employment)
    application = engagement.terms.application
    received = None if application is None else act.facts.state("application", application).received
    unit = act.facts.unit_of(act.id, max(act.begins, engagement.at))
    return OnboardingStarted(
        person=act.id,
        employment=employment,
        application=application,
        unit=unit if received is None else received.unit,
        requirements=None if received is None else received.requirements,
    )


def _presented(
    command: PresentExpectations, state: OnboardingState, started: OnboardingStarted, act: Act
) -> ExpectationsPresented:
    if act.is_own(act.id):
        act.refuse(OwnAct())
    metrics = [expectation.metric for expectation in command.expectations]
    if len(set(metrics)) < len(metrics):
        raise ExpectedTwice()
    for metric in metrics:
        act.require_known("metric", metric, field="expectations")
    return ExpectationsPresented(
        person=act.id,
        employment=started.employment,
        presenter=act.actor,
        expectations=command.expectations,
        content=content_hash(act.event_id, started, command.expectations),
        note=command.note,
    )


def content_hash(presentation: str, started: OnboardingStarted, expectations: tuple[Expectation, ...]) -> str:
    """Return the SHA-256 of what was shown: by which entry, to whom, by which requirements, with which figures.

    The hashed text is JSON with sorted keys and no spaces. It holds ids and figures; a note is bound by the entry,
    which commits to its sealed text.
    """
    said = {
        "presentation": presentation,
        "started": orjson.loads(started.clear_json()),
        "expectations": [expectation.model_dump(mode="json") for expectation in expectations],
    }
    return sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _acknowledged(content: str, state: OnboardingState, started: OnboardingStarted) -> ExpectationsAcknowledged:
    shown = state.shown
    if shown is None:
        raise NothingShown()
    if content != shown.content:
        raise OtherExpectations()
    if shown.acknowledged:
        raise AlreadyRecorded()
    return ExpectationsAcknowledged(
        person=started.person, employment=started.employment, presentation=shown.entry, content=content
    )


COMMANDS = (StartOnboarding, PresentExpectations, AcknowledgeExpectations)
STREAM = StreamKind("onboarding", "onboardings", "o", OnboardingState(), decide, evolve, COMMANDS, by_naming=True)
