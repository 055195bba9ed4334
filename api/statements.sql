-- What the running service reads of a ledger to check itself. {schema} is ledger_<name>.

-- name: read_rows_to_check
-- A page of rows with all of their copies, after a position and up to another.
select stored, leaf, retired_by, position, stream, version, recorded_at, event_id, topic, actor, subjects, effective_at
from {schema}.events
where position > %s and position <= %s
order by position limit %s
