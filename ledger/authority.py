"""Who may do what to whom, and on what basis: of the ways a command names, the first that holds is kept."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ledger.kernel.command import By
from ledger.kernel.event import Authority
from ledger.kernel.refusals import NotAllowed, NotFound
from ledger.question import Question, named
from ledger.sight import sees
from ledger.ways import BASES, in_lead_place

DELEGATION = "delegation"
OVERSTEPPING = "overstepping"  # mark: HR acted in a lead's place, and the policy lets that pass
DELEGABLE = frozenset({"lead", "unit_lead", "holder", "taker", "hr_partner"})  # a person's own word is not
SCOPE_OF = {"progress": "goals"}  # contexts that are delegated together with another


class Overstepping(NotAllowed):
    """HR does not act in a lead's place, unless the policy marks it instead."""

    code, status, markable, rule = "in_a_leads_place", 403, True, "boundary"
    en = "This is the lead's to do: HR supports, and does not act in the lead's place."
    zh = "此事应由直线负责人完成：人力资源提供支持，不得越俎代庖。"
    accepted_en = "a proposal to the lead, or the lead's own act"
    accepted_zh = "向负责人提出建议，或由负责人自行办理"


@dataclass(frozen=True, slots=True)
class Judged:
    """The authority that an act stands on, on whose behalf it is done, and what the event is marked with for it."""

    authority: Authority
    principal: str | None = None
    marks: tuple[str, ...] = ()


def judge(question: Question, *, principal: str | None = None) -> Judged:
    """Return why the actor is allowed, judged at the facts' position; `principal` asks for that delegation alone.

    Raises NotAllowed with what it would need; NotFound where the subject is not the actor's to see at all.
    """
    ways = type(question.command).by
    judged = standing(question, ways) if principal is None else delegated(question, ways, principal)
    if judged is not None:
        return judged
    if not _in_sight(question, ways):
        raise NotFound()
    if any(way.basis == "hr_for_lead" and in_lead_place(question, way) is not None for way in ways):
        raise Overstepping(needed="lead")
    raise NotAllowed(needed=" / ".join(dict.fromkeys(way.basis for way in ways)))


def _in_sight(question: Question, ways: Sequence[By]) -> bool:
    """Tell whether the actor sees the subject, or whom a command is about that would begin one."""
    facts, actor, command = question.facts, question.actor, type(question.command)
    if sees(facts, actor, command.stream_kind, question.id, question.at):
        return True
    if not command.starts or facts.exists(command.stream_kind, question.id):
        return False
    about = (subject for way in ways if way.of not in {None, "@"} for subject in named(question, way.of))
    return any(sees(facts, actor, *subject, question.at) for subject in about)


def standing(question: Question, ways: Sequence[By]) -> Judged | None:
    """Return what the actor stands on by one of `ways`, for themselves or else for another; None for nothing."""
    for way in ways:
        via = WAYS[way.basis.partition(":")[0]](question, way)
        if via is not None:
            authority = Authority(way.basis, via or None, question.facts.position)
            return Judged(authority, marks=(OVERSTEPPING,) if way.basis == "hr_for_lead" else ())
    return delegated(question, ways, None)


def _sight(question: Question, way: By) -> str | None:
    """Whoever works here and sees the subject named."""
    seen = [sees(question.facts, question.actor, *subject, question.at) for subject in named(question, way.of)]
    return BASES["employee"](question, way) if seen and all(seen) else None


WAYS = {**BASES, "sight": _sight}


def delegated(question: Question, ways: Sequence[By], principal: str | None) -> Judged | None:
    """Return the authority of a delegate, in the place of `principal` or of whoever let the actor act for them.

    The delegate may do what the grantor may do by relation, at the time of the act, and nothing about themselves.
    """
    command, facts = type(question.command), question.facts
    passed_on = [way for way in ways if way.basis in DELEGABLE]
    if not command.on_behalf or any(("person", question.actor) in named(question, way.of) for way in passed_on):
        return None
    scope = SCOPE_OF.get(command.context(), command.context())
    grantors = _grantors(question, passed_on) if principal is None else iter((facts.resolved(principal),))
    for grantor in dict.fromkeys(grantors):
        if grantor != question.actor and question.actor in facts.deputies_of(grantor, scope, question.at):
            for_grantor = replace(question, actor=grantor)
            if any(BASES[way.basis](for_grantor, way) is not None for way in passed_on):
                return Judged(Authority(DELEGATION, f"person/{grantor}", facts.position), principal=grantor)
    return None


def _grantors(question: Question, ways: Sequence[By]) -> Iterator[str]:
    """Yield who stands in a relation to what the command is about, nearest first: one of them may have delegated."""
    facts, at = question.facts, question.at
    for way in ways:
        if way.basis == "holder":
            yield from facts.accountable_for(question.state.lines, at)
        elif way.basis == "taker":
            yield from _takers(question, way)
        for kind, id in named(question, way.of) if way.basis != "taker" else ():
            unit = id if kind == "unit" else facts.unit_of(id, at)
            if way.basis == "hr_partner":
                yield from facts.partners_of(unit, at)
            elif way.basis in {"lead", "unit_lead"}:
                yield from facts.leads_above(id, at) if kind == "person" else facts.unit_leads(unit, at)


def _takers(question: Question, way: By) -> Iterator[str]:
    offer = question.state.offers.get(getattr(question.command, way.of or "offer"))
    if offer is not None:
        taker = offer[1]
        person = iter((taker.id,)) if taker.kind == "person" else question.facts.unit_leads(taker.id, question.at)
        yield from person
