"""The list of every report, by name."""

from projections import accountability, statistics, suggestions
from projections.accountability.report import Report

REPORTS: dict[str, Report] = {
    report.name: report for report in (*accountability.REPORTS, *statistics.REPORTS, *suggestions.REPORTS)
}
