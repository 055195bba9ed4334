"""Examples of duties."""

from __future__ import annotations

from ledger.domain import duties as owed
from tests.domain.examples.company import ANN, day
from tests.domain.examples.example import Example

OWED = {
    "kind": "set_goals",
    "party": "lead",
    "seat": "lead",
    "of": ANN,
    "holder": "p-lead",
    "subject": ANN,
    "due_on": "2026-06-10",
    "cause": "entry-1",
    "rule": "set-goals",
}
DUTY = (owed.DutyOpened.model_validate(OWED), day("2026-06-01"), "system:rules")
LAPSED = (
    owed.DutyLapsed(holder="p-lead", due_on=day("2026-06-10"), notice=owed.Notice.NONE),
    day("2026-06-11"),
    "system:rules",
)

EXAMPLES = (
    Example("duty", "d-1", owed.OpenDuty.model_validate(OWED), owed.DutyOpened, actor="system:rules"),
    Example(
        "duty",
        "d-1",
        owed.NotifyDuty(channel="inbox", occasion=owed.Occasion.OPENED, delivery=owed.Delivery.DELIVERED),
        owed.DutyNotified,
        before=(DUTY,),
        actor="system:notices",
    ),
    Example("duty", "d-1", owed.SeeDuty(), owed.DutySeen, before=(DUTY,), actor="p-lead"),
    Example("duty", "d-1", owed.TransferDuty(taker="p-boss"), owed.DutyTransferred, (DUTY,), "system:rules"),
    Example("duty", "d-1", owed.DischargeDuty(by_entry="entry-2"), owed.DutyDischarged, (DUTY,), "system:rules"),
    Example("duty", "d-1", owed.ExcuseDuty(reason="other_work", note="The fair"), owed.DutyExcused, (DUTY,), "p-boss"),
    Example("duty", "d-1", owed.LapseDuty(), owed.DutyLapsed, before=(DUTY,), actor="system:rules"),
    Example(
        "duty",
        "d-1",
        owed.EscalateDuty(to="p-boss", duty="d-2"),
        owed.DutyEscalated,
        before=(DUTY, LAPSED),
        actor="system:rules",
    ),
    Example(
        "duty",
        "d-1",
        owed.VoidDuty(
            fact="entry-3",
            why=owed.Void.ABSENT,
            gaps=(owed.Gap(holder="p-boss", starts_on=day("2026-06-01"), ends_on=day("2026-06-10")),),
        ),
        owed.DutyVoided,
        before=(DUTY, LAPSED),
        actor="system:rules",
    ),
)
