"""Accountability: the reports that show where responsibility is unclear, passed about, or only on paper."""

from projections.accountability import boundary, cascades, claims, formalism, leading, ownership, passing, timeliness
from projections.accountability.handlers import is_act, projection_of_acts
from projections.accountability.report import Report

PROJECTION = projection_of_acts(
    name="accountability",
    version=2,
    question="Which acts show who did their part, who did another's, and who did it only on paper?",
    kept=is_act,
)
REPORTS: tuple[Report, ...] = (
    ownership.REPORT,
    passing.HAND_OVERS_REPORT,
    passing.PING_PONG_REPORT,
    cascades.REPORT,
    boundary.REPORT,
    formalism.REPORT,
    leading.RESULT_ONLY_REPORT,
    leading.IGNORED_ALERTS_REPORT,
    timeliness.REPORT,
    claims.REPORT,
)

__all__ = ["PROJECTION", "REPORTS"]
