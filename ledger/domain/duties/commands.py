"""What can be asked of a duty: the rules open and end it, the holder sees it, a lead above excuses it."""

from ledger.domain.duties.events import Delivery, Gap, Occasion, Outcome, Party, Seat, Void
from ledger.kernel.command import By, Command
from ledger.kernel.event import Subject
from ledger.kernel.ids import Code, Id
from ledger.kernel.moments import Day
from ledger.kernel.refusals import Refusal
from ledger.kernel.texts import Note

_RULES = (By("system", "rules"),)


class OpenDuty(Command, stream="duty", verb="open", by=_RULES, starts=True):
    """Open a duty under an id that follows from its cause and rule, so that it is opened once."""

    kind: Code
    party: Party
    seat: Seat
    of: Subject
    holder: Id | None = None
    subject: Subject
    due_on: Day
    cause: Id
    rule: Code
    answers: Id | None = None
    escalates: Id | None = None
    replaces: Id | None = None


class NotifyDuty(Command, stream="duty", verb="notify", by=(*_RULES, By("system", "notices"))):
    """Note that a notice went out to the holder."""

    channel: Code
    occasion: Occasion
    delivery: Delivery


class SeeDuty(Command, stream="duty", verb="see", by=(By("own", "@holder"),)):
    """Note that one has looked at an own duty."""


class TransferDuty(Command, stream="duty", verb="transfer", by=_RULES):
    """Pass a duty that is not due yet to who sits in the seat now."""

    taker: Id | None = None
    cause: Id | None = None


class DischargeDuty(Command, stream="duty", verb="discharge", by=_RULES):
    """End a duty by the event that fulfils it, or after which nothing is left to do."""

    by_entry: Id
    outcome: Outcome = Outcome.DONE


class ExcuseDuty(Command, stream="duty", verb="excuse", by=(By("lead", "@holder"), By("hr_duty", "@holder"))):
    """Free somebody one leads of a duty, with a reason; of duties of HR an HR administrator may."""

    note: Note | None = None


class LapseDuty(Command, stream="duty", verb="lapse", by=_RULES):
    """Note that the day has passed in silence."""


class EscalateDuty(Command, stream="duty", verb="escalate", by=_RULES):
    """Note that the next lead has a duty now, or that there is nobody above."""

    to: Id | None = None
    duty: Id | None = None


class VoidDuty(Command, stream="duty", verb="void", by=_RULES):
    """Note that a later-recorded fact frees the holder for good."""

    fact: Id
    why: Void
    gaps: tuple[Gap, ...] = ()


COMMANDS = (
    OpenDuty,
    NotifyDuty,
    SeeDuty,
    TransferDuty,
    DischargeDuty,
    ExcuseDuty,
    LapseDuty,
    EscalateDuty,
    VoidDuty,
)


class DutySettled(Refusal):
    """A duty that was discharged, excused or voided has ended for good."""

    code = "duty_settled"
    en = "The duty has ended: it is {standing}."
    zh = "该责任事项已终结，状态为 {standing}。"


class DutyNotDue(Refusal):
    """A duty lapses after its day has passed in the zone of the ledger, and escalates after it has lapsed."""

    code = "duty_not_due"
    en = "The duty is due on {due_on}: that day has not passed."
    zh = "该责任事项的截止日期为 {due_on}，尚未逾期。"


class DutyIsDue(Refusal):
    """A change of seats moves duties that are still to come; what has lapsed stays with whoever let it lapse."""

    code, rule = "duty_lapsed", "a_role_change_moves_future_duties"
    en = "The duty has lapsed: it stays with its holder."
    zh = "该责任事项已逾期，仍归原承担人。"


class NobodyToTell(Refusal):
    """A duty without a holder is a gap: no notice about it reaches anybody."""

    code = "nobody_to_tell"
    en = "The duty has no holder."
    zh = "该责任事项没有承担人。"
