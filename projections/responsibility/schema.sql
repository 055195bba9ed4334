-- Tables of the responsibility projection, besides those of its intervals.

-- name: create_flaws
-- Times in which a live subject has nobody accountable (gap) or more than one (conflict), bitemporal like intervals.
-- holders: for a conflict a JSON array of who is accountable; for a gap 'declared' when somebody said so, else empty.
create table {schema}.{flaws} (
    subject text collate "C" not null,
    flaw text collate "C" not null check (flaw in ('gap', 'conflict')),
    holders text collate "C" not null,
    valid_from timestamptz not null,
    valid_to timestamptz not null,
    known_from bigint not null,
    known_to bigint not null,
    check (valid_from < valid_to),
    check (known_from < known_to)
);
create unique index {flaws}_known on {schema}.{flaws} (subject, flaw, holders, valid_from)
    where known_to = 9223372036854775807;

-- name: index_flaw_subject
-- The flaws of one subject.
create index if not exists {flaws}_by_subject on {schema}.{flaws} (subject, known_to);

-- name: index_flaw_times
-- The flaws that ran at a time, as known at a position.
create index if not exists {flaws}_by_times on {schema}.{flaws}
    using gist (tstzrange(valid_from, valid_to), int8range(known_from, known_to));
