-- What the engine keeps beside the tables of the projections. {schema} is the schema of the ledger.

-- name: create_tables
-- One row per build. epoch fences runners that have been taken over; leased_until tells that somebody is at work.
-- A bad event that stopped the build stands in bad_position with its code.
create table if not exists {schema}.projection_checkpoint (
    name text collate "C" not null,
    version integer not null,
    build integer not null,
    state text collate "C" not null check (state in ('building', 'live', 'previous', 'retired')),
    position bigint not null default 0 check (position >= 0),
    epoch bigint not null default 0,
    indexed boolean not null default false,
    bad_position bigint,
    code text collate "C",
    leased_until timestamptz,
    constraint projection_checkpoint_key primary key (name, version, build)
) with (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- The pointer that readers read in their own snapshot. swapped_by tells which snapshots may still see the build before.
create table if not exists {schema}.projection_live (
    name text collate "C" not null,
    version integer not null,
    build integer not null,
    previous_version integer,
    previous_build integer,
    swapped_by xid8 not null default pg_current_xact_id(),
    constraint projection_live_key primary key (name)
);

-- Events a projection could not take ('parked'), those held back behind them by key ('held'), and those given up ('skipped').
create table if not exists {schema}.projection_parked (
    name text collate "C" not null,
    version integer not null,
    build integer not null,
    position bigint not null,
    key text collate "C" not null,
    state text collate "C" not null check (state in ('parked', 'held', 'skipped')),
    code text collate "C",
    reason text,
    constraint projection_parked_key primary key (name, version, build, position)
);

-- An erasure, which works as the service's role, empties what was said by hand of parked events about its subject.
grant select, update (reason) on {schema}.projection_parked to pledger_service;
