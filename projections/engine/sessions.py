"""How the engine's connections are set: what the page loop writes with, and what views read with."""

from psycopg.conninfo import conninfo_to_dict, make_conninfo

SNAPSHOT_S = 5

# Commits need not wait for the disk: page and checkpoint are one transaction, so that a crash loses both or neither.
# Pages look rows up by key; freshly made tables have no statistics yet that would tell the planner so.
WRITING = (
    "-c application_name=projections -c synchronous_commit=off "
    "-c enable_hashjoin=off -c enable_mergejoin=off -c enable_seqscan=off "
    "-c enable_material=off -c maintenance_work_mem=128MB"
)
READING = (
    r"-c default_transaction_isolation=repeatable\ read -c default_transaction_read_only=on "
    f"-c statement_timeout={SNAPSHOT_S}s -c idle_in_transaction_session_timeout={SNAPSHOT_S}s"
)


def with_options(conninfo: str, options: str) -> str:
    """Return `conninfo` with session settings added to those it has."""
    given = conninfo_to_dict(conninfo).get("options") or ""
    return make_conninfo(conninfo, options=f"{given} {options}".strip())
