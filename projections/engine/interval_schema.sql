-- The two tables of every bitemporal projection: the changes as last known, and the intervals that follow from them.

-- name: create_changes
-- One row per change of a line; what the fold starts from. begins and until are UTC text of fixed width, or infinity.
create table {schema}.{changes} (
    stream text collate "C" not null,
    role text collate "C" not null,
    line text collate "C" not null,
    begins text collate "C" not null,
    position bigint not null,
    step smallint not null,
    holder text collate "C" not null,
    starts boolean not null,
    event_id uuid not null,
    actor text collate "C" not null,
    basis text collate "C" not null,
    testimony boolean not null,
    marks text collate "C" not null,
    until text collate "C" not null,
    constraint {changes}_key primary key (stream, role, line, begins, position, step)
);
create index {changes}_by_event on {schema}.{changes} (event_id);

-- name: create_intervals
-- The ledger says, from known_from until before known_to, that the holder holds from valid_from until before valid_to.
create table {schema}.{intervals} (
    subject text collate "C" not null,
    role text collate "C" not null,
    holder text collate "C" not null,
    valid_from timestamptz not null,
    valid_to timestamptz not null,
    known_from bigint not null,
    known_to bigint not null,
    began_by uuid not null,
    began_position bigint not null,
    actor text collate "C" not null,
    basis text collate "C" not null,
    testimony boolean not null,
    marks text collate "C" not null,
    ended_by uuid,
    ended_position bigint,
    check (valid_from < valid_to),
    check (known_from < known_to)
);
create unique index {intervals}_known on {schema}.{intervals} (subject, role, holder, valid_from)
    where known_to = 9223372036854775807;

-- name: index_subject
-- Whoever is asked about is found with what is still said first.
create index if not exists {intervals}_by_subject on {schema}.{intervals} (subject, known_to, valid_to);

-- name: index_holder
-- Everything that somebody holds, in the order of a page.
create index if not exists {intervals}_by_holder on {schema}.{intervals} (holder, role, subject, valid_from, known_from);
