-- Statements of the engine. {schema} is the schema of the ledger.

-- name: lock_engine
-- Runners that start together make tables one after the other.
select pg_advisory_xact_lock(hashtextextended('projections:' || %s, 0))

-- ---- builds and their checkpoints

-- name: select_builds
-- Every build of one projection, newest last.
select version, build, state, position, epoch, indexed, bad_position, code
from {schema}.projection_checkpoint where name = %s order by version, build

-- name: insert_build
-- A build begins before the first event.
insert into {schema}.projection_checkpoint (name, version, build, state) values (%s, %s, %s, 'building')

-- name: delete_build
-- A build is forgotten.
delete from {schema}.projection_checkpoint where name = %s and version = %s and build = %s

-- name: delete_parked
-- What a build has parked is forgotten.
delete from {schema}.projection_parked where name = %s and version = %s and build = %s

-- name: find_tables
-- The tables of a build, whatever version of the program made it.
select relname from pg_class where relnamespace = %s::regnamespace and relkind = 'r' and starts_with(relname, %s)

-- name: claim_build
-- Taking a build over raises its epoch: whoever had it before commits no page any more. A bad event is tried again.
update {schema}.projection_checkpoint
set epoch = epoch + 1, leased_until = clock_timestamp() + %s * interval '1 second', bad_position = null, code = null
where name = %s and version = %s and build = %s
returning position, epoch, indexed

-- name: read_build
-- Where a build stands and who has it.
select position, epoch from {schema}.projection_checkpoint where name = %s and version = %s and build = %s

-- name: advance_checkpoint
-- Compare and set: only the runner of this epoch, and only from where it stood.
update {schema}.projection_checkpoint set position = %s
where name = %s and version = %s and build = %s and position = %s and epoch = %s

-- name: stop_build
-- A bad event stops the build: where, and of what kind.
update {schema}.projection_checkpoint set bad_position = %s, code = %s
where name = %s and version = %s and build = %s and epoch = %s

-- name: mark_indexed
-- The indexes that are made after the rows are there.
update {schema}.projection_checkpoint set indexed = true where name = %s and version = %s and build = %s

-- name: renew_leases
-- Tells others that these builds are worked on; one that is missing in the answer was taken over.
update {schema}.projection_checkpoint c set leased_until = clock_timestamp() + %s * interval '1 second'
from unnest(%s::text[], %s::integer[], %s::integer[], %s::bigint[]) as mine (name, version, build, epoch)
where c.name = mine.name and c.version = mine.version and c.build = mine.build and c.epoch = mine.epoch
returning c.name, c.version, c.build

-- name: release_leases
-- At the end of work: anybody may take these builds at once.
update {schema}.projection_checkpoint c set leased_until = null
from unnest(%s::text[], %s::integer[], %s::integer[], %s::bigint[]) as mine (name, version, build, epoch)
where c.name = mine.name and c.version = mine.version and c.build = mine.build and c.epoch = mine.epoch

-- name: watch_builds
-- For whoever follows a runner elsewhere: positions of the live builds, and whether anybody is at work.
select l.name, l.version, l.build, c.position, coalesce(c.leased_until < clock_timestamp(), true)
from {schema}.projection_live l
join {schema}.projection_checkpoint c on c.name = l.name and c.version = l.version and c.build = l.build

-- ---- the pointer

-- name: select_live
-- The build that readers see and the one before it.
select version, build, previous_version, previous_build from {schema}.projection_live where name = %s

-- name: read_live
-- The same with the positions of both, in a reader's snapshot.
select l.version, l.build, c.position, l.previous_version, l.previous_build, p.position
from {schema}.projection_live l
join {schema}.projection_checkpoint c on c.name = l.name and c.version = l.version and c.build = l.build
left join {schema}.projection_checkpoint p
    on p.name = l.name and p.version = l.previous_version and p.build = l.previous_build
where l.name = %s

-- name: let_wait
-- This snapshot may wait for so long between two questions.
select set_config('idle_in_transaction_session_timeout', %s, true)

-- name: point_live
-- From this commit on new snapshots see the new build.
insert into {schema}.projection_live as l (name, version, build) values (%s, %s, %s)
on conflict (name) do update set version = excluded.version, build = excluded.build,
    previous_version = l.version, previous_build = l.build, swapped_by = pg_current_xact_id()

-- name: rank_builds
-- What each build of a projection is after the pointer has moved.
update {schema}.projection_checkpoint c
set state = case
    when (c.version, c.build) = (l.version, l.build) then 'live'
    when (c.version, c.build) = (l.previous_version, l.previous_build) then 'previous'
    else 'retired' end
from {schema}.projection_live l
where l.name = c.name and c.name = %s and c.state <> 'building' or l.name = c.name and (c.version, c.build) = (l.version, l.build)

-- name: select_droppable
-- Retired builds that no snapshot can see any more: every snapshot is younger than the last move of the pointer.
select c.name, c.version, c.build
from {schema}.projection_checkpoint c
join {schema}.projection_live l on l.name = c.name
where c.state = 'retired' and pg_snapshot_xmin(pg_current_snapshot()) > l.swapped_by and not exists (
    select from pg_stat_activity a
    where a.pid <> pg_backend_pid() and a.datname = current_database()
        and age(a.backend_xmin) >= age(l.swapped_by::xid))

-- ---- parked events

-- name: select_parked_keys
-- The keys that are held back in a build.
select distinct key from {schema}.projection_parked
where name = %s and version = %s and build = %s and state <> 'skipped'

-- name: select_parked
-- Everything parked, held or skipped in a build, in order.
select position, key, state, code, reason from {schema}.projection_parked
where name = %s and version = %s and build = %s order by position

-- name: select_held
-- The events of one key that wait, in order.
select position from {schema}.projection_parked
where name = %s and version = %s and build = %s and key = %s and state <> 'skipped' order by position

-- name: park_event
-- An event that could not be taken.
insert into {schema}.projection_parked (name, version, build, position, key, state, code)
values (%s, %s, %s, %s, %s, 'parked', %s)

-- name: hold_events
-- Events behind a parked one.
insert into {schema}.projection_parked (name, version, build, position, key, state)
select %s, %s, %s, x.position, x.key, 'held' from unnest(%s::bigint[], %s::text[]) as x (position, key)

-- name: release_event
-- A held event has been taken.
delete from {schema}.projection_parked where name = %s and version = %s and build = %s and position = %s

-- name: skip_parked
-- An event is given up, with a reason.
update {schema}.projection_parked set state = 'skipped', reason = %s
where name = %s and version = %s and build = %s and position = %s and state = 'parked'
returning key

-- name: mark_parked
-- The retry of a key met this event, which could not be taken.
update {schema}.projection_parked set state = 'parked', code = %s
where name = %s and version = %s and build = %s and position = %s

-- name: count_parked
-- How many events wait in each build.
select name, version, build, count(*) from {schema}.projection_parked where state <> 'skipped' group by 1, 2, 3
