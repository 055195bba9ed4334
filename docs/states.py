"""Writes the page of states: what every command is answered in every state, found by asking the domain itself."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import groupby
from pathlib import Path

from docs.markdown import page, table
from ledger.kernel.refusals import REFUSALS
from tests.domain.examples import EXAMPLES, company
from tests.domain.examples.states import Answered, answers, states

ROOT = Path(__file__).resolve().parent.parent
OPENING = (
    "What every command is answered in every state. A state is told by what has happened to the subject; the commands "
    "are asked in it as the examples of the test suite put them, by the person who may ask, and what the domain says "
    "is written down here. An event's name means that it is recorded, a `code` that the command is "
    "[refused](refusals.md). A state stands under two answers of one command where the answer depends on what the "
    "command says or on what has happened to others."
)


def states_page() -> str:
    """Return the page of every pair of state and command, and of every refusal with where it comes from."""
    said = {kind: sorted(answered) for kind, answered in _answered().items()}
    parts = [_section(kind, said[kind]) for kind in sorted(said) if said[kind]]
    pairs = sum(len({(a.state, a.command) for a in answered}) for answered in said.values())
    counted = f"{pairs:,} pairs of a state and a command, over {len(parts)} kinds of subject."
    return page("States", OPENING, [counted, *parts, _refusals(said)])


@cache
def _answered() -> dict[str, set[Answered]]:
    """Return by kind of stream every answer; the domain is asked once."""
    reached = states(EXAMPLES, company())
    return {kind: set(answers(kind, EXAMPLES, found)) for kind, found in reached.items()}


def _section(kind: str, said: list[Answered]) -> str:
    """Return a kind's states with their numbers, and after them the answers of each command."""
    numbers = {state: number for number, state in enumerate(sorted({a.state for a in said}), start=1)}
    named = [(str(number), ", ".join(state) or "nothing yet") for state, number in numbers.items()]
    rows = list(_rows(said, numbers))
    return "\n\n".join(
        [
            f"## {kind}",
            table(("state", "what has happened"), named),
            table(("command", "is answered", "in the states"), rows),
        ]
    )


def _rows(said: list[Answered], numbers: dict[tuple[str, ...], int]) -> Iterator[tuple[str, str, str]]:
    """Yield for each command its answers, what is accepted first, each with the states in which it is given."""
    found: dict[tuple[str, bool, str], set[int]] = defaultdict(set)
    for answer in said:
        found[answer.command, not answer.accepted, answer.said].add(numbers[answer.state])
    for command, refused, what in sorted(found):
        states_so = spans(found[command, refused, what])
        yield command, f"`{what}`" if refused else f"**{what}**", states_so


def spans(numbers: Iterable[int]) -> str:
    """Return numbers in words of their runs, as in `1–3, 7`."""
    runs = groupby(enumerate(sorted(numbers)), key=lambda pair: pair[1] - pair[0])
    ends = [(run[0][1], run[-1][1]) for run in (list(pairs) for _, pairs in runs)]
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in ends)


def _refusals(said: dict[str, list[Answered]]) -> str:
    """Return the table of every refusal: for which commands a state leads to it, and which modules give it."""
    asked: dict[str, set[str]] = defaultdict(set)
    for answered in said.values():
        for answer in answered:
            if not answer.accepted:
                asked[answer.said].add(answer.command)
    giving = _giving()
    rows = [
        (f"`{code}`", ", ".join(sorted(asked[code])), ", ".join(f"`{m}`" for m in giving[type_.__name__]))
        for code, type_ in sorted(REFUSALS.items())
    ]
    opening = (
        "Where each refusal comes from. The second column names the commands above that a state leads to it; where it "
        "is empty, the answer depends on who asks, on what the command says or on the request, not on the state."
    )
    return f"## Every refusal\n\n{opening}\n\n" + table(("code", "a state refuses", "given by"), rows)


def _giving() -> dict[str, list[str]]:
    """Return by name of a refusal the modules that make one, read from their source."""
    found: dict[str, set[str]] = defaultdict(set)
    for package in ("ledger", "projections", "api"):
        for path in sorted((ROOT / package).rglob("*.py")):
            module = path.relative_to(ROOT).as_posix()
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                    found[node.id].add(module)
    return defaultdict(list, {name: sorted(modules) for name, modules in found.items()})
