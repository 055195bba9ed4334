-- Attempts that were refused: no events, and nothing of what was sent but ids, verb and code.
create table {schema}.refused (
    number bigint generated always as identity primary key,
    recorded_at timestamptz not null,
    actor text collate "C" not null,
    credential text collate "C" not null,
    kind text collate "C" not null,
    id text collate "C" not null,
    verb text collate "C" not null,
    code text collate "C" not null
);

grant select, insert on {schema}.refused to {service};
