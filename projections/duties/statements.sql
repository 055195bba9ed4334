-- Statements of the duties projection.

-- name: select_spells
-- How duties stand before a page.
select s.duty, s.known_from, s.known_to, s.recorded_at::text, s.event_id::text, s.topic, s.actor, s.due_on::text,
    s.standing, s.holder, s.seen_at::text, s.notice, s.lapsed_at::text, s.escalated_to, s.escalated_duty, s.ended_by,
    s.outcome, s.late, s.why, s.gaps
from unnest(%s::text[]) as k (duty)
join {schema}.{spells} s on s.duty = k.duty and s.known_to = 9223372036854775807

-- name: close_spells
-- Spells that ended with a page.
update {schema}.{spells} s set known_to = x.known_to
from unnest(%s::text[], %s::bigint[]) as x (duty, known_to)
where s.duty = x.duty and s.known_to = 9223372036854775807

-- name: insert_spells
-- A few spells.
insert into {schema}.{spells} (duty, known_from, known_to, recorded_at, event_id, topic, actor, due_on, standing,
    holder, seen_at, notice, lapsed_at, escalated_to, escalated_duty, ended_by, outcome, late, why, gaps)
select * from unnest(%s::text[], %s::bigint[], %s::bigint[], %s::timestamptz[], %s::uuid[], %s::text[], %s::text[],
    %s::date[], %s::text[], %s::text[], %s::timestamptz[], %s::text[], %s::timestamptz[], %s::text[], %s::text[],
    %s::text[], %s::text[], %s::boolean[], %s::text[], %s::text[])

-- name: copy_spells
-- Many spells.
copy {schema}.{spells} (duty, known_from, known_to, recorded_at, event_id, topic, actor, due_on, standing,
    holder, seen_at, notice, lapsed_at, escalated_to, escalated_duty, ended_by, outcome, late, why, gaps) from stdin

-- name: insert_duties
-- A few duties.
insert into {schema}.{duties} (duty, kind, party, seat, of, subject, opened_at, cause, rule, answers, escalates,
    replaces, position)
select * from unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[],
    %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[])

-- name: copy_duties
-- Many duties.
copy {schema}.{duties} (duty, kind, party, seat, of, subject, opened_at, cause, rule, answers, escalates, replaces,
    position) from stdin

-- name: list_live_of_holders
-- A page of what some holders still can answer, the earliest due first.
select d.*, s.* from {schema}.{spells} s join {schema}.{duties} d on d.duty = s.duty
where s.holder = any(%(holders)s) and s.known_to = 9223372036854775807 and s.standing in ('open', 'lapsed')
    and (s.due_on, s.duty) > (%(after_day)s, %(after_duty)s) and s.standing = any(%(standings)s)
    and s.due_on < %(due_before)s and (%(kind)s::text is null or d.kind = %(kind)s)
    and (%(party)s::text is null or d.party = %(party)s)
order by s.due_on, s.duty limit %(limit)s

-- name: list_live
-- The same of all holders, and of none.
select d.*, s.* from {schema}.{spells} s join {schema}.{duties} d on d.duty = s.duty
where s.known_to = 9223372036854775807 and s.standing in ('open', 'lapsed')
    and (s.due_on, s.duty) > (%(after_day)s, %(after_duty)s) and s.standing = any(%(standings)s)
    and s.due_on < %(due_before)s and (%(kind)s::text is null or d.kind = %(kind)s)
    and (%(party)s::text is null or d.party = %(party)s)
order by s.due_on, s.duty limit %(limit)s

-- name: list_of_holders
-- A page of what some holders had, as known at a position.
select d.*, s.* from {schema}.{spells} s join {schema}.{duties} d on d.duty = s.duty
where s.holder = any(%(holders)s) and s.known_from <= %(known)s and s.known_to > %(known)s
    and (s.due_on, s.duty) > (%(after_day)s, %(after_duty)s) and s.standing = any(%(standings)s)
    and s.due_on < %(due_before)s and (%(kind)s::text is null or d.kind = %(kind)s)
    and (%(party)s::text is null or d.party = %(party)s)
order by s.due_on, s.duty limit %(limit)s

-- name: list_all
-- The same of all holders, and of none.
select d.*, s.* from {schema}.{spells} s join {schema}.{duties} d on d.duty = s.duty
where s.known_from <= %(known)s and s.known_to > %(known)s
    and (s.due_on, s.duty) > (%(after_day)s, %(after_duty)s) and s.standing = any(%(standings)s)
    and s.due_on < %(due_before)s and (%(kind)s::text is null or d.kind = %(kind)s)
    and (%(party)s::text is null or d.party = %(party)s)
order by s.due_on, s.duty limit %(limit)s

-- name: list_of_cause
-- What one entry opened, and what went up from there, as known at a position.
select d.*, s.* from {schema}.{duties} d join {schema}.{spells} s on s.duty = d.duty
where d.cause = %(cause)s and s.known_from <= %(known)s and s.known_to > %(known)s
    and (s.due_on, s.duty) > (%(after_day)s, %(after_duty)s) and s.standing = any(%(standings)s)
    and s.due_on < %(due_before)s and (%(kind)s::text is null or d.kind = %(kind)s)
    and (%(party)s::text is null or d.party = %(party)s)
order by s.due_on, s.duty limit %(limit)s

-- name: list_of_subject
-- The duties about a subject, as known at a position.
select d.*, s.* from {schema}.{duties} d join {schema}.{spells} s on s.duty = d.duty
where d.subject = any(%(subjects)s) and s.known_from <= %(known)s and s.known_to > %(known)s
    and (s.due_on, s.duty) > (%(after_day)s, %(after_duty)s) and s.standing = any(%(standings)s)
    and s.due_on < %(due_before)s and (%(kind)s::text is null or d.kind = %(kind)s)
    and (%(party)s::text is null or d.party = %(party)s)
order by s.due_on, s.duty limit %(limit)s

-- name: list_history
-- Everything that became of one duty, in order.
select d.*, s.* from {schema}.{duties} d join {schema}.{spells} s on s.duty = d.duty
where d.duty = %(duty)s and s.known_from <= %(known)s order by s.known_from

-- name: list_live_ids
-- The ids of all duties that still can be answered.
select duty from {schema}.{spells}
where known_to = 9223372036854775807 and standing in ('open', 'lapsed')

-- name: count_standings
-- How many duties of each party and kind stand how, and the hours from opening to discharge, as known at a position.
select d.party, d.kind, s.standing, s.late, count(*),
    count(*) filter (where s.notice = 'none'),
    avg(extract(epoch from s.recorded_at - d.opened_at)) filter (where s.standing = 'discharged')::float8
from {schema}.{duties} d join {schema}.{spells} s on s.duty = d.duty
where s.known_from <= %(known)s and s.known_to > %(known)s
    and (%(holders)s::text[] is null or s.holder = any(%(holders)s))
group by d.party, d.kind, s.standing, s.late order by d.party, d.kind, s.standing, s.late
