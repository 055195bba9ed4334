-- Tables of the duties projection.

-- name: create_duties
-- One row per duty: how it was opened. subject, of: kind/id.
create table {schema}.{duties} (
    duty text collate "C" not null,
    kind text collate "C" not null,
    party text collate "C" not null,
    seat text collate "C" not null,
    of text collate "C" not null,
    subject text collate "C" not null,
    opened_at timestamptz not null,
    cause text collate "C" not null,
    rule text collate "C" not null,
    answers text collate "C",
    escalates text collate "C",
    replaces text collate "C",
    position bigint not null,
    constraint {duties}_key primary key (duty)
);

-- name: create_spells
-- How a duty stood from one of its events to the next: known_from ≤ known < known_to. due_on: of the duty. gaps: JSON.
create table {schema}.{spells} (
    duty text collate "C" not null,
    known_from bigint not null,
    known_to bigint not null,
    recorded_at timestamptz not null,
    event_id uuid not null,
    topic text collate "C" not null,
    actor text collate "C" not null,
    due_on date not null,
    standing text collate "C" not null,
    holder text collate "C",
    seen_at timestamptz,
    notice text collate "C" not null,
    lapsed_at timestamptz,
    escalated_to text collate "C",
    escalated_duty text collate "C",
    ended_by text collate "C",
    outcome text collate "C",
    late boolean not null,
    why text collate "C",
    gaps text collate "C",
    constraint {spells}_key primary key (duty, known_from)
);

-- name: index_cause
-- What an entry opened.
create index if not exists {duties}_by_cause on {schema}.{duties} (cause);

-- name: index_subject
-- The duties about a subject.
create index if not exists {duties}_by_subject on {schema}.{duties} (subject);

-- name: index_live
-- What can still be answered, the earliest due first.
create index if not exists {spells}_live on {schema}.{spells} (due_on, duty)
where known_to = 9223372036854775807 and standing in ('open', 'lapsed');

-- name: index_inbox
-- The same for one holder.
create index if not exists {spells}_inbox on {schema}.{spells} (holder, due_on, duty)
where known_to = 9223372036854775807 and standing in ('open', 'lapsed');

-- name: index_holder
-- Everything that a holder ever had.
create index if not exists {spells}_by_holder on {schema}.{spells} (holder, due_on, duty);

-- name: index_due
-- Everything, by the day it was due.
create index if not exists {spells}_by_due on {schema}.{spells} (due_on, duty);
