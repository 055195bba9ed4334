"""Serving: opens database, ledgers and all that follows them, answers until told to stop, and drains before it ends."""

import asyncio
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import structlog
import uvicorn
import uvloop
from uvicorn.config import Config

from api import logs
from api.app import create_app
from api.control import started
from api.forgetting import forgetting
from api.holdings import ProjectedSight
from api.notices import Noticing, links_of, outlets_of
from api.self_check import SelfCheck
from api.services import Served, Services
from api.settings import SERVICE_FILE, Settings, refuse_weak
from api.signed_folder import CONTROL, Following, SignedFolder
from api.signing import Published, Signing
from api.subscriptions.cursor import Cursors
from api.subscriptions.pages import Pages
from api.subscriptions.watch import HeadListener, HeadWatch
from api.witnesses import Witnessing
from ledger.application import Ledger
from ledger.erasure import Erasures
from ledger.evidence.signer import Signer
from ledger.founding import opened_at_of
from ledger.kernel import collector
from ledger.key_keeping import KeyKeeping, Rhythm
from ledger.retention import Retention
from ledger.rules import Engine
from ledger.store.embedded import open_cluster
from ledger.store.ledgers import list_ledgers, migrate
from projections.catalogue import CATALOGUE
from projections.engine import Runner

GRACEFUL_S = 15
COVERED_S = 10.0  # in which a checkpoint comes that holds an event just recorded
SWITCH_S = 0.001  # threads of projections and signer hold up the event loop no longer than this
Announce = Callable[["Server"], None]
_log = structlog.get_logger("pledger.serving")


def serve(settings: Settings, announce: Announce | None = None) -> None:
    """Serve until SIGINT or SIGTERM. `announce(server)` is called once requests are taken: see its `address`.

    Raises WeakConfiguration before anything listens, EmbeddedUnavailable, OSError where the port is taken.
    """
    logs.configure(settings.log_level)
    with database(settings) as conninfo:
        uvloop.run(answer(settings, conninfo, announce))


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """Yield the address of the database: the one set, else of the embedded one, which is started."""
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open_cluster(settings.database_folder) as cluster:
        yield cluster.conninfo


async def answer(settings: Settings, conninfo: str, announce: Announce | None = None) -> None:
    """Serve the ledgers of a running database until `Server.should_exit`."""
    sys.setswitchinterval(SWITCH_S)
    async with opened(settings, conninfo) as services:
        collector.settle()
        config = Config(
            create_app(services),
            host=settings.host,
            port=settings.port,
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=settings.proxy,
            timeout_graceful_shutdown=GRACEFUL_S,
            ssl_certfile=settings.tls_certificate,
            ssl_keyfile=settings.tls_key,
        )
        await Server(config, services, announce).serve()


@asynccontextmanager
async def opened(settings: Settings, conninfo: str) -> AsyncIterator[Services]:
    """Yield the ledgers of the database with their projections and signers running; close them in reverse order."""
    names = [settings.ledger] if settings.ledger else await asyncio.to_thread(list_ledgers, conninfo)
    async with AsyncExitStack() as stack:
        served = {}
        for name in names:
            await asyncio.to_thread(migrate, conninfo, name)
            served[name] = await _opened_ledger(stack, settings, conninfo, name)
        refuse_weak(settings, demonstration=any(s.ledger.clock_kind != "real" for s in served.values()))
        listener = HeadListener(conninfo, {s.ledger.reader.schema: s.watch for s in served.values()})
        listener.start()
        stack.push_async_callback(listener.stop)
        yield Services(settings, served)


