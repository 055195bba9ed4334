"""Who is named by whom: the streams whose events name a subject, for rules that reach over several streams."""

from collections.abc import Iterable, Iterator

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
    }
)
Named = frozenset[str]  # streams
NOBODY: Named = frozenset()


def is_naming(stream: str) -> bool:
    """Tell whether `stream` is the set of those that name a subject, and no stream of events."""
    return stream.startswith(f"{KIND}/")


def namings_of(entry: Entry) -> Iterator[str]:
    """Yield the sets that an entry's stream belongs to from then on: one for each other subject that it names."""
    if entry.event is not None and entry.topic in NAMING_TOPICS:
        for subject in entry.event.subjects(entry.stream)[1:]:
            yield stream_name(KIND, subject)


def load_namings(reader: Reader, namings: Iterable[str]) -> dict[str, tuple[int, Named]]:
    """Return set -> (position of the last event that named, streams). Blocks on the database."""
    found: dict[str, tuple[int, Named]] = dict.fromkeys(namings, (0, NOBODY))
    subjects = [naming.removeprefix(f"{KIND}/") for naming in found]
    for entry in map(decode, reader.naming(subjects)):
        for naming in namings_of(entry):
            if naming in found:
                last, streams = found[naming]
                found[naming] = max(last, entry.position), streams | {entry.stream}
    return found
