-- Statements of the audit trail.

-- name: insert_entries
-- A few entries.
insert into {schema}.{entries} (position, event_id, recorded_at, begins, effective_at, late, back_dated, testimony, version, stream, topic, actor,
    basis, source, marks, principal, reason, cause, batch, before, after)
select * from unnest(
    %s::bigint[], %s::uuid[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::boolean[], %s::boolean[],
    %s::boolean[], %s::integer[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
    %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])

-- name: copy_entries
-- Many entries.
copy {schema}.{entries} (position, event_id, recorded_at, begins, effective_at, late, back_dated, testimony, version, stream, topic, actor,
    basis, source, marks, principal, reason, cause, batch, before, after) from stdin

-- name: insert_mentions
-- A few mentions.
insert into {schema}.{mentions} (subject, position) select * from unnest(%s::text[], %s::bigint[])

-- name: copy_mentions
-- Many mentions.
copy {schema}.{mentions} (subject, position) from stdin

-- name: trail_subject
-- A page of the trail of a subject, oldest first.
select e.position, e.event_id::text, e.recorded_at, e.begins, e.effective_at, e.late, e.back_dated, e.testimony, e.version, e.stream,
    e.topic, e.actor, e.basis, e.source, e.marks, e.principal, e.reason, e.cause, e.batch, e.before, e.after
from {schema}.{mentions} m join {schema}.{entries} e on e.position = m.position
where m.subject = %(of)s and m.position between %(first)s and %(last)s
order by m.position
limit %(limit)s

-- name: trail_subject_backwards
-- A page of the trail of a subject, newest first.
select e.position, e.event_id::text, e.recorded_at, e.begins, e.effective_at, e.late, e.back_dated, e.testimony, e.version, e.stream,
    e.topic, e.actor, e.basis, e.source, e.marks, e.principal, e.reason, e.cause, e.batch, e.before, e.after
from {schema}.{mentions} m join {schema}.{entries} e on e.position = m.position
where m.subject = %(of)s and m.position between %(first)s and %(last)s
order by m.position desc
limit %(limit)s

-- name: trail_actor
-- A page of the trail of an actor, oldest first.
select e.position, e.event_id::text, e.recorded_at, e.begins, e.effective_at, e.late, e.back_dated, e.testimony, e.version, e.stream,
    e.topic, e.actor, e.basis, e.source, e.marks, e.principal, e.reason, e.cause, e.batch, e.before, e.after
from {schema}.{entries} e
where e.actor = %(of)s and e.position between %(first)s and %(last)s
order by e.position
limit %(limit)s

-- name: trail_actor_backwards
-- A page of the trail of an actor, newest first.
select e.position, e.event_id::text, e.recorded_at, e.begins, e.effective_at, e.late, e.back_dated, e.testimony, e.version, e.stream,
    e.topic, e.actor, e.basis, e.source, e.marks, e.principal, e.reason, e.cause, e.batch, e.before, e.after
from {schema}.{entries} e
where e.actor = %(of)s and e.position between %(first)s and %(last)s
order by e.position desc
limit %(limit)s

-- name: trail_principal
-- A page of the trail of somebody on whose behalf it was done, oldest first.
select e.position, e.event_id::text, e.recorded_at, e.begins, e.effective_at, e.late, e.back_dated, e.testimony, e.version, e.stream,
    e.topic, e.actor, e.basis, e.source, e.marks, e.principal, e.reason, e.cause, e.batch, e.before, e.after
from {schema}.{entries} e
where e.principal = %(of)s and e.position between %(first)s and %(last)s
order by e.position
limit %(limit)s

-- name: trail_principal_backwards
-- A page of the trail of somebody on whose behalf it was done, newest first.
select e.position, e.event_id::text, e.recorded_at, e.begins, e.effective_at, e.late, e.back_dated, e.testimony, e.version, e.stream,
    e.topic, e.actor, e.basis, e.source, e.marks, e.principal, e.reason, e.cause, e.batch, e.before, e.after
from {schema}.{entries} e
where e.principal = %(of)s and e.position between %(first)s and %(last)s
order by e.position desc
limit %(limit)s

-- name: trail_batch
-- A page of the trail of a batch, oldest first.
select e.position, e.event_id::text, e.recorded_at, e.begins, e.effective_at, e.late, e.back_dated, e.testimony, e.version, e.stream,
    e.topic, e.actor, e.basis, e.source, e.marks, e.principal, e.reason, e.cause, e.batch, e.before, e.after
from {schema}.{entries} e
where e.batch = %(of)s and e.position between %(first)s and %(last)s
order by e.position
limit %(limit)s

-- name: trail_batch_backwards
-- A page of the trail of a batch, newest first.
select e.position, e.event_id::text, e.recorded_at, e.begins, e.effective_at, e.late, e.back_dated, e.testimony, e.version, e.stream,
    e.topic, e.actor, e.basis, e.source, e.marks, e.principal, e.reason, e.cause, e.batch, e.before, e.after
from {schema}.{entries} e
where e.batch = %(of)s and e.position between %(first)s and %(last)s
order by e.position desc
limit %(limit)s

-- name: later_mentions
-- What was recorded about these subjects after a batch began, by anything but the batch itself and the rules, and was
-- not taken back since: annulled, or in a batch that was reversed.
select m.subject, e.position, e.stream
from {schema}.{mentions} m join {schema}.{entries} e on e.position = m.position
where m.subject = any(%(subjects)s) and m.position between %(first)s and %(last)s
    and e.batch is distinct from %(batch)s and e.source not like 'rule:%%' and e.topic <> 'entries.EntryAnnulled'
    and (e.cause is null or e.cause not like 'batch/%%')
    and not exists (select from {schema}.{mentions} r where r.subject = 'batch/' || e.batch)
    and not exists (
        select from {schema}.{mentions} n join {schema}.{entries} a on a.position = n.position
        where n.subject = e.stream and n.position > e.position and a.topic = 'entries.EntryAnnulled'
            and a.before = to_json(e.event_id::text)::text
    )
order by m.subject, m.position

-- name: latest_versions
-- The version that each of these streams is at.
select s.stream, (
    select e.version from {schema}.{mentions} m join {schema}.{entries} e on e.position = m.position
    where m.subject = s.stream and e.stream = s.stream order by m.position desc limit 1
)
from unnest(%(streams)s::text[]) as s (stream)

-- name: count_entered
-- For each actor how many entries there are between two positions, how many late and back-dated, how long after they took
-- effect they were recorded, and which those are that are late or back-dated.
select actor, count(*), count(*) filter (where after_days > %(late_days)s), count(*) filter (where back_dated),
    count(*) filter (where after_days <= 1), count(*) filter (where after_days > 1 and after_days <= 7),
    count(*) filter (where after_days > 7 and after_days <= 30),
    count(*) filter (where after_days > 30 and after_days <= 90), count(*) filter (where after_days > 90),
    array_agg(event_id::text order by position) filter (where after_days > %(late_days)s or back_dated),
    array_agg(position order by position) filter (where after_days > %(late_days)s or back_dated)
from (
    select actor, position, event_id, back_dated, extract(epoch from recorded_at - begins) / 86400.0 as after_days
    from {schema}.{entries}
    where position between %(first)s and %(last)s and not testimony and source not like 'rule:%%'
) of_period
group by actor
order by actor
