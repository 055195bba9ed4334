-- Statements on the epochs that wrap data keys. {keys} is the schema of a ledger's keys.

-- name: lock_keys
-- Nobody makes a data key meanwhile.
select pg_advisory_xact_lock(hashtextextended('keys:' || %s, 0))

-- name: count_by_epoch
-- How many data keys each epoch wraps.
select epoch, count(*)::int4 from {keys}.data_keys group by epoch

-- name: read_older
-- The data keys of earlier epochs.
select subject, retention, epoch, wrapped from {keys}.data_keys where epoch < %s

-- name: move_key
-- A data key wrapped anew.
update {keys}.data_keys set wrapped = %s, epoch = %s where subject = %s and retention = %s
