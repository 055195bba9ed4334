"""Metrics of one service, in Prometheus' form; labels hold route templates and ledger names, never an id."""

from functools import lru_cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30)


class Metrics:
    """The counters and gauges of one application; each application has its own registry."""

    def __init__(self) -> None:
        self.registry = own = CollectorRegistry()
        by_route = ("method", "route", "status")
        self.requests = Counter("pledger_requests", "Requests by route and status.", by_route, registry=own)
        self.seconds = Histogram(
            "pledger_request_seconds", "Time to answer.", ("route",), buckets=_BUCKETS_S, registry=own
        )
        self.positions = Gauge("pledger_ledger_position", "Last recorded position.", ("ledger",), registry=own)
        by_projection = ("ledger", "projection")
        self.lags = Gauge("pledger_projection_lag", "Events a projection is behind.", by_projection, registry=own)
        self.checked = Gauge(
            "pledger_self_check_events", "Events found good by the last self-check.", ("ledger",), registry=own
        )
        self.faults = Gauge(
            "pledger_self_check_fault", "1 once a self-check found the ledger changed.", ("ledger",), registry=own
        )
        by_log = ("ledger", "log")
        self.signed = Gauge("pledger_checkpointed", "Entries under a signed checkpoint.", by_log, registry=own)
        self.refusals = Gauge("pledger_signer_refuses", "1 while the signer refuses to sign.", by_log, registry=own)
        by_witness = ("ledger", "witness")
        self.witnessed = Gauge("pledger_witnessed", "Events that a witness cosigned.", by_witness, registry=own)
        self.silences = Gauge(
            "pledger_witness_refuses", "1 while a witness refuses or does not answer.", by_witness, registry=own
        )
        self.streams = Gauge("pledger_event_streams", "Open event streams.", ("ledger",), registry=own)

    @lru_cache(maxsize=4096)  # noqa: B019  # as long as the process; labels are few
    def request(self, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
        """Return the counter and the histogram of one route's answers with a status."""
        return self.requests.labels(method, route, status), self.seconds.labels(route)

    def text(self) -> bytes:
        """Return all of it in the text format."""
        return generate_latest(self.registry)
