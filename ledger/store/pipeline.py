"""One connection in pipeline mode, driven by hand on libpq: statements prepared once, binary both ways, no threads."""

import asyncio
from collections.abc import Mapping, Sequence

import psycopg
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGconn, PGresult

_FAILED = (ExecStatus.FATAL_ERROR, ExecStatus.PIPELINE_ABORTED, ExecStatus.BAD_RESPONSE)
_GONE = ("08", "57P")  # SQLSTATE classes: connection exception, operator intervention
_READ_ONLY = "25006"  # the server became a standby


class ConnectionLost(Exception):
    """The connection broke or fell silent; what was sent since the last sync may or may not have been done."""


class StatementRefused(Exception):
    """The database refused a statement; the transaction is broken off and must be rolled back."""

    def __init__(self, sqlstate: str, constraint: str, message: str) -> None:
        super().__init__(message)
        self.sqlstate, self.constraint = sqlstate, constraint


class Pipeline:
    """Sends statements by name without waiting, and waits for all of them at `sync`."""

    def __init__(self, connection: psycopg.AsyncConnection, statements: Mapping[str, str], timeout_s: float) -> None:
        self._connection = connection
        self._pg: PGconn = connection.pgconn
        self._socket = self._pg.socket  # remembered: a broken connection no longer tells it
        self._texts = {name: text.encode() for name, text in statements.items()}
        self._names = {name: name.encode() for name in statements}
        self._prepared = False
        self._timeout_s = timeout_s
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[None] | None = None
        self._watching = False

    @classmethod
    async def connect(
        cls, conninfo: str, statements: Mapping[str, str], *, settings: str, prepare: bool, timeout_s: float
    ) -> "Pipeline":
        """Open a connection, apply `settings` (SQL) and prepare `statements`. Raises ConnectionLost, StatementRefused.

        `prepare=False` parses every statement anew, for poolers that do not carry prepared statements.
        """
        try:
            connection = await psycopg.AsyncConnection.connect(conninfo, autocommit=True)
        except psycopg.Error as failure:
            raise ConnectionLost(str(failure)) from failure
        pipeline = cls(connection, statements, timeout_s)
        try:
            await pipeline._set_up(settings, prepare)
        except BaseException:
            await pipeline.close()
            raise
        return pipeline

    async def _set_up(self, settings: str, prepare: bool) -> None:
        try:
            await self._connection.execute(settings.encode())
            self._pg.nonblocking = 1
            self._pg.enter_pipeline_mode()
            for name, text in self._texts.items() if prepare else ():
                self._pg.send_prepare(self._names[name], text)
        except psycopg.Error as failure:
            raise ConnectionLost(str(failure)) from failure
        await self.sync()
        self._prepared = prepare

    def send(self, name: str, params: Sequence[bytes] = ()) -> None:
        """Queue a statement with binary parameters. Raises ConnectionLost."""
        formats = [1] * len(params) if params else None
        try:
            if self._prepared:
                self._pg.send_query_prepared(self._names[name], params or None, formats, 1)
            else:
                self._pg.send_query_params(self._texts[name], params or None, None, formats, 1)
        except psycopg.Error as failure:
            raise ConnectionLost(str(failure)) from failure

    def hand_over(self) -> None:
        """Let the server begin with what is queued, while the rest is still being made. Raises ConnectionLost."""
        try:
            self._pg.flush()
        except psycopg.Error as failure:
            raise ConnectionLost(str(failure)) from failure

    async def sync(self) -> list[PGresult]:
        """Return the results of everything sent, in order. Raises ConnectionLost, StatementRefused (the first)."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._collect()
        except (psycopg.Error, OSError, TimeoutError) as failure:
            raise ConnectionLost(str(failure) or "the database fell silent") from failure

    async def _collect(self) -> list[PGresult]:
        pg = self._pg
        pg.pipeline_sync()
        while pg.flush() == 1:
            await self._ready(writing=True)
            pg.consume_input()
        results: list[PGresult] = []
        refused: PGresult | None = None
        while True:
            while pg.is_busy():
                await self._ready()
                pg.consume_input()
            result = pg.get_result()
            if result is None:
                if pg.status == ConnStatus.BAD:
                    raise ConnectionLost("the connection to the database broke")
                continue
            if result.status == ExecStatus.PIPELINE_SYNC:
                break
            if result.status in _FAILED and refused is None:
                refused = result
            results.append(result)
        if refused is not None:
            raise _failure(refused)
        return results

    async def _ready(self, *, writing: bool = False) -> None:
        """Wait until the socket can be read, or also, when `writing`, written."""
        waiter = self._waiter = self._loop.create_future()
        if not self._watching:
            self._loop.add_reader(self._socket, self._wake)
            self._watching = True
        if writing:
            self._loop.add_writer(self._socket, self._wake)
        try:
            await waiter
        finally:
            self._waiter = None
            if writing:
                self._loop.remove_writer(self._socket)

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
        elif waiter is None and self._watching:
            # Nobody waits, so nobody reads: a socket at its end would else call here without end.
            self._loop.remove_reader(self._socket)
            self._watching = False

    async def close(self) -> None:
        """Close the connection; what is not committed is lost."""
        if self._watching:
            self._loop.remove_reader(self._socket)
        self._watching = False
        await self._connection.close()


def _failure(result: PGresult) -> Exception:
    field = psycopg.pq.DiagnosticField
    sqlstate = (result.error_field(field.SQLSTATE) or b"").decode()
    constraint = (result.error_field(field.CONSTRAINT_NAME) or b"").decode()
    message = (result.error_field(field.MESSAGE_PRIMARY) or result.error_message).decode(errors="replace")
    if not sqlstate or sqlstate.startswith(_GONE) or sqlstate == _READ_ONLY:
        return ConnectionLost(message)
    return StatementRefused(sqlstate, constraint, message)
