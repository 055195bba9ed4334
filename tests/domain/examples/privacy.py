"""Examples of data requests, holds and erasure."""

from __future__ import annotations

from ledger.domain.privacy.expiry import ClassErased, ClassExpired, ExpireClass, RecordClassErased
from ledger.domain.privacy.key_epochs import (
    KeyDestructionScheduled,
    KeyEpochBegun,
    KeyEpochDestroyed,
    KeyEpochOrdered,
    OrderKeyEpoch,
    RecordKeyEpochBegun,
    RecordKeyEpochDestroyed,
    ScheduleKeyDestruction,
)
from ledger.domain.privacy.records import (
    AskErasure,
    AskHoldRelease,
    Basis,
    ConfirmCopyErased,
    ConfirmErasure,
    CopyErased,
    ErasureAsked,
    ErasureConfirmed,
    GiveNotice,
    Ground,
    HoldPlaced,
    HoldReleaseAsked,
    HoldReleased,
    NoticeGiven,
    PlaceHold,
    RecordErasure,
    ReleaseHold,
    SubjectErased,
)
from ledger.domain.privacy.requests import (
    Answer,
    AnswerDataRequest,
    DataRequestAnswered,
    DataRequestMade,
    MakeDataRequest,
    Wish,
)
from ledger.domain.privacy.schedules import (
    ConfirmSchedule,
    EventsRetired,
    ProposeSchedule,
    RetireEvents,
    ScheduleConfirmed,
    ScheduleProposed,
)
from ledger.domain.privacy.terms import PRESETS, Kept
from tests.domain.examples.company import ANN, HIRED, day
from tests.domain.examples.example import Example

RECORD = ("personal-record", "person/p-ann")
MADE = (DataRequestMade(person="p-ann", wish=Wish.ACCESS, due_on=day("2026-07-16")), HIRED, "p-ann")
PLACED = (HoldPlaced(subject=ANN, hold="h-1", ground=Ground.STATUTE, matter="tax"), HIRED)
RELEASE_ASKED = (HoldReleaseAsked(subject=ANN, hold="h-1"), HIRED, "p-other")
ERASURE_ASKED = (ErasureAsked(subject=ANN, basis=Basis.REQUEST), HIRED, "p-other")
CONFIRMED = (ErasureConfirmed(subject=ANN), HIRED, "p-hr")
COUNTED = {"classes": ("identity",), "parts": 3, "identifiers": 1}
ERASED = (
    SubjectErased.model_validate({"subject": ANN, "ids": (ANN,), "basis": Basis.REQUEST, **COUNTED}),
    HIRED,
    "system:erasure",
)
SCHEDULE = ("retention-schedule", "cn")
PROPOSED = (ScheduleProposed(version=1, terms=PRESETS["cn"].terms), HIRED, "p-other")
AGREED = (ScheduleConfirmed(version=1), HIRED, "p-hr")
RAN_OUT = {"of": Kept.ABSENCE, "schedule": "cn", "version": 1, "ran_out_on": "2026-06-01"}
EXPIRED = (
    ClassExpired.model_validate({"subject": ANN, "ids": (ANN,), **RAN_OUT}),
    HIRED,
    "system:retention",
)
EPOCH, FORMER = ("key-epoch", "2"), ("key-epoch", "1")
ORDERED = (KeyEpochOrdered(destroy_former_on=day("2026-07-01")), HIRED, "p-other")
BEGUN = (KeyEpochBegun(data_keys=12), HIRED, "system:keys")
FOLLOWED = ((*EPOCH, *ORDERED[:2]), (*EPOCH, *BEGUN[:2]))

EXAMPLES = (
    Example(*EPOCH, OrderKeyEpoch(destroy_former_on=day("2026-07-01")), KeyEpochOrdered),
    Example(*EPOCH, RecordKeyEpochBegun(data_keys=12), KeyEpochBegun, (ORDERED,), actor="system:keys"),
    Example(*FORMER, ScheduleKeyDestruction(destroy_on=day("2026-07-01")), KeyDestructionScheduled, beside=FOLLOWED),
    Example(*FORMER, RecordKeyEpochDestroyed(), KeyEpochDestroyed, actor="system:keys", beside=FOLLOWED),
    Example(
        "data-request",
        "dr-1",
        MakeDataRequest(person="p-ann", wish=Wish.ACCESS, note="What do you keep?"),
        DataRequestMade,
        actor="p-ann",
    ),
    Example(
        "data-request",
        "dr-1",
        AnswerDataRequest(answer=Answer.GRANTED, note="All of it is enclosed"),
        DataRequestAnswered,
        (MADE,),
    ),
    Example(*RECORD, GiveNotice(notice="employees", version="v2"), NoticeGiven),
    Example(*RECORD, PlaceHold(ground=Ground.LITIGATION, matter="case-7"), HoldPlaced),
    Example(*RECORD, AskHoldRelease(hold="h-1"), HoldReleaseAsked, (PLACED,)),
    Example(*RECORD, ReleaseHold(hold="h-1"), HoldReleased, (PLACED, RELEASE_ASKED)),
    Example(*RECORD, AskErasure(basis=Basis.REQUEST), ErasureAsked),
    Example(*RECORD, ConfirmErasure(), ErasureConfirmed, (ERASURE_ASKED,)),
    Example(
        *RECORD,
        RecordErasure.model_validate({"ids": (ANN,), **COUNTED}),
        SubjectErased,
        (ERASURE_ASKED, CONFIRMED),
        actor="system:erasure",
    ),
    Example(
        *RECORD,
        ConfirmCopyErased(),
        CopyErased,
        (ERASURE_ASKED, CONFIRMED, ERASED),
        actor="system:payroll",
    ),
    Example(
        *RECORD,
        ExpireClass.model_validate(RAN_OUT),
        ClassExpired,
        actor="system:retention",
        beside=((*SCHEDULE, *PROPOSED[:2]), (*SCHEDULE, *AGREED[:2])),
    ),
    Example(
        *RECORD,
        RecordClassErased(of=Kept.ABSENCE, parts=2, identifiers=0),
        ClassErased,
        (EXPIRED,),
        actor="system:retention",
    ),
    Example(*SCHEDULE, ProposeSchedule(), ScheduleProposed),
    Example(*SCHEDULE, ConfirmSchedule(version=1), ScheduleConfirmed, (PROPOSED,)),
    Example(
        *SCHEDULE,
        RetireEvents(of=Kept.GOAL_RECORDS, version=1, positions=(3, 4)),
        EventsRetired,
        (PROPOSED, AGREED),
        actor="system:retention",
    ),
)
