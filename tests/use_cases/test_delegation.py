"""Acting for another: both are named, it ends at the minute, and it lets nobody do what concerns themselves."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ledger.application import SYSTEM_CALLER, Ask, Receipt
from ledger.authority import Overstepping
from ledger.domain.people.delegations import DelegateToSelf, NotExpired
from ledger.kernel.clock import SimulatedClock
from ledger.kernel.policy import STANDING
from ledger.kernel.refusals import AfterLastDay, NotAllowed, NotFound, OwnAct
from tests.use_cases.company import Company
from tests.use_cases.conftest import Play

PERIOD: dict[str, Any] = {"starts_on": "2026-01-01", "ends_on": "2026-12-31"}
TEXTS: dict[str, Any] = {"label": "Performance", "text_zh": "绩效制度", "text_en": "How we do it"}


def stored(company: Company, receipt: Receipt) -> dict[str, Any]:
    """Return the stored event of a receipt."""
    found = company.ledger.reader.at(receipt.position)
    assert found is not None
    event: dict[str, Any] = json.loads(found)
    return event


async def metric(company: Company) -> None:
    """Define the metric that goals here are about."""
    await company.does(
        "hr", "metrics", "define", "clients", label="Clients", unit_of_measure="件", direction="increase",
        combines="sum", approved_source="crm",
    )  # fmt: skip


async def assign_goal(company: Company, actor: str, owner: str) -> Receipt:
    """Let somebody give a goal to somebody."""
    who = {"kind": "person", "id": company.people[owner].id}
    return await company.does(
        actor, "goals", "assign", None, owner=who, title="More clients", metric="clients", target="10", **PERIOD
    )


async def delegates(company: Company, grantor: str, delegate: str, *, scope: str = "goals", hours: int = 1) -> str:
    """Let somebody act in another's place for some hours; return the delegation's id."""
    until = company.ledger.clock.now() + timedelta(hours=hours)
    receipt = await company.does(
        grantor, "people", "delegate", company.people[grantor].id, delegate=company.people[delegate].id,
        scope=[scope], until=until.replace(microsecond=0).isoformat(),
    )  # fmt: skip
    id: str = stored(company, receipt)["data"]["delegation"]
    return id


def test_a_deputy_acts_in_both_names_until_the_minute_and_not_after(play: Play) -> None:
    async def story(company: Company) -> None:
        await metric(company)
        with pytest.raises(NotFound):
            await assign_goal(company, "zhao", "wang")
        await delegates(company, "lin", "zhao")
        given = stored(company, await assign_goal(company, "zhao", "wang"))
        assert given["authority"]["basis"] == "delegation"
        assert given["authority"]["via"] == f"person/{company.people['lin'].id}"
        assert (given["actor"], given["principal"]) == (company.people["zhao"].id, company.people["lin"].id)
        start = company.ledger.clock.now()
        company.ledger.clock = SimulatedClock(start + timedelta(minutes=58))
        await assign_goal(company, "zhao", "wang")
        company.ledger.clock = SimulatedClock(start + timedelta(minutes=61))
        with pytest.raises(NotFound):
            await assign_goal(company, "zhao", "wang")
        own = stored(company, await assign_goal(company, "lin", "wang"))
        assert "principal" not in own

    play(story)


def test_a_delegation_covers_its_scope_and_no_personal_word(play: Play) -> None:
    async def story(company: Company) -> None:
        await metric(company)
        goal = (await assign_goal(company, "lin", "wang")).stream.removeprefix("goal/")
        await delegates(company, "lin", "zhao", scope="hiring")
        with pytest.raises(NotAllowed):  # a deputy sees the line, and still may not
            await assign_goal(company, "zhao", "wang")
        await delegates(company, "wang", "zhao")
        with pytest.raises(NotAllowed):
            await company.does("zhao", "goals", "accept", goal)

    play(story)


def test_a_deputy_does_nothing_about_themselves_and_passes_nothing_on(play: Play) -> None:
    async def story(company: Company) -> None:
        await metric(company)
        await delegates(company, "lin", "wang")
        with pytest.raises(NotAllowed):
            await assign_goal(company, "wang", "wang")
        lin, zhao = company.people["lin"].id, company.people["zhao"].id
        until = (company.ledger.clock.now() + timedelta(hours=1)).isoformat()
        with pytest.raises(NotAllowed):
            await company.does("wang", "people", "delegate", lin, delegate=zhao, scope=["goals"], until=until)
        with pytest.raises(DelegateToSelf):
            await company.does("lin", "people", "delegate", lin, delegate=lin, scope=["goals"], until=until)

    play(story)


def test_a_delegation_ends_when_it_is_revoked_returned_or_either_leaves(play: Play) -> None:
    async def story(company: Company) -> None:
        await metric(company)
        lin = company.people["lin"].id
        first = await delegates(company, "lin", "zhao")
        with pytest.raises(NotFound):
            await company.does("wang", "people", "end-delegation", lin, delegation=first, ending="revoked")
        with pytest.raises(NotExpired):
            await company.does("lin", "people", "end-delegation", lin, delegation=first, ending="expired")
        ended = await company.does("zhao", "people", "end-delegation", lin, delegation=first, ending="returned")
        assert stored(company, ended)["authority"]["basis"] == "delegate"
        with pytest.raises(NotFound):
            await assign_goal(company, "zhao", "wang")
        await delegates(company, "lin", "zhao")
        await assign_goal(company, "zhao", "wang")
        await company.does("hr", "people", "end-employment", company.people["zhao"].id, ending="voluntary")
        with pytest.raises(NotFound):
            await assign_goal(company, "zhao", "wang")
        with pytest.raises(AfterLastDay):
            await delegates(company, "lin", "zhao")

    play(story)


def test_who_names_a_principal_acts_for_them_or_not_at_all(play: Play) -> None:
    async def story(company: Company) -> None:
        await metric(company)
        await delegates(company, "boss", "lin")
        ask = company.ask(
            "lin", "goals", "assign", None, title="T", metric="clients", target="10",
            owner={"kind": "person", "id": company.people["wang"].id}, **PERIOD,
        )  # fmt: skip
        named = [Ask(ask.command, ask.kind, None, ask.caller, principal=company.people[p].id) for p in ("boss", "zhao")]
        assert stored(company, await company.ledger.record(named[0]))["principal"] == company.people["boss"].id
        with pytest.raises(NotAllowed):
            await company.ledger.record(named[1])

    play(story)


def test_nobody_approves_by_deputy_what_they_asked_for_themselves(play: Play) -> None:
    async def story(company: Company) -> None:
        receipt = await company.does(
            "hr", "job-profiles", "adopt", None, job="analyst", requirements=[{"competency": "c", "minimum": "1"}]
        )
        profile = receipt.stream.removeprefix("job-profile/")
        opened = await company.does("lin", "requisitions", "open", None, unit="sales", profile=profile)
        id = opened.stream.removeprefix("requisition/")
        await delegates(company, "boss", "lin", scope="hiring")
        with pytest.raises((OwnAct, NotAllowed)):
            await company.does("lin", "requisitions", "approve", id)
        await delegates(company, "boss", "zhao", scope="hiring")
        approved = stored(company, await company.does("zhao", "requisitions", "approve", id))
        assert approved["principal"] == company.people["boss"].id

    play(story)


# HR in a lead's place


def test_hr_in_a_leads_place_is_refused_or_marked_as_the_policy_says(play: Play) -> None:
    async def story(company: Company) -> None:
        await metric(company)
        with pytest.raises(Overstepping) as refused:
            await assign_goal(company, "hr", "wang")
        assert (refused.value.rule, refused.value.status) == ("boundary", 403)
        await company.does("hr", "policies", "publish", STANDING, terms={"boundary": "mark"}, **TEXTS)
        given = stored(company, await assign_goal(company, "hr", "wang"))
        assert given["authority"]["basis"] == "hr_for_lead"
        assert given["authority"]["via"] == f"person/{company.people['lin'].id}"
        assert given["marks"] == ["overstepping"]
        assert given["policy"] == f"{STANDING}@1"
        with pytest.raises(NotAllowed):
            await assign_goal(company, "hr", "hr")
        await company.does("hr", "policies", "publish", STANDING, terms={"boundary": "refuse"}, **TEXTS)
        with pytest.raises(Overstepping):
            await assign_goal(company, "hr", "wang")

    play(story)


def test_an_hr_partner_oversteps_only_in_their_own_units(play: Play) -> None:
    async def story(company: Company) -> None:
        await metric(company)
        await company.does("hr", "units", "assign-hr-partner", "sales", partner=company.people["zhao"].id)
        with pytest.raises(Overstepping):
            await assign_goal(company, "zhao", "wang")
        await company.does("hr", "policies", "publish", STANDING, terms={"boundary": "mark"}, **TEXTS)
        assert stored(company, await assign_goal(company, "zhao", "wang"))["marks"] == ["overstepping"]
        with pytest.raises(NotFound):
            await assign_goal(company, "zhao", "boss")

    play(story)


# Sight


async def feedback(company: Company, **fields: Any) -> tuple[str, Receipt]:
    """Let Zhao tell Wang something; return the feedback's id and receipt."""
    wang = company.people["wang"].id
    receipt = await company.does(
        "zhao", "feedback", "give", recipient=wang, kind="advice", text="Ask earlier", **fields
    )
    return receipt.stream.removeprefix("feedback/"), receipt


