-- Statements of the writer and the readers. {schema} is the schema of the ledger.

-- ---- the writer: $1, $2 … are binary parameters; arrays are unnested side by side

-- name: begin_append
-- Read committed whatever the server's default: the statement after the lock must see what the last writer committed.
begin isolation level read committed

-- name: commit_append
commit

-- name: undo_append
rollback

-- name: lock_head
-- The lock that makes positions dense and their order the order of commits. It stands alone: a statement that
-- waited here would go on with versions as they were before the wait.
select size, frontier, last_at from {schema}.head for update

-- name: peek_head
-- The same without the lock, only for the test that shows what the lock is for.
select size, frontier, last_at from {schema}.head

-- name: find_versions
-- The version each stream is at, in the order asked; null for a stream that does not exist, and below zero, so that
-- nobody expects it, for one whose events were retired.
select (
    select case when e.retired_by is null then e.version else -e.version end
    from {schema}.events e where e.stream = s.stream order by e.version desc limit 1
)
from unnest($1::text[]) with ordinality as s (stream, ordinal)
order by s.ordinal

-- name: find_event_ids
-- Which of these event ids stand in the ledger already.
select event_id from {schema}.events where event_id = any($1::uuid[])

-- name: find_keys
-- The idempotency keys among these that are known.
select i.actor, i.key, i.fingerprint, i.first, i.count, i.answer
from unnest($1::text[], $2::text[]) as k (actor, key)
cross join lateral (
    select * from {schema}.idempotency i where i.actor = k.actor and i.key = k.key limit 1
) i

-- name: find_lookups
-- The holders of these keyed digests.
select l.scheme, l.digest, l.subject
from unnest($1::text[], $2::bytea[]) as k (scheme, digest)
join {schema}.lookup l on l.scheme = k.scheme and l.digest = k.digest

-- name: find_tracking
-- How far these names have been tracked.
select name, position from {schema}.tracking where name = any($1::text[])

-- name: find_leaves
-- Leaf hashes of the positions $1 to $2.
select leaf from {schema}.events where position between $1::int8 and $2::int8 order by position

-- name: find_tile_roots
-- Roots of the full tiles $2 to $3 of level $1: nodes of the next level.
select root from {schema}.tiles where level = $1::int2 and index between $2::int8 and $3::int8 order by index

-- name: insert_events
-- One multi-row insert a batch; positions count up from $1, and all of it is recorded at $2.
insert into {schema}.events
    (position, recorded_at, version, event_id, stream, topic, effective_at, actor, subjects, leaf, stored)
select $1::int8 + x.ordinal - 1, $2::timestamptz, x.version, x.event_id, x.stream, x.topic, x.effective_at, x.actor,
    string_to_array(x.subjects, e'\x1f'), x.leaf, x.stored
from unnest($3::int4[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bytea[], $11::bytea[])
    with ordinality as x (version, event_id, stream, topic, effective_at, actor, subjects, leaf, stored, ordinal)

-- name: insert_keys
-- Idempotency keys with the answer to repeat.
insert into {schema}.idempotency (actor, key, fingerprint, first, count, answer)
select * from unnest($1::text[], $2::text[], $3::bytea[], $4::int8[], $5::int4[], $6::bytea[])

-- name: insert_sealed
-- Ciphertext of sealed parts.
insert into {schema}.sealed (event_id, part, subject, retention, box)
select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bytea[])

-- name: insert_lookups
-- A digest that its subject holds already stays as it is; one held by another subject was refused before.
insert into {schema}.lookup (scheme, digest, subject)
select * from unnest($1::text[], $2::bytea[], $3::text[])
on conflict do nothing

-- name: upsert_tracking
-- Forward only: the writer has checked it under the head lock.
insert into {schema}.tracking (name, position)
select * from unnest($1::text[], $2::int8[])
on conflict (name) do update set position = excluded.position

-- name: insert_tiles
-- Tiles that this batch filled.
insert into {schema}.tiles (level, index, root, hashes)
select * from unnest($1::int2[], $2::int8[], $3::bytea[], $4::bytea[])

-- name: update_head
-- The head follows in the same transaction, with one notification: NOTIFY takes one lock for the whole server at commit.
update {schema}.head set size = $1::int8, frontier = $2::bytea, last_at = $3::timestamptz, attestation = $4::bytea
where size = $5::int8
returning pg_notify($6::text, $7::text)

-- name: find_recorded
-- Where these event ids stand: asked after a commit whose answer was lost.
select event_id, position, version, recorded_at from {schema}.events where event_id = any($1::uuid[])

-- ---- the readers

-- name: read_stream
-- The stored bytes of one stream, after a version.
select stored from {schema}.events where stream = %s and version > %s order by version

-- name: read_streams
-- The stored bytes of several streams, stream by stream in order.
select stream, stored from {schema}.events where stream = any(%s) order by stream, version

-- name: read_page
-- A page of the ledger: positions and stored bytes.
select position, stored from {schema}.events where position > %s and position <= %s order by position limit %s

-- name: find_streams_of_topic
-- The streams with events of a topic that hold some bytes, imported ones only where asked for: read through once,
-- when the rules take up a ledger.
select distinct stream from {schema}.events
where topic = %(topic)s and position <= %(upto)s and position(%(marker)s::bytea in stored) > 0
    and (%(imported)s or position('"source":"import:'::bytea in stored) = 0)

-- name: find_begun_between
-- The streams that began to name a subject between two positions, and the subject's own where it went on: read
-- through once, when two ids of a person are read as two again.
select stream from {schema}.events
where position > %(after)s and position < %(before)s and subjects @> array[%(subject)s]
    and position('"source":"import:'::bytea in stored) = 0
    and (version = 1 or stream = %(subject)s or topic in (
        'goals.GoalHandedOver', 'responsibilities.ResponsibilityAssigned', 'responsibilities.HandOverAccepted'))
