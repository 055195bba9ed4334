"""Examples of responsibilities and hand-overs."""

from __future__ import annotations

from ledger.domain.responsibilities import commands as duty
from ledger.domain.responsibilities import events as duties
from ledger.domain.responsibilities.events import Role
from ledger.kernel.annulment import EntryAnnulled, EntryRedated
from tests.domain.examples.company import ANN, ANN_HOLDS, BOB, BOB_HOLDS, day
from tests.domain.examples.example import Example, annul, redate

REGISTERED = duties.SubjectRegistered(label="Compiler", unit="sales")
ANN_ACCOUNTABLE = (duties.ResponsibilityAssigned(role=Role.ACCOUNTABLE, holder=ANN), day("2026-02-01"))
OFFERED = duties.HandOverOffered(offer="o-1", giver=ANN, taker=BOB)

EXAMPLES = (
    Example(
        "responsibility",
        "team/compiler",
        duty.RegisterSubject(label="Compiler", unit="sales"),
        duties.SubjectRegistered,
    ),
    Example(
        "responsibility",
        "team/compiler",
        duty.RenameSubject(label="Back end"),
        duties.SubjectRenamed,
        before=(REGISTERED,),
    ),
    Example("responsibility", "team/compiler", duty.RetireSubject(), duties.SubjectRetired, before=(REGISTERED,)),
    Example(
        "responsibility",
        "team/compiler",
        duty.AssignResponsibility(role=Role.ACCOUNTABLE, holder=BOB_HOLDS, instead_of=ANN_HOLDS),
        duties.ResponsibilityAssigned,
        before=(ANN_ACCOUNTABLE,),
    ),
    Example(
        "responsibility",
        "team/compiler",
        duty.ReleaseResponsibility(role=Role.ACCOUNTABLE, holder=ANN_HOLDS),
        duties.ResponsibilityReleased,
        before=(ANN_ACCOUNTABLE,),
    ),
    Example(
        "responsibility",
        "team/compiler",
        duty.DeclareVacant(),
        duties.ResponsibilityDeclaredVacant,
        before=(ANN_ACCOUNTABLE,),
    ),
    Example(
        "responsibility",
        "team/compiler",
        duty.OfferHandOver(taker=BOB_HOLDS),
        duties.HandOverOffered,
        before=(ANN_ACCOUNTABLE,),
        actor="p-ann",
    ),
    Example(
        "responsibility",
        "team/compiler",
        duty.AcceptHandOver(offer="o-1"),
        duties.HandOverAccepted,
        before=(ANN_ACCOUNTABLE, OFFERED),
        actor="p-bob",
    ),
    Example(
        "responsibility",
        "team/compiler",
        duty.RefuseHandOver(offer="o-1"),
        duties.HandOverRefused,
        before=(ANN_ACCOUNTABLE, OFFERED),
        actor="p-bob",
    ),
    Example(
        "responsibility",
        "team/compiler",
        annul(duty.AnnulEntry, duties.ResponsibilityAssigned),
        EntryAnnulled,
        before=(ANN_ACCOUNTABLE,),
    ),
    Example(
        "responsibility",
        "team/compiler",
        redate(duty.RedateEntry, duties.ResponsibilityAssigned),
        EntryRedated,
        before=(ANN_ACCOUNTABLE,),
    ),
)
