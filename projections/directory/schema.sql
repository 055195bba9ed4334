-- Tables of the directory, besides those of its intervals.

-- name: create_identities
-- The events that hold a person's sealed name and outside identifiers.
create table {schema}.{identities} (
    person text collate "C" not null,
    position bigint not null,
    event_id uuid not null,
    constraint {identities}_key primary key (person, position)
);

-- name: create_grants
-- Every act of granting a role to a person or system: for which units (a JSON array, empty: all), and until when.
create table {schema}.{grants} (
    bearer text collate "C" not null,
    role text collate "C" not null,
    position bigint not null,
    event_id uuid not null,
    granted_by text collate "C" not null,
    units text not null,
    valid_from timestamptz not null,
    valid_to timestamptz not null,
    constraint {grants}_key primary key (bearer, position)
);

-- name: create_revocations
-- A revocation ends every grant of the role that was recorded before it.
create table {schema}.{revocations} (
    bearer text collate "C" not null,
    role text collate "C" not null,
    position bigint not null,
    event_id uuid not null,
    valid_from timestamptz not null,
    constraint {revocations}_key primary key (bearer, position)
);
