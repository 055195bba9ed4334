"""Reviews: cycles with their stages, how a result comes about, and what may be done against it."""

from ledger.domain.reviews import calibrations, cycles, drafts, planning, stream

STREAMS = (planning.STREAM, stream.STREAM, drafts.STREAM, calibrations.STREAM)

__all__ = ["STREAMS", "calibrations", "cycles", "drafts", "planning", "stream"]
