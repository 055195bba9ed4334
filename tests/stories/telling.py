"""How a story is told: steps in order of time, each an act with the answer it gets, or something to be seen."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.stories.stage import Stage

_NAME = re.compile(r"\{([a-z0-9_]+)(?:\.([a-z_]+))?\}")


@dataclass(frozen=True, slots=True)
class Act:
    """Somebody does something: `gives` is the name of the event it makes, or the code it is refused with.

    `{name}` in path or body stands for the id of a person of the company, or of what the act called `let` made;
    `{name.entry}` for the id of its event, `{name.field}` for a field of its event.
    """

    at: str
    who: str
    path: str
    body: Mapping[str, Any]
    gives: str
    told: str
    let: str | None = None
    acting_for: str | None = None
    alone: bool = False  # never in a batch or file, where its neighbours would tell


@dataclass(frozen=True, slots=True)
class Seen:
    """What whoever looks at that moment sees."""

    at: str
    told: str
    holds: Callable[[Stage], Coroutine[Any, Any, None]]


Step = Act | Seen


@dataclass
class Names:
    """What the story calls things, and what the ledger calls them."""

    ids: dict[str, str] = field(default_factory=dict)
    events: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def fill(self, value: Any) -> Any:
        """Return a path or body with every name replaced."""
        if isinstance(value, str):
            return _NAME.sub(self._one, value)
        if isinstance(value, Mapping):
            return {key: self.fill(one) for key, one in value.items()}
        if isinstance(value, Sequence):
            return [self.fill(one) for one in value]
        return value

    def _one(self, match: re.Match[str]) -> str:
        name, part = match.groups()
        if part is None:
            return self.ids[name]
        event = self.events[name]
        return str(event["event_id"] if part == "entry" else event["data"][part])


def scenes(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """Yield what happens together: acts of one person at one moment, or one thing seen; in the order told."""
    for _, together in groupby(steps, key=lambda step: (step.at, getattr(step, "who", id(step)), _apart(step))):
        yield list(together)


def _apart(step: Step) -> object:
    """Return what keeps a step from going with its neighbours: a principal, or that it is said alone."""
    if not isinstance(step, Act):
        return None
    return id(step) if step.alone else step.acting_for
