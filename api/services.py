"""Services: what one process serves, opened before the first request and closed after the last."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from api.metrics import Metrics
from api.self_check import SelfCheck
from api.settings import Settings
from api.signing import Published
from api.subscriptions.pages import Pages
from api.subscriptions.watch import HeadWatch
from api.witnesses import Witnessing
from ledger.application import Ledger
from ledger.rules import Engine
from projections.engine import Runner


@dataclass(slots=True)
class Served:
    """One ledger with all that follows it: projections, signer, and the watch that tells of new events."""

    ledger: Ledger
    runner: Runner
    watch: HeadWatch
    pages: Pages
    signing: Published
    control: Published  # what is signed of the control log
    rules: Engine | None = None
    witnessing: Witnessing | None = None
    self_check: SelfCheck | None = None
    open_streams: int = 0

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Count a stream for as long as it is open."""
        self.open_streams += 1
        try:
            yield
        finally:
            self.open_streams -= 1


@dataclass(frozen=True, slots=True)
class Services:
    """The ledgers of this process by name, and what they share."""

    settings: Settings
    ledgers: Mapping[str, Served]
    metrics: Metrics = field(default_factory=Metrics)
