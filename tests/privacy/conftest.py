"""The founded ledger and its company, for tests of what is personal."""

from tests.use_cases.conftest import Play, founded, play

__all__ = ["Play", "founded", "play"]
