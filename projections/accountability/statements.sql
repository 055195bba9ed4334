-- Statements of the accountability projection, besides those on merges.

-- name: insert_acts
-- A few acts.
insert into {schema}.{acts} (event_id, position, topic, stream, actor, about, begins, recorded_at, overstepping,
    known_from, known_to, body)
select * from unnest(%s::uuid[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[],
    %s::timestamptz[], %s::boolean[], %s::bigint[], %s::bigint[], %s::text[])

-- name: copy_acts
-- Many acts.
copy {schema}.{acts} (event_id, position, topic, stream, actor, about, begins, recorded_at, overstepping, known_from,
    known_to, body) from stdin

-- name: redate_act
-- From a position on the act takes effect at another time.
insert into {schema}.{acts} (event_id, position, topic, stream, actor, about, begins, recorded_at, overstepping,
    known_from, known_to, body)
select event_id, position, topic, stream, actor, about, %(begins)s, recorded_at, overstepping, %(position)s,
    9223372036854775807, body
from {schema}.{acts}
where event_id = %(entry)s and known_to = 9223372036854775807 and known_from < %(position)s

-- name: end_act
-- From a position on the act, as it stood before, is known no more.
update {schema}.{acts} set known_to = %(position)s
where event_id = %(entry)s and known_to = 9223372036854775807 and known_from < %(position)s

-- name: acts_in_period
-- Acts of some kinds that took effect in a period, as known at a position, in order.
select body, begins from {schema}.{acts}
where topic = any(%(topics)s) and begins >= %(since)s and begins <= %(until)s
    and known_from <= %(known)s and known_to > %(known)s
order by position

-- name: acts_about
-- Acts of some kinds that concern some persons and took effect in a period, as known at a position, in order.
select body, begins from {schema}.{acts}
where about = any(%(about)s) and about <> '' and topic = any(%(topics)s) and begins >= %(since)s and begins <= %(until)s
    and known_from <= %(known)s and known_to > %(known)s
order by position

-- name: acts_of_streams
-- The acts of some kinds of some streams, as known at a position, in order.
select body, begins from {schema}.{acts}
where stream = any(%(streams)s) and topic = any(%(topics)s) and known_from <= %(known)s and known_to > %(known)s
order by position

-- name: overstepping_acts
-- Acts in another party's place that took effect in a period, as known at a position, in order.
select body, begins from {schema}.{acts}
where overstepping and begins >= %(since)s and begins <= %(until)s and known_from <= %(known)s and known_to > %(known)s
order by position
