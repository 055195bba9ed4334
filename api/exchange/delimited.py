"""Delimited text (RFC 4180 and its relatives): one scanner for every separator, newline and quote, with true places."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from api.exchange.faults import OpenQuote, TableRefused, TableTooLarge

SEPARATORS = (",", "\t", ";", "|")
SNIFFED_RECORDS = 20
MAX_RECORDS = 250_000  # blank ones too
MAX_COLUMNS = 500
_STATED = re.compile(r"sep=(.)(?:\r\n|\r|\n)")
_NEWLINES = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How cells and records are told apart. Without a record separator any newline ends a record."""

    separator: str
    record_separator: str | None = None
    quote: str | None = '"'


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of one record; `number` counts records from 1, blank ones too, and `line` is where it begins."""

    number: int
    line: int
    cells: tuple[str, ...]

    @property
    def is_blank(self) -> bool:
        """Tell whether no cell holds anything."""
        return not any(self.cells)


def _cell_pattern(dialect: Dialect) -> re.Pattern[str]:
    """A cell and what ends it. Possessive quantifiers keep a hostile text from being tried twice."""
    separator = re.escape(dialect.separator)
    ends = re.escape(dialect.record_separator) + r"(?:\r\n|\r|\n)?" if dialect.record_separator else r"\r\n|\r|\n"
    single = len(dialect.separator) == 1 and not dialect.record_separator
    plain = rf"[^{separator}\r\n]*+" if single else rf"(?:(?!{separator}|{ends}).)*+"
    end = rf"(?:(?P<next>{separator})|(?P<last>{ends})|\Z)"
    if not dialect.quote:
        return re.compile(rf"(?P<plain>{plain}){end}", re.DOTALL)
    quote = re.escape(dialect.quote)
    quoted = rf"{quote}(?P<quoted>(?:[^{quote}]++|{quote}{quote})*+){quote}"
    return re.compile(rf"(?:{quoted}|(?!{quote})(?P<plain>{plain})){end}", re.DOTALL)


def records(text: str, dialect: Dialect) -> Iterator[Record]:
    """Yield the records of `text`. Raises TableRefused where a quote is not closed, and TableTooLarge."""
    match_cell = _cell_pattern(dialect).match
    quote = dialect.quote or ""
    place, length, number, line, cells = 0, len(text), 1, 1, list[str]()
    start_line = 1
    while place < length or cells:
        match = match_cell(text, place)
        if match is None:
            raise TableRefused(row=number, column=f"#{len(cells) + 1}", fault=OpenQuote())
        quoted = match["quoted"] if quote else None
        cell = match["plain"] if quoted is None else quoted.replace(quote + quote, quote)
        cells.append(cell)
        if quoted is not None or dialect.record_separator:
            line += len(_NEWLINES.findall(match[0] if dialect.record_separator else cell))
        place = match.end()
        if len(cells) > MAX_COLUMNS:
            raise TableTooLarge(limit=MAX_COLUMNS, unit="columns")
        if match["next"] is None:
            if number > MAX_RECORDS:
                raise TableTooLarge(limit=MAX_RECORDS, unit="rows")
            yield Record(number, start_line, tuple(cells))
            line += 0 if dialect.record_separator else 1
            number, start_line, cells = number + 1, line, []


def sniffed(text: str) -> tuple[Dialect, int]:
    """Return the likeliest dialect and how many leading characters a spreadsheet's own `sep=;` line takes.

    The separator that cuts the first records into the most equal and most numerous cells wins; without any, a comma.
    """
    stated = _STATED.match(text)
    if stated is not None:
        return Dialect(stated[1]), stated.end()
    scores = {separator: _score(text, separator) for separator in SEPARATORS}
    return Dialect(max(SEPARATORS, key=lambda separator: scores[separator])), 0


def _score(text: str, separator: str) -> tuple[float, int]:
    widths: list[int] = []
    try:
        for record in islice(records(text, Dialect(separator)), SNIFFED_RECORDS):
            widths += [] if record.is_blank else [len(record.cells)]
    except (
        TableRefused,
        TableTooLarge,
    ):  # a broken quote is told when the rows are read; the separator shows before it
        widths = widths or [text[:4096].split("\n", 1)[0].count(separator) + 1]
    if not widths or widths[0] == 1:
        return (0.0, 1)
    return (widths.count(widths[0]) / len(widths), widths[0])
