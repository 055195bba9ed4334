"""Why a personal record refuses: who may not, what is missing, and what stands in the way."""

from ledger.kernel.refusals import Refusal


class NotErasable(Refusal):
    """Only persons and candidates have personal records."""

    code, status = "no_data_subject", 422
    en = "Only persons and candidates have a personal record."
    zh = "只有人员和候选人有个人记录。"


class OwnOrOnesLine(Refusal):
    """Holds and erasures are decided by neither the subject nor their line."""

    code, status, rule = "subject_or_their_line", 403, "nobody_approves_their_own_act"
    en = "Neither the data subject nor their line may do this."
    zh = "数据主体本人及其直线上级均不得办理此事。"


class SameTwice(Refusal):
    """Two people are needed."""

    code, status, rule = "needs_a_second_person", 403, "two_people"
    en = "This needs a second person: whoever asked for it does not confirm it."
    zh = "此事须由第二人确认：提出者不得自行确认。"


class Held(Refusal):
    """A hold stands."""

    code = "data_held"
    en = "A hold on this data stands; two people release it first."
    zh = "该数据处于保全之中；须先由两人解除保全。"


class ErasureUnderWay(Refusal):
    """The erasure is confirmed."""

    code = "erasure_under_way"
    en = "The erasure of this data subject is confirmed; nothing more is recorded about them."
    zh = "该数据主体的删除已确认，不再记录其信息。"


class ErasureNotAsked(Refusal):
    """Nobody has asked for an erasure."""

    code = "erasure_not_asked"
    en = "Nobody has asked for this erasure."
    zh = "尚无人提出该删除。"


class ErasureAskedAlready(Refusal):
    """The erasure waits for its confirmation."""

    code = "erasure_asked_already"
    en = "This erasure has been asked for and waits for a second person."
    zh = "该删除已提出，正等待第二人确认。"


class MergedRecord(Refusal):
    """What was merged is held and erased together."""

    code = "record_merged_away"
    en = "This id was merged into another; hold or erase that one, and all its ids with it."
    zh = "该标识已并入另一标识；请对后者办理，其所有标识将一并处理。"
