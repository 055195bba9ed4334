"""Selection rates: of whom applied, how many were chosen, by every way in which they came, with what is unknown."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from projections.accountability.acts import Act
from projections.accountability.places import People
from projections.accountability.report import Answer, Circumstances, Line, Missing, Report, Source, Views
from projections.statistics.correlations import rounded
from projections.statistics.effects import selection_rates
from projections.statistics.gathering import acts

UNKNOWN = "unknown"
RECEIVED, DECIDED, REVERSED, WITHDRAWN, RESUMED, DECLARED = (
    f"hiring.{name}"
    for name in (
        "ApplicationReceived",
        "HiringDecisionMade",
        "HiringDecisionReversed",
        "ApplicationWithdrawn",
        "ApplicationResumed",
        "CandidateGroupsDeclared",
    )
)
DEFINITION = (
    "Of the applications received in the period: one line for each kind of group that candidates declared (as in "
    "gender) and each group of it. of counts those that were decided, hire or reject, and not reversed; hired those "
    "of them that are to be hired; rate is hired / of, and absent where nothing was decided. impact_ratio is the rate "
    "over the highest rate of the groups that reach the policy's limit; below_four_fifths tells whether it is below "
    "0.8. open counts applications that wait for a decision, withdrawn those taken back; neither is in of. Who "
    "declared nothing is unknown: with a rate, and compared with nobody. Groups below the policy's limit are "
    "withheld."
)


@dataclass
class _Application:
    """An application as it stands: its candidate, its decision, and what that rests on."""

    candidate: str
    unit: str
    events: list[Source]
    decision: str | None = None
    withdrawn: bool = False

    @property
    def place(self) -> str:
        """Return where it counts: decided, withdrawn, or open."""
        if self.decision in ("hire", "reject"):
            return "of"
        return "withdrawn" if self.withdrawn else "open"


@dataclass
class _Group:
    """Applications of one group, counted by where they stand."""

    counts: Counter[str] = field(default_factory=Counter)
    about: set[str] = field(default_factory=set)
    events: set[Source] = field(default_factory=set)


def answer(views: Views, asked: Circumstances) -> Answer:
    """Return the rates in order of kind and group."""
    view, people = views["statistics"], People(views["directory"], asked)
    applications = _applications(acts(view, (RECEIVED, DECIDED, REVERSED, WITHDRAWN, RESUMED), asked), people, asked)
    declared = {act.id: act for act in acts(view, (DECLARED,), asked)}
    kinds = {each["kind"] for act in declared.values() for each in act.data["groups"]}
    if not kinds and applications:
        return Answer(missing=(Missing("nobody_declared_a_group"),))
    lines = [line for kind in sorted(kinds) for line in _lines(kind, applications, declared, asked)]
    return Answer(tuple(lines))


def _applications(told: Iterable[Act], people: People, asked: Circumstances) -> dict[str, _Application]:
    """Return the applications received in the period, for units that are asked about, as they stand."""
    found: dict[str, _Application] = {}
    for act in told:
        if act.topic == RECEIVED:
            if asked.since <= act.begins <= asked.until and people.has("unit/" + act.data["unit"]):
                found[act.stream] = _Application(act.data["candidate"], act.data["unit"], [act.evidence])
        elif act.stream in found:
            one = found[act.stream]
            one.events.append(act.evidence)
            if act.topic in (DECIDED, REVERSED):
                one.decision = act.data.get("decision")
            else:
                one.withdrawn = act.topic == WITHDRAWN
    return found


def _lines(
    kind: str, applications: Mapping[str, _Application], declared: Mapping[str, Act], asked: Circumstances
) -> Iterable[Line]:
    groups: dict[str, _Group] = defaultdict(_Group, {UNKNOWN: _Group()})
    for stream, one in applications.items():
        said = declared.get(one.candidate)
        name = None if said is None else next((g["group"] for g in said.data["groups"] if g["kind"] == kind), None)
        group = groups[UNKNOWN if name is None else name]
        group.counts.update((one.place, *(["hired"] if one.decision == "hire" else [])))
        group.about |= {stream, f"candidate/{one.candidate}"}
        group.events |= {*one.events, *([] if said is None or name is None else [said.evidence])}
    counted = {name: (group.counts["hired"], group.counts["of"]) for name, group in groups.items()}
    for rate in selection_rates(counted, unknown=UNKNOWN, comparable=asked.terms.small_group_limit):
        group = groups[rate.group]
        values = {
            "kind": kind,
            "group": rate.group,
            "hired": rate.selected,
            "of": rate.of,
            "rate": rounded(rate.rate),
            "impact_ratio": rounded(rate.ratio),
            "below_four_fifths": rate.below_four_fifths,
            "open": group.counts["open"],
            "withdrawn": group.counts["withdrawn"],
        }
        size = sum(group.counts[place] for place in ("of", "open", "withdrawn"))
        yield Line(tuple(sorted(group.about)), values, tuple(sorted(group.events)), people=size or None)


REPORT = Report(
    name="selection-rates",
    question="Who is hired of whom applied, group by group, and how do the rates compare?",
    definition=DEFINITION,
    version=1,
    views=("statistics", "directory"),
    answer=answer,
    thresholds=("small_group_limit",),
)
