-- The control log of one ledger, a log with a tree of its own. {control} is control_<name>, {schema} ledger_<name>,
-- {service} the role the service works as. The three tables are those of a ledger, so that writer, reader, signer and
-- verifier serve both.

create schema {control};

create table {control}.head (
    one boolean primary key default true check (one),
    size bigint not null check (size >= 0),
    frontier bytea not null,
    last_at timestamptz,
    attestation bytea not null,
    check (length(frontier) = 32 * bit_count(size::bit(64)))
) with (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

insert into {control}.head values (true, 0, '', null, '');

create table {control}.events (
    position bigint not null check (position > 0),
    recorded_at timestamptz not null,
    version integer not null check (version >= 0),
    event_id uuid not null,
    stream text collate "C" not null,
    topic text collate "C" not null,
    effective_at text collate "C" not null,
    actor text collate "C" not null,
    subjects text[] not null,
    leaf bytea not null check (length(leaf) = 32),
    stored bytea not null,
    retired_by bigint,
    constraint events_position_key primary key (position),
    constraint events_stream_key unique (stream, version),
    constraint events_event_id_key unique (event_id)
);

alter table {control}.events alter column stored set storage external, alter column leaf set storage plain;

-- The entries of one kind, in order, and the looks at a subject.
create index events_by_topic on {control}.events (topic, position);
create index events_by_subject on {control}.events using gin (subjects) where topic = 'control.RecordSeen';

create table {control}.tiles (
    level smallint not null check (level between 0 and 7),
    index bigint not null check (index >= 0),
    root bytea not null check (length(root) = 32),
    hashes bytea not null check (length(hashes) = 8192),
    constraint tiles_key primary key (level, index)
);

alter table {control}.tiles alter column hashes set storage external;

create function {control}.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% of % is refused: what was recorded is never changed', tg_op, tg_table_name
        using errcode = 'restrict_violation';
end
$$;

create trigger refuse_change before delete or truncate or update of
    position, recorded_at, version, event_id, stream, topic, effective_at, actor, subjects, leaf, stored
    on {control}.events for each statement execute function {control}.refuse_change();

create trigger refuse_change before update or delete or truncate on {control}.tiles
    for each statement execute function {control}.refuse_change();

alter table {control}.events enable always trigger refuse_change;
alter table {control}.tiles enable always trigger refuse_change;

-- What stands in the place of an event whose bytes gave way: its place, its id and its leaf hash, and nothing else.
create function {control}.stand_in(event {control}.events) returns bytea language sql stable as $$
    select convert_to(
        '{"position":' || event.position || ',"stream":' || to_json(event.stream) || ',"version":' || event.version
        || ',"recorded_at":"' || at || '","event_id":"' || event.event_id || '","topic":"privacy.EventRetired","schema":1'
        || ',"effective_at":"' || at || '","begins":"' || at || '","actor":"","credential":"","authority":{},"source":""'
        || ',"correlation":"' || event.event_id || '","subjects":[],"data":{"leaf":"' || encode(event.leaf, 'hex')
        || '"},"sealed":{}}', 'UTF8')
    from to_char(event.recorded_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') at
$$;

-- The one change of an event that is let through: its bytes give way to its leaf hash, because a later event says so.
-- Whoever sets more than retired_by is refused; the rest is set here.
create function {control}.refuse_update() returns trigger language plpgsql as $$
declare
    asked {control}.events := new;
    said jsonb;
begin
    asked.retired_by := null;
    select convert_from(e.stored, 'UTF8')::jsonb into said from {control}.events e
    where e.position = new.retired_by and e.position > old.position and e.topic = 'privacy.EventsRetired';
    if old.retired_by is not null or asked is distinct from old
        or (said->'data'->'positions' @> to_jsonb(old.position)) is not true then
        raise exception '% of % is refused: what was recorded is never changed', tg_op, tg_table_name
            using errcode = 'restrict_violation';
    end if;
    new.stored := {control}.stand_in(old);
    new.topic := 'privacy.EventRetired';
    new.effective_at := convert_from(new.stored, 'UTF8')::json->>'effective_at';
    new.actor := '';
    new.subjects := '{}';
    return new;
end
$$;

create trigger refuse_update before update of retired_by on {control}.events
    for each row execute function {control}.refuse_update();

alter table {control}.events enable always trigger refuse_update;

-- Lets the refused attempts give way that the entry at a position names; each has a stream of its own, which ends so. The
-- service may change entries by this function and by nothing else.
create function {control}.forget_entries(record bigint) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
    update {control}.events set retired_by = record
    where retired_by is null and topic = 'control.AttemptRefused' and position in (
        select jsonb_array_elements_text(convert_from(e.stored, 'UTF8')::jsonb->'data'->'positions')::bigint
        from {control}.events e where e.position = record and e.topic = 'privacy.EventsRetired')
$$;

revoke execute on function {control}.forget_entries(bigint) from public;

-- Attempts that were refused: no events, and nothing of what was sent but ids, verb and code.
create view {schema}.refused as
select e.position as number, e.effective_at::timestamptz as recorded_at, e.actor, s.said->>'credential' as credential,
    s.said->'data'->>'kind' as kind, s.said->'data'->>'id' as id, s.said->'data'->>'verb' as verb,
    s.said->'data'->>'code' as code
from {control}.events e cross join lateral (select convert_from(e.stored, 'UTF8')::jsonb) s (said)
where e.topic = 'control.AttemptRefused';

-- Who looked at whose record: nothing of what was seen but the question's path. An answer that showed the records of
-- several persons, as a list does, is one entry.
create view {schema}.accesses as
select e.position as number, e.effective_at::timestamptz as seen_at, e.subjects, e.actor as reader,
    s.said->>'credential' as credential, s.said->'data'->>'path' as path
from {control}.events e cross join lateral (select convert_from(e.stored, 'UTF8')::jsonb) s (said)
where e.topic = 'control.RecordSeen';

grant usage on schema {control} to {service};
grant select, update on {control}.head to {service};
grant select, insert on {control}.events, {control}.tiles to {service};
grant select on {schema}.refused, {schema}.accesses to {service};
grant execute on function {control}.forget_entries(bigint) to {service};
