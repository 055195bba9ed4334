"""Chance that falls the same way each time the story is told."""

from random import Random

SEED = 2025


def chance_of(name: str) -> Random:
    """Return a source of numbers that depends on the seed and on what it is for, and on nothing told before."""
    return Random(f"{SEED}/{name}")  # noqa: S311 — a story, not a secret: the same each time is what it is for
