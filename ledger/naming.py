"""Who is named by whom: the streams whose events name a subject, for rules that reach over several streams.

What is counted over several streams has turns: whoever records what rests on a count takes the next one, and of two
processes that counted the same only one finds its turn free.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ledger.kernel.event import Entry, decode
from ledger.kernel.ids import stream_name
from ledger.store.reader import Reader

KIND = "naming"
NAMING_TOPICS = frozenset(  # the index of the store, `events_by_named`, lists the same
    {
        "goals.GoalAssigned",
        "goals.GoalHandedOver",
        "reviews.ReviewOpened",
        "responsibilities.ResponsibilityAssigned",
        "responsibilities.HandOverAccepted",
        "people.PersonsMerged",
    }
)


@dataclass(frozen=True, slots=True)
class Named:
    """The streams that name a subject, and how many turns were taken with it. A mere turn names nothing."""

    streams: frozenset[str] = frozenset()
    turn: int = 0


NOBODY = Named()


def is_naming(stream: str) -> bool:
    """Tell whether `stream` is the set of those that name a subject, or a turn, and no stream of events."""
    return stream.startswith(f"{KIND}/")


def namings_of(entry: Entry) -> Iterator[str]:
    """Yield the sets that an entry's stream belongs to from then on: one for each other subject that it names."""
    if entry.event is not None and entry.topic in NAMING_TOPICS:
        for subject in entry.event.subjects(entry.stream)[1:]:
            yield stream_name(KIND, subject)


def load_namings(reader: Reader, namings: Iterable[str]) -> dict[str, tuple[int, Named]]:
    """Return set -> (position of the last event that named, streams). Blocks on the database."""
    turns = reader.turns(list(namings))  # before the events: what comes between is seen, and at worst decided again
    found = {naming: (0, Named(turn=turn)) for naming, turn in turns.items()}
    subjects = [naming.removeprefix(f"{KIND}/") for naming in found]
    for entry in map(decode, reader.naming(subjects)):
        for naming in namings_of(entry):
            if naming in found:
                last, known = found[naming]
                found[naming] = max(last, entry.position), Named(known.streams | {entry.stream}, known.turn)
    return found
