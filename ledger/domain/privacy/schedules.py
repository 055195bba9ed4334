"""Retention schedules: what is kept how long in one jurisdiction, proposed by one person and confirmed by another.

The stream's id is the code of the jurisdiction, as in `cn`. What gave way by a schedule stands in its stream too.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field, StringConstraints

from ledger.domain.privacy.terms import PRESETS, Kept, RetentionTerm
from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import OWN_STREAM, Entry, Event, Seal
from ledger.kernel.refusals import NotFound, Refusal

MOST_RETIRED = 4_000  # positions in one event: it must stay below 64 KiB
ScheduleText = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
Version = Annotated[int, Field(ge=1)]
Terms = Annotated[tuple[RetentionTerm, ...], Field(min_length=1, max_length=len(Kept))]
Positions = Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1, max_length=MOST_RETIRED)]

# Events


class ScheduleProposed(Event, context="privacy"):
    """Somebody wants these terms from the event's effective time on; nothing holds before a second person agrees."""

    version: Version
    terms: Terms
    text_zh: Annotated[ScheduleText | None, Seal(OWN_STREAM, "policy")] = None
    text_en: Annotated[ScheduleText | None, Seal(OWN_STREAM, "policy")] = None


class ScheduleConfirmed(Event, context="privacy"):
    """A second person has agreed: the version is in force from its effective time on, never before this was said."""

    version: Version


class EventsRetired(Event, context="privacy"):
    """The bytes of these events give way to their leaf hashes: their class is kept no more, by this version."""

    of: Kept
    version: Version
    positions: Positions


# State


@dataclass(frozen=True, slots=True)
class Edition:
    """A version of a schedule; `since` is None until it is confirmed."""

    number: int
    terms: tuple[RetentionTerm, ...]
    begins: datetime
    proposer: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class ScheduleState:
    """The versions of one jurisdiction's schedule."""

    versions: tuple[Edition, ...] = ()

    def in_force(self, at: datetime) -> Edition | None:
        """Return the version in force: of those that have begun, the one confirmed for the latest time."""
        begun = [(one.since, one.number, one) for one in self.versions if one.since is not None and one.since <= at]
        return max(begun)[2] if begun else None

    def term(self, of: Kept, at: datetime) -> tuple[int, RetentionTerm] | None:
        """Return version and term that say how long a class is kept, or None where nothing ends it."""
        version = self.in_force(at)
        terms = () if version is None else version.terms
        return next(((version.number, one) for one in terms if version is not None and one.of is of), None)


def evolve(state: ScheduleState, entry: Entry) -> ScheduleState:
    """Return the state after `entry`."""
    match entry.event:
        case ScheduleProposed(version=version, terms=terms):
            return ScheduleState((*state.versions, Edition(version, terms, entry.begins, entry.actor)))
        case ScheduleConfirmed(version=version):
            return ScheduleState(
                tuple(
                    replace(one, since=max(one.begins, entry.recorded_at)) if one.number == version else one
                    for one in state.versions
                )
            )
    return state


# Commands

_HR = (By("role:hr_administrator"),)
_SYSTEM = (By("system", "retention"),)


class ProposeSchedule(
    Command, stream="retention-schedule", verb="propose", by=_HR, starts=True, repeats=True, on_behalf=False
):
    """Propose how long each class is kept. Without terms, those that the program comes with for the jurisdiction.

    Those are defaults and no legal advice: have counsel check them.
    """

    terms: Annotated[tuple[RetentionTerm, ...], Field(max_length=len(Kept))] = ()
    text_zh: ScheduleText | None = None
    text_en: ScheduleText | None = None


class ConfirmSchedule(Command, stream="retention-schedule", verb="confirm", by=_HR, on_behalf=False):
    """Agree to a version that somebody else proposed: from its effective time on, what runs out by it is erased."""

    version: Version


class RetireEvents(Command, stream="retention-schedule", verb="retire-events", by=_SYSTEM, on_behalf=False):
    """Record that the bytes of events give way: the ledger's own act."""

    of: Kept
    version: Version
    positions: Positions


