"""Declaration: the projection that keeps what the statistics rest on, and the reports that read it."""

from projections.accountability.handlers import projection_of_acts
from projections.accountability.report import Report
from projections.statistics import correlations, new_hires, selections, system, trainings
from projections.statistics.gathering import is_kept

PROJECTION = projection_of_acts(
    name="statistics",
    version=3,
    question="Which outcomes, trainings and hirings do the statistics rest on?",
    kept=is_kept,
)
REPORTS: tuple[Report, ...] = (
    correlations.REPORT,
    trainings.REPORT,
    selections.REPORT,
    new_hires.ATTAINMENT_REPORT,
    new_hires.THREAD_REPORT,
    system.REPORT,
)
