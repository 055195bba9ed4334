"""Goals taken together: the shares of a parent's target, and the weights of one owner's goals at one time."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from ledger.domain.goals.cascade import COUNTED
from ledger.domain.goals.events import GoalTerms
from ledger.domain.goals.state import GoalState
from ledger.kernel.command import Act
from ledger.kernel.event import Subject
from ledger.kernel.refusals import Refusal

NOTHING = Decimal(0)


class SharesExceedParent(Refusal):
    """The goals under a parent carry its target once; what they leave is shown as its remainder."""

    code, markable, rule = "shares_exceed_parent", True, "amounts"
    en = "Other goals carry {taken} of the parent's target: this share would make it more than the whole."
    zh = "上级目标已有 {taken} 分解给其他目标，加上此比例将超过整体。"
    accepted_en = "a share within what is left, or a smaller share of another goal first"
    accepted_zh = "不超过剩余部分的比例，或先调低其他目标的比例"


class WeightsExceedTotal(Refusal):
    """Where the policy states a total, the weights of one owner's goals never sum to more at any time."""

    code, markable, rule = "weights_exceed_total", True, "weights"
    en = "The owner's goals of that time weigh {taken} already; the policy's total is {total}."
    zh = "该承担人同期目标的权重合计已为 {taken}，制度规定的总和为 {total}。"
    accepted_en = "a weight within what is left of the total"
    accepted_zh = "不超过剩余权重的数值"


def require_share(parent: str | None, share: Decimal | None, act: Act) -> None:
    """Refuse a share of a parent's target that others carry already."""
    if parent is None or share is None:
        return
    others = [terms for terms in _others("goal", {parent}, act) if terms.parent == parent]
    taken = sum((terms.share or NOTHING for terms in others), NOTHING)
    if taken + share > 1:
        act.refuse(SharesExceedParent(taken=format(taken, "f")))


def require_weight(terms: GoalTerms, owner: Subject, act: Act) -> None:
    """Refuse a weight by which the owner's goals would weigh more than the policy's total on any day."""
    total = act.facts.policy(act.begins).terms.weights_total
    if total is None or terms.weight is None:
        return
    ids = act.ids_of(owner.id) if owner.kind == "person" else (owner.id,)
    theirs = [one for one in _others(owner.kind, ids, act) if is_of(one.owner, owner, act)]
    weighed = [one for one in theirs if one.starts_on <= terms.ends_on and terms.starts_on <= one.ends_on]
    days = {terms.starts_on, *(max(one.starts_on, terms.starts_on) for one in weighed)}
    heaviest = max(
        sum((one.weight or NOTHING for one in weighed if one.starts_on <= day <= one.ends_on), NOTHING) for day in days
    )
    if heaviest + terms.weight > total:
        act.refuse(WeightsExceedTotal(taken=format(heaviest, "f"), total=total))


def _others(kind: str, ids: Iterable[str], act: Act) -> Iterator[GoalTerms]:
    """Yield the terms of the other goals that bind somebody and name a subject by any of its ids."""
    for goal in sorted({goal for id in sorted(ids) for goal in act.facts.naming(kind, id, of="goal")}):
        state: GoalState = act.facts.state("goal", goal)
        if goal != act.id and state.stage in COUNTED and state.terms is not None:
            yield state.terms


def is_of(one: Subject, other: Subject, act: Act) -> bool:
    """Tell whether two owners are one, ids that were merged being one person."""
    if one.kind != "person" or other.kind != "person":
        return one == other
    return act.facts.resolved(one.id) == act.facts.resolved(other.id)
