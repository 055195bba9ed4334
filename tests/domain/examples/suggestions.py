"""Examples of suggestions."""

from __future__ import annotations

from typing import Any

from ledger.domain.suggestions.suggesting import (
    DismissSuggestion,
    Shown,
    ShowSuggestion,
    SuggestionDismissed,
    SuggestionShown,
    SuggestionTaken,
    TakeSuggestion,
)
from ledger.kernel.event import Subject
from tests.domain.examples.company import ANN, day, q
from tests.domain.examples.example import Example

TOLD: dict[str, Any] = {
    "rule": "mentor",
    "rule_version": 1,
    "person": "p-lead",
    "about": Subject(kind="goal", id="g-bob"),
    "proposes": ANN,
    "advice": "mentor",
    "figures": (Shown(name="attainment", value=q("1.1"), n=3),),
    "position": 7,
    "since": day("2026-01-01"),
    "until": day("2026-05-31"),
}
SHOWN = SuggestionShown.model_validate(TOLD), day("2026-06-01"), "system:suggestions"

EXAMPLES = (
    Example("suggestion", "g-x1", ShowSuggestion.model_validate(TOLD), SuggestionShown, actor="system:suggestions"),
    Example("suggestion", "g-x1", TakeSuggestion(note="I ask Ann"), SuggestionTaken, (SHOWN,), "p-lead"),
    Example(
        "suggestion",
        "g-x1",
        DismissSuggestion(reason="no_time", note="Ann is on another project"),
        SuggestionDismissed,
        (SHOWN,),
        "p-lead",
    ),
)
