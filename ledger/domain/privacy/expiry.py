"""Expiry: a class of one subject's texts is kept no more by a schedule in force, and goes while the others stay.

It happens to personal records (`ledger.domain.privacy.records`), so that no hold slips in beside it.
"""

from typing import Annotated

from pydantic import Field

from ledger.domain.privacy.terms import Kept
from ledger.kernel.command import By, Command
from ledger.kernel.event import Event, Subject
from ledger.kernel.ids import Code
from ledger.kernel.moments import Day
from ledger.kernel.refusals import Refusal

Count = Annotated[int, Field(ge=0)]

# Events


class ClassExpired(Event, context="privacy"):
    """A class of the subject's texts is kept no more by a schedule: from here on it is closed, and then erased."""

    subject: Subject
    ids: tuple[Subject, ...]
    of: Kept
    schedule: Code
    version: Annotated[int, Field(ge=1)]
    ran_out_on: Day


class ClassErased(Event, context="privacy"):
    """The keys and the ciphertext of one class are gone; every other class stays."""

    subject: Subject
    ids: tuple[Subject, ...]
    of: Kept
    parts: Count
    identifiers: Count


# Commands


class ExpireClass(
    Command, stream="personal-record", verb="expire-class", by=(By("system", "retention"),), on_behalf=False
):
    """Say that a class of the subject's texts is kept no more by a schedule in force: the ledger's own act.

    The two persons of every erasure are here those who proposed and confirmed the schedule.
    """

    of: Kept
    schedule: Code
    version: Annotated[int, Field(ge=1)]
    ran_out_on: Day


class RecordClassErased(
    Command, stream="personal-record", verb="record-class-erased", by=(By("system", "retention"),), on_behalf=False
):
    """Record that keys and ciphertext of a class are gone: the ledger's own act."""

    of: Kept
    parts: Count
    identifiers: Count


class ExpiresAlready(Refusal):
    """The class is being erased."""

    code = "class_expires_already"
    en = "This class of the data subject's texts is being erased already."
    zh = "该数据主体的此类内容已在删除中。"
