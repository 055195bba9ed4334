"""What happened to this, and who did what: the ordered history of any subject, actor or batch, with what was late."""

from ledger.kernel.statements import load as load_statements
from projections.audit_trail.handlers import Folded, fold, load, write
from projections.engine.merged import MERGES_TABLE, schema_with_merges, statements_with_merges
from projections.engine.projection import Projection

PROJECTION: Projection[None, Folded] = Projection(
    name="audit_trail",
    version=3,
    question="What happened to this subject, or by this actor, in which order, and what of it was late or on behalf?",
    tables=("entries", "mentions", MERGES_TABLE),
    topics=None,
    schema=schema_with_merges(load_statements("projections.audit_trail", "schema.sql")),
    statements=statements_with_merges(load_statements("projections.audit_trail", "statements.sql")),
    load=load,
    fold=fold,
    write=write,
    on_bad="stop",
)

__all__ = ["PROJECTION"]
