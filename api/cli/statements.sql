-- What `pledger verify` reads of a ledger on its database. {schema} is ledger_<name>.

-- name: read_first_event
-- The event that tells the ledger's origin.
select stored from {schema}.events where position = 1

-- name: read_head_row
-- Size, frontier, and the writer's word on the root.
select size, frontier, attestation from {schema}.head

-- name: read_rows_to_verify
-- Every row with all of its copies, whatever stands in them.
select stored, leaf, retired_by, position, stream, version, recorded_at, event_id, topic, actor, subjects, effective_at
from {schema}.events
order by position

-- name: read_full_tile
-- The second copy of 256 leaf hashes.
select hashes from {schema}.tiles where level = 0 and index = %s
