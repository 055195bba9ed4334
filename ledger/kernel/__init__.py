"""What every part of the ledger shares: events, commands, ids, time, refusals. Knows neither database nor HTTP."""
