"""Rules about data requests: the privacy officer owes an answer by the day that the law sets."""

from collections.abc import Iterable

from ledger.asking import Ask
from ledger.domain.privacy.requests import DataRequestAnswered, DataRequestMade
from ledger.kernel.event import Entry, Subject
from ledger.kernel.ids import split_stream
from ledger.rules.matrix import Kind
from ledger.rules.rule import Looked, Rule, ended, opened


def _made(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """Somebody asked about their own data: nobody answers their own request."""
    assert isinstance(entry.event, DataRequestMade)
    return opened(
        rule,
        Kind.ANSWER_DATA_REQUEST,
        looked,
        cause=entry.event_id,
        of=Subject(kind="person", id=entry.event.person),
        subject=Subject(kind="data-request", id=split_stream(entry.stream)[1]),
        due_on=entry.event.due_on,
        answers=looked.facts.resolved(entry.event.person),
    )


def _answered(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    return ended(rule, entry, looked, entry.stream, Kind.ANSWER_DATA_REQUEST)


RULES = (
    Rule("data-request-made", 1, frozenset({DataRequestMade.topic}), _made),
    Rule("data-request-answered", 1, frozenset({DataRequestAnswered.topic}), _answered),
)
