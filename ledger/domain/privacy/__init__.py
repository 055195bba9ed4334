"""Privacy: what somebody asks about their own data, what holds it, and how it is erased."""

from ledger.domain.privacy import records, requests

STREAMS = (requests.STREAM, records.STREAM)

__all__ = ["STREAMS", "records", "requests"]
