"""Sight: who may see which subject, judged as of now; whoever may not is told that there is no such thing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from ledger.domain.feedback import Visibility
from ledger.domain.identity import SYSTEM, Role
from ledger.domain.reviews.events import AppealOutcome
from ledger.domain.reviews.state import Phase, ReviewState
from ledger.facts import LedgerFacts
from ledger.kernel.ids import split_stream

OF_WHOM = ("recipient", "holder", "person")  # as states name whom they are about
OF_A_PERSON = frozenset({"person", "access", "policy-reading", "onboarding", "probation"})
WITH_STATE = frozenset(
    {"goal", "feedback", "duty", "requisition", "application", "review", "calibration", "coaching", "training", "pay"}
    | {"finding", "suggestion", "job-analysis"}
)
OF_ITS_SUBJECT = frozenset({"outcome", "attendance"})  # seen by whoever sees the unit or person that the id names
OPEN_KINDS = frozenset(
    {"unit", "metric", "job-profile", "responsibility", "ledger", "policy", "cycle", "course", "survey", "key-epoch"}
)
SCORECARDS = frozenset({"hiring.AssessmentRecorded", "hiring.AssessmentAmended"})
TELLS_SCORES = SCORECARDS | {"hiring.HiringDecisionMade"}  # which keeps the figures that it rests on
ASSESSED = frozenset({"reviews.AssessmentSubmitted", "reviews.AssessmentReturned"})
APPEAL_DECIDED = "reviews.AppealDecided"
JUDGES = ASSESSED | {  # what is told to the person of a review by its publication alone
    "reviews.RatingProposed",
    "reviews.RatingCalibrated",
    "reviews.CalibrationCancelled",
    APPEAL_DECIDED,
}
KEPT_FROM_SOME = TELLS_SCORES | JUDGES
PRIVATE = frozenset({"draft"})  # nobody sees these by office
SEATED = frozenset({"review", "draft", "coaching", "comment"})  # whoever sees these has a seat that needs their texts
ADDRESSED = frozenset({"suggestion"})  # whom it is put before sees these, and no office but an auditor's
OPENED_BY_DUTY = frozenset(  # what whoever owes something about it needs to see
    {"goal", "review", "requisition", "application", "onboarding", "probation"}
)
CONFIDENTIAL = frozenset({"feedback", "coaching", "comment"})  # seen by HR administrators where the policy says so


def sees(facts: LedgerFacts, actor: str, kind: str, id: str, at: datetime) -> bool:
    """Tell whether the actor may see a subject. `at` is always now: a question's time chooses facts, never rights."""
    if actor.startswith(SYSTEM):
        return False
    actor = facts.resolved(actor)
    if kind in OF_ITS_SUBJECT:
        kind, _, id = id.partition("/")
    if kind in PRIVATE:
        return SIGHT[kind](facts, actor, id, at)
    if kind == "probation" and actor == facts.resolved(id):
        return not facts.state("probation", id).is_pending  # nor a proposal that is not carried out
    if kind == "comment" and _is_untold_remark(facts, actor, id):
        return False
    roles = facts.roles_of(actor, at)
    confidential = kind in ADDRESSED or (kind in CONFIDENTIAL and not _policy_opens(facts, at))
    if Role.HR_ADMINISTRATOR in roles and not confidential:
        return True
    if Role.AUDITOR in roles and _engaged(facts, actor, kind, id, at):
        return True
    if kind in OPEN_KINDS:
        return True
    return SIGHT.get(kind, _sees_subject)(facts, actor, id, at)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What sight goes by of an event: the stream (`kind/id`), the topic, who acted, the event's id and position."""

    stream: str
    topic: str
    author: str
    event_id: str
    position: int


def is_kept_from(facts: LedgerFacts, actor: str, event: Recorded) -> bool:
    """Tell whether an event of a subject that the actor sees is kept from them all the same, whatever their office.

    Scorecards, and what a decision that settles nothing says of them, are kept from those of the panel whose own is
    not in yet; assessments by others and grades from the person they are about, until they are published.
    """
    stream = split_stream(event.stream)
    if event.topic in TELLS_SCORES and stream[0] == "application":
        own = event.topic in SCORECARDS and facts.resolved(actor) == facts.resolved(event.author)
        return not own and is_blind(facts, actor, stream)
    if event.topic in JUDGES and stream[0] == "review":
        return is_blind(facts, actor, stream) and _is_untold(facts, actor, stream[1], event)
    return False


