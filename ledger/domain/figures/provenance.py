"""Provenance: from which entries, by which formula and under which policy a figure came about."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from ledger.domain.figures.pauses import Pause, paused_days
from ledger.domain.figures.values import FORMULA, Actual, Figure


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a figure rests on; the same inputs give the same figure at any later time.

    `pauses` are the days of [starts_on, on] that were taken out of what is expected, and of the days of a band.
    """

    figure: Figure
    policy: str | None
    direction: str
    baseline: Decimal | None
    target: Decimal
    target_entry: str | None  # the entry by which the target was in force
    starts_on: date
    on: date
    actuals: tuple[Actual, ...]
    pauses: tuple[Pause, ...]
    formula: str = FORMULA

    @property
    def paused_days(self) -> int:
        """Return how many days were taken out, each once."""
        return paused_days(self.pauses, starts_on=self.starts_on, until=self.on + timedelta(days=1))

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
            "paused_days": self.paused_days,
            "pauses": [pause_said(pause) for pause in self.pauses],
        }


def pause_said(pause: Pause) -> dict[str, Any]:
    """Return a pause as plain JSON values; of an absence it tells no more than that a policy lets its kind pause."""
    return {
        "starts_on": pause.starts_on.isoformat(),
        "until": None if pause.until is None else pause.until.isoformat(),
        "cause": pause.cause.value,
        "entry": pause.entry,
        "policy": pause.policy,
    }
