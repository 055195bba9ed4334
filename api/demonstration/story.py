"""The story as data: who does what when, in lines that chapters add and that are played in order of time."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby

from api.demonstration.calendar import ZONE
from ledger.domain import STREAM_KINDS
from ledger.kernel.ids import pseudonym

BETWEEN_ACTS = timedelta(minutes=3)  # what one person needs for one act
_KINDS = {kind.plural: kind for kind in STREAM_KINDS.values()}


@dataclass(frozen=True, slots=True)
class EntryOf:
    """Stands for the event id of the line that was `called` so."""

    called: str


@dataclass(frozen=True, slots=True)
class OfferOf:
    """Stands for the offer that the line `called` so has made."""

    called: str


@dataclass(frozen=True, slots=True)
class ContentOf:
    """Stands for the content hash in the event of the line that was `called` so."""

    called: str


@dataclass(frozen=True, slots=True)
class DutyOf:
    """Stands for the live duty of a kind that a person (by nickname) holds about a subject (`kind/id`)."""

    holder: str
    kind: str
    about: str


@dataclass(frozen=True, slots=True)
class Line:
    """One act: when, by whom (a nickname or `system:<name>`), which command to which stream. `fields` are its body.

    `refused` is the code of the refusal that the act is to meet; `principal` the nickname of whose place is taken.
    """

    at: datetime
    actor: str
    plural: str
    verb: str
    id: str | DutyOf
    fields: Mapping[str, object]
    called: str | None = None
    batch: str | None = None
    refused: str | None = None
    principal: str | None = None

    @property
    def kind(self) -> str:
        """Return the kind of the stream."""
        return _KINDS[self.plural].kind

    @property
    def command(self) -> tuple[str, str]:
        """Return the command's name in the registry."""
        return self.plural, self.verb


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody goes through their list of duties: sees what is new and, with `talks`, speaks about what deviates."""

    at: datetime
    actor: str
    talks: bool


class Story:
    """Collects lines. People, goals and the like are named within the story; their ids are drawn at random."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._looks: list[Look] = []
        self._ids: dict[tuple[str, str], str] = {}
        self._busy: Counter[tuple[str, date, int]] = Counter()

    def id(self, kind: str, name: str) -> str:
        """Return the id of what the story calls `name`, drawn at its first mention."""
        key = (kind, name)
        if key not in self._ids:
            self._ids[key] = pseudonym(STREAM_KINDS[kind].prefix)
        return self._ids[key]

    def person(self, nick: str) -> str:
        """Return the id of a person."""
        return self.id("person", nick)

    def holder(self, nick: str) -> dict[str, str]:
        """Return a person as the holder of a responsibility or the owner of a goal."""
        return {"kind": "person", "id": self.person(nick)}

    def add(self, day: date, hour: int, actor: str, path: str, id: str, /, **fields: object) -> None:
        """Add an act; `path` is `plural/verb`. Acts of one person within an hour follow each other by minutes."""
        self.add_called(None, day, hour, actor, path, id, **fields)

    def add_called(
        self, called: str | None, day: date, hour: int, actor: str, path: str, id: str, /, **fields: object
    ) -> None:
        """Add an act to whose event later ones refer by the name `called`."""
        self._add(self._next_free(actor, day, hour), actor, path, id, fields, called=called)

    def add_refused(self, code: str, day: date, hour: int, actor: str, path: str, id: str, /, **fields: object) -> None:
        """Add an attempt that the ledger refuses with this code."""
        self._add(self._next_free(actor, day, hour), actor, path, id, fields, refused=code)

    def add_for(
        self, principal: str, day: date, hour: int, actor: str, path: str, id: str, /, **fields: object
    ) -> None:
        """Add an act in the place of another, who has let the actor act for them."""
        self._add(self._next_free(actor, day, hour), actor, path, id, fields, principal=principal)

    def add_duty(self, day: date, hour: int, actor: str, verb: str, duty: DutyOf, /, **fields: object) -> None:
        """Add an act on a duty that the rules have opened by then."""
        self._add(self._next_free(actor, day, hour), actor, f"duties/{verb}", duty, fields)

    def add_at(
        self, at: datetime, actor: str, path: str, id: str, /, *, called: str | None = None, **fields: object
    ) -> None:
        """Add an act at an exact time, which is that of its own."""
        self._add(at, actor, path, id, fields, called=called)

    def add_to_batch(
        self, batch: str, day: date, hour: int, actor: str, path: str, id: str, /, **fields: object
    ) -> None:
        """Add an act that is recorded together with the others of its batch: they need the same day and hour."""
        self._add(datetime.combine(day, time(hour), ZONE), actor, path, id, fields, batch=batch)

    def add_look(self, day: date, hour: int, actor: str, *, talks: bool) -> None:
        """Let somebody go through their list of duties."""
        self._looks.append(Look(datetime.combine(day, time(hour), ZONE), actor, talks))

    def _next_free(self, actor: str, day: date, hour: int) -> datetime:
        at = datetime.combine(day, time(hour), ZONE) + BETWEEN_ACTS * self._busy[actor, day, hour]
        self._busy[actor, day, hour] += 1
        return at

    def _add(
        self,
        at: datetime,
        actor: str,
        path: str,
        id: str | DutyOf,
        fields: Mapping[str, object],
        *,
        called: str | None = None,
        batch: str | None = None,
        refused: str | None = None,
        principal: str | None = None,
    ) -> None:
        plural, verb = path.split("/")
        self._lines.append(Line(at, actor, plural, verb, id, fields, called, batch, refused, principal))

    def moments(self) -> Iterator[tuple[datetime, list[Line]]]:
        """Yield the lines by moment, in order; those of one moment are independent of each other but for batches."""
        ordered = sorted(self._lines, key=lambda line: line.at)
        for at, lines in groupby(ordered, key=lambda line: line.at):
            yield at, list(lines)

    def looks(self) -> list[Look]:
        """Return who goes through their list of duties when, in order of time."""
        return sorted(self._looks, key=lambda look: look.at)

    def __len__(self) -> int:
        return len(self._lines)
