"""Surveyed: what closed surveys say to the questions that the policy names, as far as their groups may be shown."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from projections.accountability.acts import Act
from projections.accountability.places import People
from projections.accountability.report import SMALL_GROUP, Circumstances, Line, Missing
from projections.engine import View
from projections.statistics.correlations import rounded
from projections.statistics.gathering import acts

OPENED, CLOSED = "outcomes.SurveyOpened", "outcomes.SurveyClosed"


@dataclass(frozen=True, slots=True)
class _Counted:
    """How often each value of a scale was given in some units."""

    units: tuple[str, ...]
    counts: tuple[int, ...]


def surveyed(view: View, people: People, asked: Circumstances) -> Iterator[Line | Missing]:
    """Yield a line for each survey closed in the period and question on a scale that the policy names.

    Before it a group of units by itself where there are several; what was withheld when the survey closed stays so.
    """
    opened = {act.stream: act for act in acts(view, (OPENED,), asked)}
    for closed in acts(view, (CLOSED,), asked):
        if asked.since <= closed.begins <= asked.last and closed.stream in opened:
            for place, question in enumerate(opened[closed.stream].data["questions"]):
                if question["code"] in asked.terms.system_questions and question["kind"] == "scale":
                    yield from _question(opened[closed.stream], closed, question, place, people)


def _question(
    opened: Act, closed: Act, question: Mapping[str, Any], place: int, people: People
) -> Iterator[Line | Missing]:
    groups = [one for one in closed.data.get("groups", ()) if all(people.has(f"unit/{unit}") for unit in one["units"])]
    told = [(one, one["figures"][place]) for one in groups]
    shown = [_Counted(tuple(one["units"]), tuple(f["counts"])) for one, f in told if f.get("answered") is not None]
    if len(shown) < len(groups) or closed.data.get("withheld"):
        yield Missing(SMALL_GROUP, (closed.stream,))
    for one in shown if len(shown) > 1 else ():
        yield _line(opened, closed, question, one, ", ".join(one.units))
    if shown:
        units = tuple(unit for one in shown for unit in one.units)
        yield _line(opened, closed, question, _Counted(units, _sum([one.counts for one in shown])), "all")


def _sum(counts: Sequence[Sequence[int]]) -> tuple[int, ...]:
    return tuple(sum(column) for column in zip(*counts, strict=True))


def _line(opened: Act, closed: Act, question: Mapping[str, Any], told: _Counted, of: str) -> Line:
    values = range(question["lowest"], question["highest"] + 1)
    answered = sum(told.counts)
    mean = sum(value * times for value, times in zip(values, told.counts, strict=True)) / answered if answered else None
    said: dict[str, object] = {
        "measure": f"survey_{question['code']}",
        "of": of,
        "n": answered,
        "figure": rounded(mean),
        "lowest": values[0],
        "highest": values[-1],
        "counts": list(told.counts),
    }
    about = (closed.stream, *(f"unit/{unit}" for unit in told.units))
    return Line(about, said, (opened.evidence, closed.evidence), people=answered)
