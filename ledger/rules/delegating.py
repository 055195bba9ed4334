"""Rules about delegations: each ends at the minute it was granted until, or when either side's employment ends."""

from datetime import datetime

from ledger.asking import Ask
from ledger.domain.people.delegations import Delegation, DelegationEnding, DelegationGranted, Delegations, EndDelegation
from ledger.kernel.timeline import Change
from ledger.rules.rule import Looked, Rule, Watch


def _ending(id: str, looked: Looked, rule: Rule) -> list[Ask] | None:
    """Note each ending of a delegation of this person; None once none is left to end."""
    lines: Delegations = looked.facts.state("person", id).delegations
    running = [(delegation, line.changes[-1]) for delegation, line in lines.items() if not line.changes[-1].value.ended]
    if not running:
        return None
    return [ask for delegation, granted in running for ask in _ended(id, delegation, granted, looked, rule)]


def _ended(id: str, delegation: str, granted: Change[Delegation], looked: Looked, rule: Rule) -> list[Ask]:
    terms = granted.value
    left = [at for person in (id, terms.delegate) if (at := _left_at(person, looked)) is not None]
    last = max(min(left), granted.at) if left else None
    if last is not None and last < terms.ends:
        ending, at = DelegationEnding.LEFT, last
    elif terms.ends <= looked.now:
        ending, at = DelegationEnding.EXPIRED, terms.ends
    else:
        return []
    command = EndDelegation(delegation=delegation, ending=ending, effective_at=at)
    return [rule.ask("person", id, command, granted.event_id)]


def _left_at(person: str, looked: Looked) -> datetime | None:
    """Return when somebody who is not employed now left."""
    if looked.facts.is_employed(person, looked.now):
        return None
    changes = looked.facts.state("person", looked.facts.resolved(person)).lines["employment"].changes
    return max((c.at for c in changes if not c.value.begins and c.at <= looked.now), default=None)


ENDED = Rule("delegation-ended", 1, frozenset(), lambda entry, looked, rule: ())
WATCHES = (Watch(ENDED, DelegationGranted.topic, b'"delegation"', _ending, to_the_minute=True),)
