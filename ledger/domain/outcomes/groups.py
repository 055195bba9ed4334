"""Groups of a survey: none below the limit is shown, and none can be had by taking shown groups from one another.

The groups are disjoint, and each holds at least the limit; so does whatever is put together from them or left between
them. Small units are put into one group; where that is still too small it joins the smallest one that is not.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ledger.domain.outcomes.answers import Figures, Question, QuestionKind, Waiting

GROUP = "@group"  # no question has this code


@dataclass(frozen=True, slots=True)
class Group:
    """Units that are shown together, in the survey's order, and their answers in no order of time."""

    units: tuple[str, ...]
    answers: tuple[Waiting, ...]


def disclosed(collected: Sequence[Waiting], units: Sequence[str], limit: int) -> tuple[Group, ...]:
    """Return the groups that may be shown; none where fewer than `limit` have answered in all."""
    by_unit = {unit: [answer for answer in collected if answer.unit == unit] for unit in units}
    large: dict[tuple[str, ...], list[Waiting]] = {
        (unit,): answers for unit, answers in by_unit.items() if len(answers) >= limit
    }
    small = tuple(unit for unit in units if (unit,) not in large)
    rest = [answer for unit in small for answer in by_unit[unit]]
    if small and len(rest) < limit:
        if not large:
            return ()
        joined = min(large, key=lambda group: (len(large[group]), group))
        rest = large.pop(joined) + rest
        small = tuple(unit for unit in units if unit in {*small, *joined})
    found: dict[tuple[str, ...], list[Waiting]] = {**large, small: rest} if small else dict(large)
    ordered = sorted(found, key=lambda group: units.index(group[0]))
    return tuple(Group(group, tuple(sorted(found[group], key=_own_order))) for group in ordered)


def _own_order(answer: Waiting) -> tuple[str, str]:
    """An order by what was answered, the same in whatever order the answers came."""
    return repr(sorted(answer.coded.items())), repr(sorted(answer.remarks.items()))


def figures_of(answers: Sequence[Waiting], questions: Sequence[Question], limit: int) -> tuple[Figures, ...]:
    """Return for each question, in order, how many of a group answered it and the coded answers counted."""
    return tuple(_figures(answers, question, limit) for question in questions)


def _figures(answers: Sequence[Waiting], question: Question, limit: int) -> Figures:
    answered = _answered(answers, question)
    if answered < limit:
        return Figures()
    counted = Counter(a.coded[question.code] for a in answers if question.code in a.coded)
    return Figures(answered=answered, counts=tuple(counted[answer] for answer in question.possible))


def _answered(answers: Sequence[Waiting], question: Question) -> int:
    return sum(question.code in answer.coded or question.code in answer.remarks for answer in answers)


def rows_of(groups: Sequence[Group], questions: Sequence[Question], limit: int) -> tuple[dict[str, str], ...]:
    """Return one row a person: the group's number under `@group`, and the coded answers that enough others gave too."""
    rows = []
    for number, group in enumerate(groups):
        shown = [q.code for q in questions if _answered(group.answers, q) >= limit]
        for answer in group.answers:
            coded = {code: str(answer.coded[code]) for code in shown if code in answer.coded}
            rows.append({GROUP: str(number), **coded})
    return tuple(sorted(rows, key=lambda row: (int(row[GROUP]), sorted(row.items()))))


def texts_of(groups: Sequence[Group], questions: Sequence[Question], limit: int) -> dict[str, tuple[str, ...]]:
    """Return question → the remarks on it from all groups together, sorted, where enough people made one."""
    found: dict[str, tuple[str, ...]] = {}
    for question in questions:
        remarks = [a.remarks[question.code] for g in groups for a in g.answers if question.code in a.remarks]
        if question.kind is QuestionKind.TEXT and len(remarks) >= limit:
            found[question.code] = tuple(sorted(remarks))
    return found
