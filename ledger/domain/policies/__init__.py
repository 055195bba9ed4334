"""Policies: terms and texts in versions that never look back, who has read them, and how they were reviewed."""

from ledger.domain.policies import publishing, reading
from ledger.domain.policies.publishing import PolicyState
from ledger.domain.policies.reading import PolicyReadingState

STREAMS = (publishing.STREAM, reading.STREAM)

__all__ = ["STREAMS", "PolicyReadingState", "PolicyState", "publishing", "reading"]