def is_blind(facts: LedgerFacts, actor: str, stream: tuple[str, str]) -> bool:
    """Tell whether events of the subject may be kept from the actor: version numbers would tell how many they are."""
    actor = facts.resolved(actor)
    if stream[0] == "review":
        review: ReviewState = facts.state(*stream)
        return review.person is not None and actor == facts.resolved(review.person)
    if stream[0] != "application":
        return False
    application = facts.state(*stream)
    owing = {facts.resolved(person) for person in application.panel if person not in application.assessments}
    return bool(application.is_blind) and actor in owing


def _is_untold(facts: LedgerFacts, actor: str, id: str, event: Recorded) -> bool:
    """Tell whether a judgement in one's own review is not told yet: what one wrote oneself always is."""
    state: ReviewState = facts.state("review", id)
    if event.position <= state.told_upto:
        return False
    if event.topic == APPEAL_DECIDED:
        return state.appeal is not None and state.appeal.outcome is AppealOutcome.CHANGED
    assessor = state.assessed_by.get(event.event_id)
    return assessor is None or facts.resolved(assessor) != facts.resolved(actor)


def reads(facts: LedgerFacts, actor: str, stream: tuple[str, str], data_subject: tuple[str, str], at: datetime) -> bool:
    """Tell whether the actor may read a sealed part: of what they see, texts about those they see.

    Feedback is for whom it was made visible, whoever it is about; withdrawn, for nobody. A seat in a review, and a
    draft that has travelled, are enough for the texts in it.
    """
    if data_subject == stream and stream[0] == "feedback":
        return _opened_to(facts, stream[1]) == facts.resolved(actor)  # a hidden author, for the office alone
    if not sees(facts, actor, *stream, at):
        return False
    if stream[0] == "feedback":
        return not facts.state("feedback", stream[1]).withdrawn
    if stream[0] in SEATED:
        return True
    return sees(facts, actor, *data_subject, at)


# Seats


def is_opened_by(facts: LedgerFacts, actor: str, duty: str, subject: tuple[str, str]) -> bool:
    """Tell whether a live duty opens its subject to the actor: to whom it is on, about somebody else."""
    kind, id = subject
    state, actor = facts.state("duty", duty), facts.resolved(actor)
    if kind not in OPENED_BY_DUTY or not state.is_live or state.opened is None or state.holder is None:
        return False
    about = facts.state(kind, id)
    person = id if kind in OF_A_PERSON else getattr(about, "person", None)
    is_own = isinstance(person, str) and facts.resolved(person) == actor
    return state.opened.subject.key == f"{kind}/{id}" and facts.resolved(state.holder) == actor and not is_own


def assesses(facts: LedgerFacts, actor: str, review: str) -> bool:
    """Tell whether the actor is named to assess in a review and still has to, before the work is rated.

    The seat shows what is to be assessed, and nothing of what others say of it.
    """
    state: ReviewState = facts.state("review", review)
    actor = facts.resolved(actor)
    done = {facts.resolved(a.assessor) for a in state.assessments if not a.returned}
    named = {facts.resolved(person) for person in state.assessors} - done
    return state.phase is Phase.OPEN and not state.ratings and actor in named


def _opened_to(facts: LedgerFacts, feedback: str) -> str | None:
    office: str | None = facts.state("feedback", feedback).opened_to
    return None if office is None else facts.resolved(office)


def _policy_opens(facts: LedgerFacts, at: datetime) -> bool:
    return facts.policy(at).terms.administrators_read_feedback


def _engaged(facts: LedgerFacts, actor: str, kind: str, id: str, at: datetime) -> bool:
    """Auditors see what their engagement covers: everything, or what belongs to its units and those below them."""
    grants = facts.state("access", actor).roles_at(at)[Role.AUDITOR]
    if any(not grant.units for grant in grants):
        return True
    engaged = {facts.unit_now(unit, at) for grant in grants for unit in grant.units}
    return any(unit in engaged for unit in facts.units_above(_unit_about(facts, kind, id, at), at))


def _unit_about(facts: LedgerFacts, kind: str, id: str, at: datetime) -> str | None:
    """Return the unit that a subject belongs to at a time, where it belongs to one."""
    if kind in OF_A_PERSON:
        return None if id.startswith(SYSTEM) else facts.unit_of(id, at) or facts.last_unit_of(id, at)
    state = facts.state(kind, id) if kind in WITH_STATE else None
    owner = getattr(state, "owner", None)
    if owner is not None:
        return owner.id if owner.kind == "unit" else _unit_about(facts, "person", owner.id, at)
    person = next((p for name in OF_WHOM if (p := getattr(state, name, None)) is not None), None)
    if isinstance(person, str):
        return _unit_about(facts, "person", person, at)
    unit = id if kind == "unit" else getattr(state, "unit", None)
    return unit if isinstance(unit, str) else None