async def seen_by(company: Company, kind: str, id: str) -> set[str]:
    """Return who may see a subject."""
    return {name for name, who in company.people.items() if await company.ledger.may_see(who, kind, id)}


def test_feedback_is_seen_by_whom_its_giver_let_see_it(play: Play) -> None:
    async def story(company: Company) -> None:
        await company.does("hr", "units", "assign-hr-partner", "sales", partner=company.people["second_hr"].id)
        named, _ = await feedback(company, visibility="named", readers=[company.people["boss"].id])
        assert await seen_by(company, "feedback", named) == {"zhao", "wang", "boss"}
        line, _ = await feedback(company, visibility="line")
        assert await seen_by(company, "feedback", line) == {"zhao", "wang", "lin", "boss"}
        partner, _ = await feedback(company, visibility="hr_partner")
        assert await seen_by(company, "feedback", partner) == {"zhao", "wang", "second_hr"}
        terms = {"administrators_read_feedback": True}
        await company.does("hr", "policies", "publish", STANDING, terms=terms, **TEXTS)
        assert await seen_by(company, "feedback", named) == {"zhao", "wang", "boss", "hr", "second_hr"}

    play(story)


def test_an_auditor_of_a_unit_sees_what_belongs_to_it(play: Play) -> None:
    async def story(company: Company) -> None:
        zhao, wang, boss = (company.people[name].id for name in ("zhao", "wang", "boss"))
        for by in ("hr", "second_hr"):
            await company.does(by, "access", "grant", zhao, role="auditor", units=["sales"])
        assert "zhao" in await seen_by(company, "person", wang)
        assert "zhao" not in await seen_by(company, "person", boss)
        for by in ("hr", "second_hr"):
            await company.does(by, "access", "grant", zhao, role="auditor")
        assert "zhao" in await seen_by(company, "person", boss)

    play(story)


