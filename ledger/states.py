"""States of streams, folded from their events and kept current in memory while commands are decided."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ledger.domain import STREAM_KINDS
from ledger.kernel.event import RETIRED, Entry, decode
from ledger.kernel.ids import split_stream
from ledger.naming import NOBODY, Named, is_naming, load_namings, namings_of
from ledger.store.reader import Reader

CACHED_STREAMS = 50_000


@dataclass(frozen=True, slots=True)
class Versioned:
    """A stream's state at a version; version 0 is a stream without events."""

    version: int
    state: Any
    retired: bool = False  # the events gave way to their leaf hashes: there is a version, and nothing more


class NotLoaded(Exception):
    """A decision asked for a stream that is not in memory: load it, then decide again."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.stream = stream


class States(Protocol):
    """Where decisions find states."""

    position: int

    def get(self, stream: str) -> Versioned:
        """Return the state of a stream. Raises NotLoaded."""
        ...


def initial_state(stream: str) -> Any:  # noqa: ANN401  # each kind of stream has a state of its own
    """Return the state of a stream without events; None for kinds that no context declares."""
    if is_naming(stream):
        return NOBODY
    kind = STREAM_KINDS.get(split_stream(stream)[0])
    return None if kind is None else kind.initial


def evolved(stream: str, versioned: Versioned, entry: Entry) -> Versioned:
    """Return the state after one more entry."""
    kind = STREAM_KINDS.get(split_stream(stream)[0])
    state = versioned.state if kind is None else kind.evolve(versioned.state, entry)
    return Versioned(entry.version, state, versioned.retired or entry.topic == RETIRED)


def named(known: Versioned, entry: Entry) -> Versioned:
    """Return the set of streams that name a subject after one more entry; its version is a position."""
    streams = known.state.streams | {entry.stream}
    return Versioned(max(known.version, entry.position), Named(streams, known.state.turn))


class StateCache:
    """The states of recently used streams, current up to `position`.

    Entries are applied in any order: one that is known is passed over, one that leaves a gap drops the stream.
    """

    def __init__(self, position: int, noticed: Callable[[Entry], None] = lambda entry: None) -> None:
        self.position, self._noticed = position, noticed
        self._states: OrderedDict[str, Versioned] = OrderedDict()
        self._seen: dict[str, int] = {}  # the latest version seen of streams that were not in memory then
        self._ahead: dict[int, int] = {}  # runs of own positions beyond `position`: first -> last

    def get(self, stream: str) -> Versioned:
        """Return the state of a stream. Raises NotLoaded."""
        found = self._states.get(stream)
        if found is None:
            raise NotLoaded(stream)
        self._states.move_to_end(stream)
        return found

    def put(self, stream: str, loaded: Versioned) -> bool:
        """Keep a loaded state; False when a later event was seen since, so that it must be read again."""
        if loaded.version < self._seen.get(stream, 0):
            return False
        self._states[stream] = loaded
        if len(self._states) > CACHED_STREAMS:
            self._states.popitem(last=False)
        return True

    def knows(self, stream: str) -> bool:
        """Tell whether the stream is in memory."""
        return stream in self._states

    def begin(self, stream: str) -> None:
        """Keep the state of a stream that can't have events yet, because its id has just been drawn."""
        self._states.setdefault(stream, Versioned(0, initial_state(stream)))

    def took(self, turns: Mapping[str, int]) -> None:
        """Say that these turns were taken by what this process has recorded."""
        for name, turn in turns.items():
            known = self._states.get(name)
            if known is not None and known.state.turn == turn:
                self._states[name] = Versioned(known.version, Named(known.state.streams, turn + 1))

    def drop(self, stream: str) -> None:
        """Forget a stream, to be read again."""
        self._states.pop(stream, None)

    def drop_all(self) -> None:
        """Forget every stream: entries of this process still hold texts that were sealed."""
        for stream, known in self._states.items():
            self._remember(stream, known.version)
        self._states.clear()

    def apply(self, entry: Entry) -> None:
        """Fold an entry into its stream's state if that is in memory."""
        self._noticed(entry)
        for naming in namings_of(entry):
            self._name(naming, entry)
        known = self._states.get(entry.stream)
        if known is None:
            self._remember(entry.stream, entry.version)
        elif entry.version == known.version + 1:
            self._states[entry.stream] = evolved(entry.stream, known, entry)
        elif entry.version > known.version:
            self.drop(entry.stream)
            self._remember(entry.stream, entry.version)

    def covers(self, first: int, last: int) -> None:
        """Say that the entries of these positions have been applied."""
        self._ahead[first] = last
        while (end := self._ahead.pop(self.position + 1, None)) is not None:
            self.position = end

    def caught_up(self, position: int) -> None:
        """Say that all entries up to `position` have been applied."""
        self.position = max(self.position, position)
        self._ahead = {first: last for first, last in self._ahead.items() if last > self.position}

    def _name(self, naming: str, entry: Entry) -> None:
        known = self._states.get(naming)
        if known is None:
            self._remember(naming, entry.position)
        else:
            self._states[naming] = named(known, entry)

    def _remember(self, stream: str, version: int) -> None:
        self._seen[stream] = max(version, self._seen.get(stream, 0))
        if len(self._seen) > CACHED_STREAMS:
            self._seen.pop(next(iter(self._seen)))


class Tentative:
    """States as they would be after decisions of a batch that are not recorded yet."""

    def __init__(self, base: States) -> None:
        self._base = base
        self._changed: dict[str, Versioned] = {}
        self._named: dict[str, list[Entry]] = {}  # set of streams -> the entries that add to it
        self.position = base.position

    def get(self, stream: str) -> Versioned:
        """Return the tentative state, or the recorded one. Raises NotLoaded."""
        found = self._changed.get(stream) or self._base.get(stream)
        for entry in self._named.get(stream, ()):
            found = named(found, entry)
        return found

    def apply(self, entry: Entry) -> None:
        """Fold a decided entry in."""
        for naming in namings_of(entry):
            self._named.setdefault(naming, []).append(entry)
        self._changed[entry.stream] = evolved(entry.stream, self.get(entry.stream), entry)
        self.position = max(self.position, entry.position)


def load(reader: Reader, streams: Sequence[str]) -> dict[str, Versioned]:
    """Return the states of streams, folded from their stored events. Blocks on the database."""
    own = [stream for stream in streams if not is_naming(stream)]
    found = {stream: _folded(stream, stored) for stream, stored in reader.events_of_all(own).items()} if own else {}
    if len(own) < len(streams):
        sets = load_namings(reader, filter(is_naming, streams))
        found.update({naming: Versioned(*loaded) for naming, loaded in sets.items()})
    return found


def state_known(reader: Reader, stream: str, known: int | None) -> Any:  # noqa: ANN401  # each kind has its own
    """Return the state of a stream as it was known at a position, or as it is for None. Blocks on the database."""
    current = Versioned(0, initial_state(stream))
    for entry in map(decode, reader.events_of(stream)):
        if known is not None and entry.position > known:
            break
        current = evolved(stream, current, entry)
    return current.state


def _folded(stream: str, stored: list[bytes]) -> Versioned:
    current = Versioned(0, initial_state(stream))
    for one in stored:
        current = evolved(stream, current, decode(one))
    return current
