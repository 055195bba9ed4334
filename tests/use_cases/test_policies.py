"""Policies in use: which version judged an act stands in its event, and a new one changes nothing before it."""

import json
from typing import Any

import pytest

from ledger.application import Receipt
from ledger.domain.policies.publishing import PolicyLooksBack
from ledger.kernel.policy import STANDING
from ledger.kernel.refusals import LateNeedsReason, NotAllowed
from tests.use_cases.company import Company
from tests.use_cases.conftest import Play

TEXTS = {"label": "Performance", "text_zh": "绩效制度", "text_en": "How we do it"}


async def publish(company: Company, actor: str = "hr", *, on: str | None = None, **terms: Any) -> Receipt:
    """Publish the standing policy with these terms."""
    when: dict[str, Any] = {} if on is None else {"effective_at": on, "reason": "planned"}
    return await company.does(actor, "policies", "publish", STANDING, **{"terms": terms, **TEXTS, **when})


def stored(company: Company, position: int) -> dict[str, Any]:
    """Return the stored event at a position."""
    found = company.ledger.reader.at(position)
    assert found is not None
    event: dict[str, Any] = json.loads(found)
    return event


def test_the_window_for_late_entries_is_that_of_the_day_of_recording(play: Play) -> None:
    async def story(company: Company) -> None:
        late: dict[str, Any] = {"label": "Verkauf", "effective_at": "2026-01-05"}
        with pytest.raises(LateNeedsReason) as refused:
            await company.does("hr", "units", "rename", "sales", **late)
        assert refused.value.details == {"days": 7}
        first = await publish(company, late_window_days=3650)
        renamed = await company.does("hr", "units", "rename", "sales", **late)
        assert stored(company, renamed.position)["policy"] == f"{STANDING}@1"
        await publish(company, late_window_days=0)
        with pytest.raises(LateNeedsReason):
            await company.does("hr", "units", "rename", "works", label="Werk", effective_at="2026-01-05")
        assert "policy" not in stored(company, first.position), "nothing was in force when it was judged"
        assert stored(company, renamed.position)["policy"] == f"{STANDING}@1", "what was judged stays as it was"

    play(story)


def test_a_scheduled_policy_changes_nothing_yet(play: Play) -> None:
    async def story(company: Company) -> None:
        await publish(company, on="2199-01-01", late_window_days=3650)
        with pytest.raises(LateNeedsReason):
            await company.does("hr", "units", "rename", "sales", label="X", effective_at="2026-01-05")
        with pytest.raises(PolicyLooksBack):
            await publish(company, on="2026-01-05", late_window_days=3650)

    play(story)


def test_administrators_publish_and_everyone_bound_reads(play: Play) -> None:
    async def story(company: Company) -> None:
        for actor in ("wang", "boss"):
            with pytest.raises(NotAllowed):
                await publish(company, actor)
        receipt = await publish(company)
        assert company.ledger.open_parts(receipt.event_id)["0"]["text_zh"] == "绩效制度"
        wang = company.people["wang"].id
        read = await company.does("wang", "policy-readings", "read", wang, policy=STANDING)
        subjects = stored(company, read.position)["subjects"]
        assert {f"policy/{STANDING}", f"person/{wang}"} <= set(subjects)
        with pytest.raises(NotAllowed):
            await company.does("lin", "policy-readings", "read", wang, policy=STANDING)

    play(story)
