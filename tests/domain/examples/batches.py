"""An example of taking a batch back."""

from __future__ import annotations

from ledger.domain.batches import BatchReversed, ReverseBatch
from tests.domain.examples.example import Example

EXAMPLES = (Example("batch", "b-1", ReverseBatch(events=3, reason="mistake"), BatchReversed),)
