"""Facts recorded late, over HTTP: who should have held a duty is put right, and what was known then stays visible."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.stories.conftest import OpenStage
from tests.stories.first_half import POLICY
from tests.stories.looks import act
from tests.stories.stage import Stage
from tests.stories.telling import Act, Seen, Step

LATE = {"reason": "recorded_late"}
SPRING = {"starts_on": "2026-02-23", "ends_on": "2026-12-31"}
GIVEN: list[Step] = [
    *POLICY,
    *(
        act(
            "2026-02-23T09:00", "chen", "/goals/assign", "GoalAssigned", f"A goal for {nick.title()}.", f"{nick}s",
            owner={"kind": "person", "id": f"{{{nick}}}"}, title="Orders", metric="orders", baseline="0", target="100",
            **SPRING,
        )
        for nick in ("wang", "mei", "zhao")
    ),
    act(
        "2026-02-25T09:00", "wang", "/goals/{wangs}/raise-difficulty", "DifficultyRaised", "Wang needs help.",
        concern="resources",
    ),
]  # fmt: skip
MANAGER: list[Act] = [
    act(
        "2026-03-06T09:00", "hr", "/people/{wang}/assign-manager", "ManagerAssigned",
        "HR records on Friday that Zhou has managed Wang since the twenty-sixth of February.",
        manager="{zhou}", effective_at="2026-02-26", **LATE,
    ),
]  # fmt: skip
ABSENCE: list[Act] = [
    act(
        "2026-03-10T09:00", "hr", "/people/{mei}/start-absence", "AbsenceStarted",
        "HR records that Mei has been on parental leave since the twenty-sixth of February.",
        kind="parental", effective_at="2026-02-26", **LATE,
    ),
]  # fmt: skip


@pytest.fixture
def stage(open_stage: OpenStage) -> Stage:
    """The company with three goals that nobody answered and a difficulty that nobody took up."""
    stage = open_stage("single")
    stage.play(GIVEN)
    return stage


def duties(stage: Stage, goal: str, kind: str, known: int | None = None) -> list[tuple[str, str | None]]:
    """Return standing and holder of the duties of a kind about a goal, as known at a position or now."""
    asked = {} if known is None else {"known": f"position:{known}"}
    rows = rows_of(stage, goal, kind, **asked)
    return sorted(((row["standing"], holder_of(stage, row)) for row in rows), key=str)


def rows_of(stage: Stage, goal: str, kind: str, **asked: str) -> list[dict[str, Any]]:
    """Return the duties of a kind about a goal as the auditor is told them, without what went further up."""
    query = {"subject": f"goal/{stage.names.ids[goal]}", "kind": kind, "state": "all", **asked}
    rows = stage.ask("auditor", "/duties", **query)["rows"]
    assert {row["kind"] for row in rows} == {kind}
    return [row for row in rows if row["escalates"] is None]


def holder_of(stage: Stage, row: dict[str, Any]) -> str | None:
    """Return what the story calls the holder of a duty or gap."""
    return None if row["holder"] is None else stage.nick(row["holder"]["id"])


def reach(stage: Stage, at: str) -> None:
    """Let time pass to a moment at which nobody does anything, and the rules with it."""

    async def nothing(_: Stage) -> None:
        return None

    stage.play([Seen(at, "Time passes.", nothing)])


def head(stage: Stage) -> int:
    """Return the position of the last event."""
    return stage.service.ledger.reader.head().size


def test_a_manager_recorded_late_should_have_answered(stage: Stage) -> None:
    """Before the fact, the silence is Chen's; after it, Zhou's from the day on which Zhou began."""
    reach(stage, "2026-03-06T08:00")
    known = head(stage)
    assert duties(stage, "wangs", "answer_difficulty") == [("lapsed", "chen")]
    stage.play(MANAGER)
    assert duties(stage, "wangs", "answer_difficulty") == [("open", "zhou"), ("voided", "chen")]
    (void,) = [row for row in rows_of(stage, "wangs", "answer_difficulty") if row["standing"] == "voided"]
    assert [(holder_of(stage, gap), gap["starts_on"]) for gap in void["gaps"]] == [("zhou", "2026-02-26")]
    assert duties(stage, "wangs", "answer_difficulty", known) == [("lapsed", "chen")]
    history = [step["standing"] for step in stage.ask("auditor", f"/duties/{void['duty']}")["history"]]
    assert history.index("lapsed") < history.index("voided")


def test_a_manager_who_began_after_the_last_day_explains_no_silence(stage: Stage) -> None:
    """The difficulty was due by Saturday the twenty-eighth, a working day of the spring festival: it stays Chen's."""
    since_monday = replace(MANAGER[0], body={**MANAGER[0].body, "effective_at": "2026-03-02"})
    stage.play([since_monday])
    (row,) = rows_of(stage, "wangs", "answer_difficulty")
    assert (row["due_on"], row["standing"], holder_of(stage, row)) == ("2026-02-28", "lapsed", "chen")


def test_both_times_of_who_managed_are_told(stage: Stage) -> None:
    """On the third of March Zhou managed Wang, which nobody could know before the sixth."""
    reach(stage, "2026-03-06T08:00")
    known = head(stage)
    stage.play(MANAGER)

    def managed_by(**asked: str) -> str | None:
        said = stage.ask("hr", "/people/{wang}", on="2026-03-03", **asked)["manager"]
        return None if said is None else stage.nick(said["to"]["id"])

    assert (managed_by(), managed_by(known=f"position:{known}")) == ("zhou", None)


def test_an_absence_recorded_late_frees_who_was_away(stage: Stage) -> None:
    """Mei's lapse becomes void and her answer is owed afresh; Zhao, who was there, stays silent."""
    reach(stage, "2026-03-10T08:00")
    known = head(stage)
    assert duties(stage, "meis", "answer_goal") == [("lapsed", "mei")]
    stage.play(ABSENCE)
    assert duties(stage, "meis", "answer_goal") == [("open", "mei"), ("voided", "mei")]
    assert duties(stage, "meis", "answer_goal", known) == [("lapsed", "mei")]
    assert duties(stage, "zhaos", "answer_goal") == [("lapsed", "zhao")]


def test_a_start_put_right_late_frees_who_was_not_there_yet(stage: Stage) -> None:
    """Zhao began on the tenth of March: what lapsed before was owed by nobody who was there."""
    reach(stage, "2026-03-10T08:00")
    known, zhao = head(stage), f"person/{stage.service.ids['zhao']}"
    (begun,) = [e for e in stage.entries() if e.topic == "people.EmploymentStarted" and e.stream == zhao]
    redated = act(
        "2026-03-10T09:00", "hr", "/people/{zhao}/redate", "EntryRedated", "The contract says the tenth of March.",
        entry=begun.event_id, new_effective_at="2026-03-10", reason="wrong_day",
    )  # fmt: skip
    stage.play([redated])
    assert duties(stage, "zhaos", "answer_goal") == [("open", "zhao"), ("voided", "zhao")]
    assert duties(stage, "zhaos", "answer_goal", known) == [("lapsed", "zhao")]
