"""A proxy before PostgreSQL that cuts a connection at a chosen message, for tests of lost connections."""

import re
import socket
import threading
from contextlib import suppress
from typing import Self

from psycopg.conninfo import conninfo_to_dict, make_conninfo


class CuttingProxy:
    """Forwards bytes both ways until it is armed and comes to the planned cut; use it as a context manager."""

    def __init__(self, conninfo: str) -> None:
        parts = conninfo_to_dict(conninfo)
        host, port = str(parts.get("host") or "localhost"), int(str(parts.get("port") or 5432))
        self._target: tuple[str, int] | str = f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        address = {"host": "127.0.0.1", "port": str(self._listener.getsockname()[1])}
        self.conninfo = make_conninfo(conninfo, sslmode="disable", gssencmode="disable", **address)
        self._word = self._planned = b""
        self._deliver = self._for_good = False
        self._swallow: socket.socket | None = None
        self._answered = threading.Event()
        self.closed_for_good = False
        self.cuts = 0
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []

    def plan(self, word: str, *, deliver: bool, for_good: bool = False) -> None:
        """Choose the cut: where the statement `word` is run, after the server has done it or before it saw it.

        `for_good` lets nobody in afterwards.
        """
        self._planned, self._deliver, self._for_good = word.encode(), deliver, for_good

    def arm(self) -> None:
        """From now on, cut where it was planned, once."""
        self._word = self._planned

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.closed_for_good:
                client.close()
                continue
            server = self._connect()
            self._sockets += [client, server]
            for work in (self._client_to_server, self._server_to_client):
                self._spawn(work, client, server)

    def _spawn(self, work: object, *sockets: socket.socket) -> None:
        thread = threading.Thread(target=work, args=sockets, daemon=True)  # type: ignore[arg-type] # a method
        thread.start()
        self._threads.append(thread)

    def _connect(self) -> socket.socket:
        if isinstance(self._target, tuple):
            return socket.create_connection(self._target)
        server = socket.socket(socket.AF_UNIX)
        server.connect(self._target)
        return server

    def _client_to_server(self, client: socket.socket, server: socket.socket) -> None:
        while data := _receive(client):
            # a Bind message: its statement's name stands between two zero bytes
            if self._word and re.search(rb"\0" + self._word + rb"\0", data):
                self._cut(client, server, data)
                return
            server.sendall(data)
        server.close()

    def _cut(self, client: socket.socket, server: socket.socket, data: bytes) -> None:
        self._word = b""
        self.cuts += 1
        self.closed_for_good = self._for_good
        if self._deliver:
            self._swallow = server
            server.sendall(data)
            self._answered.wait(10)
        _hang_up(server)
        _hang_up(client)

    def _server_to_client(self, client: socket.socket, server: socket.socket) -> None:
        while data := _receive(server):
            if self._swallow is server:
                self._answered.set()
                return
            try:
                client.sendall(data)
            except OSError:
                return

    def __enter__(self) -> Self:
        self._spawn(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        _hang_up(self._listener)
        for each in self._sockets:
            _hang_up(each)
        for thread in self._threads:
            thread.join(10)


def _receive(source: socket.socket) -> bytes:
    try:
        return source.recv(1 << 20)
    except OSError:
        return b""


def _hang_up(each: socket.socket) -> None:
    with suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()
