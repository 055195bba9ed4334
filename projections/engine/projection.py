"""What a projection declares: its question, its tables, and the three steps load, fold and write."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, Literal, Protocol, TypeVar

import psycopg

from ledger.kernel.event import RETIRED
from ledger.kernel.statements import Statements, check_identifier

S = TypeVar("S")
C = TypeVar("C")
UNREADABLE = "unreadable"  # the topic of an event whose bytes are no JSON object
RawEvent = dict[str, Any]  # as `decode_raw` returns it
Events = Sequence[RawEvent]
Cursor = psycopg.Cursor[tuple[Any, ...]]
Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Build:
    """One set of tables of a projection: a version of its code, and which time that version was built."""

    projection: str
    version: int
    number: int

    @property
    def key(self) -> tuple[str, int, int]:
        """Return name, version and number, as the checkpoint is keyed."""
        return (self.projection, self.version, self.number)

    def table(self, table: str) -> str:
        """Return the name of a table of this build, as in `goals_v1_goals` or, built again, `goals_v1b2_goals`."""
        again = "" if self.number == 1 else f"b{self.number}"
        return check_identifier(f"{self.projection}_v{self.version}{again}_{table}")


@dataclass(frozen=True)
class Projection(Generic[S, C]):
    """Events folded into tables that answer one question.

    `load` reads from the tables what the page needs; `fold` is pure: state and page to changes, on plain dicts, and
    may raise for a bad event; `write` puts the changes into the tables, set-based. `topics` names the events that are
    used (None: all but retired ones, of which nothing is known). `schema` has `create_…` statements, and one `index_…`
    statement per index a rebuild makes last.
    `on_bad` says what a bad event does: stop the whole projection, or park the key that `key_of` names.
    """

    name: str
    version: int
    question: str
    tables: tuple[str, ...]
    topics: frozenset[str] | None
    schema: Statements
    statements: Statements
    load: "Callable[[Cursor, Tables, Events], S]"
    fold: Callable[[S, Events], C]
    write: "Callable[[Cursor, Tables, C], None]"
    on_bad: Literal["stop", "park"] = "stop"
    key_of: Callable[[RawEvent], str] = lambda event: str(event["stream"])

    def used(self, events: Events) -> Events:
        """Return the events of a page that this projection uses; those that can't be read are everybody's."""
        topics = self._used_topics
        if topics is None:
            return [event for event in events if event["topic"] != RETIRED]
        return [event for event in events if event["topic"] in topics]

    @cached_property
    def _used_topics(self) -> frozenset[str] | None:
        return None if self.topics is None else self.topics | {UNREADABLE}


AnyProjection = Projection[Any, Any]
Catalogue = Sequence[AnyProjection]


class Tables:
    """The statements of a projection bound to the tables of one build."""

    def __init__(self, schema: str, projection: AnyProjection, build: Build) -> None:
        self._schema = check_identifier(schema)
        self._projection, self.build = projection, build

    def name(self, table: str) -> str:
        """Return the qualified name of a table."""
        return f"{self._schema}.{self.build.table(table)}"

    def sql(self, statement: str) -> bytes:
        """Return a statement of the projection, ready to execute."""
        return self._bound[statement]

    def creation(self) -> list[bytes]:
        """Return the statements that make the tables, with the keys that folding needs."""
        return [sql for name, sql in self._schema_bound.items() if name.startswith("create_")]

    def indexes(self) -> list[bytes]:
        """Return the statements that make the indexes which a rebuild makes last; each may be repeated."""
        return [sql for name, sql in self._schema_bound.items() if name.startswith("index_")]

    @cached_property
    def _bound(self) -> dict[str, bytes]:
        return self._bind(self._projection.statements)

    @cached_property
    def _schema_bound(self) -> dict[str, bytes]:
        return self._bind(self._projection.schema)

    def _bind(self, statements: Statements) -> dict[str, bytes]:
        names = {table: self.build.table(table) for table in self._projection.tables}
        return {name: text.encode() for name, text in statements.bind(schema=self._schema, **names).items()}


class Head(Protocol):
    """How far the ledger goes."""

    @property
    def size(self) -> int: ...


class Reader(Protocol):
    """What the engine asks of the store's reader; safe from several threads."""

    def page(self, after: int, limit: int, upto: int | None = None) -> list[tuple[int, bytes]]: ...

    def head(self) -> Head: ...
