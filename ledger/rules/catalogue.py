"""Every rule that follows an event, by the topics it follows."""

from collections.abc import Mapping

from ledger.rules import clock, goals, hiring, leavers, reviews, seats
from ledger.rules.rule import Rule

RULES: tuple[Rule, ...] = (*goals.RULES, *hiring.RULES, *reviews.RULES, *leavers.RULES, *seats.RULES, *clock.RULES)
BY_TOPIC: Mapping[str, tuple[Rule, ...]] = {
    topic: tuple(rule for rule in RULES if topic in rule.topics) for rule in RULES for topic in rule.topics
}
