-- Statements of every bitemporal projection.

-- name: select_lines
-- The changes of these lines, in order.
select c.stream, c.role, c.line, c.begins, c.position, c.step, c.holder, c.starts, c.event_id::text, c.actor, c.basis,
    c.testimony, c.marks, c.until
from unnest(%s::text[], %s::text[], %s::text[]) as k (stream, role, line)
join {schema}.{changes} c on c.stream = k.stream and c.role = k.role and c.line = k.line
order by c.stream, c.role, c.line, c.begins, c.position, c.step

-- name: select_lines_of_events
-- The lines on which these events have changes.
select distinct stream, role, line from {schema}.{changes} where event_id = any(%s::uuid[])

-- name: delete_changes
-- Events that were annulled or re-dated.
delete from {schema}.{changes} where event_id = any(%s::uuid[])

-- name: insert_changes
-- A few changes.
insert into {schema}.{changes} (stream, role, line, begins, position, step, holder, starts, event_id, actor, basis, testimony, marks, until)
select * from unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::smallint[], %s::text[],
    %s::boolean[], %s::uuid[], %s::text[], %s::text[], %s::boolean[], %s::text[], %s::text[])

-- name: copy_changes
-- Many changes.
copy {schema}.{changes} (stream, role, line, begins, position, step, holder, starts, event_id, actor, basis, testimony, marks, until)
from stdin

-- name: close_intervals
-- What the ledger says no more from a position on.
update {schema}.{intervals} i set known_to = x.known_to
from unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::bigint[])
    as x (subject, role, holder, valid_from, known_to)
where i.subject = x.subject and i.role = x.role and i.holder = x.holder and i.valid_from = x.valid_from
    and i.known_to = 9223372036854775807

-- name: insert_intervals
-- A few intervals.
insert into {schema}.{intervals} (subject, role, holder, valid_from, valid_to, known_from, known_to, began_by,
    began_position, actor, basis, testimony, marks, ended_by, ended_position)
select * from unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::bigint[],
    %s::bigint[], %s::uuid[], %s::bigint[], %s::text[], %s::text[], %s::boolean[], %s::text[], %s::uuid[], %s::bigint[])

-- name: copy_intervals
-- Many intervals.
copy {schema}.{intervals} (subject, role, holder, valid_from, valid_to, known_from, known_to, began_by,
    began_position, actor, basis, testimony, marks, ended_by, ended_position) from stdin
