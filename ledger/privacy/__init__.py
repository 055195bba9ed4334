"""Personal texts: sealed under keys that can be destroyed, and found by keyed digests."""
