"""Every state that the examples pass through, by what has happened, and what each command is answered in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from ledger.domain import STREAM_KINDS
from ledger.kernel.ids import stream_name
from tests.domain.examples.example import Example
from tests.domain.given import Given, History, given


def label(example: Example) -> str:
    """Return the name under which an example is told apart in a report."""
    return f"{example.kind}-{example.event.__name__}"


def states(examples: Iterable[Example], world: History) -> dict[str, list[tuple[str, Given]]]:
    """Return for each kind of stream every state that the examples pass through, before and after their command."""
    found: dict[str, list[tuple[str, Given]]] = {kind: [] for kind in STREAM_KINDS}
    for example in examples:
        for count in range(len(example.before) + 1):
            subject = given(example.kind, example.id, *example.before[:count], world=world)
            found[example.kind].append((f"{label(example)}-{count}", subject))
        after = example.given(world)
        found[example.kind].append((f"{label(example)}-before", after))
        acted = Given(after.history.copy(), after.kind, after.id)
        acted.history.do(example.kind, example.id, example.asked(acted), actor=example.actor)
        found[example.kind].append((f"{label(example)}-after", acted))
    return found


def happened(subject: Given) -> tuple[str, ...]:
    """Return the events of a subject in order; of the same one in succession only how often, as in `PanelNamed ×2`."""
    stream = stream_name(subject.kind, subject.id)
    names = (type(entry.event).__name__ for entry in subject.history.entries if entry.stream == stream)
    counted = [(name, len(list(run))) for name, run in groupby(names)]
    return tuple(name if count == 1 else f"{name} ×{count}" for name, count in counted)


@dataclass(frozen=True, order=True)
class Answered:
    """One pair: a state by what has happened, a command by its name, and what the domain says to it."""

    state: tuple[str, ...]
    command: str
    said: str
    accepted: bool


def answers(kind: str, examples: Iterable[Example], reached: Iterable[tuple[str, Given]]) -> Iterator[Answered]:
    """Yield what every command of a kind is answered in every state; a command as each of its examples puts it."""
    asking = [example for example in examples if example.kind == kind]
    for _, subject in reached:
        for example in asking:
            asked = example.asked(subject)
            outcome = subject.when(asked, actor=example.actor)
            yield Answered(happened(subject), type(asked).__name__, outcome.said, outcome.event is not None)
