"""Turns events into answers: each question the ledger answers is a projection that folds events into its own tables."""
