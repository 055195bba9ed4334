-- Statements on wrapped data keys and on what an erasure takes away. {keys} is the schema of a ledger's keys, {schema}
-- that of the ledger.

-- name: insert_data_keys
-- Keys for subjects that have none; a key that is there stays, and who was erased never gets one again.
insert into {keys}.data_keys (subject, retention, epoch, wrapped)
select * from unnest(%s::text[], %s::text[], %s::int4[], %s::bytea[]) as n (subject, retention, epoch, wrapped)
where not exists (select from {schema}.tombstones t where t.subject = n.subject)
    and not exists (
        select from {schema}.expiries x
        where n.subject = any(x.ids) and n.retention = x.class and x.step in ('restricted', 'destroyed'))
on conflict do nothing

-- name: read_data_keys
-- The keys of these subjects and classes.
select k.subject, k.retention, k.epoch, k.wrapped
from unnest(%s::text[], %s::text[]) as a (subject, retention)
join {keys}.data_keys k on k.subject = a.subject and k.retention = a.retention

-- name: delete_data_key
-- The key of one subject and class, for ever.
delete from {keys}.data_keys where subject = %s and retention = %s

-- name: share_subjects
-- The same for those who make keys: they don't wait for each other.
select pg_advisory_xact_lock_shared(hashtextextended('keys:' || %s, 0))

-- name: read_closed
-- The subjects and classes that are being erased because they ran out.
select unnest(ids), class from {schema}.expiries where step in ('restricted', 'destroyed')

-- name: read_tombstones
-- Everybody who was erased, or is being erased.
select subject from {schema}.tombstones
