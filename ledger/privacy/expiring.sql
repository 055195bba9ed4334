-- Statements of what runs out: classes of texts, and whole streams of events. {schema} is the schema of a ledger, {keys}
-- that of its keys.

-- name: lock_subjects
-- Whoever makes a key waits for whoever destroys keys, and the other way round.
select pg_advisory_xact_lock(hashtextextended('keys:' || %s, 0))

-- name: find_held
-- The classes in which texts of persons and candidates are kept, with the time at which the last was recorded.
select s.subject, s.retention, max(e.recorded_at)
from {schema}.sealed s join {schema}.events e on e.event_id = s.event_id
where s.subject ~ '^(person|candidate)/' group by s.subject, s.retention order by s.subject, s.retention

-- name: find_expiring
-- The positions at which it was said that a class runs out, where its erasure is not done.
select e.position from {schema}.events e
where e.stream >= 'personal-record/' and e.stream < 'personal-record0' and e.topic = 'privacy.ClassExpired'
    and not exists (select from {schema}.expiries x where x.position = e.position and x.step = 'done')
order by e.position

-- name: insert_expiry
-- The erasure of a class begins; one that is there stays as it began.
insert into {schema}.expiries (position, step, ids, class, parts, identifiers)
select %(position)s, 'restricted', %(ids)s, %(class)s,
    (select count(*)::int4 from {schema}.sealed where subject = any(%(ids)s) and retention = %(class)s),
    (select count(*)::int4 from {schema}.lookup where subject = any(%(ids)s) and %(found)s)
on conflict do nothing

-- name: read_expiry
-- How far the erasure of a class has come.
select step, ids, class, parts, identifiers from {schema}.expiries where position = %s

-- name: advance_expiry
-- One step further.
update {schema}.expiries set step = %s where position = %s

-- name: delete_class_keys
-- The keys of one class, for ever.
delete from {keys}.data_keys where subject = any(%s) and retention = %s

-- name: delete_class_sealed
-- The ciphertext of one class.
delete from {schema}.sealed where subject = any(%s) and retention = %s

-- name: delete_lookups_of
-- The keyed digests of subjects.
delete from {schema}.lookup where subject = any(%s)

-- name: delete_snapshots_of
-- Shortcuts of the streams of subjects.
delete from {schema}.snapshots where stream = any(%s)

-- name: find_schedules
-- The streams of all retention schedules.
select distinct stream from {schema}.events where stream >= 'retention-schedule/' and stream < 'retention-schedule0'

-- name: find_idle
-- Streams of one kind that neither went on nor were named elsewhere since an instant, that lie within the signed part,
-- whose events are there, and of which no text of a person or candidate is left: with the time of the last that was
-- recorded in them or of them, the positions and whom they name.
with named as (
    select n.subject, max(e.recorded_at) last from {schema}.events e, unnest(e.subjects) n (subject)
    where n.subject >= %(kind)s || '/' and n.subject < %(kind)s || '0' and e.retired_by is null
    group by n.subject
), own as (
    select e.stream, max(e.recorded_at) last, max(e.position) upto, array_agg(e.position order by e.position) positions
    from {schema}.events e
    where e.stream >= %(kind)s || '/' and e.stream < %(kind)s || '0' and e.retired_by is null
    group by e.stream
), w as (
    select own.stream, greatest(own.last, named.last) last, own.upto, own.positions
    from own left join named on named.subject = own.stream
)
select w.stream, w.last, w.positions, array(
    select distinct n.subject from {schema}.events o, unnest(o.subjects) n (subject)
    where o.stream = w.stream order by n.subject)
from w
where w.last < %(before)s and w.upto <= %(signed)s and not exists (
    select from {schema}.sealed s join {schema}.events o on o.event_id = s.event_id
    where o.stream = w.stream and s.subject ~ '^(person|candidate)/')
order by w.stream

-- name: find_retiring
-- The positions at which it was said that events give way, where that is not done.
select e.position from {schema}.events e
where e.stream >= 'retention-schedule/' and e.stream < 'retention-schedule0' and e.topic = 'privacy.EventsRetired'
    and not exists (select from {schema}.retirements r where r.position = e.position and r.step = 'done')
order by e.position

-- name: read_retirement
-- How far a retirement has come.
select step from {schema}.retirements where position = %s

-- name: advance_retirement
-- One step further, the first included.
insert into {schema}.retirements (position, step) values (%s, %s)
on conflict (position) do update set step = excluded.step

-- name: retire_events
-- The events that the event at a position names give way; the streams come back.
select * from {schema}.retire_events(%s)

-- name: delete_keys_of
-- The keys of subjects, for ever.
delete from {keys}.data_keys where subject = any(%s)
