-- Statements of the directory, besides those of its intervals.

-- name: insert_identities
-- A few events that hold names.
insert into {schema}.{identities} (person, position, event_id) select * from unnest(%s::text[], %s::bigint[], %s::uuid[])

-- name: copy_identities
-- Many events that hold names.
copy {schema}.{identities} (person, position, event_id) from stdin

-- name: insert_grants
-- A few grants.
insert into {schema}.{grants} (bearer, role, position, event_id, granted_by, units, valid_from, valid_to)
select * from unnest(%s::text[], %s::text[], %s::bigint[], %s::uuid[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[])

-- name: copy_grants
-- Many grants.
copy {schema}.{grants} (bearer, role, position, event_id, granted_by, units, valid_from, valid_to) from stdin

-- name: insert_revocations
-- A few revocations.
insert into {schema}.{revocations} (bearer, role, position, event_id, valid_from)
select * from unnest(%s::text[], %s::text[], %s::bigint[], %s::uuid[], %s::timestamptz[])

-- name: copy_revocations
-- Many revocations.
copy {schema}.{revocations} (bearer, role, position, event_id, valid_from) from stdin

-- name: find_lines
-- Everything the ledger, as known at a position, says of a person or unit at an instant.
select role, holder, valid_from, nullif(valid_to, 'infinity'), began_by::text, began_position, testimony
from {schema}.{intervals}
where subject = %(subject)s and known_to > %(known)s and known_from <= %(known)s and valid_to > %(on)s and valid_from <= %(on)s
order by role, valid_from, began_position, holder

-- name: find_places
-- What stood last under one role of several persons or units at an instant, as known at a position.
select distinct on (subject) subject, holder from {schema}.{intervals}
where subject = any(%(subjects)s) and role = %(role)s and known_to > %(known)s and known_from <= %(known)s
    and valid_to > %(on)s and valid_from <= %(on)s
order by subject, valid_from desc, began_position desc, holder desc

-- name: find_identities
-- The events that hold the names of these persons, oldest first.
select person, event_id::text, position from {schema}.{identities}
where person = any(%(persons)s) and position <= %(known)s order by person, position

-- name: find_grants
-- The grants in force for a bearer at an instant, as known at a position.
select g.role, g.granted_by, g.units, g.valid_from, nullif(g.valid_to, 'infinity'), g.event_id::text, g.position
from {schema}.{grants} g
where g.bearer = %(bearer)s and g.position <= %(known)s and g.valid_from <= %(on)s and g.valid_to > %(on)s
    and not exists (
        select from {schema}.{revocations} r
        where r.bearer = g.bearer and r.role = g.role and r.position > g.position and r.position <= %(known)s
            and r.valid_from <= %(on)s)
order by g.position

-- name: list_subjects
-- A page of the persons or units that stand in one of these relations to any id of a holder, in order of relation and
-- subject; an id that is read as another has none of its own.
select role, subject, valid_from, nullif(valid_to, 'infinity'), began_by::text, began_position, testimony
from {schema}.{intervals}
where holder = any(%(holders)s) and role = any(%(roles)s) and (role, subject) > (%(after_role)s, %(after_subject)s)
    and known_from <= %(known)s and known_to > %(known)s and valid_from <= %(on)s and valid_to > %(on)s
    and not (starts_with(subject, 'person/') and exists (
        select from {schema}.{merges} m
        where m.person = substr(subject, 8) and m.position <= %(known)s and m.into_person is not null
            and not exists (
                select from {schema}.{merges} later
                where later.person = m.person and later.position > m.position and later.position <= %(known)s)))
order by role, subject
limit %(limit)s

-- name: find_ended
-- The last time in which something that ran of a person or unit, as known at a position, had ended by an instant; none
-- while it runs.
select i.valid_to, i.ended_by::text, i.ended_position
from {schema}.{intervals} i
where i.subject = %(subject)s and i.role = %(role)s and i.known_from <= %(known)s and i.known_to > %(known)s
    and i.valid_to <= %(on)s and i.ended_by is not null
    and not exists (
        select from {schema}.{intervals} r
        where r.subject = i.subject and r.role = i.role and r.known_from <= %(known)s and r.known_to > %(known)s
            and r.valid_from <= %(on)s and r.valid_to > %(on)s)
order by i.valid_to desc
limit 1