def _sees_subject(facts: LedgerFacts, actor: str, id: str, at: datetime) -> bool:
    """Free subjects of the responsibilities context are open; kinds with streams of their own are not."""
    return True


def _sees_person(facts: LedgerFacts, actor: str, id: str, at: datetime) -> bool:
    """Oneself, the line, the HR partners, and who acts in the place of one of the line."""
    if actor == facts.resolved(id) or actor in facts.deputies_of(id, None, at):
        return True
    if actor in facts.partners_of(facts.unit_of(id, at), at):
        return True
    return any(actor == lead or actor in facts.deputies_of(lead, None, at) for lead in facts.leads_above(id, at))


def _sees_onboarding(facts: LedgerFacts, actor: str, id: str, at: datetime) -> bool:
    """Whoever sees the person, and the leads of the unit that hired them."""
    unit = facts.state("onboarding", id).unit
    return _sees_person(facts, actor, id, at) or (unit is not None and actor in facts.unit_leads(unit, at))


def _sees_goal(facts: LedgerFacts, actor: str, id: str, at: datetime) -> bool:
    owner = facts.state("goal", id).owner
    return owner is not None and (owner.kind == "unit" or _sees_person(facts, actor, owner.id, at))


def _sees_feedback(facts: LedgerFacts, actor: str, id: str, at: datetime) -> bool:
    """Giver and recipient, and whom the giver let read it: persons named, the line, or the HR partners."""
    state = facts.state("feedback", id)
    if state.recipient is None:
        return False
    seats = (state.giver, state.recipient, state.asked, state.requester, state.opened_to, *state.readers)
    if actor in (facts.resolved(seat) for seat in seats if seat is not None):
        return True
    if state.visibility is Visibility.LINE:
        return actor in facts.leads_above(state.recipient, at)
    return state.visibility is Visibility.HR_PARTNER and actor in facts.partners_of(
        facts.unit_of(state.recipient, at), at
    )


def _sees_coaching(facts: LedgerFacts, actor: str, id: str, at: datetime) -> bool:
    """Those who took part, and the line."""
    state = facts.state("coaching", id)
    if state.person is None:
        return False
    seats = (state.person, state.coach, *state.participants)
    return actor in map(facts.resolved, seats) or actor in facts.leads_above(state.person, at)


def _sees_comment(facts: LedgerFacts, actor: str, id: str, at: datetime) -> bool:
    """Whoever sees what it is about; its author and whom it asks besides."""
    state = facts.state("comment", id)
    if state.about is None:
        return False
    about = (state.about.kind, state.about.id)
    if actor in (facts.resolved(one) for one in (state.author, state.to) if one is not None):
        return sees(facts, actor, *about, at) or actor == facts.resolved(state.author)
    return sees(facts, actor, *about, at)


def _is_untold_remark(facts: LedgerFacts, actor: str, id: str) -> bool:
    """Tell whether others remark it about one's own review, with no result published: it may tell the grade."""
    state = facts.state("comment", id)
    if state.about is None or state.about.kind != "review":
        return False
    about, seats = (state.about.kind, state.about.id), (state.author, state.to)
    is_own = actor in (facts.resolved(one) for one in seats if one is not None)
    return not is_own and facts.state(*about).result is None and is_blind(facts, actor, about)


def _sees_hiring(kind: str) -> Callable[[LedgerFacts, str, str, datetime], bool]:
    def look(facts: LedgerFacts, actor: str, id: str, at: datetime) -> bool:
        state = facts.state(kind, id)
        on_panel = kind == "application" and state.is_live and state.is_blind
        seats = {getattr(state, "opener", None), *(map(facts.resolved, state.assessors) if on_panel else ())}
        requisition = getattr(state, "requisition", None)
        if actor in seats or (requisition is not None and look_requisition(facts, actor, requisition, at)):
            return True
        unit = getattr(state, "unit", None)
        return unit is not None and (actor in facts.unit_leads(unit, at) or actor in facts.partners_of(unit, at))

    return look


look_requisition = _sees_hiring("requisition")


def _sees_candidate(facts: LedgerFacts, actor: str, id: str, at: datetime) -> bool:
    return Role.HR_PARTNER in facts.roles_of(actor, at)


def _sees_duty(facts: LedgerFacts, actor: str, id: str, at: datetime) -> bool:
    """The holder and who stands above them; of a duty without a holder, who stands above its seat."""
    state = facts.state("duty", id)
    if state.holder is not None:
        return _sees_person(facts, actor, state.holder, at)
    if state.of is None or state.of.kind != "person":
        unit = None if state.of is None else state.of.id
        return actor in facts.unit_leads(unit, at) or actor in facts.partners_of(unit, at)
    return actor != state.of.id and _sees_person(facts, actor, state.of.id, at)


