"""Every rule that follows an event, by the topics it follows."""

from collections.abc import Mapping

from ledger.rules import clock, coaching, goals, hiring, leavers, reviews, seats
from ledger.rules.rule import Rule

_PARTS = (goals, coaching, hiring, reviews, leavers, seats, clock)
RULES: tuple[Rule, ...] = tuple(rule for part in _PARTS for rule in part.RULES)
BY_TOPIC: Mapping[str, tuple[Rule, ...]] = {
    topic: tuple(rule for rule in RULES if topic in rule.topics) for rule in RULES for topic in rule.topics
}
