-- Statements on what is held. {schema} is the schema of a ledger.

-- name: find_held
-- A page of the personal records on which a hold was ever placed, in order.
select distinct stream from {schema}.events
where stream >= 'personal-record/' and stream < 'personal-record0' and stream > %(after)s
    and topic = 'privacy.HoldPlaced'
order by stream limit %(limit)s
