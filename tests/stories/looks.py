"""What a story is told with: acts, and looks at duties, amounts, figures and groups."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ledger.domain.duties import Standing
from tests.stories.telling import Act, Seen

if TYPE_CHECKING:
    from tests.stories.stage import Stage


def act(at: str, who: str, path: str, gives: str, told: str, let: str | None = None, /, **body: Any) -> Act:
    """Return an act with its body given by name."""
    acting_for, alone = body.pop("acting_for", None), body.pop("alone", False)
    return Act(at, who, path, body, gives, told, let, acting_for, alone)


def duty(at: str, told: str, kind: str, holder: str | None, standing: Standing, *, nth: int = -1) -> Seen:
    """Return a look at one duty of a kind: the last one opened, unless `nth` says which."""

    async def holds(stage: Stage) -> None:
        found = (await stage.duties(kind))[nth]
        assert (stage.nick(found.holder), found.standing) == (holder, standing)

    return Seen(at, told, holds)


def figures(at: str, told: str, *, progress: str, actual: str) -> Seen:
    """Return a look at how Wang's goal stood at the end of the year."""

    async def holds(stage: Stage) -> None:
        (closed,) = [entry for entry in stage.entries() if entry.topic == "goals.GoalClosed"]
        assert (closed.data["progress"], closed.data["actual"]) == (progress, actual)

    return Seen(at, told, holds)


def stood(at: str, told: str, *, as_known: bool, target: str, progress: str) -> Seen:
    """Return a look at Wang's goal on the last day of the year, as known when it was closed or as known now."""

    async def holds(stage: Stage) -> None:
        known = "&known=2026-12-31T23:00:00%2B08:00" if as_known else ""
        found = await asyncio.to_thread(stage.ask, "hr", "/goals/{wangs}?on=2026-12-31" + known)
        assert (found["target"]["value"], found["progress"]["value"]) == (target, progress)

    return Seen(at, told, holds)


def remainder(at: str, told: str, *, whole: str, rest: str) -> Seen:
    """Return a look at how much of the company's aim is shared out."""

    async def holds(stage: Stage) -> None:
        coverage = (await asyncio.to_thread(stage.ask, "hr", "/goals/{aim}"))["cascade"]["coverage"]
        assert (coverage["whole"]["value"], coverage["remainder"]["value"]) == (whole, rest)

    return Seen(at, told, holds)


def groups(at: str, told: str, shown: list[list[str]]) -> Seen:
    """Return a look at which groups of units the survey shows."""

    async def holds(stage: Stage) -> None:
        (closed,) = [entry for entry in stage.entries() if entry.topic == "outcomes.SurveyClosed"]
        assert [group["units"] for group in closed.data["groups"]] == shown

    return Seen(at, told, holds)
