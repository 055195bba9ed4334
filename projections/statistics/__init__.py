"""Statistics: what outcomes, trainings, hiring and attainment say together, and on how much it rests."""

from projections.statistics.declaration import PROJECTION, REPORTS

__all__ = ["PROJECTION", "REPORTS"]
