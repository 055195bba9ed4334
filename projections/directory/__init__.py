"""Who is who: persons with employment, unit, job, manager and roles; units with label, parent and lead, on a day."""

from ledger.kernel.statements import load as load_statements
from projections.directory.handlers import TOPICS, Folded, fold, load, write
from projections.engine.interval_tables import TABLES, Loaded, schema_with, statements_with
from projections.engine.merged import MERGES_TABLE, schema_with_merges, statements_with_merges
from projections.engine.projection import Projection

PROJECTION: Projection[Loaded, Folded] = Projection(
    name="directory",
    version=4,
    question="Who is who: who works where, under whom and in which role, on a day and as it was known on a day?",
    tables=(*TABLES, "identities", "grants", "revocations", MERGES_TABLE),
    topics=TOPICS,
    schema=schema_with(schema_with_merges(load_statements("projections.directory", "schema.sql"))),
    statements=statements_with(statements_with_merges(load_statements("projections.directory", "statements.sql"))),
    load=load,
    fold=fold,
    write=write,
    on_bad="park",
)

__all__ = ["PROJECTION"]
