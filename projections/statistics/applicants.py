"""Applicants: who applied for what, how it stands, and what they said of themselves; merged ids are one applicant."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from projections.accountability.acts import Act, read_acts
from projections.accountability.places import People
from projections.accountability.report import Circumstances, Source
from projections.engine import View
from projections.statistics.gathering import FIRST, LAST, acts

RECEIVED, DECIDED, REVERSED, WITHDRAWN, RESUMED, DECLARED, MERGED, UNMERGED = (
    f"hiring.{name}"
    for name in (
        "ApplicationReceived",
        "HiringDecisionMade",
        "HiringDecisionReversed",
        "ApplicationWithdrawn",
        "ApplicationResumed",
        "CandidateGroupsDeclared",
        "CandidatesMerged",
        "CandidatesUnmerged",
    )
)
ERASED = ("privacy.ErasureConfirmed", "privacy.SubjectErased")
PLACES = ("hired", "rejected", "open", "withdrawn")  # of several applications for one requisition the first one counts


@dataclass
class Application:
    """An application as it stands: by which id, for what, its decision, and the events that it rests on."""

    stream: str
    candidate: str
    requisition: str
    events: list[Source]
    decision: str | None = None
    withdrawn: bool = False

    @property
    def place(self) -> str:
        """Return where it stands: one of `PLACES`."""
        if self.decision in ("hire", "reject"):
            return "hired" if self.decision == "hire" else "rejected"
        return "withdrawn" if self.withdrawn else "open"


@dataclass
class Applicant:
    """One candidate, by whatever ids, who applied for one requisition: counted once, however often they applied."""

    candidate: str
    applications: list[Application] = field(default_factory=list)

    @property
    def place(self) -> str:
        """Return where the application stands that has come furthest."""
        return min((one.place for one in self.applications), key=PLACES.index)

    @property
    def about(self) -> set[str]:
        """Return the subjects that it names: every application, and every id of the candidate."""
        ids = {self.candidate, *(one.candidate for one in self.applications)}
        return {one.stream for one in self.applications} | {f"candidate/{id}" for id in ids}

    @property
    def events(self) -> set[Source]:
        """Return what it rests on."""
        return {event for one in self.applications for event in one.events}


@dataclass(frozen=True, slots=True)
class Declared:
    """What a candidate said of themselves last: kind → group; `erased` where it can be opened no more."""

    groups: Mapping[str, str]
    event: Source
    erased: bool = False


def applicants(view: View, people: People, asked: Circumstances) -> list[Applicant]:
    """Return who applied in the period for units that are asked about, in order of first application."""
    whole = read_as(view, asked)
    found: dict[tuple[str, str], Applicant] = {}
    for one in _applications(view, people, asked).values():
        candidate = whole.get(one.candidate, one.candidate)
        found.setdefault((candidate, one.requisition), Applicant(candidate)).applications.append(one)
    return list(found.values())


def read_as(view: View, asked: Circumstances) -> dict[str, str]:
    """Return candidate's id → the id that it is read as, of those that were merged and are."""
    into: dict[str, str] = {}
    for act in acts(view, (MERGED, UNMERGED), asked):
        if act.topic == MERGED:
            into[act.id] = act.data["into"]
        else:
            into.pop(act.id, None)
    return {id: _end(id, into) for id in into}


def _end(id: str, into: Mapping[str, str]) -> str:
    while id in into:  # merging closes no circle
        id = into[id]
    return id


def _applications(view: View, people: People, asked: Circumstances) -> dict[str, Application]:
    found: dict[str, Application] = {}
    for act in acts(view, (RECEIVED, DECIDED, REVERSED, WITHDRAWN, RESUMED), asked):
        if act.topic == RECEIVED:
            if asked.since <= act.begins <= asked.last and people.has("unit/" + act.data["unit"]):
                said = act.data
                found[act.stream] = Application(act.stream, said["candidate"], said["requisition"], [act.evidence])
        elif act.stream in found:
            one = found[act.stream]
            one.events.append(act.evidence)
            if act.topic in (DECIDED, REVERSED):
                one.decision = act.data.get("decision")
            else:
                one.withdrawn = act.topic == WITHDRAWN
    return found


def declarations(view: View, counted: Iterable[Applicant], asked: Circumstances) -> dict[str, Declared]:
    """Return candidate → what they said of themselves last, by whatever id, opened for this answer alone.

    An erased candidate has said nothing that is known, also where older events still have it in the clear, and
    whenever it is asked about.
    """
    wanted, whole = {one.candidate for one in counted}, read_as(view, asked)
    last: dict[str, Act] = {}
    for act in acts(view, (DECLARED,), asked):
        candidate = whole.get(act.id, act.id)
        if candidate in wanted:
            last[candidate] = act
    gone = _erased(view)
    live = [act for act in last.values() if act.stream not in gone]
    opened = asked.opened([act.event_id for act in live if "groups" not in act.data])
    said = {act.event_id: opened.get(act.event_id, act.data).get("groups") for act in live}
    return {candidate: _declared(act, said.get(act.event_id)) for candidate, act in last.items()}


def _declared(act: Act, groups: object) -> Declared:
    if not isinstance(groups, Mapping):
        return Declared({}, act.evidence, erased=True)
    return Declared({str(kind): str(group) for kind, group in groups.items()}, act.evidence)


def _erased(view: View) -> frozenset[str]:
    """Return the candidates who are erased by now, whatever time is asked about: erasing knows no earlier state."""
    period = {"since": FIRST, "until": LAST, "known": view.position, "topics": list(ERASED)}
    return frozenset(_subjects(read_acts(view, period, view.position)))


def _subjects(told: Iterable[Act]) -> Iterator[str]:
    for act in told:
        for subject in (act.data["subject"], *act.data.get("ids", ())):
            yield f"{subject['kind']}/{subject['id']}"


def by_group(
    counted: Iterable[Applicant], declared: Mapping[str, Declared], kind: str, unknown: str
) -> dict[str, list[Applicant]]:
    """Return group of a kind → its applicants; who said nothing of that kind is of the group `unknown`."""
    found: dict[str, list[Applicant]] = defaultdict(list, {unknown: []})
    for one in counted:
        said = declared.get(one.candidate)
        found[unknown if said is None else said.groups.get(kind, unknown)].append(one)
    return found
