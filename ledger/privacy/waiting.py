"""Waiting: answers to a survey, encrypted together with the spent tickets, without who gave which or in what order.

One row holds all that waits for a survey, and each answer rewrites it: the database has no row, no transaction id and
no place on disk that belongs to one answer. Its length grows in steps of a power of two, and so counts nothing.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import SystemRandom
from typing import Any

import orjson
from psycopg import Connection
from psycopg_pool import ConnectionPool

from ledger.kernel.randomness import draw
from ledger.kernel.statements import load
from ledger.privacy.data_keys import DataKeys, Owner
from ledger.privacy.sealing import NONCE_BYTES

SMALLEST_BYTES = 1 << 16
RETENTION = "waiting"
_chance = SystemRandom()


class TicketSpent(Exception):
    """The ticket has been spent: its holder's answer waits already."""


class NothingTaken(Exception):
    """No more answers are taken."""


@dataclass(slots=True)
class Pool:
    """The answers that wait, in no order, and the tickets that were spent for them."""

    tickets: list[str] = field(default_factory=list)
    answers: list[Mapping[str, Any]] = field(default_factory=list)

    def add(self, ticket: str, answer: Mapping[str, Any]) -> None:
        """Take an answer for a ticket. Raises TicketSpent. Afterwards neither tells the place of the other."""
        if ticket in self.tickets:
            raise TicketSpent()
        self.tickets = sorted([*self.tickets, ticket])
        self.answers.append(answer)
        _chance.shuffle(self.answers)

    def packed(self) -> bytes:
        """Return it as JSON, filled up with spaces to a power of two."""
        plain = orjson.dumps({"tickets": self.tickets, "answers": self.answers})
        return plain.ljust(max(SMALLEST_BYTES, 1 << (len(plain) - 1).bit_length()))

    @classmethod
    def unpacked(cls, packed: bytes) -> "Pool":
        """Return what was packed."""
        said = orjson.loads(packed)
        return cls(said["tickets"], said["answers"])


class WaitingPlace:
    """What waits in one ledger. Everything blocks on the database."""

    def __init__(self, pool: ConnectionPool[Connection], schema: str, keys: DataKeys) -> None:
        self._pool, self._schema, self._keys = pool, schema, keys
        self._statements = load("ledger.privacy", "waiting.sql").bind(schema=schema)

    def deposit(self, survey: str, ticket: str, answer: Mapping[str, Any]) -> None:
        """Let an answer wait for a survey's closing. Raises TicketSpent, NothingTaken."""
        with self._locked(survey) as (connection, box, sealed_off):
            if sealed_off:
                raise NothingTaken()
            self._keys.ensure([_owner(survey)])
            waiting = self._opened(survey, box)
            waiting.add(ticket, answer)
            connection.execute(self._statements["update_waiting"].encode(), (self._closed(survey, waiting), survey))

    def collect(self, survey: str) -> list[Mapping[str, Any]]:
        """Return the answers to a survey in no order, and take no more."""
        with self._locked(survey) as (connection, box, _):
            if box:
                self._keys.ensure([_owner(survey)])
            connection.execute(self._statements["seal_off_waiting"].encode(), (survey,))
            return self._opened(survey, box).answers

    def forget(self, survey: str) -> None:
        """Let go of a survey's answers for ever: the row, and the key that opens every copy of it."""
        with self._pool.connection() as connection:
            connection.execute(self._statements["empty_waiting"].encode(), (survey,))
        self._keys.destroy(_owner(survey))

    @contextmanager
    def _locked(self, survey: str) -> Iterator[tuple[Connection, bytes, bool]]:
        with self._pool.connection() as connection, connection.transaction():
            connection.execute(self._statements["insert_waiting"].encode(), (survey,))
            row = connection.execute(self._statements["lock_waiting"].encode(), (survey,)).fetchone()
            if row is None:
                raise LookupError("what waits is never deleted")
            yield connection, bytes(row[0]), bool(row[1])

    def _opened(self, survey: str, box: bytes) -> Pool:
        if not box:
            return Pool()
        key = self._keys.known(_owner(survey))
        if key is None:
            raise LookupError("what waits is opened only once its key is in memory")
        return Pool.unpacked(key.decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], self._bound(survey)))

    def _closed(self, survey: str, waiting: Pool) -> bytes:
        key = self._keys.known(_owner(survey))
        if key is None:
            raise LookupError("what waits is encrypted only once its key is in memory")
        nonce = draw(NONCE_BYTES)
        return nonce + key.encrypt(nonce, waiting.packed(), self._bound(survey))

    def _bound(self, survey: str) -> bytes:
        return f"{self._schema}\0{RETENTION}\0{survey}".encode()


def _owner(survey: str) -> Owner:
    return f"survey/{survey}", RETENTION
