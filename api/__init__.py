"""How the world speaks to the ledger: HTTP, subscriptions, command line."""
