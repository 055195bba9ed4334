"""What every test may ask for: a real database and the shared real data."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from ledger.store.embedded import open_cluster

# No deadlines: timings are asserted nowhere. `make soak` looks much further.
settings.register_profile("quick", deadline=None, max_examples=50)
settings.register_profile("whole", deadline=None, max_examples=5_000)
settings.load_profile("whole" if os.environ.get("PLEDGER_SOAK") else "quick")

_SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a database for the admin role: the server in PLEDGER_TEST_DATABASE_URL, else an embedded one.

    The embedded one is thrown away, so it does not wait for the disk.
    """
    given = os.environ.get("PLEDGER_TEST_DATABASE_URL")
    if given:
        yield given
        return
    fast = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
    with open_cluster(tmp_path_factory.mktemp("database") / "pg", settings=fast) as cluster:
        yield cluster.conninfo


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of shared real data, which is no part of the project; tests that need it skip where it is absent."""
    if not _SHARED_DATA.is_dir():
        pytest.skip(f"needs the shared test data in {_SHARED_DATA}")
    return _SHARED_DATA
