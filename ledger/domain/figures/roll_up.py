"""Roll-up: the figure of the whole from those of its parts; who has none is named, and lowers nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext

from ledger.domain.figures.values import EXACT, FORMULA, ZERO, Figure, Why
from ledger.kernel.policy import RollUp


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a whole: its id, its figure, and its weight where it has one."""

    id: str
    figure: Figure
    weight: Decimal | None = None


@dataclass(frozen=True, slots=True)
class RolledUp:
    """The figure of the whole with how it came about: mode, formula, weights used, and parts missing with why."""

    figure: Figure
    mode: RollUp
    weights: tuple[tuple[str, Decimal], ...]
    missing: tuple[tuple[str, Why], ...]
    formula: str = FORMULA

    @property
    def present(self) -> int:
        """Return how many parts count."""
        return len(self.weights)

    @property
    def parts(self) -> int:
        """Return how many parts there are, as in "2 of 3"."""
        return len(self.weights) + len(self.missing)


def roll_up(parts: Iterable[Part], mode: RollUp) -> RolledUp:
    """Return the figure of the whole, by the policy's mode, whatever the order of the parts.

    The weighted mean leaves out parts without a weight, and says so; a weight of nothing is no weight.
    """
    ordered = sorted(parts, key=lambda part: part.id)
    lacking = {part.id: why for part in ordered if (why := _lacks(part, mode)) is not None}
    present = [part for part in ordered if part.id not in lacking]
    weights = tuple((p.id, p.weight if mode is RollUp.WEIGHTED_MEAN and p.weight else Decimal(1)) for p in present)
    missing = tuple((part.id, lacking[part.id]) for part in ordered if part.id in lacking)
    return RolledUp(_figure(present, weights, mode), mode, weights, missing)


def _lacks(part: Part, mode: RollUp) -> Why | None:
    if part.figure.value is None:
        return part.figure.why or Why.NO_ACTUAL
    return Why.NO_WEIGHT if mode is RollUp.WEIGHTED_MEAN and not part.weight else None


def _figure(present: list[Part], weights: tuple[tuple[str, Decimal], ...], mode: RollUp) -> Figure:
    values = [part.figure.value for part in present if part.figure.value is not None]
    if not values:
        return Figure(why=Why.NOTHING_PRESENT)
    if mode is RollUp.LOWEST:
        return Figure(min(values))
    with localcontext(EXACT):
        weighed = sum((value * weight for value, (_, weight) in zip(values, weights, strict=True)), ZERO)
        return Figure(weighed / sum((weight for _, weight in weights), ZERO))
