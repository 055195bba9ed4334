"""Tables: rows of named cells with the places they stand at, whatever file they came in."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from api.exchange.decoding import Decoded, decoded
from api.exchange.delimited import MAX_COLUMNS, Dialect, Record, records, sniffed
from api.exchange.faults import (
    ColumnMissing,
    ColumnRepeated,
    EmptyTable,
    NotATable,
    NulCharacter,
    RowFault,
    RowTooLong,
    RowTooShort,
    TableRefused,
    TableTooLarge,
)
from api.exchange.sql_dump import looks_like_dump, read_dump
from api.exchange.workbook import read_workbook
from ledger.kernel.refusals import Refusal

MAX_BYTES = 64 << 20
MAX_CELL = 32_767  # what a spreadsheet can hold
_OLE = b"\xd0\xcf\x11\xe0"
_NO_TEXT = (b"SQLite format 3\x00", b"%PDF-", b"\x1f\x8b", b"7z\xbc\xaf", b"PAR1", b"\x89PNG")


@dataclass(frozen=True, slots=True)
class Layout:
    """What a mapping may say about the file; what it leaves out is told from the bytes."""

    encoding: str | None = None
    separator: str | None = None
    record_separator: str | None = None
    quote: str | None = '"'
    header: bool = True
    columns: tuple[str, ...] = ()
    sheet: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """The rows that could be read, and a fault for each that could not. Columns are named as written, or `#n`."""

    kind: str  # csv, xlsx, xls, sql
    columns: tuple[str, ...]
    rows: tuple[Record, ...]
    faults: tuple[RowFault, ...]
    encoding: str | None = None
    guessed: bool = False
    separator: str | None = None
    sheet: str | None = None

    def place(self, name: str) -> int:
        """Return the index of a column by name or by place, as in `#3`. Raises ColumnMissing or ColumnRepeated."""
        found = [i for i, column in enumerate(self.columns) if column == name]
        if len(found) > 1:
            raise ColumnRepeated(name=name, place=found[0] + 1)
        if not found and name.startswith("#") and name[1:].isdecimal() and 1 <= int(name[1:]) <= len(self.columns):
            return int(name[1:]) - 1
        if not found:
            raise ColumnMissing(name=name[:80])
        return found[0]


@dataclass(frozen=True, slots=True)
class _Source:
    kind: str
    records: Iterable[Record]
    columns: tuple[str, ...] = ()
    text: Decoded | None = None
    separator: str | None = None
    sheet: str | None = None


def read_table(data: bytes, layout: Layout | None = None) -> Table:
    """Return the table in `data`. Raises TableFault for a file that is no table; ragged rows are its `faults`."""
    layout = layout or Layout()
    if len(data) > MAX_BYTES:
        raise TableTooLarge(limit=MAX_BYTES, unit="bytes")
    source = _source(data, layout)
    return _shaped(source, layout)


def _source(data: bytes, layout: Layout) -> _Source:
    if data.startswith((b"PK\x03\x04", _OLE)):
        sheet, rows = read_workbook(data, layout.sheet)
        return _Source("xlsx" if data.startswith(b"PK") else "xls", rows, sheet=sheet)
    if data.startswith(_NO_TEXT):
        raise NotATable()
    text = decoded(data, layout.encoding)
    if looks_like_dump(text.text):
        dump = read_dump(text.text, layout.sheet)
        return _Source("sql", dump.records, dump.columns, text, sheet=dump.table)
    if _is_json(text.text):
        raise NotATable()
    return _delimited(text, layout)


def _is_json(text: str) -> bool:
    shown = text[:64].lstrip() + text[-64:].rstrip()
    return shown.startswith(("[", "{")) and shown.endswith(("]", "}"))


def _delimited(text: Decoded, layout: Layout) -> _Source:
    if layout.separator is not None:
        dialect, start = Dialect(layout.separator, layout.record_separator, layout.quote), 0
    else:
        dialect, start = sniffed(text.text)
    found = records(text.text[start:] if start else text.text, dialect)
    if start:
        found = (Record(r.number + 1, r.line + 1, r.cells) for r in found)
    return _Source("csv", found, text=text, separator=dialect.separator)


def _shaped(source: _Source, layout: Layout) -> Table:
    """Put names on the columns and set aside the rows that do not fit them."""
    filled = (record for record in source.records if not record.is_blank)
    stated = layout.columns or source.columns
    first = next(filled, None)
    if first is None:
        raise EmptyTable()
    has_header = layout.header and source.kind != "sql"
    columns = stated or _names(first.cells if has_header else ("",) * len(first.cells))
    if len(columns) > MAX_COLUMNS:
        raise TableTooLarge(limit=MAX_COLUMNS, unit="columns")
    if has_header:
        _require_clean(first, columns)
    body = filled if has_header else _with_first(first, filled)
    rows, faults = _sorted_out(body, columns)
    return Table(
        source.kind,
        columns,
        rows,
        faults,
        encoding=source.text.encoding if source.text else None,
        guessed=source.text.guessed if source.text else False,
        separator=source.separator,
        sheet=source.sheet,
    )


def _names(cells: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(cell.strip() or f"#{i}" for i, cell in enumerate(cells, 1))


def _with_first(first: Record, rest: Iterator[Record]) -> Iterator[Record]:
    yield first
    yield from rest


def _require_clean(header: Record, columns: tuple[str, ...]) -> None:
    for i, cell in enumerate(header.cells):
        if "\0" in cell:
            raise TableRefused(row=header.number, column=columns[i].replace("\0", ""), fault=NulCharacter())


def _sorted_out(body: Iterator[Record], columns: tuple[str, ...]) -> tuple[tuple[Record, ...], tuple[RowFault, ...]]:
    rows: list[Record] = []
    faults: list[RowFault] = []
    width = len(columns)
    for record in body:
        fault = _fault(record, columns)
        if fault is not None:
            faults.append(fault)
        else:
            rows.append(Record(record.number, record.line, record.cells[:width]))
    return tuple(rows), tuple(faults)


def _fault(record: Record, columns: tuple[str, ...]) -> RowFault | None:
    cells, width = record.cells, len(columns)
    for i, cell in enumerate(cells):
        if "\0" in cell or len(cell) > MAX_CELL:
            refusal: Refusal = NulCharacter() if "\0" in cell else TableTooLarge(limit=MAX_CELL, unit="characters")
            return RowFault(record.number, columns[i] if i < width else f"#{i + 1}", refusal)
    if len(cells) < width:
        return RowFault(record.number, columns[len(cells)], RowTooShort(cells=len(cells), columns=width))
    if any(cells[width:]):  # empty cells past the header are only trailing separators: nothing is lost with them
        return RowFault(record.number, f"#{width + 1}", RowTooLong(cells=len(cells), columns=width))
    return None
