"""Writing many rows: arrays unnested in one statement for a few, COPY for many."""

from collections.abc import Collection, Sequence
from typing import Any

from projections.engine.projection import Cursor, Tables

FEW = 40  # up to here one INSERT is quicker than the three round trips of a COPY
Row = Sequence[Any]


def insert_rows(cursor: Cursor, tables: Tables, what: str, rows: Collection[Row]) -> None:
    """Insert rows by the statements `insert_<what>` (one array a column) or `copy_<what>` (COPY … FROM STDIN)."""
    if not rows:
        return
    if len(rows) <= FEW:
        cursor.execute(tables.sql(f"insert_{what}"), columns(rows))
        return
    with cursor.copy(tables.sql(f"copy_{what}")) as copy:
        for row in rows:
            copy.write_row(row)


def columns(rows: Collection[Row]) -> list[list[Any]]:
    """Return rows turned into columns, as UNNEST takes them."""
    return [list(column) for column in zip(*rows, strict=True)]
