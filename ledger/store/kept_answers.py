"""Kept answers: whether what is repeated under an idempotency key names events that its sender recorded."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import orjson
from psycopg import Connection

from ledger.evidence.faults import LogFalse
from ledger.kernel.statements import load

PAGE_KEYS = 1_000
HIDDEN = "hidden"  # stands for a sender who must not be told
RETIRED = ""  # stands for the actor of an event whose bytes gave way
Opening = Callable[[], AbstractContextManager[Connection[tuple[Any, ...]]]]


class KeptAnswersCheck:
    """Checks the answers of one ledger that are kept to be repeated. `opening` gives a connection for a moment."""

    def __init__(self, schema: str, opening: Opening) -> None:
        self._statements = load("ledger.store", "kept_answers.sql").bind(schema=schema)
        self._opening = opening
        self.checked = 0

    def run(self, pause: Callable[[], bool] | None = None) -> None:
        """Check all of them. Raises LogFalse for one that is false.

        With `pause`, which is called between pages and ends the check when true, it is gentle: then it does not look
        for two keys that name one event, which takes the whole table at once.
        """
        actor, key = "", ""
        while True:
            with self._opening() as connection:
                statement = self._statements["read_kept_answers"].encode()
                rows = connection.execute(statement, (actor, key, PAGE_KEYS)).fetchall()
            for row in rows:
                _check(*row)
            self.checked += len(rows)
            if len(rows) < PAGE_KEYS:
                break
            actor, key = rows[-1][:2]
            if pause is not None and pause():
                return
        if pause is None:
            self._refuse_twice_named()

    def _refuse_twice_named(self) -> None:
        with self._opening() as connection:
            row = connection.execute(self._statements["find_twice_named"].encode()).fetchone()
        if row is not None:
            raise _false(int(row[0]))


def _check(actor: str, _: str, first: int, count: int, answer: bytes, acted: str | None, size: int) -> None:
    """Raise LogFalse unless a kept answer names events that are there, by whoever sent the command."""
    there = first >= 1 and count >= 0 and first + count - 1 <= size
    nobodys = (HIDDEN, "")  # the sender must not be told, or the event was retired
    by_sender = count == 0 or actor == HIDDEN or acted in (actor, *nobodys)
    if not (there and by_sender and _is_readable(bytes(answer))):
        raise _false(first)


def _is_readable(answer: bytes) -> bool:
    """Tell whether an answer is a list of refusals: index, code, details."""
    try:
        told = orjson.loads(answer) if answer else []
        return all(isinstance(index, int) and isinstance(code, str) for index, code, _ in told)
    except (ValueError, TypeError):
        return False


def _false(position: int) -> LogFalse:
    return LogFalse(
        "answer_changed",
        position,
        zh=f"位置 {position}：为重复请求保存的答复被改动",
        en=f"position {position}: what is kept to be answered to a repeated request was changed",
    )
