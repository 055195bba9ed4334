-- Erasure: who is never given a key again, and how far each erasure has come, so that it goes on after a crash.
create table {schema}.tombstones (
    subject text collate "C" primary key,
    erased_at timestamptz not null default now()
);

create table {schema}.erasures (
    subject text collate "C" primary key,
    step text collate "C" not null check (step in ('restricted', 'destroyed', 'purged', 'recorded', 'deleted', 'done')),
    ids text[] not null,
    classes text[] not null,
    parts integer not null,
    identifiers integer not null
);

grant select, insert on {schema}.tombstones to {service};
grant select, insert, update on {schema}.erasures to {service};
