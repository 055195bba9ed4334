"""Events: facts in past tense, their registry, and the envelope whose bytes are kept and hashed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, get_args

import orjson
from pydantic import BaseModel, ConfigDict

from ledger.kernel.ids import Id, Kind, SubjectOf, stream_name
from ledger.kernel.moments import Effective, effective_text, parse_effective, utc_text

RETIRED = "privacy.EventRetired"  # the topic of what stands where an event's bytes gave way; no event has it
OWN_STREAM = "@"  # as the data subject of a sealed field: the subject of the event's own stream
Upcaster = Callable[[dict[str, Any]], dict[str, Any]]


class Value(BaseModel):
    """A part of an event or command: immutable, unknown fields refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="constants")


@dataclass(frozen=True, slots=True)
class Seal:
    """Marks a field as personal text: sealed to the data subject that the field `of` names, for a retention class."""

    of: str
    retention: str


@dataclass(frozen=True, slots=True)
class LookupBy:
    """Marks a sealed mapping from scheme (handle, employee-number, e-mail …) to value, to find the subject by."""


class Subject(Value):
    """Any subject by kind and id, as in `team` and `compiler`."""

    kind: Kind
    id: Id

    @property
    def key(self) -> str:
        """Return `kind/id`."""
        return stream_name(self.kind, self.id)


def _markers(annotation: Any) -> Iterator[Any]:  # noqa: ANN401  # an annotation may be anything
    """Yield the markers inside an annotation, as in `PersonId | None` or `tuple[UnitId, ...]`."""
    yield from getattr(annotation, "__metadata__", ())
    for part in get_args(annotation):
        yield from _markers(part)


class Event(Value):
    """A fact in past tense, never changed. Declared as ``class GoalAssigned(Event, context="goals")``.

    `dated` events put a change on a timeline and can be annulled or re-dated. A released form never changes:
    a new one raises `version` and registers an upcaster from the one before.
    """

    topic: ClassVar[str] = ""
    schema_version: ClassVar[int] = 1
    dated: ClassVar[bool] = False
    sealed_fields: ClassVar[Mapping[str, Seal]] = {}
    reference_fields: ClassVar[Mapping[str, str]] = {}
    lookup_fields: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(
        cls,
        *,
        context: str = "",
        version: int = 1,
        dated: bool = False,
        **kwargs: Any,  # noqa: ANN401  # passed on to pydantic as it came
    ) -> None:
        super().__init_subclass__(**kwargs)
        cls.topic = f"{context}.{cls.__name__}"
        cls.schema_version, cls.dated = version, dated

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:  # noqa: ANN401  # pydantic's own signature
        """Read the markers of the fields and enter the event into the registry."""
        marks = {n: [*info.metadata, *_markers(info.annotation)] for n, info in cls.model_fields.items()}
        cls.sealed_fields = {n: m for n, ms in marks.items() for m in ms if isinstance(m, Seal)}
        cls.reference_fields = {n: m.kind for n, ms in marks.items() for m in ms if isinstance(m, SubjectOf)}
        cls.lookup_fields = tuple(n for n, ms in marks.items() for m in ms if isinstance(m, LookupBy))
        EVENTS.enter(cls)

    def subjects(self, stream: str) -> tuple[str, ...]:
        """Return the subjects this event is about, own stream's first, drawn from its typed fields."""
        found = [stream, *self._references()]
        return tuple(dict.fromkeys(found))

    def _references(self) -> Iterator[str]:
        for name in type(self).model_fields:
            value = getattr(self, name)
            kind = type(self).reference_fields.get(name)
            for item in value if isinstance(value, tuple) else (value,):
                if isinstance(item, Subject):
                    yield item.key
                elif kind is not None and item is not None:
                    yield stream_name(kind, item)

    def sealed_texts(self, stream: str) -> dict[tuple[str, str], dict[str, Any]]:
        """Return what must be sealed: (data subject, retention class) -> field -> text."""
        parts: dict[tuple[str, str], dict[str, Any]] = {}
        for name, seal in type(self).sealed_fields.items():
            value = getattr(self, name)
            if value is not None:
                parts.setdefault((self._data_subject(seal, stream), seal.retention), {})[name] = value
        return parts

    def _data_subject(self, seal: Seal, stream: str) -> str:
        if seal.of == OWN_STREAM:
            return stream
        value = getattr(self, seal.of)
        return value.key if isinstance(value, Subject) else stream_name(type(self).reference_fields[seal.of], value)

    def hidden_actor(self) -> str | None:
        """Return the pseudonym to stand as actor where whoever acts must not be told, else None."""
        return None

    def lookups(self) -> dict[str, str]:
        """Return the outside identifiers, scheme -> value, under which the own stream's subject is to be found."""
        return {k: v for name in type(self).lookup_fields for k, v in (getattr(self, name) or {}).items()}

    def clear_json(self) -> bytes:
        """Return the encoded clear part: every field but the sealed ones; absent fields are left out."""
        sealed = set(type(self).sealed_fields)
        return self.__pydantic_serializer__.to_json(self, exclude=sealed or None, exclude_none=True)


