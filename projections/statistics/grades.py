"""Grades: the published results of reviews as a series, each grade by its place on the scale that it was given on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from projections.accountability.acts import Act
from projections.accountability.places import People
from projections.accountability.report import Circumstances
from projections.engine import View
from projections.statistics.figures import Figure, inside, one_each
from projections.statistics.gathering import acts

OPENED, PUBLISHED, APPEALED, REOPENED, WITHDRAWN = (
    f"reviews.{name}"
    for name in ("ReviewOpened", "ResultPublished", "AppealDecided", "ReviewReopened", "ReviewWithdrawn")
)
GRADE = "grade on "  # before the code of a scale


@dataclass
class _Review:
    """A review with the result that is published, None while there is none."""

    opened: Act
    result: Act | None = None


def grades(view: View, people: People, asked: Circumstances) -> list[Figure]:
    """Return the grades that are published at the time asked about, of reviews whose period ends within the one asked.

    The lowest grade of a scale is 1. A scale whose grades are changed under its code is another series from then on:
    its name tells the how manieth it is.
    """
    found: dict[str, _Review] = {}
    scales: dict[str, list[Sequence[str]]] = {}
    for act in acts(view, (OPENED, PUBLISHED, APPEALED, REOPENED, WITHDRAWN), asked):
        if act.topic == OPENED:
            found[act.stream] = _Review(act)
            lists = scales.setdefault(act.data["scale"]["code"], [])
            lists += [act.data["scale"]["grades"]] if act.data["scale"]["grades"] not in lists else []
        elif act.stream in found and (act.topic != APPEALED or act.data["outcome"] == "changed"):
            found[act.stream].result = act if act.topic == PUBLISHED else None
    figures = (figure for review in found.values() for figure in _graded(review, scales))
    return one_each(one for one in figures if inside(one.period, asked) and people.has(one.owner))


def _graded(review: _Review, scales: dict[str, list[Sequence[str]]]) -> Iterator[Figure]:
    opened, result = review.opened, review.result
    if result is None or result.data["grade"] not in opened.data["scale"]["grades"]:
        return
    code, order = opened.data["scale"]["code"], opened.data["scale"]["grades"]
    number = scales[code].index(order) + 1
    series = f"{GRADE}{code}" if number == 1 else f"{GRADE}{code} ({number})"
    period = (date.fromisoformat(opened.data["starts_on"]), date.fromisoformat(opened.data["ends_on"]))
    value, events = float(order.index(result.data["grade"]) + 1), (opened.evidence, result.evidence)
    yield Figure(f"person/{opened.about}", series, period, value, False, events, (opened.stream,))
