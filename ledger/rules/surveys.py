"""Rules about surveys: one is closed once its last day for answers is over, whoever forgets it."""

from ledger.asking import Ask
from ledger.domain.outcomes.surveys import CloseSurvey, SurveyOpened, SurveyState
from ledger.kernel.event import Entry
from ledger.rules.rule import Looked, Rule, Watch

ALONE = (CloseSurvey,)  # what it rests on is gathered in confidence, for it alone: no batch takes it


def _over(id: str, looked: Looked, rule: Rule) -> list[Ask] | None:
    """A survey closes on the day after its last one; closed, by whomever, it waits for nothing more."""
    survey: SurveyState = looked.facts.state("survey", id)
    if survey.opened is None or survey.closed:
        return None
    if looked.today <= survey.opened.closes_on:
        return []
    return [rule.ask("survey", id, CloseSurvey(), None)]


def _nothing(entry: Entry, looked: Looked, rule: Rule) -> list[Ask]:
    return []


SURVEY_OVER = Rule("survey-over", 1, frozenset(), _nothing)
WATCHES = (Watch(SURVEY_OVER, SurveyOpened.topic, b'"closes_on"', _over),)
