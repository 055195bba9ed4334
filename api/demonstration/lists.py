"""Lists: what each person has to do while the year is lived, and what the diligent do about it."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from ledger.domain.duties import DutyOpened, DutySeen, DutyTransferred
from ledger.domain.feedback.coaching import HoldCoaching
from ledger.kernel.command import Command
from ledger.kernel.event import Entry
from ledger.kernel.ids import pseudonym, split_stream
from ledger.rules import Kind

Act = tuple[str, str, Command]  # kind of stream, id, command
ENDED = frozenset({"duties.DutyDischarged", "duties.DutyExcused", "duties.DutyVoided"})


@dataclass(frozen=True, slots=True)
class Owed:
    """A live duty: who holds it, and who of those that have held it has seen it."""

    id: str
    opened: DutyOpened
    holder: str | None
    seen_by: frozenset[str] = frozenset()

    @property
    def is_new(self) -> bool:
        """Tell whether the holder has not seen it."""
        return self.holder not in self.seen_by


class Lists:
    """The live duties, kept from the entries that `take` is given."""

    def __init__(self) -> None:
        self._owed: dict[str, Owed] = {}
        self._opened: dict[str, DutyOpened] = {}  # also those that have ended

    def take(self, entry: Entry) -> None:
        """Take an entry in, as the ledger has recorded it."""
        kind, id = split_stream(entry.stream)
        if kind != "duty":
            return
        if isinstance(entry.event, DutyOpened):
            self._owed[id] = Owed(id, entry.event, entry.event.holder)
            self._opened[id] = entry.event
        elif entry.topic in ENDED:
            self._owed.pop(id, None)
        elif id in self._owed:
            self._owed[id] = _changed(self._owed[id], entry)

    def of(self, holder: str) -> Iterator[Owed]:
        """Yield what a person has to do."""
        return (owed for owed in tuple(self._owed.values()) if owed.holder == holder)

    def find(self, holder: str, kind: str, about: str) -> str:
        """Return the duty of a kind that a person holds about a subject. Raises LookupError where there is none."""
        for owed in self.of(holder):
            if (owed.opened.kind, owed.opened.subject.key) == (kind, about):
                return owed.id
        raise LookupError(f"nobody holds {kind} about {about}")

    def first(self, owed: Owed) -> tuple[DutyOpened, int]:
        """Return the duty at the bottom, and over how many steps it has come up."""
        duty, steps = owed.opened, 0
        while duty.escalates is not None:
            duty, steps = self._opened[duty.escalates], steps + 1
        return duty, steps


def _changed(owed: Owed, entry: Entry) -> Owed:
    match entry.event:
        case DutySeen(holder=holder):
            return replace(owed, seen_by=owed.seen_by | {holder})
        case DutyTransferred(taker=taker):
            return replace(owed, holder=taker)
    return owed


def talks_owed(lists: Lists, holder: str, present: Collection[str], *, steps_in: bool) -> Iterator[Act]:
    """Yield the conversations owed with whom is present about goals off their path.

    With `steps_in` also those that the lead below did not hold; what has come up further nobody answers.
    """
    goals: dict[str, list[str]] = {}
    for owed in lists.of(holder):
        first, steps = lists.first(owed)
        below = steps == 1 and steps_in
        if first.of.id not in present or not (steps == 0 or below):
            continue
        if first.kind == Kind.TALK_ABOUT_DEVIATION:
            goals.setdefault(first.of.id, []).append(first.subject.id)
        elif first.kind == Kind.COACH and below:
            goals.setdefault(first.of.id, [])
    for person, about in goals.items():
        yield "coaching", pseudonym("h"), HoldCoaching(person=person, goals=tuple(about))
