"""Annulling and re-dating: entries that point at an earlier dated fact and take it out or move it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from pydantic import StringConstraints

from ledger.kernel.command import Act, By, Command
from ledger.kernel.event import Entry, Event
from ledger.kernel.ids import Id
from ledger.kernel.moments import EffectiveAt, begins
from ledger.kernel.refusals import NotAnnullable
from ledger.kernel.timeline import Change, Timeline, Timelines

Topic = Annotated[str, StringConstraints(pattern=r"^[a-z]+\.[A-Z][A-Za-z]*$")]


class EntryAnnulled(Event, context="entries"):
    """The earlier entry of this stream never held."""

    entry: Id
    entry_topic: Topic


class EntryRedated(Event, context="entries"):
    """The earlier entry of this stream takes effect at another time than it said."""

    entry: Id
    entry_topic: Topic
    new_effective_at: EffectiveAt
    new_begins: EffectiveAt  # the UTC instant at which the new time takes effect


class DatedFact(Command):
    """What the two commands share: which entry they point at."""

    entry: Id


def commands_for(kind: str, by: tuple[By, ...]) -> tuple[type[Command], type[Command]]:
    """Return the commands `annul` and `redate` for streams of one kind, allowed to those named in `by`."""

    class AnnulEntry(DatedFact, stream=kind, verb="annul", by=by):
        """Take a dated fact of this subject out, with a reason."""

    class RedateEntry(DatedFact, stream=kind, verb="redate", by=by):
        """Move a dated fact of this subject to another time, with a reason."""

        new_effective_at: EffectiveAt

    return AnnulEntry, RedateEntry


def decide_annulment(command: DatedFact, dated: Mapping[str, str], act: Act) -> Event:
    """Return the event for an annul or redate command. `dated` maps the ids of live dated entries to their topics."""
    topic = dated.get(command.entry)
    if topic is None:
        raise NotAnnullable()
    moved_to = getattr(command, "new_effective_at", None)
    if moved_to is None:
        return EntryAnnulled(entry=command.entry, entry_topic=topic)
    new_begins = begins(moved_to, act.zone)
    return EntryRedated(entry=command.entry, entry_topic=topic, new_effective_at=moved_to, new_begins=new_begins)


def as_of_then(event: Event, act: Act) -> Act | None:
    """Return the act as if it took effect when a re-dated entry is to: what is moved is judged as if said for then."""
    if not isinstance(event, EntryRedated) or not isinstance(event.new_begins, datetime):
        return None
    return replace(act, effective=event.new_effective_at, begins=event.new_begins)


def pointed_at(lines: Timelines[Any, Any], entry: str) -> Iterator[tuple[Any, Change[Any]]]:
    """Yield the changes that an entry made, each with the key of its timeline."""
    return ((key, change) for key, line in lines.items() for change in line.changes if change.event_id == entry)


def changed(line: Timeline[Any], event: Event) -> Timeline[Any]:
    """Return a timeline as an annulling or re-dating event leaves it."""
    match event:
        case EntryAnnulled(entry=entry):
            return line.without(entry)
        case EntryRedated(entry=entry, new_begins=datetime() as moved_to):
            return line.moved(entry, moved_to)
    return line


def is_annulment(entry: Entry) -> bool:
    """Tell whether the entry annuls or re-dates another."""
    return isinstance(entry.event, EntryAnnulled | EntryRedated)


def applied(lines: Timelines[Any, Any], entry: Entry) -> Timelines[Any, Any]:
    """Return the timelines after an annulling or re-dating entry."""
    if isinstance(entry.event, EntryRedated):
        moved = entry.event.new_begins
        return lines.moved(entry.event.entry, moved) if isinstance(moved, datetime) else lines
    return lines.without(entry.event.entry) if isinstance(entry.event, EntryAnnulled) else lines


def remember(dated: Mapping[str, str], entry: Entry) -> Mapping[str, str]:
    """Return `dated` with the entry added if it is a dated fact, and without the one it annuls."""
    event: Any = entry.event
    if isinstance(event, EntryAnnulled):
        return {k: v for k, v in dated.items() if k != event.entry}
    if event is not None and event.dated:
        return {**dated, entry.event_id: entry.topic}
    return dated
