"""Refusals: why a command is not recorded, each a class with a stable code and a sentence in both languages."""

from typing import ClassVar

REFUSALS: dict[str, type["Refusal"]] = {}


class Refusal(Exception):
    """A command was not recorded, and why. Subclasses state code, HTTP status and texts; they register themselves.

    `markable` tells that imported history is not refused for this but carries the code as a mark.
    `rule` names the rule of the domain that was applied; `accepted` says what would be accepted instead.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409
    en: ClassVar[str] = "The command was refused."
    zh: ClassVar[str] = "命令被拒绝。"
    accepted_en: ClassVar[str] = ""
    accepted_zh: ClassVar[str] = ""
    markable: ClassVar[bool] = False
    rule: ClassVar[str | None] = None

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        known = REFUSALS.setdefault(cls.code, cls)
        if (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
            raise TypeError(f"the refusal code {cls.code} is taken by {known.__module__}.{known.__qualname__}")
        REFUSALS[cls.code] = cls

    def __init__(self, **details: str | int) -> None:
        super().__init__(self.code)
        self.details = details

    def text(self, language: str) -> str:
        """Return the sentence in `zh` or `en` with its details filled in."""
        return (self.zh if language == "zh" else self.en).format(**self.details)

    def accepted(self, language: str) -> str:
        """Return what would be accepted, in `zh` or `en`; empty where nothing would."""
        return (self.accepted_zh if language == "zh" else self.accepted_en).format(**self.details)


class Invalid(Refusal):
    """The command's fields are not of the form that its schema states."""

    code, status = "invalid", 422
    en = "The body does not fit the command's schema."
    zh = "内容不符合该命令的格式。"

    def __init__(self, *, errors: tuple[tuple[str, str], ...] = (), **details: str | int) -> None:
        super().__init__(**details)
        self.errors = errors  # (where, code), never the offending value


class NotFound(Refusal):
    """The subject is not there, or the caller may not see it: one and the same answer."""

    code, status = "not_found", 404
    en = "There is no such thing, or it is not yours to see."
    zh = "不存在，或您无权查看。"


class NotAllowed(Refusal):
    """The caller may see the subject but not do this to it."""

    code, status, markable = "not_allowed", 403, True
    en = "This needs another authority: {needed}."
    zh = "此操作需要其他权限：{needed}。"


class UnknownReference(Refusal):
    """A field names something that the ledger does not know."""

    code, status = "unknown_reference", 422
    en = "The {kind} that {field} names is not in this ledger."
    zh = "{field} 所指的 {kind} 不在本账本中。"


class AlreadyExists(Refusal):
    """The id is taken."""

    code = "already_exists"
    en = "This {kind} exists already."
    zh = "该 {kind} 已存在。"


class AlreadyRecorded(Refusal):
    """The ledger says this already, with the same effective time: nothing to add."""

    code = "already_recorded"
    en = "The ledger says so already."
    zh = "账本中已有相同记录。"


class InTheFuture(Refusal):
    """A claim or measurement lies after the time of recording."""

    code, status, markable = "in_the_future", 422, True
    en = "A fact that has happened can't lie in the future."
    zh = "已发生的事实不能在将来。"
    accepted_en = "a day up to {today}"
    accepted_zh = "不晚于 {today} 的日期"


class LateNeedsReason(Refusal):
    """An entry recorded beyond the window after it took effect needs a reason code."""

    code, status, markable = "late_needs_reason", 422, True
    en = "This took effect more than {days} days ago: a late entry needs a reason."
    zh = "该事项生效已超过 {days} 天：补录需要说明原因。"
    accepted_en = "the same command with a reason code"
    accepted_zh = "附上原因代码的同一命令"


class AskedAlone(Refusal):
    """What the command rests on is gathered in confidence, for it alone; a batch or an import has none of it."""

    code, status = "asked_alone", 422
    en = "This is asked for in a call of its own, not in a batch or an import."
    zh = "此操作须单独提交，不得包含在批量或导入中。"


class StaleMatch(Refusal):
    """The stream is not at the version that If-Match names."""

    code, status = "version_mismatch", 412
    en = "The stream is at version {version}."
    zh = "当前版本为 {version}。"


class IdempotencyConflict(Refusal):
    """The idempotency key was used before with another body."""

    code, status = "idempotency_key_reused", 422
    en = "This idempotency key was used with another request."
    zh = "该幂等键已用于其他请求。"


class InProgress(Refusal):
    """The same idempotency key is being answered at this moment."""

    code = "in_progress"
    en = "A request with this idempotency key is still running."
    zh = "使用该幂等键的请求仍在处理中。"


class NotAnnullable(Refusal):
    """Only dated facts of the same stream can be annulled or re-dated."""

    code = "not_annullable"
    en = "This entry is not a dated fact that can be annulled or re-dated."
    zh = "该条目不是可撤销或改期的有日期事实。"


class ReasonNeeded(Refusal):
    """The act is recorded only with a coded reason."""

    code, status, markable = "reason_needed", 422, True
    en = "This needs a reason code."
    zh = "此操作需要填写原因代码。"
    accepted_en = "the same command with a reason code"
    accepted_zh = "附上原因代码的同一命令"


class OwnAct(Refusal):
    """Nobody approves, judges or acknowledges what they did themselves."""

    code, status, markable, rule = "own_act", 403, True, "nobody_approves_their_own_act"
    en = "Nobody approves, judges or acknowledges their own act."
    zh = "任何人不得批准、评定或确认自己的行为。"


class Circle(Refusal):
    """Something would stand above itself: a unit, a manager, a goal."""

    code = "circle"
    en = "Nothing stands above itself: this would close a circle."
    zh = "不得自我隶属：这将形成循环。"


class UnitGone(Refusal):
    """The unit is not live at that time."""

    code, markable = "unit_not_live", True
    en = "The unit is not formed yet, or dissolved, at that time."
    zh = "该单位当时尚未成立或已解散。"


class AfterLastDay(Refusal):
    """The person was not employed on the effective day."""

    code, markable = "not_employed", True
    rule = "leavers_keep_their_past"
    en = "The person is not employed on that day."
    zh = "该人员当日不在职。"


class BeyondRecord(Refusal):
    """Figures rest on what is recorded."""

    code, status = "beyond_the_record", 422
    en = "The figures name the position {position}, and the ledger has not reached it."
    zh = "数据所依据的位置 {position} 尚未记录。"


class PeriodReversed(Refusal):
    """A period ends on or after the day it begins."""

    code, status = "period_reversed", 422
    en = "The last day lies before the first."
    zh = "结束日期早于开始日期。"


class ProbationTooLong(Refusal):
    """No probation is longer than the law of the place allows for the contract."""

    code, status, markable, rule = "probation_too_long", 422, True, "probation_limit"
    en = "For this contract a probation is over by {latest} at the latest."
    zh = "按该合同期限，试用期最晚应于 {latest} 前结束。"
    accepted_en = "a day up to {latest}; where that is the first day, no probation"
    accepted_zh = "不晚于 {latest} 的日期；若该日即入职日，则不得约定试用期"


class OfferNotAccepted(Refusal):
    """Nobody begins by an application without an offer that was accepted and still stands."""

    code, markable, rule = "offer_not_accepted", True, "contradictory_states_need_a_reversal"
    en = "No accepted offer stands for this application."
    zh = "该应聘没有已接受且有效的录用通知。"
    accepted_en = "an offer that is made and accepted first"
    accepted_zh = "先发出录用通知并获接受"
