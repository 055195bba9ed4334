"""Accountability: the reports that show where responsibility is unclear, passed about, or only on paper."""

from ledger.kernel.statements import load as load_statements
from projections.accountability import boundary, cascades, claims, formalism, leading, ownership, passing, timeliness
from projections.accountability.handlers import Folded, fold, load, write
from projections.accountability.report import Report
from projections.engine.merged import MERGES_TABLE, schema_with_merges, statements_with_merges
from projections.engine.projection import Projection

PROJECTION: Projection[None, Folded] = Projection(
    name="accountability",
    version=2,
    question="Which acts show who did their part, who did another's, and who did it only on paper?",
    tables=("acts", MERGES_TABLE),
    topics=None,
    schema=schema_with_merges(load_statements("projections.accountability", "schema.sql")),
    statements=statements_with_merges(load_statements("projections.accountability", "statements.sql")),
    load=load,
    fold=fold,
    write=write,
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
