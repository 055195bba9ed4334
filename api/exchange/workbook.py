"""Workbooks (XLSX, XLS): one sheet as rows of text, looked at before it is unpacked."""

import zipfile
from datetime import date, datetime, time, timedelta
from io import BytesIO

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from api.exchange.delimited import MAX_RECORDS, Record
from api.exchange.faults import BrokenWorkbook, MergedCells, SheetNeeded, TableRefused, TableTooLarge

UNPACKED_BYTES = 256 << 20
PACKED_PARTS = 2_000
CELLS = 4_000_000
Cell = int | float | str | bool | time | date | datetime | timedelta


def read_workbook(data: bytes, name: str | None) -> tuple[str, tuple[Record, ...]]:
    """Return the chosen sheet's name and rows, numbered as the spreadsheet numbers them.

    Raises BrokenWorkbook, SheetNeeded (several sheets hold rows and none is named) or TableRefused at merged cells.
    """
    if data.startswith(b"PK"):
        _require_bounded(data)
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(data))
        sheet = _chosen(book, name)
        grid = sheet.to_python(skip_empty_area=False)
    except (CalamineError, OSError, ValueError):
        raise BrokenWorkbook() from None
    merged = next(iter(sheet.merged_cell_ranges or ()), None)
    if merged is not None:
        (row, column), _ = merged
        raise TableRefused(row=row + 1, column=f"#{column + 1}", fault=MergedCells())
    return sheet.name, tuple(Record(i, i, tuple(_text(cell) for cell in row)) for i, row in enumerate(grid, 1))


def _require_bounded(data: bytes) -> None:
    try:
        parts = zipfile.ZipFile(BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise BrokenWorkbook() from None
    if len(parts) > PACKED_PARTS or sum(part.file_size for part in parts) > UNPACKED_BYTES:
        raise TableTooLarge(limit=UNPACKED_BYTES, unit="bytes")


def _chosen(book: CalamineWorkbook, name: str | None) -> CalamineSheet:
    metadata = book.sheets_metadata
    tables = [m.name for m in metadata if m.typ is SheetTypeEnum.WorkSheet and m.visible is SheetVisibleEnum.Visible]
    filled = [book.get_sheet_by_name(table) for table in tables]
    chosen = [s for s in filled if (s.name == name if name is not None else s.end is not None)]
    if len(chosen) != 1:
        raise SheetNeeded(found=", ".join(tables)[:200])
    end = chosen[0].end or (0, 0)
    if (end[0] + 1) * (end[1] + 1) > CELLS or end[0] >= MAX_RECORDS:
        raise TableTooLarge(limit=CELLS, unit="cells")
    return chosen[0]


def _text(cell: Cell) -> str:
    """Return a cell as a person would have typed it: whole numbers without a point, dates as ISO 8601."""
    match cell:
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        case datetime():
            return cell.isoformat(sep=" ")
        case date() | time():
            return cell.isoformat()
    return str(cell)
