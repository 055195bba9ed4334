"""Duties over HTTP: the rules run beside the service, a receipt leads to what it opened, and each sees their own."""

import time
from typing import Any

import httpx2
import pytest

from tests.api.service import Service, recorded


@pytest.fixture(scope="module")
def assigned(service: Service) -> dict[str, Any]:
    """The receipt of a goal that the employee has from the lead."""
    with service.client("hr_administrator") as hr:
        metric = {"label": "Tickets", "unit_of_measure": "n", "direction": "increase", "combines": "sum"}
        recorded(hr, "/metrics/tickets-owed/define", **metric)
    with service.client("lead") as lead:
        year = time.gmtime().tm_year
        return recorded(
            lead,
            "/goals/assign",
            owner={"kind": "person", "id": service.ids["employee"]},
            title="Close tickets",
            metric="tickets-owed",
            baseline="0",
            target="100",
            starts_on=f"{year}-01-01",
            ends_on=f"{year + 1}-12-31",
        )


def asked(client: httpx2.Client, path: str, **query: Any) -> dict[str, Any]:
    response = client.get(path, params=query or None)
    assert response.status_code == 200, response.text
    value: dict[str, Any] = response.json()
    return value


def all_of(receipt: dict[str, Any]) -> str:
    """Return the link of a receipt to the duties that follow from it, with those that have ended."""
    return f"{receipt['links']['duties']}&state=all"


def test_a_receipt_leads_to_the_duties_that_follow_from_it(service: Service, assigned: dict[str, Any]) -> None:
    with service.client("employee") as employee:
        found = asked(employee, all_of(assigned))
    assert {row["kind"] for row in found["rows"]} == {"answer_goal", "report_progress"}
    assert {row["holder"]["id"] for row in found["rows"]} == {service.ids["employee"]}
    assert all(row["cause"] == assigned["event_id"] and not row["gap"] for row in found["rows"])
    assert found["position"] >= assigned["position"]
    support = {row["kind"]: row["support"] for row in found["rows"] if row["standing"] == "open"}
    assert support.get("report_progress") is None
    if "answer_goal" in support:  # until another test answers it
        assert support["answer_goal"]["seat"] == "lead"
        assert support["answer_goal"]["holder"]["id"] == service.ids["lead"]


def test_kind_and_side_narrow_what_follows_from_an_event_and_what_is_about_a_goal(
    service: Service, assigned: dict[str, Any]
) -> None:
    of_side = {"answer_goal": "employee", "report_progress": "employee", "coach": "lead"}
    with service.client("lead") as lead:
        for query in ({"cause": assigned["event_id"]}, {"subject": assigned["stream"]}):
            every = asked(lead, "/duties", state="all", **query)["rows"]
            for kind in {row["kind"] for row in every}:
                rows = asked(lead, "/duties", state="all", kind=kind, party=of_side[kind], **query)["rows"]
                assert [row["duty"] for row in rows] == [row["duty"] for row in every if row["kind"] == kind]
            assert asked(lead, "/duties", state="all", party="hr", **query)["rows"] == []


def test_the_event_that_fulfils_a_duty_ends_it(service: Service, assigned: dict[str, Any]) -> None:
    goal = assigned["stream"].removeprefix("goal/")
    with service.client("employee") as employee:
        owed = [row for row in asked(employee, all_of(assigned))["rows"] if row["kind"] == "answer_goal"]
        assert len(owed) == 1
        seen = recorded(employee, f"/duties/{owed[0]['duty']}/see")
        answer = recorded(employee, f"/goals/{goal}/accept")
        left = asked(employee, "/duties", holder="me", kind="answer_goal", min_position=answer["position"])["rows"]
        assert owed[0]["duty"] not in {row["duty"] for row in left}
        one = asked(employee, f"/duties/{owed[0]['duty']}", min_position=answer["position"])
        before = asked(employee, f"/duties/{owed[0]['duty']}", known=f"position:{seen['position']}")
    assert (one["standing"], one["ended_by"], one["late"]) == ("discharged", answer["event_id"], False)
    assert (before["standing"], before["notice"]) == ("open", "delivered")
    topics = [step["topic"] for step in one["history"]]
    assert topics[0] == "duties.DutyOpened"
    assert {"duties.DutySeen", "duties.DutyDischarged"} <= set(topics)


