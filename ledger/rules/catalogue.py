"""Every rule that follows an event, by the topics it follows, and every watch, by the topic that names its day."""

from collections.abc import Mapping

from ledger.rules import clock, coaching, goals, hiring, leavers, onboarding, probation, reviews, seats
from ledger.rules.rule import Rule, Watch

_PARTS = (goals, coaching, hiring, onboarding, probation, reviews, leavers, seats, clock)
WATCHES: Mapping[str, Watch] = {watch.topic: watch for part in (hiring, probation) for watch in part.WATCHES}
RULES: tuple[Rule, ...] = tuple(rule for part in _PARTS for rule in part.RULES)
BY_TOPIC: Mapping[str, tuple[Rule, ...]] = {
    topic: tuple(rule for rule in RULES if topic in rule.topics) for rule in RULES for topic in rule.topics
}
