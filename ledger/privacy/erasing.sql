-- Statements of an erasure. {schema} is the schema of a ledger, {keys} that of its keys.

-- name: lock_subjects
-- Whoever makes a key waits for whoever destroys keys, and the other way round: no key is made beside a tombstone.
select pg_advisory_xact_lock(hashtextextended('keys:' || %s, 0))

-- name: insert_tombstones
-- From here on nobody makes keys for these subjects.
insert into {schema}.tombstones (subject) select * from unnest(%s::text[]) on conflict do nothing

-- name: delete_keys_of
-- The keys of subjects, for ever.
delete from {keys}.data_keys where subject = any(%s)

-- name: find_merged
-- The ids that were ever merged into one of these.
select distinct stream from {schema}.events
where stream >= 'person/' and stream < 'person0' and topic = 'people.PersonsMerged' and subjects && %s::text[]

-- name: count_held
-- What is kept of subjects: retention classes, sealed parts and outside identifiers.
select
    array(
        select distinct retention from {keys}.data_keys where subject = any(%(ids)s)
        union select distinct retention from {schema}.sealed where subject = any(%(ids)s) order by 1
    ),
    (select count(*)::int4 from {schema}.sealed where subject = any(%(ids)s)),
    (select count(*)::int4 from {schema}.lookup where subject = any(%(ids)s))

-- name: insert_erasure
-- An erasure begins; one that is there stays as it began.
insert into {schema}.erasures (subject, step, ids, classes, parts, identifiers)
values (%s, 'restricted', %s, %s, %s, %s) on conflict do nothing

-- name: read_erasure
-- How far an erasure has come.
select step, ids, classes, parts, identifiers from {schema}.erasures where subject = %s

-- name: advance_erasure
-- One step further.
update {schema}.erasures set step = %s where subject = %s

-- name: find_unfinished
-- Records whose erasure is confirmed and not done.
select distinct e.stream from {schema}.events e
where e.stream >= 'personal-record/' and e.stream < 'personal-record0' and e.topic = 'privacy.ErasureConfirmed'
    and not exists (
        select from {schema}.erasures d where 'personal-record/' || d.subject = e.stream and d.step = 'done')

-- name: delete_lookups_of
-- The keyed digests of subjects.
delete from {schema}.lookup where subject = any(%s)

-- name: delete_snapshots_of
-- Shortcuts of the streams of subjects, and of the streams that hold an event about them.
delete from {schema}.snapshots s where s.stream = any(%(ids)s)
    or s.stream in (select p.stream from {schema}.sealed c join {schema}.events p on p.event_id = c.event_id
        where c.subject = any(%(ids)s))

-- name: find_refused
-- The refused attempts that name whoever has a tombstone.
select r.number from {schema}.refused r join {schema}.tombstones t on r.id = t.subject
    or (split_part(t.subject, '/', 2) = r.id
        and r.kind in ('person', 'candidate', 'access', 'onboarding', 'probation', 'policy-reading'))
order by r.number

-- name: find_parked
-- Whether projections were ever built: their list of parked events is made with the first.
select 1 where to_regclass('{schema}.projection_parked') is not null

-- name: empty_parked_of
-- What was said by hand of parked events about the subjects; that they are parked stays.
update {schema}.projection_parked p set reason = null from {schema}.events e
where e.position = p.position and p.reason is not null and e.subjects && %(ids)s

-- name: delete_sealed_of
-- The ciphertext of subjects.
delete from {schema}.sealed where subject = any(%s)
