"""Privacy: what somebody asks about their own data, what holds it, and how it is erased, and how long it is kept."""

from ledger.domain.privacy import key_epochs, records, requests, schedules, terms

STREAMS = (requests.STREAM, records.STREAM, schedules.STREAM, key_epochs.STREAM)

__all__ = ["STREAMS", "key_epochs", "records", "requests", "schedules", "terms"]
