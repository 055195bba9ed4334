"""Objections to lines of reports: who contested which line, and what was answered."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from projections.accountability import acts
from projections.accountability.acts import Act
from projections.accountability.report import Circumstances, Line, Report
from projections.engine import View

CONTESTED, ANSWERED = "findings.FindingContested", "findings.FindingAnswered"
ALWAYS = (datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Objection:
    """An objection to a line, with its answers in order."""

    contested: Act
    answers: tuple[Act, ...]

    @property
    def outcome(self) -> str | None:
        """Return what was answered last, None while nothing is."""
        return str(self.answers[-1].data["outcome"]) if self.answers else None

    def is_to(self, line: Line) -> bool:
        """Tell whether it is to this line: about one of its subjects and, if it names events, on one of them."""
        about, entries = self.contested.data["about"], self.contested.data.get("entries") or ()
        if f"{about['kind']}/{about['id']}" not in line.about:
            return False
        return not entries or bool({event.event_id for event in line.events} & set(entries))


def objections_to(view: View, report: Report, asked: Circumstances) -> list[Objection]:
    """Return the objections to lines of a report that were recorded up to what is known, in order."""
    period = {"since": ALWAYS[0], "until": ALWAYS[1], "known": asked.known, "topics": [CONTESTED]}
    contested = [act for act in acts.read_acts(view, period, asked.known) if act.data["report"] == report.name]
    answers = acts.of_streams(view, [act.stream for act in contested], [ANSWERED], asked.known)
    return [Objection(act, _of(act, answers)) for act in contested]


def _of(contested: Act, answers: Iterable[Act]) -> tuple[Act, ...]:
    return tuple(act for act in answers if act.stream == contested.stream)