class ScheduleLooksBack(Refusal):
    """Terms hold from a time that lies ahead."""

    code, status, rule = "schedule_looks_back", 422, "later_rules_do_not_judge_earlier_acts"
    en = "A retention schedule takes effect from its recording on, never before."
    zh = "保留期限表自记录之时起生效，不得溯及既往。"
    accepted_en = "no effective time (now), or {tomorrow} and later"
    accepted_zh = "不填生效时间（即刻生效），或不早于 {tomorrow}"


class NoPreset(Refusal):
    """The program comes with terms for a few jurisdictions only."""

    code, status = "no_preset_schedule", 422
    en = "There are no preset terms for {jurisdiction}; state terms and the text in both languages."
    zh = "没有 {jurisdiction} 的默认期限；请写明各项期限及中英文说明。"


class TermTwice(Refusal):
    """A class has one term."""

    code, status = "term_twice", 422
    en = "The class {of} has more than one term."
    zh = "类别 {of} 的期限重复。"


class NotProposed(Refusal):
    """There is no such version that waits to be confirmed."""

    code = "schedule_not_proposed"
    en = "No version {version} of this schedule waits to be confirmed."
    zh = "没有待确认的第 {version} 版期限表。"


class OwnSchedule(Refusal):
    """Two people are needed."""

    code, status, rule = "own_schedule", 403, "two_people"
    en = "This needs a second person: whoever proposed a schedule does not confirm it."
    zh = "此事须由第二人确认：提出期限表者不得自行确认。"


class NotInForce(Refusal):
    """Nothing runs out by a version that is not in force."""

    code = "term_not_in_force"
    en = "This version has no term in force for that class."
    zh = "该版本对此类别没有生效的期限。"


# Decide


def decide(command: Command, state: ScheduleState, act: Act) -> Event:
    """Return the event of a schedule's command, or refuse it."""
    match command:
        case ProposeSchedule():
            return _proposed(command, state, act)
        case ConfirmSchedule(version=version):
            return _confirmed(version, state, act)
        case RetireEvents(of=of, version=version, positions=positions):
            require_term(state, of, version, act.now)
            return EventsRetired(of=of, version=version, positions=positions)
    raise TypeError(command)


def _proposed(command: ProposeSchedule, state: ScheduleState, act: Act) -> ScheduleProposed:
    if act.begins < act.now:
        raise ScheduleLooksBack(tomorrow=(act.today + timedelta(days=1)).isoformat())
    terms, text_zh, text_en = command.terms, command.text_zh, command.text_en
    preset = PRESETS.get(act.id)
    if not terms and preset is not None:
        terms, text_zh, text_en = preset.terms, text_zh or preset.text_zh, text_en or preset.text_en
    if not terms or text_zh is None or text_en is None:
        raise NoPreset(jurisdiction=act.id)
    for at, one in enumerate(terms):
        if one.of in {before.of for before in terms[:at]}:
            raise TermTwice(of=one.of)
    return ScheduleProposed(version=len(state.versions) + 1, terms=terms, text_zh=text_zh, text_en=text_en)


def _confirmed(version: int, state: ScheduleState, act: Act) -> ScheduleConfirmed:
    if not state.versions:
        raise NotFound()
    waiting = next((one for one in state.versions if one.number == version and one.since is None), None)
    if waiting is None:
        raise NotProposed(version=version)
    if act.is_own(waiting.proposer):
        raise OwnSchedule()
    return ScheduleConfirmed(version=version)


def require_term(state: ScheduleState, of: Kept, version: int, at: datetime) -> RetentionTerm:
    """Return the term of a class by a version. Raises NotInForce unless that is the version in force."""
    found = state.term(of, at)
    if found is None or found[0] != version:
        raise NotInForce()
    return found[1]


STREAM = StreamKind(
    "retention-schedule",
    "retention-schedules",
    "rs",
    ScheduleState(),
    decide,
    evolve,
    (ProposeSchedule, ConfirmSchedule, RetireEvents),
    caller_ids=True,
)
