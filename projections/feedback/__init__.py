"""What people told each other, asked, coached and remarked: threads, and when somebody was last coached."""

from ledger.kernel.statements import Statements
from projections.engine.kept import KEPT_TABLES, Kept, KeptFold, schema_with, statements_with, write_kept
from projections.engine.projection import Projection
from projections.feedback.handlers import TOPICS, fold, load

PROJECTION: Projection[Kept, KeptFold] = Projection(
    name="feedback",
    version=1,
    question="Who told whom what, what became of it, and when was somebody last coached, as known on a day?",
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
