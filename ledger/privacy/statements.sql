-- Statements on wrapped data keys. {keys} is the schema of a ledger's keys.

-- name: insert_data_keys
-- Keys for subjects that have none; a key that is there stays.
insert into {keys}.data_keys (subject, retention, epoch, wrapped)
select * from unnest(%s::text[], %s::text[], %s::int4[], %s::bytea[])
on conflict do nothing

-- name: read_data_keys
-- The keys of these subjects and classes.
select k.subject, k.retention, k.epoch, k.wrapped
from unnest(%s::text[], %s::text[]) as a (subject, retention)
join {keys}.data_keys k on k.subject = a.subject and k.retention = a.retention

-- name: delete_data_key
-- The key of one subject and class, for ever.
delete from {keys}.data_keys where subject = %s and retention = %s
