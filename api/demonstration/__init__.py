"""The demonstration: a company of some sixty people that lives through four quarters of 2025, by commands alone."""

from api.demonstration.calendar import BEGINS, CUT_OVER, ZONE_NAME
from api.demonstration.life import live
from api.demonstration.reading import read

__all__ = ["BEGINS", "CUT_OVER", "ZONE_NAME", "live", "read"]
