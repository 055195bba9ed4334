"""Reading: every projection reads the year before it is served, so that the first question finds its answer."""

from ledger.application import Ledger
from projections.catalogue import CATALOGUE
from projections.engine import Runner

PATIENCE_S = 120.0  # for one projection; what is slower goes on in the service


def read(conninfo: str, ledger: Ledger) -> None:
    """Build every projection of a ledger up to its last event. Blocks on the database."""
    runner = Runner(conninfo, ledger.name, ledger.reader, CATALOGUE)
    runner.start()
    try:
        size = ledger.reader.head().size
        for status in runner.status():
            runner.wait_for(status.name, size, PATIENCE_S)
    finally:
        runner.stop()
