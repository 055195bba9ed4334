"""Reading rows by a mapping: each cell with its meaning, or the column at which the row fails."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from api.exchange.dates import day_after, parse_cell
from api.exchange.delimited import Record
from api.exchange.faults import CellEmpty, CellInvalid, FormulaCell, TableFault, WordUnknown
from api.exchange.mapping import Constant, Source, TableMapping, folded
from api.exchange.table import Table
from ledger.domain.responsibilities import Role
from ledger.kernel.ids import check_id, check_kind
from ledger.kernel.moments import Effective
from ledger.kernel.refusals import Refusal

LABEL_LENGTH, NAME_LENGTH = 200, 400


class AtColumn(Exception):
    """A row fails at a column."""

    def __init__(self, column: str, refusal: Refusal) -> None:
        super().__init__(column)
        self.column, self.refusal = column, refusal


@dataclass(frozen=True, slots=True)
class _Cells:
    """Where a value stands: a column by index and name, or one constant for all rows."""

    index: int | None
    name: str
    constant: str = ""

    def text(self, record: Record) -> str:
        return self.constant if self.index is None else record.cells[self.index].strip()

    def needed(self, record: Record) -> str:
        text = self.text(record)
        if not text:
            raise AtColumn(self.name, CellEmpty())
        return text


class RowReader:
    """Reads the rows of one table by one mapping. Raises ColumnMissing or ColumnRepeated when they do not fit."""

    def __init__(self, table: Table, mapping: TableMapping) -> None:
        self._table, self._mapping = table, mapping
        self._kind = self._cells(mapping.subject.kind, "subject.kind")
        self._id = self._cells(mapping.subject.id, "subject.id")
        self._label = self._optional(mapping.subject.label, "subject.label")
        self._holder = self._cells(mapping.holder.id, "holder.id")
        self._name = self._optional(mapping.holder.name, "holder.name")
        self._role = self._optional(mapping.role, "role")
        self._change = self._optional(mapping.change, "change")
        self._when = self._optional(mapping.when, "when")
        self._begins = self._optional(mapping.begins, "from")
        self._ends = self._optional(mapping.ends, "to")
        self._open_end = {folded(text) for text in mapping.open_end}
        self._words = {**{folded(w): True for w in mapping.added}, **{folded(w): False for w in mapping.removed}}
        self._roles = lru_cache(maxsize=4096)(mapping.role_of)
        self._moments = lru_cache(maxsize=65536)(self._moment)
        self._folded = lru_cache(maxsize=65536)(folded)

    @property
    def id_column(self) -> str:
        """The column that names the subject."""
        return self._id.name

    def _optional(self, source: Source | None, use: str) -> _Cells | None:
        return None if source is None else self._cells(source, use)

    def _cells(self, source: Source, use: str) -> _Cells:
        if isinstance(source, Constant):
            return _Cells(None, use, source.constant)
        index = self._table.place(source)
        return _Cells(index, self._table.columns[index])

    def _moment(self, text: str) -> Effective:
        dates = self._mapping.dates
        return parse_cell(text, order=dates.order, zone=ZoneInfo(dates.zone) if dates.zone else None)

    def _date(self, cells: _Cells | None, record: Record) -> tuple[Effective, str]:
        assert cells is not None, "a complete mapping names the columns of its form"
        text = cells.needed(record)
        try:
            return self._moments(text), cells.name
        except TableFault as fault:
            raise AtColumn(cells.name, fault) from None

    def when(self, record: Record) -> tuple[Effective, str]:
        """Return when a change takes effect, and the column that says so."""
        return self._date(self._when, record)

    def begin(self, record: Record) -> tuple[Effective, str]:
        """Return when a spell begins, and the column that says so."""
        return self._date(self._begins, record)

    def end(self, record: Record) -> tuple[Effective | None, str]:
        """Return the first moment after a spell (None while it runs), and the column; a closed end is converted."""
        assert self._ends is not None, "a mapping of spells names the column of ends"
        if folded(self._ends.text(record)) in self._open_end:
            return None, self._ends.name
        moment, column = self._date(self._ends, record)
        if self._mapping.interval != "closed":
            return moment, column
        try:
            return day_after(moment), column
        except TableFault as fault:
            raise AtColumn(column, fault) from None

    def is_beginning(self, record: Record) -> bool:
        """Tell whether the change is a beginning."""
        assert self._change is not None, "a mapping of changes names the column of the change"
        known = self._words.get(folded(self._change.needed(record)))
        if known is None:
            raise AtColumn(self._change.name, WordUnknown(column=self._change.name))
        return known

    def role(self, record: Record) -> Role | None:
        """Return the role, or None where the table is about belonging to units."""
        if self._role is None or self._mapping.target == "unit-assignment":
            return None
        role = self._roles(self._role.needed(record))
        if role is None:
            raise AtColumn(self._role.name, WordUnknown(column=self._role.name))
        return role

    def subject(self, record: Record) -> tuple[str, str]:
        """Return kind and id of the subject."""
        is_unit = self._mapping.target == "unit-assignment"
        kind = "unit" if is_unit else _checked(self._kind, self._kind.needed(record), check_kind)
        return kind, _checked(self._id, self._mapping.subject.prefix + self._id.needed(record), check_id)

    def holder(self, record: Record) -> tuple[str, str, str]:
        """Return the holder's kind, key (as compared) and spelling."""
        spelling = _checked(self._holder, self._holder.needed(record), _check_name)
        if self._mapping.holder.kind == "unit":
            return "unit", _checked(self._holder, spelling, check_id), spelling
        return "person", self._folded(spelling), spelling

    def name(self, record: Record) -> str | None:
        """Return the holder's name, if there is a column for it and it holds one."""
        text = "" if self._name is None else self._name.text(record)
        return _checked(self._name, text, _check_name) if self._name and text else None

    def label(self, record: Record) -> str | None:
        """Return the subject's label, if there is a column for it and it holds one."""
        text = "" if self._label is None else self._label.text(record)
        return _checked(self._label, text, _check_label) if self._label and text else None


def _check_name(text: str) -> str:
    if len(text) > NAME_LENGTH:
        raise ValueError("too long")
    return text


def _check_label(text: str) -> str:
    if len(text) > LABEL_LENGTH:
        raise ValueError("too long")
    return text


def _checked(cells: _Cells, text: str, check: Callable[[str], str]) -> str:
    """Return the text, unless a spreadsheet would run it or it can't be what it is to be."""
    if text.startswith("=") or (text[0] in "+-@" and any(sign in text for sign in "(!|")):
        raise AtColumn(cells.name, FormulaCell())
    try:
        return check(text)
    except ValueError:
        raise AtColumn(cells.name, CellInvalid()) from None
