"""Practice: attainment before and after each version of the policy, of goals that lie on one side of it altogether."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import fmean

from ledger.kernel.policy import STANDING
from projections.accountability.acts import Act
from projections.accountability.report import Circumstances, Line
from projections.engine import View
from projections.statistics.breaks import PUBLISHED, Breaks
from projections.statistics.correlations import rounded
from projections.statistics.effects import difference, mean_of
from projections.statistics.figures import Figure
from projections.statistics.gathering import acts

EVERY = "all"


@dataclass(frozen=True, slots=True)
class Change:
    """A version of the policy that took effect on a day, and how far its two sides reach: to its neighbours."""

    act: Act
    day: date
    since: date
    until: date

    def sides(self, figures: Iterable[Figure], cuts: Breaks) -> tuple[list[Figure], list[Figure], int]:
        """Return the figures before it, those after it, and how many are left out: they run through it or a break."""
        before, after, left_out = list[Figure](), list[Figure](), 0
        for one in figures:
            first, last = one.period
            if first < self.since or last >= self.until:
                continue
            broken = any(first < each.day <= self.day or self.day <= each.day <= last for each in cuts.of(one))
            if first < self.day <= last or broken:
                left_out += 1
            else:
                (before if last < self.day else after).append(one)
        return before, after, left_out


def changes(view: View, asked: Circumstances) -> list[Change]:
    """Return the versions of the policy that took effect in the period, in order of time."""
    told = sorted(
        (a for a in acts(view, (PUBLISHED,), asked) if a.id == STANDING), key=lambda a: (a.begins, a.position)
    )
    days = [act.begins.astimezone(asked.zone).date() for act in told]
    edges = [date.min, *days, date.max]
    each = zip(told, days, edges, edges[2:], strict=False)
    return [Change(act, *place) for act, *place in each if asked.since <= act.begins <= asked.last]


def by_practice(figures: Sequence[Figure], found: Sequence[Change], cuts: Breaks, limit: int) -> Iterator[Line]:
    """Yield for each change the attainment of persons and of units before and after it, of all metrics and of each."""
    for change in found:
        for kind in ("person", "unit"):
            of_kind = [one for one in figures if one.owner.startswith(kind)]
            metrics = sorted({one.metric for one in of_kind})
            for metric in (EVERY, *(metrics if len(metrics) > 1 else ())):
                sides = change.sides((f for f in of_kind if metric in (EVERY, f.metric)), cuts)
                if sides[0] and sides[1]:
                    yield _line(change, {"of": metric, "kind": kind}, *sides, limit=limit)


def _line(
    change: Change, of: Mapping[str, str], before: list[Figure], after: list[Figure], left_out: int, *, limit: int
) -> Line:
    first, then = _by_owner(before), _by_owner(after)
    compared = difference(list(then.values()), list(first.values()))
    both = sorted(first.keys() & then.keys())
    own = mean_of([then[owner] - first[owner] for owner in both]) if len(both) >= limit else None
    values: dict[str, object] = {
        "measure": "attainment_by_practice",
        **of,
        "policy": f"{STANDING}@{change.act.data['version']}",
        "day": change.day.isoformat(),
        "n": len(first.keys() | then.keys()),
        "figure": None if compared is None else rounded(compared.value),
        "low": None if compared is None else rounded(compared.low),
        "high": None if compared is None else rounded(compared.high),
        "before": rounded(fmean(first.values())),
        "before_n": len(first),
        "after": rounded(fmean(then.values())),
        "after_n": len(then),
        "own_change": None if own is None else rounded(own.value),
        "own_change_n": None if own is None else own.n,
        "own_change_low": None if own is None else rounded(own.low),
        "own_change_high": None if own is None else rounded(own.high),
        "left_out": left_out,
    }
    about = dict.fromkeys((change.act.stream, *(one.owner for one in (*before, *after))))
    events = {change.act.evidence, *(event for one in (*before, *after) for event in one.events)}
    return Line(tuple(about), values, tuple(sorted(events)), people=min(len(first), len(then)))


def _by_owner(side: Iterable[Figure]) -> Mapping[str, float]:
    """Return owner → the mean of their attainments: who has many goals counts once."""
    found = defaultdict[str, list[float]](list)
    for one in side:
        found[one.owner].append(one.value)
    return {owner: fmean(told) for owner, told in sorted(found.items())}
