-- Tables of a projection that keeps streams whole, to be folded again when a question is asked.

-- name: create_entries
-- The kept events as they are decoded, their data in the current form; sealed texts were never in them.
create table {schema}.{entries} (
    stream text collate "C" not null,
    position bigint not null,
    stored text not null,
    constraint {entries}_key primary key (stream, position)
);

-- name: create_facets
-- What a stream was ever found by, as in owner or state; current: what it is found by after all that is recorded.
create table {schema}.{facets} (
    stream text collate "C" not null,
    facet text collate "C" not null,
    value text collate "C" not null,
    current boolean not null,
    constraint {facets}_key primary key (stream, facet, value)
);

-- name: create_merges
-- From a position on, an id of a person is read as another; null: as itself again.
create table {schema}.{merges} (
    person text collate "C" not null,
    position bigint not null,
    into_person text collate "C",
    constraint {merges}_key primary key (person, position)
);

-- name: index_facets
-- The streams that were ever found by a value, in order.
create index if not exists {facets}_by_value on {schema}.{facets} (facet, value, stream);

-- name: index_current
-- The streams that are found by a value now, in order.
create index if not exists {facets}_current on {schema}.{facets} (facet, value, stream) where current;

-- name: index_merges
-- The ids that were ever read as another one.
create index if not exists {merges}_by_into on {schema}.{merges} (into_person, person) where into_person is not null;
