"""Metrics: what is measured, in which unit, which way is better; defined once, for a meaning never changes."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from ledger.domain.figures import Direction
from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import Entry, Event
from ledger.kernel.ids import Code, Id, Label, MetricId, UnitId
from ledger.kernel.refusals import (
    AlreadyExists,
    AlreadyRecorded,
    Refusal,
)

UnitOfMeasure = Annotated[str, StringConstraints(pattern=r"^[^\s\x00-\x1f]{1,24}$")]


class Combines(StrEnum):
    """How the values of several owners or intervals make one."""

    SUM = "sum"
    LEVEL = "level"
    RATIO = "ratio"


# Events


class MetricDefined(Event, context="goals"):
    """A metric: its label, unit of measure, which way is better, how values combine and whose measurements count."""

    label: Label
    unit_of_measure: UnitOfMeasure
    direction: Direction
    combines: Combines
    approved_source: Code | None = None
    numerator: MetricId | None = None
    denominator: MetricId | None = None
    unit: UnitId | None = None


# State


@dataclass(frozen=True, slots=True)
class MetricState:
    """A metric as it was defined, once."""

    defined: MetricDefined | None = None

    @property
    def unit(self) -> str | None:
        """Return the unit that the metric belongs to, if any."""
        return None if self.defined is None else self.defined.unit


def evolve_metric(state: MetricState, entry: Entry) -> MetricState:
    """Return the state after `entry`."""
    return MetricState(entry.event) if isinstance(entry.event, MetricDefined) else state


# Commands


class DefineMetric(
    Command, stream="metric", verb="define", by=(By("role:hr_administrator"), By("unit_lead", "unit")), starts=True
):
    """Define a metric; it keeps its meaning for ever, another meaning is another metric."""

    label: Label
    unit_of_measure: UnitOfMeasure
    direction: Direction
    combines: Combines
    approved_source: Code | None = Field(default=None, description="the system whose measurements count")
    numerator: Id | None = Field(default=None, description="for ratios: the metric above the line")
    denominator: Id | None = Field(default=None, description="for ratios: the metric below the line")
    unit: Id | None = Field(default=None, description="the unit that the metric belongs to")


class RatioParts(Refusal):
    """A ratio names the metrics above and below the line, both or neither; nothing else does."""

    code, status = "ratio_parts", 422
    en = "Numerator and denominator go together, and only with a ratio."
    zh = "分子与分母须同时填写，且仅用于比率类指标。"


# Decide


def decide_metric(command: DefineMetric, state: MetricState, act: Act) -> Event:
    """Return MetricDefined; a metric is defined once."""
    if state.defined is not None:
        raise AlreadyRecorded() if act.testimony else AlreadyExists(kind="metric")
    parts = {"numerator": command.numerator, "denominator": command.denominator}
    named = [metric for metric in parts.values() if metric is not None]
    if len(named) == 1 or (named and command.combines is not Combines.RATIO):
        raise RatioParts()
    for name, metric in parts.items():
        act.require_known("metric", metric, field=name)
    act.require_known("unit", command.unit, field="unit")
    return MetricDefined.model_validate(command.own_fields())


STREAM = StreamKind(
    "metric", "metrics", "m", MetricState(), decide_metric, evolve_metric, (DefineMetric,), caller_ids=True
)
