-- Retention: events whose bytes give way to their leaf hashes, and how far erasures of single classes have come.
-- retired_by is the position of the event that says so.
alter table {schema}.events add column retired_by bigint;

drop trigger refuse_change on {schema}.events;

create trigger refuse_change before delete or truncate or update of
    position, recorded_at, version, event_id, stream, topic, effective_at, actor, subjects, leaf, stored
    on {schema}.events for each statement execute function {schema}.refuse_change();

alter table {schema}.events enable always trigger refuse_change;

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

grant select, insert, update on {schema}.expiries, {schema}.retirements to {service};
