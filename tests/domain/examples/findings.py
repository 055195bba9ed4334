"""Examples of findings."""

from __future__ import annotations

from ledger.domain.findings.contesting import (
    Answered,
    AnswerFinding,
    ContestFinding,
    FindingAnswered,
    FindingContested,
)
from ledger.kernel.event import Subject
from tests.domain.examples.company import day
from tests.domain.examples.example import Example

ABOUT = Subject(kind="person", id="p-ann")
CONTESTED = (
    FindingContested(report="formalism", about=ABOUT, person="p-ann", note="We met in March"),
    day("2026-05-01"),
    "p-ann",
)

EXAMPLES = (
    Example(
        "finding",
        "n-1",
        ContestFinding(report="formalism", about=ABOUT, note="We met in March"),
        FindingContested,
        actor="p-ann",
    ),
    Example(
        "finding",
        "n-1",
        AnswerFinding(outcome=Answered.EXPLAINED, note="It was never recorded"),
        FindingAnswered,
        (CONTESTED,),
        "p-hr",
    ),
)
