"""Every rule that follows an event, by the topics it follows, and every watch, by the topic that names its day."""

from collections.abc import Mapping

from ledger.rules import (
    clock,
    coaching,
    delegating,
    goals,
    hiring,
    leavers,
    merging,
    onboarding,
    policies,
    privacy,
    probation,
    reviews,
    seats,
    surveys,
)
from ledger.rules.rule import Rule, Watch

_PARTS = (policies, goals, coaching, hiring, onboarding, probation, reviews, leavers, merging, privacy, seats, clock)
_WATCHING = (delegating, goals, hiring, policies, probation, surveys)
WATCHES: Mapping[str, tuple[Watch, ...]] = {
    topic: tuple(watch for part in _WATCHING for watch in part.WATCHES if watch.topic == topic)
    for topic in sorted({watch.topic for part in _WATCHING for watch in part.WATCHES})
}
RULES: tuple[Rule, ...] = tuple(rule for part in _PARTS for rule in part.RULES)
BY_TOPIC: Mapping[str, tuple[Rule, ...]] = {
    topic: tuple(rule for rule in RULES if topic in rule.topics) for rule in RULES for topic in rule.topics
}
