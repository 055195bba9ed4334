"""Examples of data requests, holds and erasure."""

from __future__ import annotations

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

EXAMPLES = (
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
)
