"""Judgements on an application: scorecards with what was amended, decisions with dissent, reasons and reversal."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ledger.domain.hiring.applications import (
    AssessmentAmended,
    AssessmentRecorded,
    DissentRecorded,
    HiringDecisionMade,
    HiringDecisionReversed,
    Score,
)
from projections.engine.kept import Line


@dataclass(frozen=True, slots=True)
class Scorecard:
    """One assessor's scorecard: as it was submitted, and as it stands after every amendment, each kept."""

    assessor: str
    submitted: Line
    first: tuple[Score, ...]
    scores: tuple[Score, ...]
    amendments: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class DecisionTold:
    """A decision: who decided what, on which figures, who dissents, and by which entry it was taken back."""

    line: Line
    made: HiringDecisionMade
    dissents: tuple[Line, ...] = ()
    reversed_by: Line | None = None


def scorecards_of(lines: Iterable[Line]) -> tuple[Scorecard, ...]:
    """Return the scorecards in order of submission."""
    found: dict[str, Scorecard] = {}
    for line in lines:
        match line.entry.event:
            case AssessmentRecorded(assessor=assessor, scores=scores):
                found[line.entry.event_id] = Scorecard(assessor, line, scores, scores)
            case AssessmentAmended(entry=entry, scores=scores) if entry in found:
                before = found[entry]
                found[entry] = replace(before, scores=scores, amendments=(*before.amendments, line))
    return tuple(found.values())


def decisions_of(lines: Iterable[Line]) -> tuple[DecisionTold, ...]:
    """Return every decision that was made, in order, also those taken back."""
    found: dict[str, DecisionTold] = {}
    for line in lines:
        match line.entry.event:
            case HiringDecisionMade() as made:
                found[line.entry.event_id] = DecisionTold(line, made)
            case DissentRecorded(decision_entry=entry) if entry in found:
                found[entry] = replace(found[entry], dissents=(*found[entry].dissents, line))
            case HiringDecisionReversed(decision_entry=entry) if entry in found:
                found[entry] = replace(found[entry], reversed_by=line)
    return tuple(found.values())
