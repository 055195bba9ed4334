-- Statements of the goals projection, besides those of its kept streams.

-- name: select_claims
-- Claims as they stand before a page.
select goal, kind, source, day::text, position, value::text, health, corrected_by::text, event_id::text, known_from, known_to
from {schema}.{reports}
where event_id = any(%s::uuid[]) and kind = 'claim' and known_to = 9223372036854775807

-- name: close_reports
-- Claims that were put right: what they said is known no more.
update {schema}.{reports} r set known_to = x.known_to
from unnest(%s::uuid[], %s::bigint[]) as x (event_id, known_to)
where r.event_id = x.event_id and r.known_to = 9223372036854775807

-- name: insert_reports
-- A few claims and measurements.
insert into {schema}.{reports} (
    goal, kind, source, day, position, value, health, corrected_by, event_id, known_from, known_to)
select * from unnest(
    %s::text[], %s::text[], %s::text[], %s::date[], %s::bigint[], %s::numeric[], %s::text[], %s::uuid[], %s::uuid[],
    %s::bigint[], %s::bigint[])

-- name: copy_reports
-- Many claims and measurements.
copy {schema}.{reports} (goal, kind, source, day, position, value, health, corrected_by, event_id, known_from, known_to)
from stdin

-- name: find_values
-- The latest claim, and the latest measurement of the approved source, of each goal up to a day of its own.
select k.goal, r.kind, r.source, r.day, r.position, r.value, r.health, r.corrected_by::text, r.event_id::text
from unnest(%(goals)s::text[], %(days)s::date[], %(sources)s::text[]) as k (goal, day, source)
cross join lateral (
    (select * from {schema}.{reports}
    where goal = k.goal and kind = 'claim' and source = '' and day <= k.day
        and known_from <= %(known)s and known_to > %(known)s
    order by day desc, position desc limit 1)
    union all
    (select * from {schema}.{reports}
    where goal = k.goal and kind = 'measurement' and source = k.source and day <= k.day
        and known_from <= %(known)s and known_to > %(known)s
    order by day desc, position desc limit 1)) r

-- name: list_values
-- What was last claimed, and what the approved source last measured, for each day of one goal up to a day.
select distinct on (kind, day) goal, kind, source, day, position, value, health, corrected_by::text, event_id::text
from {schema}.{reports}
where goal = %(goal)s and source = any(%(sources)s) and day <= %(day)s
    and known_from <= %(known)s and known_to > %(known)s
order by kind, day, position desc

-- name: list_reports
-- A page of what was claimed and measured about a goal, newest day first.
select goal, kind, source, day, position, value, health, corrected_by::text, event_id::text
from {schema}.{reports}
where goal = %(goal)s and (day, position) < (%(before_day)s, %(before_position)s)
    and known_from <= %(known)s and known_to > %(known)s
order by day desc, position desc limit %(limit)s
