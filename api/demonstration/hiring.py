"""Hiring: five requests, panels that assess apart from each other, a reversal, a hire below the bar with dissent."""

from dataclasses import dataclass
from datetime import date, timedelta

from api.demonstration.calendar import later, on, workdays_before
from api.demonstration.company import FIRST_ADMINISTRATOR, PEOPLE, SECOND_ADMINISTRATOR, lead_of, members, person, unit
from api.demonstration.opening import identity, issue
from api.demonstration.story import Story

PROBATION = timedelta(days=90)
PROFILES = {
    "account-manager": ("sales", (("customer-talk", 70), ("planning", 60), ("product-knowledge", 50)), "new-customers"),
    "support-engineer": ("support", (("diagnosis", 70), ("writing", 60), ("calm", 60)), "response-hours"),
    "firmware-engineer": ("engineering", (("embedded-c", 75), ("testing", 65)), "open-defects"),
    "platform-engineer": ("platform", (("design", 70), ("testing", 65), ("english", 50)), "features"),
}


@dataclass(frozen=True, slots=True)
class Applicant:
    """Somebody who applies: scores by assessor in the profile's order, and what is decided when, with which reason."""

    nick: str
    name: str
    scores: dict[str, tuple[int, ...]]
    decided: date
    decision: str
    reason: str | None = None

    @property
    def hired(self) -> bool:
        """Tell whether they become a colleague."""
        return any(colleague.nick == self.nick for colleague in PEOPLE)


@dataclass(frozen=True, slots=True)
class Need:
    """A request for people: by the unit's lead, judged by the lead above, assessed by a panel."""

    name: str
    unit: str
    profile: str
    opened: date
    headcount: int = 1
    panel: tuple[str, ...] = ()
    applicants: tuple[Applicant, ...] = ()
    refused_for: str | None = None

    @property
    def lead(self) -> str:
        """Return who asks and decides."""
        return lead_of(self.unit, self.opened)

    @property
    def partner(self) -> str:
        """Return the HR partner who runs the form."""
        return "kong" if unit(self.unit).parent in ("sales", "service") else "jane"


NEEDS = (
    Need(
        "support-spring",
        "support",
        "support-engineer",
        on(3, 24),
        panel=("qin", "jiang"),
        applicants=(
            Applicant(
                "owen", "Owen Lester", {"qin": (55, 70, 65), "jiang": (62, 66, 70)}, on(4, 25), "hire", "urgent-need"
            ),
            Applicant("kit", "Kit Farrow", {"qin": (48, 50, 60), "jiang": (52, 58, 55)}, on(4, 24), "reject", "scores"),
        ),
    ),
    Need(
        "east-summer",
        "sales-east",
        "account-manager",
        on(6, 3),
        headcount=2,
        panel=("wang", "emma", "kong"),
        applicants=(
            Applicant(
                "iris",
                "Iris Kendall",
                {"wang": (82, 74, 60), "emma": (78, 70, 66), "kong": (80, 72, 58)},
                on(6, 30),
                "hire",
            ),
            Applicant(
                "shu",
                "何淑仪 He Shuyi",
                {"wang": (76, 68, 55), "emma": (74, 66, 61), "kong": (72, 70, 52)},
                on(7, 1),
                "reject",
                "experience",
            ),
            Applicant(
                "basil",
                "Basil Renton",
                {"wang": (58, 62, 49), "emma": (61, 55, 50), "kong": (60, 60, 45)},
                on(7, 1),
                "reject",
                "scores",
            ),
        ),
    ),
    Need("sensors-summer", "sensors", "firmware-engineer", on(6, 10), refused_for="budget"),
    Need(
        "support-autumn",
        "support",
        "support-engineer",
        on(8, 4),
        panel=("qin", "owen"),
        applicants=(
            Applicant("min", "闵嘉 Min Jia", {"qin": (84, 76, 80), "owen": (80, 72, 78)}, on(8, 29), "hire"),
            Applicant("rhea", "Rhea Colt", {"qin": (70, 61, 66), "owen": (72, 64, 60)}, on(8, 29), "hold", "second"),
        ),
    ),
    Need(
        "platform-autumn",
        "platform",
        "platform-engineer",
        on(9, 1),
        panel=("clara", "ma", "qian"),
        applicants=(
            Applicant("bella", "Bella Norcott", {"clara": (81, 77, 95), "ma": (79, 73, 90)}, on(9, 26), "hire"),
        ),
    ),
)  # fmt: skip
REVERSED = ("shu", on(7, 4), on(7, 7))  # the rejection is taken back, and three days later she is hired
DISSENT = ("owen", "qin", on(4, 28))
GROUPS = {"owen": "male", "kit": "male", "basil": "male", "iris": "female", "shu": "female", "min": "female",
          "bella": "female"}  # as far as they say  # fmt: skip
SELLING, JOBS_GIVEN = ("sales-east", "sales-west", "sales-overseas"), on(1, 27)
AGENCY = ("hugo", "ivy", "kai")  # placed by an agency, without an application in the ledger


def tell(story: Story) -> None:
    """Add profiles, requests, applications, and how the hired begin."""
    for index, profile in enumerate(PROFILES):
        _adopt(story, profile, on(1, 20 + index))
    for seller in (nick for team in SELLING for nick in members(team, JOBS_GIVEN)):
        job = story.id("job-profile", "account-manager")
        story.add(JOBS_GIVEN, 14, SECOND_ADMINISTRATOR, "people/assign-job", story.person(seller), profile=job)
    for need in NEEDS:
        _ask(story, need)
        for applicant in need.applicants:
            _apply(story, need, applicant)
            _judge(story, need, applicant)
            if applicant.hired:
                _offer(story, need, applicant)
                _begin(story, applicant)
    for nick in AGENCY:
        _start(story, nick)
    _reverse(story)
    _dissent(story)


