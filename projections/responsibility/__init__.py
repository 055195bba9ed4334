"""Who owns this: who is accountable, responsible, supporting, consulted, informed, on a day, as known at a position."""

from ledger.kernel.statements import load as load_statements
from projections.engine.interval_tables import TABLES, Loaded, schema_with, statements_with
from projections.engine.merged import MERGES_TABLE, schema_with_merges, statements_with_merges
from projections.engine.projection import Projection
from projections.responsibility.handlers import TOPICS, Folded, fold, load, write

PROJECTION: Projection[Loaded, Folded] = Projection(
    name="responsibility",
    version=4,
    question="Who owns this, since when and by which act, on a day and as it was known on a day?",
    tables=(*TABLES, "flaws", MERGES_TABLE),
    topics=TOPICS,
    schema=schema_with(schema_with_merges(load_statements("projections.responsibility", "schema.sql"))),
    statements=statements_with(statements_with_merges(load_statements("projections.responsibility", "statements.sql"))),
    load=load,
    fold=fold,
    write=write,
    on_bad="stop",
)

__all__ = ["PROJECTION"]
