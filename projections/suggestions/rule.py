"""What a rule of suggestions is: its texts, the least that it needs, how it finds, and by what it is judged later."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from ledger.kernel.ids import derived_uuid
from projections.accountability.report import Circumstances, Source, Views, Words

DIGITS = 6


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure that a suggestion rests on; `n`: of how many persons, goals or duties it is."""

    name: str
    value: Decimal
    n: int | None = None


def figure(name: str, value: float | Decimal, n: int | None = None) -> Shown:
    """Return a figure with six decimals at most, written without an exponent."""
    rounded = round(Decimal(str(value)), DIGITS)
    return Shown(name, Decimal(f"{rounded.normalize():f}"), n)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a rule found for one person, now: about what, whom or what it proposes, and why.

    `about` and `proposes` are subjects (`kind/id`); `seen` are those that the person must all see to be told.
    `once_for` is what it is found once for, besides rule, person and `about`.
    """

    rule: "Rule"
    person: str
    about: str
    advice: str
    figures: tuple[Shown, ...]
    since: date
    until: date
    events: tuple[Source, ...]
    proposes: str | None = None
    once_for: str = ""
    seen: tuple[str, ...] = field(default=())

    @property
    def id(self) -> str:
        """Return the id that follows from rule and cause, however often it is found."""
        return f"sg-{derived_uuid('suggestion', self.rule.name, self.person, self.about, self.once_for).hex()[:20]}"


@dataclass(frozen=True, slots=True)
class Followed:
    """A suggestion that was shown, as what followed is measured: to whom, about what, when."""

    person: str
    about: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Measure:
    """By what a rule is judged: a figure of the `days` before it was shown, and of as many after.

    `of(views, asked, followed)` measures the time from `asked.since` to `asked.on`; None where there is no figure.
    """

    name: str
    days: int
    lower_is_better: bool
    of: Callable[[Views, Circumstances, Followed], float | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule. `needs` says the least data that it suggests anything on, and `limits` are the numbers in that.

    `texts`: advice → what is suggested, with the names of figures, `about` and `proposes` in braces.
    `find(views, asked, person)` yields what it suggests to a person at `asked.on`.
    """

    name: str
    version: int
    title: Words
    addressed: Words
    needs: Words
    limits: Mapping[str, int]
    texts: Mapping[str, Words]
    find: Callable[[Views, Circumstances, str], Iterable[Suggestion]]
    measure: Measure

    @property
    def source(self) -> str:
        """Return its name with its version."""
        return f"{self.name}@{self.version}"

    def said(self, advice: str, figures: Iterable[Shown], named: Mapping[str, str], language: str) -> str:
        """Return the text of a suggestion with its figures, naming the rule; `named` are `about` and `proposes`."""
        told = {one.name: _plain(one.value) for one in figures}
        counts = {f"{one.name}_n": str(one.n) for one in figures if one.n is not None}
        words = self.texts.get(advice, self.title).said(language)
        return f"{words.format_map(_Known({**told, **counts, **named}))} ({self.source})"


class _Known(dict[str, str]):
    """Values by name; a figure that an older version of a rule did not have is told as a dash."""

    def __missing__(self, name: str) -> str:
        return "—"


def _plain(value: Decimal) -> str:
    return f"{value:f}"
