"""Declaration: the projection that keeps what suggestions rest on and came to, and the reports that read it."""

from ledger.kernel.statements import load as load_statements
from projections.accountability.handlers import Folded, load, write
from projections.accountability.report import Report
from projections.engine.merged import MERGES_TABLE, schema_with_merges, statements_with_merges
from projections.engine.projection import Projection
from projections.suggestions import followed, job_analysis
from projections.suggestions.gathering import fold

PROJECTION: Projection[None, Folded] = Projection(
    name="suggestions",
    version=3,
    question="Which suggestions were shown and answered, and who did which job?",
    tables=("acts", MERGES_TABLE),
    topics=None,
    schema=schema_with_merges(load_statements("projections.accountability", "schema.sql")),
    statements=statements_with_merges(load_statements("projections.accountability", "statements.sql")),
    load=load,
    fold=fold,
    write=write,
)
REPORTS: tuple[Report, ...] = (job_analysis.REPORT, followed.REPORT)
