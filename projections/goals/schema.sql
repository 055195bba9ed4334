-- Tables of the goals projection, besides those of its kept streams.

-- name: create_reports
-- Every claim and every measurement, as it stood for known_from ≤ known < known_to. position: of the first word on it.
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
    known_from bigint not null,
    known_to bigint not null,
    constraint {reports}_key primary key (event_id, known_from)
);

-- name: index_reports
-- The latest word of one kind and source on a goal.
create index if not exists {reports}_by_goal on {schema}.{reports} (goal, kind, source, day, position);
