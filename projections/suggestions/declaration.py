"""Declaration: the projection that keeps what suggestions rest on and came to, and the reports that read it."""

from projections.accountability.handlers import projection_of_acts
from projections.accountability.report import Report
from projections.suggestions import followed, job_analysis
from projections.suggestions.gathering import is_kept

PROJECTION = projection_of_acts(
    name="suggestions",
    version=3,
    question="Which suggestions were shown and answered, and who did which job?",
    kept=is_kept,
)
REPORTS: tuple[Report, ...] = (job_analysis.REPORT, followed.REPORT)
