"""Rules about policies: whoever is bound by a version has to read it, also who joins after it was published."""

from collections.abc import Iterable
from datetime import date

from ledger.asking import Ask
from ledger.domain.duties import Outcome
from ledger.domain.people.persons import EmploymentReinstated, EmploymentStarted, PersonAssignedToUnit
from ledger.domain.policies import PolicyReadingState, PolicyState
from ledger.domain.policies.publishing import PolicyPublished, Published
from ledger.domain.policies.reading import PolicyRead
from ledger.kernel.event import Entry, Subject
from ledger.kernel.ids import split_stream
from ledger.kernel.moments import day_of
from ledger.rules import working_days
from ledger.rules.matrix import Kind, row_of
from ledger.rules.rule import Looked, Lookup, Rule, Watch, duty_id, ended, opened

TO_READ = "policy-to-read"  # by whichever event it is owed, its id follows from this name and the version


def _published(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """Everyone bound has to read the new version; the one before need not be read any more."""
    policy = _policy(entry.stream.partition("/")[2], looked)
    assert isinstance(entry.event, PolicyPublished)
    version = policy.versions.get(entry.event.version)
    if version is None:
        return []
    subject = Subject(kind="policy", id=split_stream(entry.stream)[1])
    since = max(looked.today, day_of(entry.begins, looked.facts.zone))
    asks = _outdated(entry, subject, version, looked, rule)
    for member in looked.held:
        asks += _to_read(member.id, subject, version, entry.event_id, since, looked, rule)
    return asks


def _outdated(entry: Entry, policy: Subject, version: Published, looked: Looked, rule: Rule) -> list[Ask]:
    """Return the commands that end what is owed of earlier versions; taken late, what is owed of later ones stays."""
    kept = [f"version {n}" for n in _policy(policy.id, looked).versions if n >= version.version]
    asks: list[Ask] = []
    for id, state in looked.live.about(policy.key, (Kind.READ_POLICY,)):
        if state.opened is None:
            continue
        of = state.opened.of.key
        if _first(id, looked) not in {duty_id(TO_READ, Kind.READ_POLICY, once, policy.key, of) for once in kept}:
            asks.append(rule.discharge(id, entry.event_id, Outcome.MOOT))
    return asks


def _first(id: str, looked: Looked) -> str:
    """Return the duty that a duty was escalated from, or opened afresh for."""
    while (duty := looked.facts.state("duty", id).opened) is not None:
        before: str | None = duty.escalates or duty.replaces
        if before is None:
            break
        id = before
    return id


def _policy(id: str, looked: Looked) -> PolicyState:
    state: PolicyState = looked.facts.state("policy", id)
    return state


def _to_read(
    person: str, policy: Subject, version: Published, cause: str, since: date, looked: Looked, rule: Rule
) -> list[Ask]:
    reading: PolicyReadingState = looked.facts.state("policy-reading", person)
    if reading.has_read(policy.id, version.version) or not _is_bound(person, version, looked):
        return []
    of, once_for = Subject(kind="person", id=person), f"version {version.version}"
    if looked.facts.exists("duty", duty_id(TO_READ, Kind.READ_POLICY, once_for, policy.key, of.key)):
        return []
    row = row_of(Kind.READ_POLICY, looked.facts, looked.now)
    where = working_days.jurisdiction_of(of, looked.facts, looked.now)
    due_on = working_days.after(since, 0 if row is None else row.days, where)
    return opened(rule, Kind.READ_POLICY, looked, cause=cause, of=of, subject=policy, due_on=due_on, once_for=once_for)


def _is_bound(person: str, version: Published, looked: Looked) -> bool:
    facts, at = looked.facts, looked.now
    if facts.resolved(person) != person or not facts.is_employed(person, at):
        return False
    return not version.bound or bool(set(facts.units_above(facts.unit_of(person, at), at)) & set(version.bound))


def _joined(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """Who joins the company, or a unit that is bound, has to read what is in force."""
    return _in_force(split_stream(entry.stream)[1], entry.event_id, looked, rule)


def _in_force(person: str, cause: str, looked: Looked, rule: Rule) -> list[Ask]:
    asks: list[Ask] = []
    for policy in looked.held:
        version = _policy(policy.id, looked).version_on(looked.now)
        if version is not None:
            asks += _to_read(person, policy, version, cause, looked.today, looked, rule)
    return asks


def _begins(id: str, looked: Looked, rule: Rule) -> list[Ask] | None:
    """On the first day of an employment that was recorded ahead the same is owed; then nothing is waited for."""
    engagements = looked.facts.state("person", id).engagements
    if not engagements:
        return None
    last = engagements[-1]
    if last.at > looked.now:
        return []
    return _in_force(id, last.entry, looked, rule) or None


def _read(entry: Entry, looked: Looked, rule: Rule) -> Iterable[Ask]:
    """Reading the latest version is what was owed; an earlier one leaves it owed."""
    assert isinstance(entry.event, PolicyRead)
    policy, reader = entry.event.policy, Subject(kind="person", id=entry.event.reader)
    if entry.event.version < max(_policy(policy, looked).versions, default=0):
        return []
    return ended(rule, entry, looked, f"policy/{policy}", Kind.READ_POLICY, of=reader.key)


_JOINING = frozenset({EmploymentStarted.topic, EmploymentReinstated.topic, PersonAssignedToUnit.topic})
RULES = (
    Rule(TO_READ, 1, frozenset({PolicyPublished.topic}), _published, looks_up=Lookup.MEMBERS),
    Rule(TO_READ, 1, _JOINING, _joined, looks_up=Lookup.POLICIES),
    Rule("policy-read", 1, frozenset({PolicyRead.topic}), _read),
)
_BEGUN = Rule(TO_READ, 1, frozenset(), lambda entry, looked, rule: ())
WATCHES = (Watch(_BEGUN, EmploymentStarted.topic, b'"employment"', _begins, looks_up=Lookup.POLICIES),)
