"""Jobs: which profiles there are, and who did each job when, by assignment or by the application that they came by."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from ledger.kernel.moments import last_instant
from projections.accountability.acts import Act
from projections.accountability.places import People
from projections.accountability.report import Circumstances, Source, Views
from projections.statistics.figures import Figure
from projections.statistics.gathering import acts
from projections.suggestions.gathering import CANCELLED, ENDED, JOB, REINSTATED, STARTED

ADOPTED, RECEIVED = "hiring.JobProfileAdopted", "hiring.ApplicationReceived"
SCORED, AMENDED = "hiring.AssessmentRecorded", "hiring.AssessmentAmended"


@dataclass(frozen=True, slots=True)
class Profile:
    """A job profile as it stood: job, unit, metrics, and the lowest sufficient score of each competency."""

    id: str
    job: str
    unit: str | None
    metrics: tuple[str, ...]
    required: dict[str, Decimal]
    event: Source


@dataclass(frozen=True, slots=True)
class Spell:
    """The time in which a person did a job; `application`: the one that they came by, if any."""

    person: str
    profile: str
    starts: datetime
    ends: datetime | None
    application: str | None
    event: Source


def profiles(views: Views, asked: Circumstances) -> list[Profile]:
    """Return every profile in its current form, in order of id."""
    last = {act.id: act for act in acts(views["statistics"], (ADOPTED,), asked)}
    return [_profile(act) for _, act in sorted(last.items())]


def _profile(act: Act) -> Profile:
    required = {one["competency"]: Decimal(one["minimum"]) for one in act.data["requirements"]}
    return Profile(
        act.id, act.data["job"], act.data.get("unit"), tuple(act.data.get("metrics", ())), required, act.evidence
    )


def spells(views: Views, people: People, asked: Circumstances) -> dict[str, list[Spell]]:
    """Return profile → who did the job when, in order of person."""
    profile_of = {act.id: act.data["profile"] for act in acts(views["statistics"], (RECEIVED,), asked)}
    happened = acts(views["suggestions"], (JOB, STARTED, ENDED, CANCELLED, REINSTATED), asked)
    never = {act.data["entry"] for act in happened if act.topic == CANCELLED}
    told: dict[str, list[Act]] = defaultdict(list)
    for act in happened:
        if act.topic != CANCELLED and act.event_id not in never and people.has_person(act.about):
            told[act.about].append(act)
    found: dict[str, list[Spell]] = defaultdict(list)
    for person, lines in sorted(told.items()):
        for spell in _spells(person, sorted(lines, key=lambda act: (act.begins, act.position)), profile_of):
            found[spell.profile].append(spell)
    return found


def _spells(person: str, lines: Sequence[Act], profile_of: dict[str, str]) -> Iterator[Spell]:
    """Yield a person's jobs: each lasts until the next one begins, or the employment ends; one reinstated goes on."""
    running, last = None, None
    for act in lines:
        begun = _begun(person, act, profile_of)
        if act.topic == REINSTATED and last is not None:
            begun = replace(last, starts=act.begins, ends=None)
        if running is not None and (begun is not None or act.topic == ENDED):
            last = replace(running, ends=act.begins)
            yield last
            running = None
        running = begun or running
    if running is not None:
        yield running


def _begun(person: str, act: Act, profile_of: dict[str, str]) -> Spell | None:
    """Return the job that begins by an assignment, or by the start of whoever was hired for it."""
    application = act.data.get("application")
    profile = act.data["profile"] if act.topic == JOB else profile_of.get(str(application))
    if profile is None or act.topic not in (JOB, STARTED):
        return None
    return Spell(person, str(profile), act.begins, None, application, act.evidence)


def within(figures: Sequence[Figure], done: Sequence[Spell], asked: Circumstances) -> list[Figure]:
    """Return the figures of persons whose period ended while they did the job."""
    by_person: dict[str, list[Spell]] = defaultdict(list)
    for spell in done:
        by_person[f"person/{spell.person}"].append(spell)
    return [one for one in figures if any(_covers(spell, one, asked) for spell in by_person.get(one.owner, ()))]


def _covers(spell: Spell, figure: Figure, asked: Circumstances) -> bool:
    at = last_instant(figure.period[1], asked.zone)
    return spell.starts <= at and (spell.ends is None or at < spell.ends)


def mean_scores(views: Views, asked: Circumstances) -> dict[str, dict[str, float]]:
    """Return application → competency → the mean of what the assessors gave, each by their last word."""
    given: dict[str, dict[str, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    for act in acts(views["statistics"], (SCORED, AMENDED), asked):
        card = {one["competency"]: float(one["score"]) for one in act.data["scores"]}
        given[act.id][act.data["assessor"]] = card
    found: dict[str, dict[str, float]] = {}
    for application, cards in given.items():
        named = {competency for card in cards.values() for competency in card}
        found[application] = {name: _mean([card[name] for card in cards.values() if name in card]) for name in named}
    return found


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
