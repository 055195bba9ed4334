"""How hiring went: requisitions with their pipeline, and each application from its receipt to the end of probation."""

from ledger.kernel.statements import Statements
from projections.engine.kept import KEPT_TABLES, Kept, KeptFold, schema_with, statements_with, write_kept
from projections.engine.projection import Projection
from projections.hiring.handlers import TOPICS, fold, load

PROJECTION: Projection[Kept, KeptFold] = Projection(
    name="hiring",
    version=1,
    question="How did this application go from stage to stage, and how does its requisition stand, as known on a day?",
    tables=KEPT_TABLES,
    topics=TOPICS,
    schema=schema_with(Statements("schema.sql", {})),
    statements=statements_with(Statements("statements.sql", {})),
    load=load,
    fold=fold,
    write=write_kept,
    on_bad="park",
)

__all__ = ["PROJECTION"]
