-- The tables of one ledger. {schema} is ledger_<name>, {service} the role the service works as.
-- This and control.sql are the whole as it stands today; migrations/ leads there step by step, and a test compares the two.

create schema {schema};

-- One row. It is taken FOR UPDATE by every append, which so hands out positions without holes in commit order.
-- frontier: the roots of the perfect subtrees, largest first (RFC 9162); attestation: the writer's word on the root.
create table {schema}.head (
    one boolean primary key default true check (one),
    size bigint not null check (size >= 0),
    frontier bytea not null,
    last_at timestamptz,
    attestation bytea not null,
    check (length(frontier) = 32 * bit_count(size::bit(64)))
) with (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

insert into {schema}.head values (true, 0, '', null, '');

-- stored holds the exact bytes that were hashed into leaf; the other columns are copies for indexes.
-- retired_by is the position of the event by which the bytes gave way to the leaf hash; null for nearly all.
-- recorded_at needs no index: it never goes down, so that a search over positions finds an instant.
create table {schema}.events (
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
) with (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

-- No compression: bytes are read in pages far more often than they are written, and small ones stay in the row.
alter table {schema}.events alter column stored set storage external, alter column leaf set storage plain;

-- Full tiles only, 256 hashes each (C2SP tlog-tiles); partial ones are computed. root is the hash of the tile
-- itself, one node of the next level: whoever takes up the tree needs 32 bytes a tile and not 8 KiB.
create table {schema}.tiles (
    level smallint not null check (level between 0 and 7),
    index bigint not null check (index >= 0),
    root bytea not null check (length(root) = 32),
    hashes bytea not null check (length(hashes) = 8192),
    constraint tiles_key primary key (level, index)
);

alter table {schema}.tiles alter column hashes set storage external;

-- Ciphertext of sealed parts; deleted when their data subject is erased.
create table {schema}.sealed (
    event_id uuid not null,
    part text collate "C" not null,
    subject text collate "C" not null,
    retention text collate "C" not null,
    box bytea not null,
    constraint sealed_key primary key (event_id, part)
);

create index sealed_by_subject on {schema}.sealed (subject, retention);

alter table {schema}.sealed alter column box set storage external;

-- Keyed digests of outside identifiers; deleted when their data subject is erased.
create table {schema}.lookup (
    scheme text collate "C" not null,
    digest bytea not null,
    subject text collate "C" not null,
    constraint lookup_key primary key (scheme, digest)
);

create index lookup_by_subject on {schema}.lookup (subject);

create table {schema}.idempotency (
    actor text collate "C" not null,
    key text collate "C" not null,
    fingerprint bytea not null,
    first bigint not null,
    count integer not null,
    answer bytea not null,
    constraint idempotency_key primary key (actor, key)
) with (autovacuum_vacuum_insert_scale_factor = 0.05);

-- How far a follower has read a sequence of another ledger or application.
create table {schema}.tracking (
    name text collate "C" primary key,
    position bigint not null
) with (fillfactor = 50);

-- Shortcuts of the event sourcing library: a state of a stream at a version. They may be thrown away.
create table {schema}.snapshots (
    stream text collate "C" not null,
    version integer not null,
    topic text collate "C" not null,
    state bytea not null,
    constraint snapshots_key primary key (stream, version)
);

-- Answers to surveys that are not closed: one encrypted row a survey, so that no row, and no order, is anybody's.
create table {schema}.waiting (
    survey text collate "C" primary key,
    box bytea not null,
    sealed_off boolean not null default false
);

alter table {schema}.waiting alter column box set storage external;

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

-- How far the erasure of a class that ran out has come, by the position of the event that began it.
create table {schema}.expiries (
    position bigint primary key,
    step text collate "C" not null check (step in ('restricted', 'destroyed', 'deleted', 'recorded', 'done')),
    ids text[] not null,
    class text collate "C" not null,
    parts integer not null,
    identifiers integer not null
);

-- How far a retirement of events has come, by the position of the event that put it on record.
create table {schema}.retirements (
    position bigint primary key,
    step text collate "C" not null check (step in ('covered', 'retired', 'done'))
);

create table {schema}.schema_version (
    number integer primary key,
    applied_at timestamptz not null default now()
);

create function {schema}.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% of % is refused: what was recorded is never changed', tg_op, tg_table_name
        using errcode = 'restrict_violation';
end
$$;

create trigger refuse_change before delete or truncate or update of
    position, recorded_at, version, event_id, stream, topic, effective_at, actor, subjects, leaf, stored
    on {schema}.events for each statement execute function {schema}.refuse_change();

create trigger refuse_change before update or delete or truncate on {schema}.tiles
    for each statement execute function {schema}.refuse_change();

-- ALWAYS: they also fire in sessions that set session_replication_role = replica.
alter table {schema}.events enable always trigger refuse_change;
alter table {schema}.tiles enable always trigger refuse_change;

-- What stands in the place of an event whose bytes gave way: its place, its id and its leaf hash, and nothing else.
create function {schema}.stand_in(event {schema}.events) returns bytea language sql stable as $$
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
create function {schema}.refuse_update() returns trigger language plpgsql as $$
declare
    asked {schema}.events := new;
    said jsonb;
begin
    asked.retired_by := null;
    select convert_from(e.stored, 'UTF8')::jsonb into said from {schema}.events e
    where e.position = new.retired_by and e.position > old.position and e.topic = 'privacy.EventsRetired';
    if old.retired_by is not null or asked is distinct from old
        or (said->'data'->'positions' @> to_jsonb(old.position)) is not true then
        raise exception '% of % is refused: what was recorded is never changed', tg_op, tg_table_name
            using errcode = 'restrict_violation';
    end if;
    new.stored := {schema}.stand_in(old);
    new.topic := 'privacy.EventRetired';
    new.effective_at := convert_from(new.stored, 'UTF8')::json->>'effective_at';
    new.actor := '';
    new.subjects := '{}';
    return new;
end
$$;

create trigger refuse_update before update of retired_by on {schema}.events
    for each row execute function {schema}.refuse_update();

alter table {schema}.events enable always trigger refuse_update;

-- Lets the events give way that the event at a position names, with what is kept of their streams beside them; returns
-- the streams. Under the head lock: a stream that has gone on since is left as it is. The service may change events by
-- this function and by nothing else.
create function {schema}.retire_events(record bigint) returns setof text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    named bigint[];
    whole text[];
begin
    -- A microsecond later: a writer that remembers the ledger as it left it asks again.
    update {schema}.head set last_at = last_at + interval '1 microsecond';
    select array(select jsonb_array_elements_text(convert_from(e.stored, 'UTF8')::jsonb->'data'->'positions')::bigint)
    into named from {schema}.events e where e.position = record and e.topic = 'privacy.EventsRetired';
    select array(
        select distinct e.stream from {schema}.events e where e.position = any(named) and not exists (
            select from {schema}.events o
            where o.stream = e.stream and o.retired_by is null and o.position <> all(named)))
    into whole;
    delete from {schema}.sealed s using {schema}.events e
    where s.event_id = e.event_id and e.position = any(named) and e.stream = any(whole);
    delete from {schema}.lookup where subject = any(whole);
    delete from {schema}.snapshots where stream = any(whole);
    update {schema}.events set retired_by = record
    where position = any(named) and stream = any(whole) and retired_by is null;
    return query select unnest(whole);
end
$$;

revoke execute on function {schema}.retire_events(bigint) from public;
grant execute on function {schema}.retire_events(bigint) to {service};

-- The service owns none of these tables; CREATE lets it make the tables of its projections beside them.
grant usage, create on schema {schema} to {service};
grant select, update on {schema}.head to {service};
grant select, insert on {schema}.events, {schema}.tiles, {schema}.idempotency to {service};
grant select, insert, delete on {schema}.sealed, {schema}.lookup, {schema}.snapshots to {service};
grant select, insert, update on {schema}.tracking to {service};
grant select on {schema}.schema_version to {service};
grant select, insert, update on {schema}.waiting to {service};
grant select, insert on {schema}.tombstones to {service};
grant select, insert, update on {schema}.erasures to {service};
grant select, insert, update on {schema}.expiries, {schema}.retirements to {service};

-- The streams that name a subject: goals under a goal, goals and reviews of a person, what a person holds, and the ids
-- that were merged into a person's.
create index events_by_named on {schema}.events using gin (subjects) where topic in (
    'goals.GoalAssigned', 'goals.GoalHandedOver', 'reviews.ReviewOpened',
    'responsibilities.ResponsibilityAssigned', 'responsibilities.HandOverAccepted', 'people.PersonsMerged');
