-- What is read to check sealed parts against their events. {schema} is the schema of a ledger, {keys} that of its keys.

-- name: read_boxes
-- The ciphertext of these events.
select event_id, part, subject, retention, box from {schema}.sealed where event_id = any(%s::uuid[])

-- name: read_wrapped_keys
-- The keys of these subjects and classes.
select k.subject, k.retention, k.epoch, k.wrapped
from unnest(%s::text[], %s::text[]) as a (subject, retention)
join {keys}.data_keys k on k.subject = a.subject and k.retention = a.retention

-- name: read_endings
-- What says that texts are gone: confirmed erasures, and classes that ran out.
select position, stored from {schema}.events
where stream >= 'personal-record/' and stream < 'personal-record0'
    and topic in ('privacy.ErasureConfirmed', 'privacy.SubjectErased', 'privacy.ClassExpired')

-- name: read_mergings
-- The ids that were ever merged into another.
select stream, stored from {schema}.events
where stream >= 'person/' and stream < 'person0' and topic = 'people.PersonsMerged'

-- name: find_strange_box
-- A box whose event is not there.
select s.event_id from {schema}.sealed s
where not exists (select from {schema}.events e where e.event_id = s.event_id) limit 1
