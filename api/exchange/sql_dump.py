"""SQL dumps: the lists of `INSERT INTO … VALUES`, read as rows and never run."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from api.exchange.delimited import MAX_RECORDS, Record
from api.exchange.faults import BrokenStatement, SheetNeeded, TableRefused, TableTooLarge

INSERT = re.compile(
    r"^[ \t]*+INSERT\s{1,9}INTO\s{1,9}(?P<table>[`\"\w.\[\]]{1,200})"
    r"\s{0,9}(?:\((?P<columns>[^();']{0,8000})\))?\s{0,9}VALUES\b",
    re.IGNORECASE | re.MULTILINE,
)
_VALUE = re.compile(
    r"\s*+(?:'(?P<text>(?:[^'\\]++|''|\\.)*+)'|(?P<null>NULL)\b|(?P<plain>[-+]?[0-9][0-9.eE+-]*+))\s*+(?P<end>[,)])",
    re.DOTALL | re.IGNORECASE,
)
_OPENS = re.compile(r"(?:\s++|--[^\n]*+\n|/\*(?:[^*]++|\*(?!/))*+\*/)*+(?P<sign>[(,;]|\Z)", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)|''", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "Z": "\x1a"}


@dataclass(frozen=True, slots=True)
class Dump:
    """The rows of one table of a dump, numbered from 1, with the column names if the statement states them."""

    table: str
    columns: tuple[str, ...]
    records: tuple[Record, ...]


def looks_like_dump(text: str) -> bool:
    """Tell whether the text has an INSERT statement at the beginning of a line near its start."""
    return INSERT.search(text[:65536]) is not None


def read_dump(text: str, table: str | None) -> Dump:
    """Return the rows of `table`, or of the only one. Raises SheetNeeded or TableRefused."""
    statements = [(m["table"].strip('`"[]'), m) for m in INSERT.finditer(text)]
    names = sorted({name for name, _ in statements})
    chosen = table or (names[0] if len(names) == 1 else None)
    if chosen not in names:
        raise SheetNeeded(found=", ".join(names)[:200])
    found, columns, lines = list[Record](), tuple[str, ...](), _LineCount(text)
    for name, match in statements:
        if name == chosen:
            columns = columns or _names(match["columns"])
            found += _tuples(text, match.end(), len(found), lines)
    return Dump(chosen, columns, tuple(found))


def _names(listed: str | None) -> tuple[str, ...]:
    return tuple(name.strip().strip('`"[]') for name in listed.split(",")) if listed else ()


class _LineCount:
    """Line numbers of growing places, so that each stretch is counted once."""

    def __init__(self, text: str) -> None:
        self._text, self._place, self._line = text, 0, 1

    def at(self, place: int) -> int:
        self._line += self._text.count("\n", self._place, place)
        self._place = place
        return self._line


def _tuples(text: str, place: int, already: int, lines: _LineCount) -> Iterator[Record]:
    number = already
    while (opening := _OPENS.match(text, place)) is not None and opening["sign"] in ("(", ","):
        place = opening.end()
        if opening["sign"] == "(":
            number += 1
            if number > MAX_RECORDS:
                raise TableTooLarge(limit=MAX_RECORDS, unit="rows")
            line = lines.at(place)
            cells, place = _values(text, place, number)
            yield Record(number, line, cells)
    if opening is None:
        raise TableRefused(row=number + 1, column="#1", fault=BrokenStatement())


def _values(text: str, place: int, number: int) -> tuple[tuple[str, ...], int]:
    cells: list[str] = []
    while True:
        match = _VALUE.match(text, place)
        if match is None:
            raise TableRefused(row=number, column=f"#{len(cells) + 1}", fault=BrokenStatement())
        cells.append(_cell(match))
        place = match.end()
        if match["end"] == ")":
            return tuple(cells), place


def _cell(match: re.Match[str]) -> str:
    if match["text"] is not None:
        return _ESCAPE.sub(lambda m: "'" if m[1] is None else _ESCAPED.get(m[1], m[1]), match["text"])
    return match["plain"] or ""
