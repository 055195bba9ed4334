"""The duties that still can be answered, by subject and by holder: what rules look into to end and move them."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from ledger.domain.duties import DutyState
from ledger.kernel.event import Subject


class Sight(Protocol):
    """What rules may look up of what has been projected; the service puts it together from its projections."""

    async def live_duties(self) -> tuple[int, list[str]]:
        """Return the ids of the open and lapsed duties, and the position at which this is so."""
        ...

    async def held_by(self, person: str, position: int) -> list[Subject]:
        """Return what a person is accountable for and the goals they own, as known at `position` or later."""
        ...

    async def reviews_in(self, cycle: str, position: int) -> list[Subject]:
        """Return the reviews that were opened in a cycle, as known at `position` or later."""
        ...


class NoSight:
    """Nothing is projected: rules then learn of live duties from the events alone, and see nobody's holdings."""

    async def live_duties(self) -> tuple[int, list[str]]:
        """Return that nothing is known before the first event."""
        return 0, []

    async def held_by(self, person: str, position: int) -> list[Subject]:
        """Return nothing."""
        return []

    async def reviews_in(self, cycle: str, position: int) -> list[Subject]:
        """Return nothing."""
        return []


class LiveDuties:
    """The states of live duties in memory."""

    def __init__(self) -> None:
        self._states: dict[str, DutyState] = {}
        self._by_subject: dict[str, dict[str, None]] = {}
        self._by_cause: dict[str, dict[str, None]] = {}

    def put(self, id: str, state: DutyState) -> None:
        """Take the state of a duty as it stands; one that has ended is forgotten."""
        if state.opened is None:
            return
        places = ((self._by_subject, state.opened.subject.key), (self._by_cause, state.opened.cause))
        if state.is_live:
            self._states[id] = state
            for index, key in places:
                index.setdefault(key, {})[id] = None
        elif self._states.pop(id, None) is not None:
            for index, key in places:
                del index[key][id]
                if not index[key]:
                    del index[key]

    def about(self, subject: str, kinds: Iterable[str] | None = None) -> Iterator[tuple[str, DutyState]]:
        """Yield the live duties about a subject, of these kinds or of any."""
        wanted = None if kinds is None else frozenset(kinds)
        for id in tuple(self._by_subject.get(subject, ())):
            state = self._states[id]
            if wanted is None or (state.opened is not None and state.opened.kind in wanted):
                yield id, state

    def caused_by(self, entry: str) -> list[str]:
        """Return the live duties that an entry opened."""
        return list(self._by_cause.get(entry, ()))

    def above(self, id: str, subject: str) -> Iterator[tuple[str, DutyState]]:
        """Yield the live duties that were escalated from a duty about a subject, and from those."""
        for other, state in self.about(subject):
            if state.opened is not None and state.opened.escalates == id:
                yield other, state
                yield from self.above(other, subject)

    def get(self, id: str) -> DutyState | None:
        """Return a live duty."""
        return self._states.get(id)

    def ids(self) -> list[str]:
        """Return the ids of all live duties."""
        return list(self._states)

    def __len__(self) -> int:
        return len(self._states)