def _adopt(story: Story, profile: str, day: date) -> None:
    owner, competencies, metric = PROFILES[profile]
    requirements = [{"competency": name, "minimum": minimum} for name, minimum in competencies]
    story.add(
        day,
        13,
        FIRST_ADMINISTRATOR,
        "job-profiles/adopt",
        story.id("job-profile", profile),
        job=profile,
        unit=owner,
        requirements=requirements,
        metrics=[metric],
    )


def _ask(story: Story, need: Need) -> None:
    id, above = story.id("requisition", need.name), lead_of(unit(need.unit).parent or "company", need.opened)
    profile = story.id("job-profile", need.profile)
    story.add(
        need.opened, 13, need.lead, "requisitions/open", id, unit=need.unit, profile=profile, headcount=need.headcount
    )
    answered = later(need.opened, 2)
    if need.refused_for is not None:
        story.add(answered, 13, above, "requisitions/refuse", id, reason=need.refused_for)
        return
    story.add(answered, 13, above, "requisitions/approve", id)
    last = max(applicant.decided for applicant in need.applicants)
    story.add(later(last, 14), 13, need.lead, "requisitions/close", id)


def _apply(story: Story, need: Need, applicant: Applicant) -> None:
    """The HR partner takes the application in and names the panel."""
    candidate, id = story.id("candidate", applicant.nick), story.id("application", applicant.nick)
    day, by = later(need.opened, 6), need.partner
    mail = {"e-mail": f"{applicant.nick}@applicants.example"}
    story.add(day, 9, by, "candidates/register", candidate, name=applicant.name, identifiers=mail)
    requisition = story.id("requisition", need.name)
    story.add(day, 10, by, "applications/receive", id, candidate=candidate, requisition=requisition)
    group = GROUPS.get(applicant.nick)
    if group is not None:
        declared = [{"kind": "gender", "group": group}]
        story.add(day, 11, by, "candidates/declare-groups", candidate, groups=declared)
    story.add(later(day, 1), 10, by, "applications/move", id, to_stage="screening")
    named = workdays_before(applicant.decided, 5)
    panel = [story.person(nick) for nick in need.panel]
    story.add(named, 10, by, "applications/name-panel", id, assessors=panel)
    story.add(named, 11, by, "applications/move", id, to_stage="assessment")


def _judge(story: Story, need: Need, applicant: Applicant) -> None:
    """Each assessor submits a card on a day of their own; the lead decides."""
    id = story.id("application", applicant.nick)
    competencies = [name for name, _ in PROFILES[need.profile][1]]
    for index, (assessor, values) in enumerate(applicant.scores.items()):
        scores = [{"competency": c, "score": v} for c, v in zip(competencies, values, strict=True)]
        day = workdays_before(applicant.decided, 4 - index)
        story.add(day, 15, assessor, "applications/record-assessment", id, scores=scores)
    decides = workdays_before(applicant.decided, 1)
    story.add(decides, 17, need.partner, "applications/move", id, to_stage="decision")
    reason = {} if applicant.reason is None else {"reason": applicant.reason}
    story.add(applicant.decided, 14, need.lead, "applications/decide", id, decision=applicant.decision, **reason)


def _offer(story: Story, need: Need, applicant: Applicant) -> None:
    """The HR partner makes the offer and records that it was taken, before the first day."""
    id, colleague = story.id("application", applicant.nick), person(applicant.nick)
    decided = REVERSED[2] if applicant.nick == REVERSED[0] else applicant.decided
    made, taken = later(decided, 1), later(decided, 3)
    terms = {"starts_on": colleague.since, "probation_until": colleague.since + PROBATION}
    story.add(made, 11, need.partner, "applications/make-offer", id, open_until=made + timedelta(days=14), **terms)
    story.add(taken, 11, need.partner, "applications/accept-offer", id)


def _begin(story: Story, applicant: Applicant) -> None:
    """A hire becomes a person whose employment names the application it came from."""
    until = person(applicant.nick).since + PROBATION
    _start(story, applicant.nick, application=story.id("application", applicant.nick), probation_until=until)


def _start(story: Story, nick: str, **by_application: object) -> None:
    colleague = person(nick)
    day, id, since = later(colleague.since, -5), story.person(nick), colleague.since
    terms: dict[str, object] = {"effective_at": since, **by_application}
    story.add(day, 9, SECOND_ADMINISTRATOR, "people/register", id, **identity(colleague.nick))
    story.add(day, 10, FIRST_ADMINISTRATOR, "people/start-employment", id, **terms)
    story.add(day, 11, FIRST_ADMINISTRATOR, "people/assign-to-unit", id, effective_at=since, unit=colleague.unit)
    issue(story, since, colleague.nick)


def _reverse(story: Story) -> None:
    nick, reversed_on, hired_on = REVERSED
    id = story.id("application", nick)
    story.add(reversed_on, 10, "chen", "applications/reverse-decision", id, reason="scores-overlooked")
    story.add(hired_on, 10, "chen", "applications/decide", id, decision="hire")


def _dissent(story: Story) -> None:
    nick, dissenter, day = DISSENT
    note = "Diagnosis is what this job is about. · 诊断能力正是这个岗位的关键。"
    story.add(day, 10, dissenter, "applications/record-dissent", story.id("application", nick), note=note)
