"""Plans: what a table says, as an ordered list of dated facts, before anything is asked of the ledger."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import TypeVar
from zoneinfo import ZoneInfo

from api.exchange.delimited import Record
from api.exchange.faults import RowFault, SpellWithoutADay
from api.exchange.mapping import TableMapping
from api.exchange.reading import AtColumn, RowReader
from api.exchange.table import Table
from ledger.asking import AfterCutOver
from ledger.domain.responsibilities import Role
from ledger.kernel.moments import Effective, begins

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class PlannedPerson:
    """Somebody the table names: one for all spellings of an identifier. `key` is the identifier as compared."""

    scheme: str
    key: str
    spellings: tuple[str, ...]  # as written, in order of appearance; the first is the one that is kept
    name: str | None
    row: int
    column: str
    since: Effective  # when the table first speaks of them


@dataclass(frozen=True, slots=True)
class PlannedSubject:
    """A subject to be registered, or a unit to be formed, from its first mention on."""

    kind: str
    id: str
    label: str
    row: int
    column: str
    since: Effective


@dataclass(frozen=True, slots=True)
class PlannedFact:
    """A beginning or an end. Without a role it is about belonging to the unit that the subject names."""

    row: int
    column: str  # where its time stands
    begins: bool
    kind: str
    id: str
    role: Role | None
    holder_kind: str
    holder: str  # the key of a planned person, or the id of a unit
    spelling: str
    effective: Effective
    at: datetime  # UTC


@dataclass(frozen=True, slots=True)
class Question:
    """Something the table leaves open and how it was taken; a person should look at it."""

    code: str
    rows: tuple[int, ...]
    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a table asks for, in the order it is to be recorded, and every row that can't be taken."""

    rows: int
    persons: tuple[PlannedPerson, ...]
    subjects: tuple[PlannedSubject, ...]
    facts: tuple[PlannedFact, ...]
    spelling_only: tuple[int, ...]  # rows that change how somebody is written and nothing else
    refused: tuple[RowFault, ...]
    questions: tuple[Question, ...]


def plan(table: Table, mapping: TableMapping, *, zone: ZoneInfo, cut_over: date) -> Plan:
    """Return what the table asks for. `zone` is the ledger's; what takes effect from `cut_over` on is refused by row.

    Raises ColumnMissing or ColumnRepeated where the mapping does not fit the table.
    """
    draft = _Draft(RowReader(table, mapping), mapping, zone, cut_over)
    for record in table.rows:
        draft.take(record)
    facts, spelling_only = _without_spelling_changes(draft.facts)
    facts.sort(key=_order_of_spells if mapping.form == "spells" else lambda fact: fact.at)
    persons = tuple(draft.persons())
    return Plan(
        rows=len(table.rows) + len(table.faults),
        persons=persons,
        subjects=tuple(draft.subjects()),
        facts=tuple(facts),
        spelling_only=spelling_only,
        refused=tuple(sorted((*table.faults, *draft.refused), key=lambda fault: fault.row)),
        questions=(*_encoding_question(table), *_spelling_questions(persons, draft.rows_of)),
    )


def _order_of_spells(fact: PlannedFact) -> tuple[datetime, bool]:
    """Ends come before beginnings of the same instant: whoever takes over is not there together with the one before."""
    return (fact.at, fact.begins)


