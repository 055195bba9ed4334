"""Tests of the pure domain: given what happened, when something is asked, then an event or a refusal."""