group by stream order by min(position)

-- name: read_event
-- One event by its id.
select position, stored from {schema}.events where event_id = %s

-- name: read_position
-- One event by its position.
select stored from {schema}.events where position = %s

-- name: read_head
-- Size, tree and attestation, from one snapshot.
select size, frontier, last_at, attestation from {schema}.head

-- name: find_position_known_at
-- The largest position recorded at or before an instant, by halving: recorded_at never goes down with the position.
with recursive halving (low, high) as (
    select 0::bigint, size from {schema}.head
    union all
    select case when e.recorded_at <= %(instant)s then e.position else low end,
        case when e.recorded_at <= %(instant)s then high else e.position - 1 end
    from halving join {schema}.events e on e.position = (low + high + 1) / 2
    where low < high
)
select low from halving where low = high

-- name: read_leaves
-- Leaf hashes of consecutive positions.
select leaf from {schema}.events where position between %s and %s order by position

-- name: read_tile
-- A full tile.
select hashes from {schema}.tiles where level = %s and index = %s

-- name: read_tile_roots
-- The roots of full tiles of one level: nodes of the next.
select root from {schema}.tiles where level = %s and index >= %s and index < %s order by index

-- name: read_sealed
-- The sealed parts of one event.
select part, subject, retention, box from {schema}.sealed where event_id = %s order by part

-- name: read_sealed_of_all
-- The sealed parts of several events.
select event_id, part, subject, retention, box from {schema}.sealed where event_id = any(%s) order by event_id, part

-- name: read_lookup
-- Who is found under these digests of one scheme.
select digest, subject from {schema}.lookup where scheme = %s and digest = any(%s)

-- name: read_key
-- What was recorded under an idempotency key.
select fingerprint, first, count, answer from {schema}.idempotency where actor = %s and key = %s

-- name: read_keys
-- What was recorded under each of these idempotency keys of an actor: the first event of each.
select i.key, i.fingerprint, e.stored from {schema}.idempotency i join {schema}.events e on e.position = i.first
where i.actor = %s and i.key = any(%s)

-- name: read_turns
-- How often each of these was counted over several streams by what is recorded.
select name, position from {schema}.tracking where name = any(%s)

-- name: find_naming
-- The events that put a stream under a subject: the topics are those of the index `events_by_named`.
select stored from {schema}.events
where subjects && %s::text[] and topic in (
    'goals.GoalAssigned', 'goals.GoalHandedOver', 'reviews.ReviewOpened',
    'responsibilities.ResponsibilityAssigned', 'responsibilities.HandOverAccepted', 'people.PersonsMerged')
order by position

-- name: find_positions
-- Where these events stand.
select event_id, position from {schema}.events where event_id = any(%s)

-- ---- behind the event sourcing library

-- name: select_events
-- Events of a stream between versions, oldest first.
select position, version, topic, recorded_at, stored from {schema}.events
where stream = %s and version > %s and version <= %s order by version limit %s

-- name: select_events_backwards
-- The same, newest first.
select position, version, topic, recorded_at, stored from {schema}.events
where stream = %s and version > %s and version <= %s order by version desc limit %s

-- name: select_notifications
-- A page of the ledger with its columns.
select position, stream, version, topic, recorded_at, stored from {schema}.events
where position >= %s and position <= %s order by position limit %s

-- name: select_notifications_of
-- The same, of some topics only.
select position, stream, version, topic, recorded_at, stored from {schema}.events
where position >= %s and position <= %s and topic = any(%s) order by position limit %s

-- name: insert_snapshot
-- A version that is there already is an error.
insert into {schema}.snapshots (stream, version, topic, state) values (%s, %s, %s, %s)

-- name: select_snapshots
-- Snapshots of a stream between versions, oldest first.
select version, topic, state from {schema}.snapshots
where stream = %s and version > %s and version <= %s order by version limit %s

-- name: select_snapshots_backwards
-- The same, newest first.
select version, topic, state from {schema}.snapshots
where stream = %s and version > %s and version <= %s order by version desc limit %s

-- name: advance_tracking
-- Forward only: no row comes back when the name is there or beyond.
insert into {schema}.tracking as t (name, position) values (%s, %s)
on conflict (name) do update set position = excluded.position where t.position < excluded.position
returning position

-- name: read_tracking
-- How far a name has been tracked.
select position from {schema}.tracking where name = %s

-- ---- the tables themselves

-- name: find_schema_versions
-- The migrations that a ledger has had.
select number from {schema}.schema_version order by number

-- name: insert_schema_version
-- One more.
insert into {schema}.schema_version (number) values (%s)

-- name: read_refused
-- A page of the refused attempts, in the order in which they were noted.
select recorded_at, actor, credential, kind, id, verb, code, number from {schema}.refused
where number > %s order by number limit %s

-- name: find_persons
-- The stream of everybody who was ever registered.
select stream from {schema}.events where stream >= 'person/' and stream < 'person0' and version = 1

-- name: read_accesses
-- Who looked at any of these subjects, and at how many persons with that look, in the order in which it was noted.
select number, seen_at, cardinality(subjects), reader, credential, path from {schema}.accesses
where subjects && %s::text[] and number > %s order by number limit %s

-- name: read_entries
-- A page of a control log: positions and stored bytes, of all topics or of some.
select position, stored from {schema}.events
where position > %(after)s and (%(topics)s::text[] is null or topic = any(%(topics)s)) order by position limit %(limit)s

-- name: forget_entries
-- Lets the entries of a control log give way that an entry names.
select {schema}.forget_entries(%s)
