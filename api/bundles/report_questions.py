"""What a report was asked, as it stands in a bundle, and what the report says to it on given events."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from api.bundles.answers import Fields
from api.bundles.scratch import scratch_views, versions_of
from api.reporting import found_json, found_on, read_by
from ledger.domain.policies.publishing import PolicyState
from ledger.kernel.event import decode
from ledger.kernel.ids import stream_name
from ledger.kernel.moments import utc_text
from ledger.kernel.policy import STANDING
from ledger.states import Versioned, evolved, initial_state
from projections.accountability.report import Attempt, Circumstances, Happened, Report, Source
from projections.engine.projection import Connection
from projections.reports import REPORTS

ASK = "report"
LANGUAGES = ("zh", "en")
POLICIES = stream_name("policy", STANDING)
Raw = Mapping[str, Any]  # a stored event as JSON


class SealedAway(LookupError):
    """A report opens sealed parts, which its bundle does not: it can't be found again from the events alone."""


def _sealed_away(event_ids: Sequence[str]) -> dict[str, dict[str, object]]:
    if event_ids:
        raise SealedAway(event_ids[0])
    return {}


@dataclass(frozen=True, slots=True)
class ReportQuestion:
    """A report, and the circumstances it was asked under; all but `attempts` can be held against the events.

    `recorded`: the positions between which lies what was recorded in the period. `attempts`: the refused ones that
    the answer tells of. They are no events, so that they are the word of whoever made the bundle.
    """

    report: str
    zone: str
    on: datetime
    known: int
    since: datetime
    until: datetime
    recorded: tuple[int, int]
    unit: str | None = None
    subject: str | None = None
    event: str | None = None
    than_on: datetime | None = None
    than_known: int | None = None
    attempts: tuple[Attempt, ...] = ()

    @classmethod
    def of(cls, report: Report, told: Circumstances, attempts: Iterable[Attempt]) -> "ReportQuestion":
        """Return what was asked."""
        event = None if told.event is None else told.event.source.event_id
        return cls(
            report.name,
            told.zone.key,
            told.on,
            told.known,
            told.since,
            told.until,
            told.recorded,
            told.unit,
            told.subject,
            event,
            told.than_on,
            told.than_known,
            tuple(attempts),
        )

    def as_json(self) -> Fields:
        """Return it as it stands in the bundle."""
        said = {name: _said(value) for name, value in asdict(self).items() if value not in (None, ())}
        return {"ask": ASK, **said}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> "ReportQuestion":
        """Read it. Raises ValueError, KeyError or TypeError for anything else."""
        given = {name: value for name, value in said.items() if name != "ask"}
        for name in ("on", "since", "until", "than_on"):
            if name in given:
                given[name] = datetime.fromisoformat(given[name])
        first, last = given["recorded"]
        attempts = (Attempt(**{**one, "at": datetime.fromisoformat(one["at"])}) for one in given.get("attempts", ()))
        return cls(**{**given, "recorded": (int(first), int(last)), "attempts": tuple(attempts)})

    @property
    def chosen(self) -> Report:
        """Return the report. Raises KeyError for a name that this program does not know."""
        return REPORTS[self.report]

    def formulas(self) -> dict[str, str]:
        """Return by which versions this program answers it: the report's, and those of the projections it reads."""
        chosen = self.chosen
        return {ASK: f"{chosen.name}@{chosen.version}", "projections": versions_of(read_by(chosen))}

    def answered(self, connection: Connection, events: Iterable[bytes], position: int) -> Fields:
        """Return the report's answer on these events alone, all of its lines; they come in order of position.

        Raises KeyError for a report, or an event asked about, that is not there, SealedAway, and BadEvents.
        """
        chosen, noted = self.chosen, _Noted(self)
        with scratch_views(connection, events, position, read_by(chosen), noted.see) as views:
            found = found_on(views, chosen, self._circumstances(noted), cast("PolicyState", noted.policies.state))
            answer = found_json(chosen, found, found.answer.lines)
        return as_answer(chosen, self, answer, position)

    def _circumstances(self, noted: "_Noted") -> Circumstances:
        if self.event is not None and noted.happened is None:
            raise KeyError(self.event)
        return Circumstances(
            on=self.on,
            known=self.known,
            since=self.since,
            until=self.until,
            zone=ZoneInfo(self.zone),
            unit=self.unit,
            recorded=self.recorded,
            subject=self.subject,
            event=noted.happened,
            than_on=self.than_on,
            than_known=self.than_known,
            refused=self.attempts,
            opened=_sealed_away,
        )


class _Noted:
    """What a report needs of the events besides its projections: the policies, and the event that is asked about."""

    def __init__(self, asked: ReportQuestion) -> None:
        self._asked = asked
        self.policies = Versioned(0, initial_state(POLICIES))
        self.happened: Happened | None = None

    def see(self, raw: Raw, stored: bytes) -> None:
        """Take an event."""
        if raw["stream"] == POLICIES and raw["position"] <= self._asked.known:
            self.policies = evolved(POLICIES, self.policies, decode(stored))
        if raw["event_id"] == self._asked.event:
            subjects = tuple(dict.fromkeys((raw["stream"], *raw["subjects"])))
            source = Source(raw["position"], raw["event_id"])
            self.happened = Happened(source, datetime.fromisoformat(raw["begins"]), subjects)


def as_answer(chosen: Report, question: ReportQuestion, found: Fields, position: int) -> Fields:
    """Return what stands in the bundle as the answer, as JSON holds it; its words are in both languages."""
    answer = {
        "report": chosen.name,
        "formula": f"{chosen.name}@{chosen.version}",
        "question": {language: chosen.asks(language) for language in LANGUAGES},
        "definition": {language: chosen.defines(language) for language in LANGUAGES},
        "on": utc_text(question.on),
        **found,
        "position": position,
    }
    return cast("Fields", json.loads(json.dumps(answer)))


def _said(value: object) -> object:
    match value:
        case datetime():
            return utc_text(value)
        case dict():
            return {name: _said(one) for name, one in value.items()}
        case list() | tuple():
            return [_said(one) for one in value]
    return value


def attempts_in(answer: Mapping[str, Any]) -> set[int]:
    """Return the numbers of the refused attempts that an answer tells of."""
    numbers = (line.get("attempt") for line in answer["lines"])
    return {number for number in numbers if isinstance(number, int)}


def differing(said: Mapping[str, Any], again: Mapping[str, Any]) -> list[str]:
    """Return the names of what differs between two answers."""
    return sorted(name for name in {*said, *again} if said.get(name) != again.get(name))


def is_part_of(said: Mapping[str, Any], again: Mapping[str, Any]) -> bool:
    """Tell whether an answer is another one, perhaps without some lines: what a caller may see of it."""
    listed = ("lines", "missing")
    if any(said.get(name) != again.get(name) for name in {*said, *again} - set(listed)):
        return False
    return all(one in again[name] for name in listed for one in said[name])
