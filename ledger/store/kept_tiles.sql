-- What is read to check the tiles of a tree against each other. {schema} is the schema of a ledger.

-- name: read_tiles
-- A page of tiles of one level.
select index, root, hashes from {schema}.tiles where level = %s and index > %s order by index limit %s

-- name: read_roots
-- The roots of the tiles below one tile, in order.
select root from {schema}.tiles where level = %s and index >= %s and index < %s order by index
