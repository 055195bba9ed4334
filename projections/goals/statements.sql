-- Statements of the goals projection.

-- name: select_goals
-- Goals as they stand before a page.
select
    g.goal, g.stage, g.owner, g.employment, g.metric, g.baseline::text, g.target::text, g.covers, g.tolerance::text,
    g.stretch::text, g.starts_on::text, g.ends_on::text, g.weight::text, g.parent, g.share::text, g.scored_by,
    g.terms_entry::text, g.assigner, g.proposer, g.answer, g.counter_target::text, g.closing, g.position
from unnest(%s::text[]) as k (goal) join {schema}.{goals} g on g.goal = k.goal

-- name: upsert_goals
-- Goals as they stand after a page.
insert into {schema}.{goals} as g (
    goal, stage, owner, employment, metric, baseline, target, covers, tolerance, stretch, starts_on, ends_on,
    weight, parent, share, scored_by, terms_entry, assigner, proposer, answer, counter_target, closing, position)
select * from unnest(
    %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::numeric[], %s::numeric[], %s::text[],
    %s::numeric[], %s::numeric[], %s::date[], %s::date[], %s::numeric[], %s::text[], %s::numeric[], %s::text[],
    %s::uuid[], %s::text[], %s::text[], %s::text[], %s::numeric[], %s::text[], %s::bigint[])
on conflict (goal) do update set
    stage = excluded.stage, owner = excluded.owner, employment = excluded.employment, metric = excluded.metric,
    baseline = excluded.baseline, target = excluded.target, covers = excluded.covers, tolerance =
    excluded.tolerance, stretch = excluded.stretch, starts_on = excluded.starts_on, ends_on = excluded.ends_on,
    weight = excluded.weight, parent = excluded.parent, share = excluded.share, scored_by = excluded.scored_by,
    terms_entry = excluded.terms_entry, assigner = excluded.assigner, proposer = excluded.proposer, answer =
    excluded.answer, counter_target = excluded.counter_target, closing = excluded.closing, position =
    excluded.position

-- name: delete_targets
-- Revisions that were annulled.
delete from {schema}.{targets} t
using unnest(%s::uuid[], %s::text[]) as x (event_id, goal) where t.event_id = x.event_id and t.goal = x.goal

-- name: move_targets
-- Revisions that take effect at another time; those of another goal's stream stay as they are.
update {schema}.{targets} t set begins = x.begins
from unnest(%s::uuid[], %s::text[], %s::timestamptz[]) as x (event_id, goal, begins)
where t.event_id = x.event_id and t.goal = x.goal

-- name: insert_targets
-- A few revisions.
insert into {schema}.{targets} (goal, begins, position, event_id, target, stretch)
select * from unnest(%s::text[], %s::timestamptz[], %s::bigint[], %s::uuid[], %s::numeric[], %s::numeric[])

-- name: copy_targets
-- Many revisions.
copy {schema}.{targets} (goal, begins, position, event_id, target, stretch) from stdin

-- name: insert_reports
-- A few claims and measurements.
insert into {schema}.{reports} (goal, kind, source, day, position, value, health, corrected_by, event_id)
select * from unnest(%s::text[], %s::text[], %s::text[], %s::date[], %s::bigint[], %s::numeric[], %s::text[], %s::uuid[], %s::uuid[])

-- name: copy_reports
-- Many claims and measurements.
copy {schema}.{reports} (goal, kind, source, day, position, value, health, corrected_by, event_id) from stdin

-- name: correct_reports
-- Claims that are put right: the last word counts, the place among the day's claims stays.
update {schema}.{reports} r set day = x.day, value = x.value, corrected_by = x.corrected_by
from unnest(%s::uuid[], %s::text[], %s::date[], %s::numeric[], %s::uuid[]) as x (event_id, goal, day, value, corrected_by)
where r.event_id = x.event_id and r.goal = x.goal and r.kind = 'claim'

-- name: insert_metrics
-- A few metrics.
insert into {schema}.{metrics} (metric, label, unit_of_measure, direction, combines, approved_source, position)
select * from unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[])
on conflict (metric) do nothing

-- name: find_goals
-- Goals with their metric, the target in force at an instant, and the latest claim and approved measurement up to a day.
select
    g.goal, g.stage, g.owner, g.employment, g.metric, g.baseline, g.target, g.covers, g.tolerance, g.stretch,
    g.starts_on, g.ends_on, g.weight, g.parent, g.share, g.scored_by, g.terms_entry::text, g.assigner, g.proposer,
    g.answer, g.counter_target, g.closing, g.position,
    m.label, m.unit_of_measure, m.direction, m.combines, m.approved_source,
    t.target, t.stretch, t.event_id::text,
    c.value, c.day, c.event_id::text, c.health, c.corrected_by::text,
    x.value, x.day, x.event_id::text, x.source
from {schema}.{goals} g
left join {schema}.{metrics} m on m.metric = g.metric
left join lateral (
    select target, stretch, event_id from {schema}.{targets}
    where goal = g.goal and begins <= %(on)s order by begins desc, position desc limit 1) t on true
left join lateral (
    select value, day, event_id, health, corrected_by from {schema}.{reports}
    where goal = g.goal and kind = 'claim' and source = '' and day <= %(day)s order by day desc, position desc limit 1
) c on true
left join lateral (
    select value, day, event_id, source from {schema}.{reports}
    where goal = g.goal and kind = 'measurement' and source = m.approved_source and day <= %(day)s
    order by day desc, position desc limit 1) x on true
where g.goal = any(%(goals)s)

-- name: list_of_owner
-- A page of the goals of an owner, in order.
select goal from {schema}.{goals} where owner = %(of)s and goal > %(after)s order by goal limit %(limit)s

-- name: list_of_parent
-- A page of the goals right under a goal, in order.
select goal from {schema}.{goals} where parent = %(of)s and goal > %(after)s order by goal limit %(limit)s

-- name: list_reports
-- A page of what was claimed and measured about a goal, newest day first.
select kind, source, day, position, value, health, corrected_by::text, event_id::text from {schema}.{reports}
where goal = %(goal)s and (day, position) < (%(before_day)s, %(before_position)s)
order by day desc, position desc limit %(limit)s
