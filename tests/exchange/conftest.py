"""Where the tests of imports find the example mappings."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def mappings() -> Path:
    """The example mappings that the documentation ships."""
    return Path(__file__).resolve().parents[2] / "docs" / "how-to" / "mappings"
