"""Metrics: what is measured, in which unit, which way is better; defined once, for a meaning never changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from ledger.domain.figures import Direction, Quantity
from ledger.kernel.annulment import DatedFact, applied, commands_for, decide_annulment, is_annulment, remember
from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import Entry, Event
from ledger.kernel.ids import Code, Id, Label, MetricId, PersonId, UnitId
from ledger.kernel.refusals import (
    AlreadyExists,
    AlreadyRecorded,
    NotFound,
    Refusal,
)
from ledger.kernel.timeline import Change, Timelines

Factor = Annotated[Quantity, Field(gt=0)]
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


class ConversionStated(Event, context="goals", dated=True):
    """From then on one unit of this metric counts as `factor` of another unit of measure, says a named person."""

    to: UnitOfMeasure
    factor: Factor
    stated_by: PersonId


# State


@dataclass(frozen=True, slots=True)
class MetricState:
    """A metric as it was defined, once, and what its unit of measure counts as in others, as timelines."""

    defined: MetricDefined | None = None
    conversions: Timelines[str, Decimal] = field(default_factory=Timelines)
    dated: Mapping[str, str] = field(default_factory=dict)

    def conversions_on(self, at: datetime) -> dict[tuple[str, str], Decimal]:
        """Return (own unit of measure, other) -> factor, as they hold at an instant."""
        if self.defined is None:
            return {}
        return {(self.defined.unit_of_measure, to): factor for to, factor in self.conversions.on(at).items()}

    @property
    def unit(self) -> str | None:
        """Return the unit that the metric belongs to, if any."""
        return None if self.defined is None else self.defined.unit


def evolve_metric(state: MetricState, entry: Entry) -> MetricState:
    """Return the state after `entry`."""
    if is_annulment(entry):
        return replace(state, conversions=applied(state.conversions, entry), dated=remember(state.dated, entry))
    match entry.event:
        case MetricDefined() as defined:
            return replace(state, defined=defined)
        case ConversionStated(to=to, factor=factor):
            change = Change(entry.begins, entry.position, entry.event_id, factor)
            lines = state.conversions.with_change(to, change)
            return replace(state, conversions=lines, dated=remember(state.dated, entry))
    return state


# Commands


_OWNERS = (By("role:hr_administrator"), By("unit_lead", "unit"))


class DefineMetric(Command, stream="metric", verb="define", by=_OWNERS, starts=True):
    """Define a metric; it keeps its meaning for ever, another meaning is another metric."""

    label: Label
    unit_of_measure: UnitOfMeasure
    direction: Direction
    combines: Combines
    approved_source: Code | None = Field(default=None, description="the system whose measurements count")
    numerator: Id | None = Field(default=None, description="for ratios: the metric above the line")
    denominator: Id | None = Field(default=None, description="for ratios: the metric below the line")
    unit: Id | None = Field(default=None, description="the unit that the metric belongs to")


class StateConversion(Command, stream="metric", verb="state-conversion", by=_OWNERS):
    """Say what one unit of this metric counts as in another unit of measure."""

    to: UnitOfMeasure
    factor: Factor


AnnulMetricEntry, RedateMetricEntry = commands_for("metric", _OWNERS)


class SameUnit(Refusal):
    """A unit of measure counts as itself."""

    code, status = "same_unit_of_measure", 422
    en = "The metric has this unit of measure already."
    zh = "该指标本身即采用此计量单位。"


class DoesNotAddUp(Refusal):
    """Only what adds up is counted in another unit of measure."""

    code = "does_not_add_up"
    en = "Values of this metric do not add up, so there is nothing to convert."
    zh = "该指标的数值不可累加，无需换算。"


class RatioParts(Refusal):
    """A ratio names the metrics above and below the line, both or neither; nothing else does."""

    code, status = "ratio_parts", 422
    en = "Numerator and denominator go together, and only with a ratio."
    zh = "分子与分母须同时填写，且仅用于比率类指标。"


# Decide


def decide_metric(command: Command, state: MetricState, act: Act) -> Event:
    """Return the event of a metric's command, or refuse it."""
    if isinstance(command, DefineMetric):
        return _defined(command, state, act)
    if state.defined is None:
        raise NotFound()
    match command:
        case StateConversion():
            return _converted(command, state, state.defined, act)
        case DatedFact():
            return decide_annulment(command, state.dated, act)
    raise TypeError(command)


def _converted(command: StateConversion, state: MetricState, defined: MetricDefined, act: Act) -> Event:
    if command.to == defined.unit_of_measure:
        raise SameUnit()
    if defined.combines is not Combines.SUM:
        raise DoesNotAddUp()
    line = state.conversions[command.to]
    if line.says(act.begins, command.factor) or (act.tells_what_is and line.value_on(act.begins) == command.factor):
        raise AlreadyRecorded()
    return ConversionStated(to=command.to, factor=command.factor, stated_by=act.actor)


def _defined(command: DefineMetric, state: MetricState, act: Act) -> Event:
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


COMMANDS = (DefineMetric, StateConversion, AnnulMetricEntry, RedateMetricEntry)
STREAM = StreamKind("metric", "metrics", "m", MetricState(), decide_metric, evolve_metric, COMMANDS, caller_ids=True)
