"""Steps that lead an existing ledger to the tables of today, in order and never changed once released."""
