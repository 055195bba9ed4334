-- Tables of the accountability projection, besides that of merges.

-- name: create_acts
-- One row per act that a report looks at, known_from ≤ known < known_to: an annulled one ends, a re-dated one begins anew.
-- about: the person whom it concerns, else empty. begins: when it took effect. body: the event as recorded.
create table {schema}.{acts} (
    event_id uuid not null,
    position bigint not null,
    topic text collate "C" not null,
    stream text collate "C" not null,
    actor text collate "C" not null,
    about text collate "C" not null,
    begins timestamptz not null,
    recorded_at timestamptz not null,
    overstepping boolean not null,
    known_from bigint not null,
    known_to bigint not null,
    body text not null,
    constraint {acts}_key primary key (event_id, known_from)
);

-- name: index_topic
-- Acts of a kind within a period.
create index if not exists {acts}_by_topic on {schema}.{acts} (topic, begins);

-- name: index_stream
-- Everything of a stream, in order.
create index if not exists {acts}_by_stream on {schema}.{acts} (stream, position);

-- name: index_about
-- Acts of a kind that concern a person within a period.
create index if not exists {acts}_by_about on {schema}.{acts} (about, topic, begins) where about <> '';

-- name: index_overstepping
-- Acts in another party's place, within a period.
create index if not exists {acts}_overstepping on {schema}.{acts} (begins) where overstepping;
