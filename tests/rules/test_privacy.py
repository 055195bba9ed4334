"""A data request is owed an answer by the privacy officer, by the day that the law sets."""

from datetime import date

import pytest

from ledger.domain.duties import Standing
from ledger.domain.privacy.requests import OwnRequest, due_day
from tests.rules.conftest import Play
from tests.rules.world import World
from tests.use_cases.test_policies import publish


@pytest.mark.parametrize(
    ("made", "law", "due"),
    [
        (date(2026, 1, 31), "de", date(2026, 2, 28)),
        (date(2026, 12, 5), "de", date(2027, 1, 5)),
        (date(2026, 3, 2), "cn", date(2026, 3, 17)),
        (date(2026, 3, 2), None, date(2026, 3, 17)),
    ],
)
def test_the_law_sets_the_day(made: date, law: str | None, due: date) -> None:
    assert due_day(made, law) == due


def test_the_privacy_officer_owes_an_answer_and_answering_ends_it(play: Play) -> None:
    async def story(world: World) -> None:
        offices = {"privacy_officer": world.id("mei"), "hr": world.id("boss")}
        await publish(world.company, offices=offices)
        made = await world.does("wang", "data-requests", "make", person=world.id("wang"), wish="access")
        (owed,) = await world.duties("answer_data_request")
        assert (owed.holder, owed.opened and owed.opened.seat, owed.standing) == (
            world.id("mei"),
            "privacy_office",
            Standing.OPEN,
        )
        await world.does("mei", "data-requests", "answer", made, answer="granted")
        (done,) = await world.duties("answer_data_request")
        assert done.standing is Standing.DISCHARGED

    play(story)


def test_the_officers_own_request_is_hrs_to_answer(play: Play) -> None:
    async def story(world: World) -> None:
        offices = {"privacy_officer": world.id("mei"), "hr": world.id("boss")}
        await publish(world.company, offices=offices)
        made = await world.does("mei", "data-requests", "make", person=world.id("mei"), wish="erasure")
        (owed,) = await world.duties("answer_data_request")
        assert owed.holder == world.id("boss")
        with pytest.raises(OwnRequest):
            await world.does("mei", "data-requests", "answer", made, answer="granted")

    play(story)
