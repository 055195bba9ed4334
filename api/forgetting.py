"""Forgetting: what a service has made of events that were retired is made anew of what is left of them."""

import asyncio
from collections.abc import Awaitable, Callable

from api.subscriptions.pages import Pages
from ledger.application import Ledger
from projections.engine import Catalogue, Runner

REBUILT_S = 6 * 3600.0
TWICE = 2  # the build before the live one is kept to go back to: it, too, must know nothing of them


def forgetting(ledger: Ledger, runner: Runner, pages: Pages, catalogue: Catalogue) -> Callable[[], Awaitable[None]]:
    """Return what forgets: states in memory, pages at hand, and every projection. Raises TimeoutError."""

    async def forget() -> None:
        ledger.forget_states()
        pages.forget()
        names = [projection.name for projection in catalogue]
        for _ in range(TWICE):
            await asyncio.to_thread(rebuild_all, runner, names)
        await asyncio.to_thread(runner.drop_retired)

    return forget


def rebuild_all(runner: Runner, names: list[str]) -> None:
    """Build projections anew side by side, and block until all of them are live. Raises TimeoutError."""
    rebuilds = [runner.rebuild(name) for name in names]
    for rebuild in rebuilds:
        if not rebuild.wait(REBUILT_S):
            raise TimeoutError(f"{rebuild.projection.name} was not rebuilt: {rebuild.progress().code}")
