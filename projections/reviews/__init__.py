"""How reviews came to their results, line by line, and how their cycles stand: stages, who is late, how complete."""

from ledger.kernel.statements import Statements
from projections.engine.kept import KEPT_TABLES, Kept, KeptFold, schema_with, statements_with, write_kept
from projections.engine.projection import Projection
from projections.reviews.handlers import TOPICS, fold, load

PROJECTION: Projection[Kept, KeptFold] = Projection(
    name="reviews",
    version=2,
    question="How did this review come to its result, and how does its cycle stand, on a day and as known on a day?",
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
