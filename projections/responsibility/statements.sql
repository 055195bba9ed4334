-- Statements of the responsibility projection, besides those of its intervals.

-- name: close_flaws
-- What the ledger says no more from a position on.
update {schema}.{flaws} f set known_to = x.known_to
from unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::bigint[])
    as x (subject, flaw, holders, valid_from, known_to)
where f.subject = x.subject and f.flaw = x.flaw and f.holders = x.holders and f.valid_from = x.valid_from
    and f.known_to = 9223372036854775807

-- name: insert_flaws
-- A few gaps and conflicts.
insert into {schema}.{flaws} (subject, flaw, holders, valid_from, valid_to, known_from, known_to)
select * from unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::bigint[], %s::bigint[])

-- name: copy_flaws
-- Many gaps and conflicts.
copy {schema}.{flaws} (subject, flaw, holders, valid_from, valid_to, known_from, known_to) from stdin

-- name: find_holdings
-- What the ledger, as known at a position, says of a subject at any time between two instants, and of its whole life.
select role, holder, valid_from, nullif(valid_to, 'infinity'), began_by::text, began_position, actor, basis, testimony,
    marks, ended_by::text, ended_position
from {schema}.{intervals}
where subject = any(%(subjects)s) and known_to > %(known)s and known_from <= %(known)s
    and (valid_to > %(since)s and valid_from <= %(on)s or role in ('life', 'unit.life'))
order by role, valid_from, began_position, holder

-- name: find_line
-- Every holder of one role of a subject, as known at a position, in order of time.
select role, holder, valid_from, nullif(valid_to, 'infinity'), began_by::text, began_position, actor, basis, testimony,
    marks, ended_by::text, ended_position
from {schema}.{intervals}
where subject = any(%(subjects)s) and known_to > %(known)s and known_from <= %(known)s and role = %(role)s
order by valid_from, began_position, holder

-- name: find_flaws_of
-- The gap and conflict in which a subject is at an instant, as known at a position.
select subject, flaw, holders, valid_from, nullif(valid_to, 'infinity')
from {schema}.{flaws}
where subject = any(%(subjects)s) and known_to > %(known)s and known_from <= %(known)s
    and valid_from <= %(on)s and valid_to > %(on)s

-- name: list_flaws
-- A page of the subjects that are flawed at an instant, as known at a position, in order of subject.
select subject, flaw, holders, valid_from, nullif(valid_to, 'infinity')
from {schema}.{flaws}
where tstzrange(valid_from, valid_to) @> %(on)s::timestamptz and int8range(known_from, known_to) @> %(known)s::bigint
    and flaw = %(flaw)s and subject > %(after)s and subject >= %(first)s and subject < %(beyond)s
order by subject
limit %(limit)s

-- name: list_holdings
-- A page of what somebody holds at an instant, as known at a position, in order of role and subject.
select subject, role, holder, valid_from, nullif(valid_to, 'infinity'), began_by::text, began_position, actor, basis,
    testimony, marks, ended_by::text, ended_position
from {schema}.{intervals}
where holder = %(holder)s and (role, subject) > (%(after_role)s, %(after_subject)s)
    and (%(role)s::text is null or role = %(role)s) and subject >= %(first)s and subject < %(beyond)s
    and known_from <= %(known)s and known_to > %(known)s and valid_from <= %(on)s and valid_to > %(on)s
order by role, subject
limit %(limit)s

-- name: list_holdings_of_several
-- The same of several ids of one person: what several of them hold is told once, from the first of them to the last.
select subject, role, holder, valid_from, nullif(valid_to, 'infinity'), began_by::text, began_position, actor, basis,
    testimony, marks, ended_by::text, ended_position
from (
    select distinct on (role, subject) subject, role, holder, valid_from,
        max(valid_to) over (partition by role, subject) as valid_to, began_by, began_position, actor, basis, testimony,
        marks, last_value(ended_by) over ends as ended_by, last_value(ended_position) over ends as ended_position
    from {schema}.{intervals}
    where holder = any(%(holders)s) and (role, subject) > (%(after_role)s, %(after_subject)s)
        and (%(role)s::text is null or role = %(role)s) and subject >= %(first)s and subject < %(beyond)s
        and known_from <= %(known)s and known_to > %(known)s and valid_from <= %(on)s and valid_to > %(on)s
    window ends as (partition by role, subject order by valid_to, holder
        rows between unbounded preceding and unbounded following)
    order by role, subject, valid_from, began_position, holder
) of_all
order by role, subject
limit %(limit)s

-- name: list_held
-- A page of who holds what at an instant, as known at a position, in order of subject, role and holder.
select subject, role, holder, valid_from, nullif(valid_to, 'infinity'), began_by::text, began_position, actor, basis,
    testimony, marks, ended_by::text, ended_position
from {schema}.{intervals}
where (subject, role, holder) > (%(after_subject)s, %(after_role)s, %(after_holder)s)
    and subject >= %(first)s and subject < %(beyond)s and subject >= %(after_subject)s
    and (%(role)s::text is null or role = %(role)s) and role not in ('label', 'life', 'unit.label', 'unit.life')
    and known_from <= %(known)s and known_to > %(known)s and valid_from <= %(on)s and valid_to > %(on)s
order by subject, role, holder
limit %(limit)s

-- name: find_labels
-- The labels of several subjects at an instant, as known at a position.
select subject, role, holder from {schema}.{intervals}
where subject = any(%(subjects)s) and role in ('label', 'unit.label') and known_to > %(known)s and known_from <= %(known)s
    and valid_to > %(on)s and valid_from <= %(on)s

-- name: list_lines
-- A page of who ever held one of these roles of any subject, as known at a position, in order of subject and time.
select subject, role, holder, valid_from, nullif(valid_to, 'infinity'), began_by::text, began_position, actor, basis,
    testimony, marks, ended_by::text, ended_position
from {schema}.{intervals}
where subject in (
        select distinct subject from {schema}.{intervals}
        where subject > %(after)s and role = any(%(roles)s) and valid_from <= %(until)s
            and known_from <= %(known)s and known_to > %(known)s
        order by subject limit %(limit)s)
    and role = any(%(roles)s) and known_from <= %(known)s and known_to > %(known)s and valid_from <= %(until)s
order by subject, valid_from, began_position, holder
