"""Declaration: the projection that keeps what the statistics rest on, and the reports that read it."""

from ledger.kernel.statements import load as load_statements
from projections.accountability.handlers import Folded, load, write
from projections.accountability.report import Report
from projections.engine.merged import MERGES_TABLE, schema_with_merges, statements_with_merges
from projections.engine.projection import Projection
from projections.statistics import correlations, new_hires, selections, system, trainings
from projections.statistics.gathering import fold

PROJECTION: Projection[None, Folded] = Projection(
    name="statistics",
    version=3,
    question="Which outcomes, trainings and hirings do the statistics rest on?",
    tables=("acts", MERGES_TABLE),
    topics=None,
    schema=schema_with_merges(load_statements("projections.accountability", "schema.sql")),
    statements=statements_with_merges(load_statements("projections.accountability", "statements.sql")),
    load=load,
    fold=fold,
    write=write,
)
REPORTS: tuple[Report, ...] = (
    correlations.REPORT,
    trainings.REPORT,
    selections.REPORT,
    new_hires.ATTAINMENT_REPORT,
    new_hires.THREAD_REPORT,
    system.REPORT,
)
