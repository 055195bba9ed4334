"""Authority: who may do what to whom, on what basis, and what somebody else must not even see."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ledger.application import SYSTEM_CALLER, Caller, Receipt, Unauthenticated
from ledger.kernel.clock import SimulatedClock
from ledger.kernel.event import Subject
from ledger.kernel.refusals import NotAllowed, NotFound
from tests.use_cases.company import Company
from tests.use_cases.conftest import Play


def authority_of(company: Company, receipt: Receipt) -> dict[str, object]:
    """Return the authority that stands in the stored event."""
    stored = company.ledger.reader.at(receipt.position)
    assert stored is not None
    found: dict[str, object] = json.loads(stored)["authority"]
    return found


async def assign(company: Company, actor: str, holder: str, **fields: Any) -> Receipt:
    """Assign a role for the subject client/north to somebody."""
    who = {"kind": "person", "id": company.people[holder].id}
    return await company.does(
        actor, "responsibilities", "assign", "client/north", role="accountable", holder=who, **fields
    )


def test_a_lead_acts_for_their_people_and_the_event_says_by_which_line(play: Play) -> None:
    async def story(company: Company) -> None:
        receipt = await assign(company, "lin", "wang")
        assert authority_of(company, receipt)["basis"] == "lead"
        assert authority_of(company, receipt)["via"] == f"person/{company.people['wang'].id}"
        above = await assign(company, "boss", "zhao", instead_of={"kind": "person", "id": company.people["wang"].id})
        assert authority_of(company, above)["basis"] == "lead"

    play(story)


def test_the_accountable_holder_may_pass_on_and_others_may_not(play: Play) -> None:
    async def story(company: Company) -> None:
        await assign(company, "lin", "wang")
        with pytest.raises(NotAllowed):
            await assign(company, "zhao", "zhao")
        offer = await company.does(
            "wang", "responsibilities", "offer-hand-over", "client/north",
            taker={"kind": "person", "id": company.people["zhao"].id},
        )  # fmt: skip
        stored = company.ledger.reader.at(offer.position)
        assert stored is not None
        offered = json.loads(stored)["data"]["offer"]
        with pytest.raises(NotAllowed):
            await company.does("wang", "responsibilities", "accept-hand-over", "client/north", offer=offered)
        taken = await company.does("zhao", "responsibilities", "accept-hand-over", "client/north", offer=offered)
        assert authority_of(company, taken)["basis"] == "taker"
        with pytest.raises(NotAllowed):
            await company.does("wang", "responsibilities", "declare-vacant", "client/north")

    play(story)


def test_hr_does_not_act_in_a_leads_place(play: Play) -> None:
    async def story(company: Company) -> None:
        with pytest.raises(NotAllowed):
            await assign(company, "hr", "wang")

    play(story)


def test_a_former_lead_may_no_longer(play: Play) -> None:
    async def story(company: Company) -> None:
        await company.does("hr", "units", "appoint-lead", "sales", lead=company.people["zhao"].id)
        with pytest.raises(NotAllowed):
            await assign(company, "lin", "wang")
        await assign(company, "zhao", "wang")

    play(story)


def test_two_people_must_grant_an_auditor(play: Play) -> None:
    async def story(company: Company) -> None:
        zhao = company.people["zhao"]
        await company.does("hr", "access", "grant", zhao.id, role="auditor")
        assert "auditor" not in await company.ledger.roles_of(zhao)
        await company.does("hr", "access", "grant", zhao.id, role="auditor")
        assert "auditor" not in await company.ledger.roles_of(zhao), "the same person twice is not two"
        await company.does("second_hr", "access", "grant", zhao.id, role="auditor")
        assert "auditor" in await company.ledger.roles_of(zhao)
        await company.does("hr", "access", "revoke", zhao.id, role="auditor")
        assert "auditor" not in await company.ledger.roles_of(zhao)

    play(story)


def test_sight_follows_the_line(play: Play) -> None:
    async def story(company: Company) -> None:
        wang = company.people["wang"].id
        seen = {name: await company.ledger.may_see(who, "person", wang) for name, who in company.people.items()}
        assert seen == {"hr": True, "second_hr": True, "boss": True, "lin": True, "wang": True, "zhao": False}
        with pytest.raises(NotFound):
            await company.does("zhao", "people", "assign-to-unit", wang, unit="works")

    play(story)


def test_roles_that_follow_from_relations(play: Play) -> None:
    async def story(company: Company) -> None:
        assert await company.ledger.roles_of(company.people["lin"]) == {"employee", "lead"}
        assert await company.ledger.roles_of(company.people["wang"]) == {"employee"}

    play(story)


def test_a_token_opens_until_it_is_revoked_or_expires(play: Play) -> None:
    async def story(company: Company) -> None:
        ledger, wang, hr = company.ledger, company.people["wang"], company.people["hr"]
        token, receipt = await ledger.issue_token(hr, Subject(kind="person", id=wang.id), lifetime=timedelta(days=1))
        caller = await ledger.authenticate(token)
        assert caller == Caller(wang.id, receipt.stream)
        for wrong in (
            token[:-1],
            token + "x",
            token.replace(ledger.name, "other"),
            "",
            "pledger_",
            "Bearer x",
            "pledger_a.b.c.d",
        ):
            with pytest.raises(Unauthenticated):
                await ledger.authenticate(wrong)
        await company.does("wang", "tokens", "revoke", receipt.stream.removeprefix("token/"))
        with pytest.raises(Unauthenticated):
            await ledger.authenticate(token)
        short, _ = await ledger.issue_token(hr, Subject(kind="person", id=wang.id), lifetime=timedelta(hours=1))
        assert (await ledger.authenticate(short)).id == wang.id
        ledger.clock = SimulatedClock(datetime.now(UTC) + timedelta(hours=2))
        with pytest.raises(Unauthenticated):
            await ledger.authenticate(short)

    play(story)


def test_nobody_grants_themselves(play: Play) -> None:
    async def story(company: Company) -> None:
        with pytest.raises(Exception, match="own_grant"):
            await company.does("hr", "access", "grant", company.people["hr"].id, role="operator")
        results = await asyncio.gather(
            company.does("wang", "access", "grant", company.people["wang"].id, role="operator"), return_exceptions=True
        )
        assert isinstance(results[0], NotAllowed)

    play(story)


def test_what_concerns_a_past_employment_stays_with_the_leads_of_its_last_unit(play: Play) -> None:
    async def story(company: Company) -> None:
        wang = company.people["wang"].id
        await company.does("hr", "people", "leave-unit", wang, unit="sales")
        await company.does("hr", "people", "end-employment", wang, ending="voluntary")
        assert await company.ledger.may_see(company.people["lin"], "person", wang)
        given = await company.does("lin", "feedback", "give", recipient=wang, kind="praise", text="Thank you for all")
        assert given.version == 1

    play(story)


def test_a_token_that_the_system_issues_says_so(play: Play) -> None:
    async def story(company: Company) -> None:
        bearer = Subject(kind="person", id=company.people["wang"].id)
        _, receipt = await company.ledger.issue_token(SYSTEM_CALLER, bearer, lifetime=timedelta(days=1))
        stored = company.ledger.reader.at(receipt.position)
        assert stored is not None
        assert json.loads(stored)["source"] == SYSTEM_CALLER.id

    play(story)
