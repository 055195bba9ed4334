-- Tables of the audit trail.

-- name: create_entries
-- One row per event. before and after: JSON of what the event itself says of the value it changes.
create table {schema}.{entries} (
    position bigint not null,
    event_id uuid not null,
    recorded_at timestamptz not null,
    begins timestamptz not null,
    effective_at text not null,
    late boolean not null,
    back_dated boolean not null,
    testimony boolean not null,
    version integer not null,
    stream text collate "C" not null,
    topic text collate "C" not null,
    actor text collate "C" not null,
    basis text collate "C" not null,
    source text collate "C" not null,
    marks text collate "C" not null,
    principal text collate "C",
    reason text collate "C",
    cause text collate "C",
    batch text collate "C",
    before text,
    after text,
    constraint {entries}_key primary key (position)
);

-- name: create_mentions
-- Which events are about a subject.
create table {schema}.{mentions} (
    subject text collate "C" not null,
    position bigint not null
);

-- name: index_mentions
-- The trail of a subject, in order.
create unique index if not exists {mentions}_key on {schema}.{mentions} (subject, position);

-- name: index_actor
-- The trail of an actor, in order.
create index if not exists {entries}_by_actor on {schema}.{entries} (actor, position);

-- name: index_principal
-- What was done on somebody's behalf.
create index if not exists {entries}_by_principal on {schema}.{entries} (principal, position) where principal is not null;

-- name: index_batch
-- What belongs to one batch.
create index if not exists {entries}_by_batch on {schema}.{entries} (batch, position) where batch is not null;
