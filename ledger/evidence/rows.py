"""Rows of a live ledger as a verifier is given them, and whether their columns repeat what stands in the bytes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from .faults import LogFalse
from .stand_in import stands_for

_decode = json.JSONDecoder().decode  # without the guessing of encodings that json.loads does first


class Row(NamedTuple):
    """One event as the database holds it.

    `columns` are the copies to be compared: any of position, stream, version, recorded_at, event_id, topic, actor,
    subjects, effective_at. `retired_by` is the position of the event that says that the bytes gave way; then `stored`
    is a stand-in, which must be true to columns and leaf, or None where the reader has none.
    """

    position: int
    stored: bytes | None
    columns: Mapping[str, object]
    leaf: bytes
    retired_by: int | None = None

    @property
    def is_retired(self) -> bool:
        """Whether only the leaf hash is left of the event."""
        return self.stored is None or self.retired_by is not None


@dataclass(frozen=True, slots=True)
class Head:
    """The head row: size, serialised frontier, and the writer's attestation of the root."""

    size: int
    frontier: bytes
    attestation: bytes = b""


def compare_columns(row: Row) -> None:
    """LogFalse unless every column copy equals what stands in the stored bytes."""
    if row.stored is None or not row.columns:
        return
    try:
        event = _decode(row.stored.decode())
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        raise LogFalse(
            "changed",
            row.position,
            zh=f"位置 {row.position} 的字节不是事件",
            en=f"the bytes at position {row.position} are not an event",
        )
    for name, value in row.columns.items():
        if name not in event or (value != event[name] and not _same(value, event[name])):
            raise LogFalse(
                "column_changed",
                row.position,
                zh=f"位置 {row.position}：列 {name} 与字节中的不同",
                en=f"position {row.position}: column {name} is not what stands in the bytes",
            )


def check_stand_in(row: Row) -> None:
    """LogFalse unless the bytes of a retired row stand for its own leaf and place."""
    if row.stored is not None and stands_for(row.stored) != row.leaf:
        raise LogFalse(
            "changed",
            row.position,
            zh=f"位置 {row.position} 的替代内容与其叶哈希不符",
            en=f"what stands for the retired event at position {row.position} is not of its leaf hash",
        )
    compare_columns(row)


def _same(value: object, stored: object) -> bool:
    """Whether a column's value, of the database's own type, is what stands in the stored JSON."""
    if isinstance(value, datetime):
        return isinstance(stored, str) and value == datetime.fromisoformat(stored)
    if isinstance(value, UUID):
        return str(value) == stored
    if isinstance(value, bytes) and len(value) == 16:
        return str(UUID(bytes=value)) == stored
    return isinstance(value, tuple) and list(value) == stored
