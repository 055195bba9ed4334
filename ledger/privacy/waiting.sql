-- Statements on what waits. {schema} is the schema of a ledger.

-- name: insert_waiting
-- A place for a survey that has none.
insert into {schema}.waiting (survey, box) values (%s, '') on conflict do nothing

-- name: lock_waiting
-- What waits for a survey, held until the transaction ends.
select box, sealed_off from {schema}.waiting where survey = %s for update

-- name: update_waiting
-- What waits now.
update {schema}.waiting set box = %s where survey = %s

-- name: seal_off_waiting
-- Nothing more is taken.
update {schema}.waiting set sealed_off = true where survey = %s

-- name: empty_waiting
-- Nothing waits any more, and nothing is taken.
update {schema}.waiting set box = '', sealed_off = true where survey = %s
