"""Services: what one process serves, opened before the first request and closed after the last."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from api.metrics import Metrics
from api.settings import Settings
from api.subscriptions.watch import HeadWatch
from ledger.application import Ledger
from ledger.evidence.signer import Signer
from projections.engine import Runner


@dataclass(frozen=True, slots=True)
class Served:
    """One ledger with all that follows it: projections, signer, and the watch that tells of new events."""

    ledger: Ledger
    runner: Runner
    watch: HeadWatch
    signer: Signer | None = None


@dataclass(frozen=True, slots=True)
class Services:
    """The ledgers of this process by name, and what they share."""

    settings: Settings
    ledgers: Mapping[str, Served]
    metrics: Metrics = field(default_factory=Metrics)
