"""Every sealed field of every event, filled with a text of its own about one person or candidate, and recorded.

What is recorded comes from the examples of the domain: each event with what has to have happened before it. It is not
decided anew, for no single course of events holds all of them, but sealed, hashed and appended like any other.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ledger.application import Ledger
from ledger.deciding import Decided, draft
from ledger.kernel.append import Append
from ledger.kernel.event import EVENTS, OWN_STREAM, Authority, Envelope, Event, Subject
from ledger.kernel.holders import Holder
from ledger.kernel.ids import pseudonym, stream_name, uuid7, uuid_text
from tests.domain.examples import EXAMPLES, company
from tests.domain.examples.example import Example

BORN = frozenset({"people.PersonRegistered", "hiring.CandidateRegistered"})  # planted by the commands themselves
OF_NOBODY = frozenset(  # sealed to a subject that is no person: their keys are let go of otherwise
    {
        ("feedback.FeedbackGiven", "author"),
        ("outcomes.SurveyClosed", "rows"),
        ("outcomes.SurveyClosed", "texts"),
        ("outcomes.SurveyOpened", "wording"),
        ("policies.PolicyPublished", "text_en"),
        ("policies.PolicyPublished", "text_zh"),
        ("policies.PolicyReviewed", "note"),
        ("privacy.ScheduleProposed", "text_en"),
        ("privacy.ScheduleProposed", "text_zh"),
    }
)


@dataclass
class Planting:
    """What is planted in one ledger: the two it is about, and field by field the text that went there."""

    person: str
    candidate: str
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    decisions: list[Decided] = field(default_factory=list)

    def planted(self, example: Example) -> Iterator[tuple[str, Event]]:
        """Yield (stream, event) of what went before an example's event on its subject, and of the event itself."""
        subject = example.given(WORLD)
        event = subject.when(example.asked(subject), actor=example.actor).event
        assert event is not None
        own = {"person": self.person, "candidate": self.candidate}.get(example.kind)
        stream = stream_name(example.kind, own or _fresh(example))
        if own is None:
            former = stream_name(example.kind, example.id)
            for entry in subject.history.entries:
                if entry.stream == former and entry.event is not None:
                    yield stream, entry.event
        yield stream, self._filled(event, example.kind)

    def _filled(self, event: Event, kind: str) -> Event:
        kept: dict[str, Any] = {}
        for name, seal in type(event).sealed_fields.items():
            if (event.topic, name) in OF_NOBODY:
                continue
            assert seal.of != OWN_STREAM or kind in {"person", "candidate"}, f"{event.topic} {name}: sealed to whom?"
            if seal.of != OWN_STREAM:
                kept[seal.of] = self._named(event, seal.of)
            text = self.texts[event.topic, name] = f"planted-{len(self.texts):03}-{uuid7().hex()[:20]}"
            kept[name] = _shaped(type(event).model_fields[name].annotation, text)
        fields = {name: getattr(event, name) for name in type(event).model_fields}
        return type(event).model_validate(fields | kept)

    def _named(self, event: Event, name: str) -> object:
        """Return whom a field is to name, in the form that it takes."""
        if isinstance(getattr(event, name), Holder):
            return Holder(kind="person", id=self.person)
        if isinstance(getattr(event, name), Subject):
            return Subject(kind="person", id=self.person)
        return self.candidate if type(event).reference_fields[name] == "candidate" else self.person

    def decided(self, stream: str, event: Event, base: int) -> Decided:
        """Return an event as if it had been decided just now."""
        raw, now = uuid7(), datetime.now(UTC)
        envelope = Envelope(
            event_id=uuid_text(raw),
            effective_at=now,
            begins=now,
            actor=event.hidden_actor() or "system:planting",
            credential="none",
            authority=Authority("test", None, 0),
            source="test",
            correlation=uuid_text(raw),
        )
        return Decided(stream, base, raw, event, envelope, event.subjects(stream))


WORLD = company()


def sealing() -> dict[str, type[Event]]:
    """Return every event of which a field is sealed to a person or candidate, in its current form, by topic."""
    return {
        event.topic: event
        for event in EVENTS
        if any((event.topic, name) not in OF_NOBODY for name in event.sealed_fields)
    }


def plant_everywhere(ledger: Ledger, person: str, candidate: str) -> Planting:
    """Return what to record about the two, one example for each event that seals a text. Blocks on the database."""
    planting = Planting(person, candidate)
    examples = {example.event.topic: example for example in EXAMPLES}
    for topic in sorted(sealing().keys() - BORN):
        for stream, event in planting.planted(examples[topic]):
            base = planting.versions.get(stream)
            if base is None:
                base = len(ledger.reader.events_of(stream))
            planting.versions[stream] = base + 1
            planting.decisions.append(planting.decided(stream, event, base))
    return planting


async def record(ledger: Ledger, decided: list[Decided]) -> None:
    """Seal and append events as they are, all in one transaction."""
    ledger.sealer.keys.ensure(owner for one in decided for owner in one.texts)
    expected: dict[str, int] = {}
    for one in decided:
        expected.setdefault(one.stream, one.base)
    await ledger.writer.append(Append([draft(one, ledger.sealer, ledger.secrets) for one in decided], expected))


def _fresh(example: Example) -> str:
    kind, slash, _rest = example.id.partition("/")
    return f"{kind}/{pseudonym('s')}" if slash else pseudonym("s")


def _shaped(annotation: Any, text: str) -> object:
    """Return a text in the form that a field takes: itself, a tuple of it, or a mapping to it."""
    forms = [annotation, *typing.get_args(annotation)]
    forms += [inner for form in forms for inner in typing.get_args(form)]
    origins = {typing.get_origin(form) for form in forms}
    if dict in origins:
        return {"planted": text}
    return (text,) if tuple in origins else text