def _sees_review(facts: LedgerFacts, actor: str, id: str, at: datetime) -> bool:
    """The person, the line and HR partners; judge and decider while they are."""
    state = facts.state("review", id)
    if state.person is None:
        return False
    judging = state.phase is Phase.OPEN and (state.result is None or not state.result.told)
    seats = (seat for seat in (state.judge if judging else None, state.decider) if seat is not None)
    return actor in map(facts.resolved, seats) or _sees_person(facts, actor, state.person, at)


def _sees_part(kind: str) -> Callable[[LedgerFacts, str, str, datetime], bool]:
    """Whoever sees the person whom a training or a result's pay is about."""

    def look(facts: LedgerFacts, actor: str, id: str, at: datetime) -> bool:
        person = facts.state(kind, id).person
        return person is not None and _sees_person(facts, actor, person, at)

    return look


def _sees_draft(facts: LedgerFacts, actor: str, id: str, at: datetime) -> bool:
    """Whoever writes it, until it travels with its review; then whom the review was handed to."""
    draft = facts.state("draft", id)
    if draft.review is None:
        return False
    return actor == facts.resolved(facts.state("review", draft.review).drafts.get(id, draft.writer))


def _sees_calibration(facts: LedgerFacts, actor: str, id: str, at: datetime) -> bool:
    """The leads and HR partners of its unit; those who sat in the session until its last result is published."""
    held = facts.state("calibration", id)
    if actor in map(facts.resolved, held.members):
        reviews: Iterator[ReviewState] = (facts.state("review", review) for review in held.reviews)
        if any(review.phase is Phase.OPEN and review.result is None for review in reviews):
            return True
    return actor in facts.unit_leads(held.unit, at) or actor in facts.partners_of(held.unit, at)


def _sees_token(facts: LedgerFacts, actor: str, id: str, at: datetime) -> bool:
    bearer = facts.state("token", id).bearer
    return bearer is not None and bearer.id == actor


def _sees_request(facts: LedgerFacts, actor: str, id: str, at: datetime) -> bool:
    """Whoever asks about their own data, and the privacy officer; nobody of their line."""
    person, officer = facts.state("data-request", id).person, facts.policy(at).terms.offices.privacy_officer
    return person is not None and actor in (facts.resolved(one) for one in (person, officer) if one is not None)


def _sees_record(facts: LedgerFacts, actor: str, id: str, at: datetime) -> bool:
    """The data subject: holds and erasures are no matter of the line."""
    kind, _, subject = id.partition("/")
    return kind == "person" and actor == facts.resolved(subject)


def _sees_addressed(facts: LedgerFacts, actor: str, id: str, at: datetime) -> bool:
    """Whom it is put before: what a person is told to consider is no matter of their line."""
    person: str | None = facts.state("suggestion", id).person
    return person is not None and actor == facts.resolved(person)


def _sees_own(facts: LedgerFacts, actor: str, id: str, at: datetime) -> bool:
    return actor == id


def _sees_nothing(facts: LedgerFacts, actor: str, id: str, at: datetime) -> bool:
    return False


def _sees_batch(facts: LedgerFacts, actor: str, id: str, at: datetime) -> bool:
    """Whoever reversed it; what it holds is seen event by event."""
    reverser: str | None = facts.state("batch", id).actor
    return reverser is not None and facts.resolved(reverser) == actor


SIGHT: dict[str, Callable[[LedgerFacts, str, str, datetime], bool]] = {
    "person": _sees_person,
    "policy-reading": _sees_person,
    "onboarding": _sees_onboarding,
    "probation": _sees_person,
    "goal": _sees_goal,
    "feedback": _sees_feedback,
    "coaching": _sees_coaching,
    "comment": _sees_comment,
    "requisition": look_requisition,
    "application": _sees_hiring("application"),
    "candidate": _sees_candidate,
    "duty": _sees_duty,
    "review": _sees_review,
    "draft": _sees_draft,
    "training": _sees_part("training"),
    "pay": _sees_part("pay"),
    "finding": _sees_part("finding"),
    "suggestion": _sees_addressed,
    "job-analysis": _sees_hiring("job-analysis"),
    "survey-answers": _sees_nothing,  # the single answers: by office only
    "calibration": _sees_calibration,
    "token": _sees_token,
    "access": _sees_own,
    "data-request": _sees_request,
    "personal-record": _sees_record,
    "import": _sees_nothing,
    "batch": _sees_batch,
}