class Registry:
    """Events by topic, resolved by name and never by import, with the upcasters of their older forms."""

    def __init__(self) -> None:
        self._classes: dict[str, type[Event]] = {}
        self._upcasters: dict[tuple[str, int], Upcaster] = {}

    def enter(self, cls: type[Event]) -> None:
        """Register an event class under its topic; a topic belongs to one class."""
        if cls.topic.startswith("."):
            return
        known = self._classes.setdefault(cls.topic, cls)
        if known.__qualname__ != cls.__qualname__:
            raise TypeError(f"{cls.topic} is registered twice")
        self._classes[cls.topic] = cls

    def upcaster(self, topic: str, from_version: int, upcast: Upcaster) -> None:
        """Register the pure dict → dict step from `from_version` of a topic's data to the next version."""
        self._upcasters[topic, from_version] = upcast

    def get(self, topic: str) -> type[Event] | None:
        """Return the class of a topic, or None for a type this program does not know."""
        return self._classes.get(topic)

    def upcast(self, topic: str, version: int, data: dict[str, Any]) -> dict[str, Any]:
        """Return `data` lifted to the current schema version. Unknown topics pass unchanged."""
        while (step := self._upcasters.get((topic, version))) is not None:
            data, version = step(data), version + 1
        return data

    def __iter__(self) -> Iterator[type[Event]]:
        return iter(sorted(self._classes.values(), key=lambda cls: cls.topic))


EVENTS = Registry()


@dataclass(frozen=True, slots=True)
class Authority:
    """Why the actor was allowed: the basis, through whom or what, and the position at which that was judged."""

    basis: str
    via: str | None
    judged_at: int

    def stored(self) -> dict[str, str | int]:
        """Return the stored form."""
        via = {} if self.via is None else {"via": self.via}
        return {"basis": self.basis, **via, "judged_at": self.judged_at}


@dataclass(frozen=True, slots=True)
class Envelope:
    """Everything an event carries besides its own data; the writer adds position, stream, version and recorded_at."""

    event_id: str
    effective_at: Effective
    begins: datetime  # the UTC instant at which effective_at takes effect, in the zone known when it was recorded
    actor: str
    credential: str
    authority: Authority
    source: str
    correlation: str
    principal: str | None = None
    reason: str | None = None
    cause: str | None = None
    batch: str | None = None
    marks: tuple[str, ...] = ()
    policy: str | None = None  # `<id>@<version>` of the policy in force when it was judged


def encode(envelope: Envelope, event: Event, subjects: tuple[str, ...], sealed: Mapping[str, Any]) -> bytes:
    """Return the remainder of the stored bytes: the encoded envelope without its opening brace.

    Keys stand in this fixed order; absent ones are left out.
    `sealed` maps a part to its subject, class, fields and commitment.
    """
    optional = {
        "principal": envelope.principal,
        "reason": envelope.reason,
        "cause": envelope.cause,
        "batch": envelope.batch,
        "marks": envelope.marks or None,
        "policy": envelope.policy,
    }
    whole = {
        "event_id": envelope.event_id,
        "topic": event.topic,
        "schema": event.schema_version,
        "effective_at": effective_text(envelope.effective_at),
        "begins": utc_text(envelope.begins),
        "actor": envelope.actor,
        "credential": envelope.credential,
        "authority": envelope.authority.stored(),
        "source": envelope.source,
        "correlation": envelope.correlation,
        **{k: v for k, v in optional.items() if v is not None},
        "subjects": subjects,
        "data": orjson.Fragment(event.clear_json()),
        "sealed": dict(sealed),
    }
    return orjson.dumps(whole)[1:]


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as the ledger keeps it.

    `event` is None for a type this program does not know; `data` is always there.
    """

    position: int
    stream: str
    version: int
    recorded_at: datetime
    event_id: str
    topic: str
    schema_version: int
    effective_at: Effective
    begins: datetime
    actor: str
    source: str
    event: Event | None
    data: Mapping[str, Any]
    sealed: Mapping[str, Any] = field(default_factory=dict)
    marks: tuple[str, ...] = ()
    authority: Mapping[str, Any] = field(default_factory=dict)

    @property
    def testimony(self) -> bool:
        """Tell whether this is imported history rather than a live act."""
        return self.source.startswith("import:")


def decode_raw(stored: bytes) -> dict[str, Any]:
    """Return the stored event as a dict with its data lifted to the current schema version: what projections fold."""
    raw: dict[str, Any] = orjson.loads(stored)
    raw["data"] = EVENTS.upcast(raw["topic"], raw["schema"], raw["data"])
    return raw


def decode(stored: bytes) -> Entry:
    """Return the stored event with its typed data. Raises pydantic.ValidationError for data that no schema fits."""
    raw = decode_raw(stored)
    cls = EVENTS.get(raw["topic"])
    return Entry(
        position=raw["position"],
        stream=raw["stream"],
        version=raw["version"],
        recorded_at=datetime.fromisoformat(raw["recorded_at"]),
        event_id=raw["event_id"],
        topic=raw["topic"],
        schema_version=raw["schema"],
        effective_at=parse_effective(raw["effective_at"]),
        begins=datetime.fromisoformat(raw["begins"]),
        actor=raw["actor"],
        source=raw["source"],
        event=None if cls is None else cls.model_validate(raw["data"]),
        data=raw["data"],
        sealed=raw["sealed"],
        marks=tuple(raw.get("marks", ())),
        authority=raw["authority"],
    )
