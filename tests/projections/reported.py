"""Reports asked of tables that are fed by hand: every projection that a report reads, built from one history."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from projections.accountability.report import Answer, Circumstances
from projections.catalogue import CATALOGUE
from projections.engine import View
from projections.reports import REPORTS
from tests.projections.conftest import Bench
from tests.projections.histories import History

ALL = {projection.name: projection for projection in CATALOGUE}
FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


class Asker:
    """Asks reports of one history."""

    def __init__(self, views: dict[str, View], history: History) -> None:
        self.views, self.size, self.sealed = views, history.size, history.sealed

    def __call__(self, name: str, *, on: datetime = LAST, known: int | None = None, **more: Any) -> Answer:
        """Return what a report answers; the period is all of time unless `since` and `until` are given."""
        at = self.size if known is None else known
        given = {
            "since": FIRST,
            "until": on,
            "zone": ZoneInfo("UTC"),
            "recorded": (0, at),
            "opened": self._opened,
            **more,
        }
        return REPORTS[name].answer(self.views, Circumstances(on=on, known=at, **given))

    def _opened(self, event_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        return {id: self.sealed[id] for id in event_ids if id in self.sealed}


@contextmanager
def reporting(bench: Bench, history: History, *names: str) -> Iterator[Asker]:
    """Build the projections that these reports read from a history."""
    wanted = sorted({view for name in names for view in REPORTS[name].views})
    raw = history.raw()
    built = {name: bench.build(ALL[name], [raw]) for name in wanted}
    try:
        yield Asker({name: bench.view(tables, history.size) for name, tables in built.items()}, history)
    finally:
        for tables in built.values():
            bench.drop(tables.build)
