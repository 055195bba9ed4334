"""Training: what courses are meant to move, who is to take part, and who has completed or abandoned them."""

from ledger.domain.training import courses, taking_part

STREAMS = (courses.STREAM, taking_part.STREAM)

__all__ = ["STREAMS", "courses", "taking_part"]