async def _opened_ledger(stack: AsyncExitStack, settings: Settings, conninfo: str, name: str) -> Served:
    ledger = await Ledger.open(conninfo, name, settings.keys_folder)
    stack.push_async_callback(ledger.close)
    runner = Runner(conninfo, name, ledger.reader, CATALOGUE)
    await asyncio.to_thread(runner.start)
    stack.push_async_callback(asyncio.to_thread, runner.stop)
    await ledger.control.note([started(settings, ledger)])
    signing = await _publishing(stack, _signing, settings, ledger)
    control = await _publishing(stack, _signing_control, settings, ledger)
    stack.push_async_callback(ledger.refused.keep)  # before its signer ends
    witnessing = Witnessing.of(settings, ledger.name, signing, ledger.reader)
    if witnessing is not None:
        witnessing.start()
        stack.push_async_callback(asyncio.to_thread, witnessing.stop)
    watch = HeadWatch(lambda: ledger.reader.head().size, signing.wake)
    await watch.look()
    opened_at = await asyncio.to_thread(opened_at_of, ledger.reader, name)
    pages = Pages(ledger.reader.page, ledger.origin, Cursors(ledger.fingerprint))
    rules = None
    if settings.rules:
        rules = Engine(ledger, ProjectedSight(ledger, runner), wait=watch.beyond)
        rules.start()
        stack.push_async_callback(rules.stop)
    erasures = Erasures(ledger, ledger.erasing)
    erasures.start()
    stack.push_async_callback(erasures.stop)
    keeping = KeyKeeping(ledger, ledger.epochs, _rhythm(settings), opened_at)
    keeping.start()
    stack.push_async_callback(keeping.stop)
    await _start_retention(stack, ledger, runner, pages, signing)
    outlets = outlets_of(settings)
    if outlets and rules is not None:
        noticing = Noticing(ledger, outlets, link=links_of(settings), wait=watch.beyond, leads=lambda: rules.leading)
        noticing.start()
        stack.push_async_callback(noticing.stop)
    check = SelfCheck(ledger.reader, signing, ledger.secrets)
    check.start()
    stack.push_async_callback(asyncio.to_thread, check.stop)
    return Served(ledger, runner, watch, pages, signing, control, rules, witnessing, check)


async def _publishing(
    stack: AsyncExitStack, made: Callable[[Settings, Ledger], Published], settings: Settings, ledger: Ledger
) -> Published:
    signing = await asyncio.to_thread(made, settings, ledger)
    await asyncio.to_thread(signing.start)
    stack.push_async_callback(asyncio.to_thread, signing.stop)
    return signing


def _rhythm(settings: Settings) -> Rhythm | None:
    every_days = settings.key_epoch_days
    return None if every_days is None else Rhythm(every_days, settings.key_kept_days)


async def _start_retention(
    stack: AsyncExitStack, ledger: Ledger, runner: Runner, pages: Pages, signing: Published
) -> None:
    """Let go by itself what the schedules in force keep no more."""

    async def covered(position: int) -> bool:
        return await asyncio.to_thread(signing.covers, position, COVERED_S)

    forget = forgetting(ledger, runner, pages, CATALOGUE)
    retention = Retention(
        ledger, ledger.expiring, covered=covered, forget=forget, signed=lambda: signing.latest.head.size
    )
    retention.start()
    stack.push_async_callback(retention.stop)


def _signing(settings: Settings, ledger: Ledger) -> Published:
    """Return what signs here, or what follows a signer that runs by itself."""
    if settings.signed is not None:
        return Following(SignedFolder(settings.signed / ledger.name), ledger.reader, ledger.origin)
    folder = settings.keys_folder / "signer" / ledger.name
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Signing(Signer(folder, ledger.origin, attest_key=ledger.secrets.attest), ledger.reader)


def _signing_control(settings: Settings, ledger: Ledger) -> Published:
    """Return what signs the control log, or follows its signer: a folder inside that of the ledger's."""
    control = ledger.control
    if settings.signed is not None:
        return Following(SignedFolder(settings.signed / ledger.name / CONTROL), control.reader, control.origin)
    folder = settings.keys_folder / "signer" / ledger.name / CONTROL
    return Signing(Signer(folder, control.origin, attest_key=ledger.secrets.attest), control.reader)


class Server(uvicorn.Server):
    """uvicorn with three habits of its own: it says where it listens, ends streams first, and leaves signals whole."""

    def __init__(self, config: Config, services: Services, announce: Announce | None) -> None:
        super().__init__(config)
        self.services, self._announce = services, announce
        self._file = services.settings.data / SERVICE_FILE

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, write the address into the data folder, and announce it."""
        await super().startup(sockets)
        if not self.started:
            return
        address = self.address
        write_service_file(self._file, address, list(self.services.ledgers))
        _log.info("listening", address=address)
        if self._announce is not None:
            self._announce(self)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Send the streams away, then wait for the answers under way."""
        self._file.unlink(missing_ok=True)
        for served in self.services.ledgers.values():
            served.watch.close()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at SIGINT and SIGTERM without raising them again: the writer is still to be drained."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    @property
    def address(self) -> str:
        """The address with the port that was taken."""
        scheme = "https" if self.config.is_ssl else "http"
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def write_service_file(path: Path, address: str, ledgers: list[str]) -> None:
    """Write where the service listens, readable for its own user only, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps({"address": address, "pid": os.getpid(), "ledgers": ledgers}), encoding="utf-8")
    fresh.chmod(0o600)
    fresh.replace(path)