@dataclass
class _Draft:
    """The plan while rows are being read."""

    reader: RowReader
    mapping: TableMapping
    zone: ZoneInfo
    cut_over: date
    facts: list[PlannedFact] = field(default_factory=list)
    refused: list[RowFault] = field(default_factory=list)
    rows_of: dict[str, dict[str, int]] = field(default_factory=dict)  # person's key -> spelling -> first row
    _names: dict[str, str] = field(default_factory=dict)
    _labels: dict[tuple[str, str], str] = field(default_factory=dict)

    @cached_property
    def _end_of_history(self) -> datetime:
        return begins(self.cut_over, self.zone)

    def take(self, record: Record) -> None:
        """Add what a record says, or the fault that keeps it out."""
        try:
            found = self._changes(record) if self.mapping.form == "changes" else self._spell(record)
            name = self.reader.name(record)
            label = self.reader.label(record)
        except AtColumn as fault:
            self.refused.append(RowFault(record.number, fault.column, fault.refusal))
            return
        for fact in found:
            self._keep(fact, name, label)

    def _changes(self, record: Record) -> list[PlannedFact]:
        effective, column = self.reader.when(record)
        return [self._fact(record, column, effective, starts=self.reader.is_beginning(record))]

    def _spell(self, record: Record) -> list[PlannedFact]:
        begin, begin_column = self.reader.begin(record)
        end, end_column = self.reader.end(record)
        first = self._fact(record, begin_column, begin, starts=True)
        if end is None:
            return [first]
        last = self._fact(record, end_column, end, starts=False)
        if last.at <= first.at:
            raise AtColumn(end_column, SpellWithoutADay())
        return [first, last]

    def _fact(self, record: Record, column: str, effective: Effective, *, starts: bool) -> PlannedFact:
        kind, id = self.reader.subject(record)
        holder_kind, key, spelling = self.reader.holder(record)
        at = begins(effective, self.zone)
        role = self.reader.role(record)
        return PlannedFact(record.number, column, starts, kind, id, role, holder_kind, key, spelling, effective, at)

    def _keep(self, fact: PlannedFact, name: str | None, label: str | None) -> None:
        if fact.at >= self._end_of_history:
            after = AfterCutOver(date=self.cut_over.isoformat())
            self.refused.append(RowFault(fact.row, fact.column, after))
            return
        self.facts.append(fact)
        if fact.holder_kind == "person":
            self.rows_of.setdefault(fact.holder, {}).setdefault(fact.spelling, fact.row)
            if name:
                self._names.setdefault(fact.holder, name)
        if label:
            self._labels.setdefault((fact.kind, fact.id), label)

    def persons(self) -> Iterator[PlannedPerson]:
        """Yield the people the facts name, in order of appearance in the table."""
        since = _earliest(self.facts, lambda fact: fact.holder)
        scheme = self.mapping.holder.scheme
        for key, rows in self.rows_of.items():
            first_row = min(rows.values())
            name = self._names.get(key)
            yield PlannedPerson(scheme, key, tuple(rows), name, first_row, self.mapping.holder.id, since[key].effective)

    def subjects(self) -> Iterator[PlannedSubject]:
        """Yield the units to be formed, or the labelled subjects to be registered, in order of their first mention."""
        is_unit = self.mapping.target == "unit-assignment"
        for (kind, id), first in _earliest(self.facts, lambda fact: (fact.kind, fact.id)).items():
            label = self._labels.get((kind, id))
            if is_unit or (label is not None and kind != "unit"):
                yield PlannedSubject(kind, id, label or id, first.row, self.reader.id_column, first.effective)


def _earliest(facts: list[PlannedFact], key: Callable[[PlannedFact], K]) -> dict[K, PlannedFact]:
    found: dict[K, PlannedFact] = {}
    for fact in facts:
        known = found.get(key(fact))
        if known is None or fact.at < known.at:
            found[key(fact)] = fact
    return found


def _without_spelling_changes(facts: list[PlannedFact]) -> tuple[list[PlannedFact], tuple[int, ...]]:
    """Take out pairs that end one spelling of a holder and begin another in the same instant: nobody came or went."""
    groups: dict[tuple[object, ...], list[PlannedFact]] = {}
    for fact in facts:
        if fact.holder_kind == "person":
            groups.setdefault((fact.at, fact.kind, fact.id, fact.role, fact.holder), []).append(fact)
    pairs = [g for g in groups.values() if len(g) == 2 and _is_spelling_change(*g)]
    rows = {fact.row for pair in pairs for fact in pair}
    return [fact for fact in facts if fact.row not in rows], tuple(sorted(rows))


def _is_spelling_change(one: PlannedFact, other: PlannedFact) -> bool:
    return one.begins != other.begins and one.spelling != other.spelling


def _spelling_questions(
    persons: tuple[PlannedPerson, ...], rows_of: Mapping[str, Mapping[str, int]]
) -> Iterator[Question]:
    for person in persons:
        if len(person.spellings) > 1:
            written = " / ".join(person.spellings)
            yield Question(
                "spellings",
                tuple(rows_of[person.key].values()),
                f"{written} are taken as one person.",
                f"{written} 视为同一人。",
            )


def _encoding_question(table: Table) -> Iterator[Question]:
    if table.guessed:
        yield Question(
            "encoding_guessed",
            (),
            f"The encoding is taken to be {table.encoding}; table.encoding in the mapping would state it.",
            f"编码按 {table.encoding} 读取；可在映射的 table.encoding 中写明。",
        )
