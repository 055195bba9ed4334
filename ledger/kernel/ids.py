"""Ids: random pseudonyms for people, UUIDv7 for events, and the typed references from which subjects are drawn."""

import re
import time
import uuid
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from ledger.kernel.randomness import draw

KIND_PATTERN = r"^[a-z][a-z0-9-]{0,39}$"
_KIND = re.compile(KIND_PATTERN)
_NO_ID = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
ID_MAX_LENGTH = 128


@dataclass(frozen=True, slots=True)
class SubjectOf:
    """Marks a field as a reference: its value is the id of a subject of this kind."""

    kind: str


def check_id(text: str) -> str:
    """Return `text` when it is an id: 1–128 characters, no control characters, no lone surrogates.

    Raises ValueError otherwise. Ids are compared byte for byte: nothing is trimmed or folded.
    """
    if not 1 <= len(text) <= ID_MAX_LENGTH:
        raise ValueError("an id has 1 to 128 characters")
    if _NO_ID.search(text):
        raise ValueError("an id has no control characters")
    return text


def check_kind(text: str) -> str:
    """Return `text` when it is a kind: `[a-z][a-z0-9-]*`, at most 40 characters. Raises ValueError otherwise."""
    if not _KIND.match(text):
        raise ValueError("a kind is lower-case letters, digits and hyphens, and begins with a letter")
    return text


Id = Annotated[str, AfterValidator(check_id)]
Kind = Annotated[str, AfterValidator(check_kind)]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
# As companies write grades and jobs: P7, M3, B+, 3.5, 三级, 优秀, SDE-2. Letters that also make up names stand only
# as short capitals, and Chinese characters only from those that grades are called by, so that no name fits in.
_HAN_GRADE = "一二三四五六七八九十级等档类星甲乙丙丁戊上下优秀良好中合格称职不基本达标待需改进卓越胜任超出符合期望杰"
_GRADE = rf"[A-Z]{{1,4}}[0-9]{{0,2}}(?:[-.][0-9]{{1,2}})?[a-z+-]?|[0-9]{{1,2}}(?:\.[0-9])?[+-]?|[{_HAN_GRADE}]{{1,6}}"
_JOB = r"[A-Z0-9]{1,8}(?:[-_.][A-Z0-9]{1,8}){0,5}"
Grade = Annotated[str, StringConstraints(pattern=rf"^(?:[a-z][a-z0-9_-]{{0,63}}|{_GRADE})$")]
JobCode = Annotated[str, StringConstraints(pattern=rf"^(?:[a-z][a-z0-9_-]{{0,63}}|{_JOB}|{_GRADE})$")]
Label = Annotated[str, StringConstraints(min_length=1, max_length=200)]

PersonId = Annotated[Id, SubjectOf("person")]
UnitId = Annotated[Id, SubjectOf("unit")]
GoalId = Annotated[Id, SubjectOf("goal")]
MetricId = Annotated[Id, SubjectOf("metric")]
JobProfileId = Annotated[Id, SubjectOf("job-profile")]
JobAnalysisId = Annotated[Id, SubjectOf("job-analysis")]
RequisitionId = Annotated[Id, SubjectOf("requisition")]
CandidateId = Annotated[Id, SubjectOf("candidate")]
ApplicationId = Annotated[Id, SubjectOf("application")]
DutyId = Annotated[Id, SubjectOf("duty")]
FeedbackId = Annotated[Id, SubjectOf("feedback")]
CoachingId = Annotated[Id, SubjectOf("coaching")]
CycleId = Annotated[Id, SubjectOf("cycle")]
ReviewId = Annotated[Id, SubjectOf("review")]
CalibrationId = Annotated[Id, SubjectOf("calibration")]
CourseId = Annotated[Id, SubjectOf("course")]
ContentHash = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-f]{64}$"), Field(description="SHA-256 of the result, in hexadecimal")
]


def stream_name(kind: str, id: str) -> str:
    """Return the stream of a subject, as in `goal/g-17`. The first slash ends the kind; an id may hold more."""
    return f"{kind}/{id}"


def split_stream(stream: str) -> tuple[str, str]:
    """Return (kind, id) of a stream name."""
    kind, id = stream.split("/", 1)
    return kind, id


def pseudonym(prefix: str) -> str:
    """Return a new random id such as `p-3f9a…`: 80 random bits, telling nothing about whom it names."""
    return f"{prefix}-{draw(10).hex()}"


def uuid7() -> bytes:
    """Return the 16 bytes of a new UUIDv7 (RFC 9562 §5.7): milliseconds, then random bits."""
    random = bytearray(draw(10))
    random[0] = (random[0] & 0x0F) | 0x70
    random[2] = (random[2] & 0x3F) | 0x80
    return (time.time_ns() // 1_000_000).to_bytes(6, "big") + bytes(random)


def derived_uuid(*parts: str) -> bytes:
    """Return the 16 bytes of an id that follows from `parts` alone (UUIDv8 layout over SHA-1 of the parts).

    A rule that runs twice derives the same id, so that its second run records nothing.
    """
    raw = bytearray(uuid.uuid5(uuid.NAMESPACE_OID, "\x1f".join(parts)).bytes)
    raw[6] = (raw[6] & 0x0F) | 0x80
    return bytes(raw)


def uuid_text(raw: bytes) -> str:
    """Return the usual text form of 16 UUID bytes."""
    h = raw.hex()
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"
