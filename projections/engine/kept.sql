-- Statements on kept streams.

-- name: select_entries
-- The kept events of streams, in order.
select stream, stored from {schema}.{entries} where stream = any(%s::text[]) order by stream, position

-- name: insert_entries
-- A few events.
insert into {schema}.{entries} (stream, position, stored) select * from unnest(%s::text[], %s::bigint[], %s::text[])

-- name: copy_entries
-- Many events.
copy {schema}.{entries} (stream, position, stored) from stdin

-- name: upsert_facets
-- What streams are found by after a page.
insert into {schema}.{facets} as f (stream, facet, value, current)
select * from unnest(%s::text[], %s::text[], %s::text[], %s::boolean[])
on conflict (stream, facet, value) do update set current = excluded.current where f.current <> excluded.current

-- name: insert_merges
-- A few merges and their reversals.
insert into {schema}.{merges} (person, position, into_person) select * from unnest(%s::text[], %s::bigint[], %s::text[])

-- name: copy_merges
-- Many merges and their reversals.
copy {schema}.{merges} (person, position, into_person) from stdin

-- name: find_entries
-- The events of streams as known at a position, in order.
select stream, stored from {schema}.{entries}
where stream = any(%(streams)s) and position <= %(known)s order by stream, position

-- name: list_ever_found
-- A page of the streams that were ever found by one of these values of a facet, in order.
select distinct stream from {schema}.{facets}
where facet = %(facet)s and value = any(%(values)s) and stream > %(after)s order by stream limit %(limit)s

-- name: list_found
-- A page of the streams that are found by one of these values of a facet now, in order.
select distinct stream from {schema}.{facets}
where facet = %(facet)s and value = any(%(values)s) and stream > %(after)s and current order by stream limit %(limit)s

-- name: find_found
-- Those of these streams that are found by a value of a facet now.
select stream from {schema}.{facets}
where stream = any(%(streams)s) and facet = %(facet)s and value = %(value)s and current

-- name: find_readings
-- As which id each of these persons' ids is read, as known at a position; null: as itself again.
select distinct on (person) person, into_person from {schema}.{merges}
where person = any(%(persons)s) and position <= %(known)s order by person, position desc

-- name: find_merges
-- By which positions these persons' ids are read as others, as known at a position; null: as themselves again.
select distinct on (person) position, into_person from {schema}.{merges}
where person = any(%(persons)s) and position <= %(known)s order by person, position desc

-- name: find_merged
-- The ids that were read as one of these at any time up to a position.
select distinct person from {schema}.{merges} where into_person = any(%(persons)s) and position <= %(known)s
