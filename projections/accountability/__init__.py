"""Accountability: the reports that show where responsibility is unclear, passed about, or only on paper."""

from projections.accountability.report import Report

REPORTS: tuple[Report, ...] = ()

__all__ = ["REPORTS"]
