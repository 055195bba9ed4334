"""Rules about people with two ids: what was recorded while they were read as one has to be allotted afterwards."""

from collections.abc import Iterable

from ledger.asking import Ask
from ledger.domain.people.merging import PersonsUnmerged, RecordAllotted
from ledger.kernel.event import Entry, Subject
from ledger.kernel.ids import split_stream
from ledger.rules.matrix import Kind
from ledger.rules.rule import Looked, Lookup, Rule, ended, opened

# What tells its own story (a word of feedback, an application) or follows from it (a duty) is not allotted.
ALLOTTED = frozenset({"person", "goal", "review", "responsibility", "training", "pay"})


def _to_allot(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """Each goal, review or subject that began to name the person while the ids were one belongs to one of them."""
    assert isinstance(entry.event, PersonsUnmerged)
    former = Subject(kind="person", id=entry.event.former)
    about = [_free(stream) for stream in looked.held if stream.kind in ALLOTTED]
    return [
        ask
        for subject in about
        for ask in opened(rule, Kind.ALLOT_RECORD, looked, cause=entry.event_id, of=former, subject=subject)
    ]


def _free(stream: Subject) -> Subject:
    """Return the free subject that a stream of responsibilities is about; of other streams what they name."""
    if stream.kind != "responsibility":
        return stream
    kind, id = split_stream(stream.id)
    return Subject(kind=kind, id=id)


def _allotted(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    assert isinstance(entry.event, RecordAllotted)
    of = f"person/{entry.event.former}"
    return ended(rule, entry, looked, entry.event.about.key, Kind.ALLOT_RECORD, of=of)


RULES = (
    Rule("record-to-allot", 1, frozenset({PersonsUnmerged.topic}), _to_allot, looks_up=Lookup.MERGED),
    Rule("record-allotted", 1, frozenset({RecordAllotted.topic}), _allotted),
)
