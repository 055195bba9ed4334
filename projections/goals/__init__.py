"""How goals stand: whose they are, by which target, what is claimed and what is measured, and how far that is."""

from ledger.kernel.statements import load as load_statements
from projections.engine.kept import KEPT_TABLES, schema_with, statements_with
from projections.engine.projection import Projection
from projections.goals.handlers import TOPICS, Folded, State, fold, load, write

PROJECTION: Projection[State, Folded] = Projection(
    name="goals",
    version=4,
    question="How does this goal stand: whose is it, by which target, what is claimed, what is measured?",
    tables=(*KEPT_TABLES, "reports"),
    topics=TOPICS,
    schema=schema_with(load_statements("projections.goals", "schema.sql")),
    statements=statements_with(load_statements("projections.goals", "statements.sql")),
    load=load,
    fold=fold,
    write=write,
    on_bad="park",
)

__all__ = ["PROJECTION"]
