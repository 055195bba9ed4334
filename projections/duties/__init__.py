"""Who has to do what by when: duties with holder, notice and outcome, as they stand and as known at any position."""

from ledger.kernel.statements import load as load_statements
from projections.duties.handlers import TOPICS, Folded, State, fold, load, write
from projections.engine.merged import MERGES_TABLE, schema_with_merges, statements_with_merges
from projections.engine.projection import Projection

PROJECTION: Projection[State, Folded] = Projection(
    name="duties",
    version=3,
    question="Who has to do what by when, who was told, what became of it, and what had been known of it?",
    tables=("duties", "spells", MERGES_TABLE),
    topics=TOPICS,
    schema=schema_with_merges(load_statements("projections.duties", "schema.sql")),
    statements=statements_with_merges(load_statements("projections.duties", "statements.sql")),
    load=load,
    fold=fold,
    write=write,
)

__all__ = ["PROJECTION"]
