-- What is read to check the answers that are kept to be repeated. {schema} is the schema of a ledger.

-- name: read_kept_answers
-- A page of idempotency keys, each with who acted in the first event that it names, and how far the ledger goes.
select i.actor, i.key, i.first, i.count, i.answer, e.actor, h.size
from {schema}.idempotency i cross join {schema}.head h left join {schema}.events e on e.position = i.first
where (i.actor, i.key) > (%s, %s)
order by i.actor, i.key limit %s

-- name: find_twice_named
-- An event that two keys of single commands name: one of them named another. A command of a batch has its own key and
-- that of the batch.
select i.first
from {schema}.idempotency i join {schema}.events e on e.position = i.first
where i.count = 1 and e.retired_by is null and position('"batch":'::bytea in e.stored) = 0
group by i.first having count(*) > 1
order by i.first limit 1
