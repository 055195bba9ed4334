"""Subscriptions: every event in order, as a feed to be polled and as a stream, resumable from a cursor."""