def test_a_deputy_sees_the_line_while_the_delegation_runs(play: Play) -> None:
    async def story(company: Company) -> None:
        wang = company.people["wang"].id
        await delegates(company, "lin", "zhao")
        assert "zhao" in await seen_by(company, "person", wang)
        company.ledger.clock = SimulatedClock(datetime.now(UTC) + timedelta(hours=2))
        assert "zhao" not in await seen_by(company, "person", wang)

    play(story)


def test_the_end_of_a_delegation_by_the_clock_is_recorded_by_the_system(play: Play) -> None:
    async def story(company: Company) -> None:
        id, lin = await delegates(company, "lin", "zhao"), company.people["lin"].id
        command = company.ask("lin", "people", "end-delegation", lin, delegation=id, ending="expired").command
        company.ledger.clock = SimulatedClock(datetime.now(UTC) + timedelta(hours=2))
        ended = await company.ledger.record(Ask(command, "person", lin, SYSTEM_CALLER))
        assert stored(company, ended)["data"]["ending"] == "expired"

    play(story)


# Where a day begins


def test_a_date_begins_where_the_person_works(play: Play) -> None:
    async def story(company: Company) -> None:
        wang, lin = company.people["wang"].id, company.people["lin"].id
        calendar: dict[str, Any] = {"calendar": "de", "jurisdiction": "de"}
        await company.does("hr", "units", "set-calendar", "sales", zone="Europe/Berlin", **calendar)
        await company.does("hr", "people", "set-calendar", wang, zone="America/New_York", **calendar)
        begun = {}
        for name, id in (("wang", wang), ("lin", lin), ("zhao", company.people["zhao"].id)):
            named: dict[str, Any] = {"manager": company.people["boss"].id, "effective_at": "2199-01-15"}
            begun[name] = stored(company, await company.does("hr", "people", "assign-manager", id, **named))["begins"]
        assert begun == {
            "wang": "2199-01-15T05:00:00.000000Z",
            "lin": "2199-01-14T23:00:00.000000Z",
            "zhao": "2199-01-14T16:00:00.000000Z",
        }

    play(story)


# Merged ids


def test_a_merged_id_has_what_the_other_has_and_its_own_back_after_unmerging(play: Play) -> None:
    async def story(company: Company) -> None:
        await metric(company)
        old = company.people["lin"]
        new = await company.joins("lin-again")
        await company.does("hr", "people", "merge", new, into=old.id)
        given = stored(company, await assign_goal(company, "lin-again", "wang"))
        assert given["actor"] == new, "the record says which id acted"
        with pytest.raises(NotAllowed):
            await assign_goal(company, "lin-again", "lin")
        await company.does("hr", "people", "unmerge", new, reason="mistake")
        with pytest.raises(NotFound):
            await assign_goal(company, "lin-again", "wang")
        assert stored(company, await assign_goal(company, "lin", "wang"))["actor"] == old.id

    play(story)
