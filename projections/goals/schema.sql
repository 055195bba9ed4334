-- Tables of the goals projection.

-- name: create_goals
-- One row per goal: its terms, where it stands, and what it was closed with (JSON).
create table {schema}.{goals} (
    goal text collate "C" not null,
    stage text collate "C" not null,
    owner text collate "C" not null,
    employment text collate "C",
    metric text collate "C" not null,
    baseline numeric,
    target numeric not null,
    covers text collate "C" not null,
    tolerance numeric,
    stretch numeric,
    starts_on date not null,
    ends_on date not null,
    weight numeric,
    parent text collate "C",
    share numeric,
    scored_by text collate "C" not null,
    terms_entry uuid not null,
    assigner text collate "C",
    proposer text collate "C",
    answer text collate "C",
    counter_target numeric,
    closing text,
    position bigint not null,
    constraint {goals}_key primary key (goal)
);

-- name: create_targets
-- Targets in force from an instant on, as last known.
create table {schema}.{targets} (
    goal text collate "C" not null,
    begins timestamptz not null,
    position bigint not null,
    event_id uuid not null,
    target numeric not null,
    stretch numeric,
    constraint {targets}_key primary key (event_id)
);

-- name: create_reports
-- Every claim, as it stands after correction, and every measurement. position: of the first word on it.
create table {schema}.{reports} (
    goal text collate "C" not null,
    kind text collate "C" not null check (kind in ('claim', 'measurement')),
    source text collate "C" not null,
    day date not null,
    position bigint not null,
    value numeric not null,
    health text collate "C",
    corrected_by uuid,
    event_id uuid not null,
    constraint {reports}_key primary key (event_id)
);

-- name: create_metrics
-- What is measured, as it was defined.
create table {schema}.{metrics} (
    metric text collate "C" not null,
    label text not null,
    unit_of_measure text not null,
    direction text collate "C" not null,
    combines text collate "C" not null,
    approved_source text collate "C",
    position bigint not null,
    constraint {metrics}_key primary key (metric)
);

-- name: index_owner
-- The goals of an owner, in order.
create index if not exists {goals}_by_owner on {schema}.{goals} (owner, goal);

-- name: index_parent
-- The goals under a goal.
create index if not exists {goals}_by_parent on {schema}.{goals} (parent, goal) where parent is not null;

-- name: index_targets
-- The target in force.
create index if not exists {targets}_by_goal on {schema}.{targets} (goal, begins, position);

-- name: index_reports
-- The latest word of one kind and source on a goal.
create index if not exists {reports}_by_goal on {schema}.{reports} (goal, kind, source, day, position);