def test_each_sees_what_is_theirs_or_below_them(service: Service, assigned: dict[str, Any]) -> None:
    cause = {"cause": assigned["event_id"], "state": "all", "min_position": assigned["position"]}
    counts = {}
    for who in ("employee", "lead", "hr_administrator", "auditor", "colleague", "outsider", "subscriber"):
        with service.client(who) as client:
            counts[who] = len(asked(client, "/duties", **cause)["rows"])
    assert counts["lead"] == counts["hr_administrator"] == counts["auditor"]
    assert 0 < counts["employee"] <= counts["lead"]  # whom the lead has to coach is the lead's alone
    assert counts["colleague"] == counts["outsider"] == counts["subscriber"] == 0


def test_what_is_not_theirs_is_not_there(service: Service, assigned: dict[str, Any]) -> None:
    with service.client("lead") as lead:
        duty = asked(lead, all_of(assigned))["rows"][0]["duty"]
    with service.client("outsider") as outsider:
        assert outsider.get(f"/duties/{duty}").status_code == 404
        assert outsider.post(f"/duties/{duty}/see").status_code == 404
        assert outsider.post(f"/duties/{duty}/excuse", json={"reason": "kind"}).status_code == 404
    with service.client("employee") as employee:
        assert employee.post(f"/duties/{duty}/excuse", json={"reason": "busy"}).status_code == 403


def test_only_the_ledger_itself_opens_and_ends_duties(service: Service, assigned: dict[str, Any]) -> None:
    with service.client("lead") as lead:
        duty = asked(lead, all_of(assigned))["rows"][0]["duty"]
    for who in ("lead", "hr_administrator", "subscriber"):
        with service.client(who) as client:
            for verb, body in (("lapse", {}), ("discharge", {"by_entry": "e-1"}), ("transfer", {})):
                assert client.post(f"/duties/{duty}/{verb}", json=body).status_code in (403, 404)


def test_the_duties_of_a_unit_are_those_of_its_members(service: Service, assigned: dict[str, Any]) -> None:
    with service.client("lead") as lead:
        found = asked(lead, "/duties", unit="dev", min_position=assigned["position"])["rows"]
        assert found
        members = {member["id"] for member in asked(lead, "/units/dev")["members"]}
        assert {row["holder"]["id"] for row in found} <= members
        assert lead.get("/duties", params={"state": "forgotten"}).status_code == 422
        assert "text/csv" in lead.get("/duties", headers={"accept": "text/csv"}).headers["content-type"]


def test_what_a_leaver_holds_and_owns_is_found_and_to_be_taken_over(service: Service, assigned: dict[str, Any]) -> None:
    leaver = service.join("leaver")
    day = {"effective_at": "2026-01-01", "reason": "setup"}
    year = time.gmtime().tm_year
    with service.client("hr_administrator") as hr, service.client("lead") as lead:
        recorded(hr, "/units/post-room/form", label="Post room", parent="dev", **day)
        recorded(hr, f"/people/{leaver}/start-employment", **day)
        recorded(hr, f"/people/{leaver}/assign-to-unit", unit="post-room", **day)
        recorded(lead, "/responsibilities/system/mail/register", label="Mail", unit="post-room")
        holder = {"kind": "person", "id": leaver}
        recorded(lead, "/responsibilities/system/mail/assign", role="accountable", holder=holder)
        terms = {"title": "Mail", "metric": "tickets-owed", "target": "9", "starts_on": f"{year}-01-01"}
        goal = recorded(lead, "/goals/assign", owner=holder, ends_on=f"{year + 1}-12-31", **terms)
        left = recorded(hr, f"/people/{leaver}/end-employment", ending="voluntary", effective_at=f"{year + 1}-12-31")
        found = asked(lead, all_of(left))["rows"]
    held = {f"{row['subject']['kind']}/{row['subject']['id']}" for row in found if row["kind"] == "take_over"}
    assert held == {"system/mail", goal["stream"]}
    assert {row["due_on"] for row in found} == {f"{year + 1}-12-30"}
    assert {row["holder"]["id"] for row in found} == {service.ids["lead"]}


def test_what_can_be_no_id_is_refused_by_name(service: Service) -> None:
    with service.client("lead") as lead:
        wrong = [("holder", "p\x00"), ("unit", "\x7f"), ("cause", "e\n1"), ("subject", "no-slash"), ("subject", "A/b")]
        for name, value in wrong:
            response = lead.get("/duties", params={name: value})
            assert response.status_code == 422, (name, response.text)
            assert f"query/{name}" in response.text
