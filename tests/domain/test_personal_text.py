"""In the clear stand only codes, numbers, dates and random ids, and the labels of a few kinds of subject."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, get_args, get_origin

import pytest
from pydantic import AfterValidator, BaseModel, StringConstraints

from ledger import domain
from ledger.kernel.event import EVENTS, OWN_STREAM, Event, Seal
from ledger.kernel.ids import check_id, check_kind

CHECKED = {check_id, check_kind}
NOTHING = {None, type(None), Ellipsis}
LABELLED = {
    "people.UnitFormed",
    "people.UnitRenamed",
    "responsibilities.SubjectRegistered",
    "responsibilities.SubjectRenamed",
    "goals.MetricDefined",
    "ledgers.LedgerOpened",
    "policies.PolicyPublished",
    "reviews.CyclePlanned",
    "training.CourseDefined",
}
RELEASED = [event for event in EVENTS if event.__module__.startswith(("ledger.domain", "ledger.kernel"))]


def plain_texts(annotation: Any, metadata: tuple[Any, ...] = ()) -> Iterator[str]:
    """Yield why an annotation can hold free text in the clear; nothing when it can't."""
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        yield from plain_texts(inner, (*metadata, *more))
    elif annotation is str:
        yield from _unbound(metadata)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, info in annotation.model_fields.items():
            yield from (f"{name}: {why}" for why in plain_texts(info.annotation, tuple(info.metadata)))
    elif get_origin(annotation) is Literal or annotation in NOTHING or _is_bound(annotation):
        return
    elif get_args(annotation):
        for part in get_args(annotation):
            yield from plain_texts(part)
    else:
        yield f"{annotation} is of no known kind"


def _is_bound(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Enum | Decimal | int | date | datetime)


def _unbound(metadata: tuple[Any, ...]) -> Iterator[str]:
    bound = [m for m in metadata if isinstance(m, AfterValidator) and m.func in CHECKED]
    patterns = [m for m in metadata if isinstance(m, StringConstraints) and m.pattern is not None]
    patterns += [m for m in metadata if getattr(m, "pattern", None) is not None]
    if not bound and not patterns:
        yield "free text" if not any(isinstance(m, StringConstraints) for m in metadata) else "label"


def faults(event: type[Event]) -> list[str]:
    """Return the clear fields of an event that can hold text which is no code, id or allowed label."""
    found = []
    for name, info in event.model_fields.items():
        if name not in event.sealed_fields:
            found += [f"{event.topic}.{name}: {why}" for why in plain_texts(info.annotation, tuple(info.metadata))]
    allowed = event.topic in LABELLED
    return [fault for fault in found if not (allowed and fault.endswith(": label"))]


@pytest.mark.parametrize("event", RELEASED, ids=lambda event: event.topic)
def test_no_text_about_people_stands_in_the_clear(event: type[Event]):
    assert faults(event) == []


@pytest.mark.parametrize("event", RELEASED, ids=lambda event: event.topic)
def test_sealed_fields_may_be_gone_and_name_a_data_subject(event: type[Event]):
    for name, seal in event.sealed_fields.items():
        assert event.model_fields[name].default is None
        assert seal.of == OWN_STREAM or seal.of in event.model_fields
        assert seal.retention in {
            "identity",
            "performance",
            "feedback",
            "hiring",
            "policy",
            "privacy",
            "author",
            "absence",
            "survey",
            "declared_group",
        }


@pytest.mark.parametrize("event", RELEASED, ids=lambda event: event.topic)
def test_outside_identifiers_are_sealed(event: type[Event]):
    assert set(event.lookup_fields) <= set(event.sealed_fields)


def test_every_context_of_the_domain_is_looked_at():
    assert {e.topic.split(".")[0] for e in RELEASED} >= {"people", "goals", "progress", "feedback", "hiring"}
    assert domain.STREAM_KINDS


class Leaky(Event):
    """An event that is not in the registry, with every kind of leak."""

    remark: str
    names: tuple[str, ...] = ()
    notes: dict[str, Annotated[str, StringConstraints(max_length=9)]]
    kept: Annotated[str | None, Seal(OWN_STREAM, "identity")] = None


def test_the_walk_finds_leaks_of_every_shape():
    assert [fault.split(": ")[0].split(".")[-1] for fault in faults(Leaky)] == ["remark", "names", "notes", "notes"]
