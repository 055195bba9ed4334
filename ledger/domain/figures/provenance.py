"""Provenance: from which entries, by which formula and under which policy a figure came about."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from ledger.domain.figures.values import FORMULA, Actual, Figure


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a figure rests on; the same inputs give the same figure at any later time."""

    figure: Figure
    policy: str | None
    direction: str
    baseline: Decimal | None
    target: Decimal
    target_entry: str | None  # the entry by which the target was in force
    on: date
    actuals: tuple[Actual, ...]
    formula: str = FORMULA

    def said(self) -> dict[str, Any]:
        """Return it as plain JSON values; decimals as text."""
        return {
            "value": None if self.figure.value is None else str(self.figure.value),
            "why": None if self.figure.why is None else self.figure.why.value,
            "formula": self.formula,
            "policy": self.policy,
            "direction": self.direction,
            "baseline": None if self.baseline is None else str(self.baseline),
            "target": str(self.target),
            "target_entry": self.target_entry,
            "on": self.on.isoformat(),
            "actuals": [
                {"value": str(a.value), "day": a.day.isoformat(), "entry": a.entry, "origin": a.origin}
                for a in self.actuals
            ],
        }
