"""The list of the rules, and what they suggest to one person."""

from projections.accountability.report import Circumstances, Views
from projections.suggestions import lapsing, leaving, mentoring, unused
from projections.suggestions.rule import Rule, Suggestion

RULES: dict[str, Rule] = {rule.name: rule for rule in (mentoring.RULE, leaving.RULE, lapsing.RULE, unused.RULE)}


def suggested(views: Views, asked: Circumstances, person: str) -> list[Suggestion]:
    """Return what every rule suggests to a person at the time asked about, in order of rule and subject."""
    found = [one for rule in RULES.values() for one in rule.find(views, asked, person)]
    return sorted(found, key=lambda one: (one.rule.name, one.about, one.id))
