-- Who looked at whose record: no events, and nothing of what was seen but the question's path.
create table {schema}.accesses (
    number bigint generated always as identity primary key,
    seen_at timestamptz not null,
    subject text collate "C" not null,
    reader text collate "C" not null,
    credential text collate "C" not null,
    path text collate "C" not null
);

create index accesses_by_subject on {schema}.accesses (subject, number);

grant select, insert on {schema}.accesses to {service};
