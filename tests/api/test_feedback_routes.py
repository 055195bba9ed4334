"""Feedback and coaching over HTTP: threads, lists and coverage, and what is closed to whom."""

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import httpx2
import pytest

from tests.api.service import Service, company, recorded, running

SECRET = "kept by whoever gave it, and by nobody else, for ever"


@pytest.fixture(scope="module")
def world(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A company of its own, with colleagues enough to hide among."""
    with running(database_url, tmp_path_factory.mktemp("feedback"), "api_feedback") as started:
        company(started)
        with started.client("hr_administrator") as hr:
            day = {"effective_at": "2026-01-01", "reason": "setup"}
            for number in range(5):
                who = started.join(f"mate{number}")
                recorded(hr, f"/people/{who}/start-employment", **day)
                recorded(hr, f"/people/{who}/assign-to-unit", unit="dev", **day)
        started.settle()
        yield started


def asked(client: httpx2.Client, path: str, **query: Any) -> dict[str, Any]:
    response = client.get(path, params=query or None)
    assert response.status_code == 200, (path, response.text)
    value: dict[str, Any] = response.json()
    return value


def does(world: Service, who: str, path: str, **body: Any) -> dict[str, Any]:
    with world.client(who) as client:
        return recorded(client, path, **body)


def id_of(receipt: dict[str, Any]) -> str:
    return str(receipt["stream"]).partition("/")[2]


def give(world: Service, who: str, **body: Any) -> dict[str, Any]:
    told = {"recipient": world.ids["employee"], "kind": "advice", "text": "Ask the customer first", **body}
    return does(world, who, "/feedback/give", **told)


def statuses(world: Service, path: str, *who: str) -> list[int]:
    found = []
    for name in who:
        with world.client(name) as client:
            found.append(client.get(path).status_code)
    return found


def test_a_correction_keeps_the_first_wording_and_each_is_opened_at_its_event(world: Service) -> None:
    given = give(world, "colleague", visibility="line")
    corrected = does(world, "colleague", f"/feedback/{id_of(given)}/correct", text="Ask for the date first")
    last = does(world, "employee", f"/feedback/{id_of(given)}/acknowledge")
    with world.client("lead") as lead:
        found = asked(lead, f"/feedback/{id_of(given)}", min_position=last["position"])
        texts = [asked(lead, wording["text"])["parts"] for wording in found["wordings"]]
        before = asked(lead, f"/feedback/{id_of(given)}", known=f"position:{given['position']}")
    assert found["state"] == "acknowledged"
    assert [w["event"]["event_id"] for w in found["wordings"]] == [given["event_id"], corrected["event_id"]]
    assert [text for parts in texts for fields in parts.values() for text in fields.values()] == [
        "Ask the customer first",
        "Ask for the date first",
    ]
    assert (before["state"], len(before["wordings"]), before["known"]) == ("given", 1, given["position"])
    assert before["policy"] is None or "version" in before["policy"]
    assert statuses(world, f"/feedback/{id_of(given)}", "hr_partner", "outsider", "hr_administrator") == [404] * 3


@pytest.mark.parametrize(
    ("visibility", "seers"),
    [
        ("named", {"employee", "colleague", "outsider"}),
        ("line", {"employee", "colleague", "lead"}),
        ("hr_partner", {"employee", "colleague", "hr_partner"}),
    ],
)
def test_each_visibility_shows_it_to_its_readers_alone_by_id_and_in_lists(
    world: Service, visibility: str, seers: set[str]
) -> None:
    readers = {"readers": [world.ids["outsider"]]} if visibility == "named" else {}
    given = give(world, "colleague", visibility=visibility, **readers)
    for who in ("employee", "colleague", "outsider", "lead", "hr_partner", "hr_administrator"):
        with world.client(who) as client:
            listed = asked(client, "/feedback", person=world.ids["employee"], min_position=given["position"])
            is_listed = id_of(given) in {row["feedback"] for row in listed["rows"]}
            status = client.get(f"/feedback/{id_of(given)}").status_code
        assert (is_listed, status == 200) == (who in seers, who in seers), who


def test_what_is_given_without_a_name_leaves_no_trace_of_its_author(world: Service) -> None:
    digest = sha256(SECRET.encode()).hexdigest()
    given = give(world, "colleague", visibility="anonymous", secret_digest=digest)
    path = f"/feedback/{id_of(given)}"
    with world.client("employee") as employee:
        found = employee.get(path, params={"min_position": given["position"]})
        listed = employee.get("/feedback", params={"person": "me", "giver": world.ids["colleague"]})
        table = employee.get("/feedback", params={"person": "me"}, headers={"accept": "text/csv"})
    assert (found.json()["anonymous"], found.json()["giver"]) == (True, None)
    (line,) = found.json()["thread"]
    assert (line["actor"]["kind"], line["sealed"]) == ("anonymous", ["text"])
    for told in (found.text, *(row for row in table.text.splitlines() if id_of(given) in row)):
        assert world.ids["colleague"] not in told
        assert digest not in told
    assert id_of(given) not in listed.text
    assert statuses(world, path, "colleague", "lead", "hr_partner", "outsider") == [404] * 4


def test_what_is_said_without_a_name_is_said_alone_and_not_in_bulk(world: Service) -> None:
    digest = sha256(SECRET.encode()).hexdigest()
    given = give(world, "colleague", visibility="anonymous", secret_digest=digest)
    path, size = f"/feedback/{id_of(given)}", world.ledger.reader.head().size
    words = {"recipient": world.ids["employee"], "kind": "concern", "text": "Listen", "visibility": "anonymous"}
    hidden = [
        {"path": "/feedback/give", "body": words},
        {"path": f"{path}/correct", "body": {"text": "Listen more", "secret": SECRET}},
        {"path": f"{path}/withdraw", "body": {"secret": SECRET}},
    ]
    lines = "\n".join(json.dumps(entry) for entry in hidden)
    with world.client("colleague") as colleague:
        colleague.headers["idempotency-key"] = "in-bulk"
        batch = colleague.post("/batch", json={"mode": "each", "commands": hidden})
        colleague.headers["idempotency-key"] = "whole"
        whole = colleague.post("/batch", json={"mode": "all", "commands": hidden[1:]})
        sent = colleague.post("/imports", content=lines, headers={"content-type": "application/jsonl"})
    assert [row["problem"]["code"] for row in batch.json()["results"]] == ["asked_alone"] * 3
    assert (whole.status_code, whole.json()["code"]) == (422, "asked_alone")
    assert [fault["code"] for fault in sent.json()["refused"]] == ["asked_alone"] * 3
    assert world.ledger.reader.head().size == size


def test_the_key_of_a_hidden_author_repeats_the_receipt_and_leads_to_nobody(world: Service) -> None:
    digest, id = sha256(SECRET.encode()).hexdigest(), world.ids["colleague"]
    given = give(world, "colleague", visibility="anonymous", secret_digest=digest)
    with world.client("colleague") as colleague:
        colleague.headers["idempotency-key"] = "kept-apart"
        said = {"text": "Listen more", "secret": SECRET}
        first, again = (colleague.post(f"/feedback/{id_of(given)}/correct", json=said) for _ in range(2))
    assert (first.status_code, again.status_code, first.json()) == (201, 200, again.json())
    with world.ledger.reader.pool.connection() as connection:
        asked_for = f"select actor, key from {world.ledger.reader.schema}.idempotency where first = %s"
        [(actor, key)] = connection.execute(asked_for.encode(), [first.json()["position"]]).fetchall()
    assert (actor, id in key, "kept-apart" in key) == ("hidden", False, False)


def test_what_is_taken_back_is_closed_for_every_time_and_the_fact_stays(world: Service) -> None:
    given = give(world, "colleague", visibility="line")
    path = f"/feedback/{id_of(given)}"
    taken = does(world, "colleague", f"{path}/withdraw")
    with world.client("lead") as lead:
        now = asked(lead, path, min_position=taken["position"])
        before = asked(lead, path, known=f"position:{given['position']}")
        for found in (now, before):
            assert (found["closed"], [w["text"] for w in found["wordings"]]) == (True, [None])
            assert all(line["sealed"] == [] for line in found["thread"])
        assert (now["state"], before["state"]) == ("withdrawn", "given")
        assert lead.get(f"/events/{given['event_id']}/sealed").status_code == 404


def test_requests_without_an_answer_are_listed(world: Service) -> None:
    body = {"recipient": world.ids["employee"], "asked": world.ids["colleague"]}
    open_, answered = (does(world, "employee", "/feedback/request", **body) for _ in range(2))
    told = {"recipient": world.ids["employee"], "kind": "praise", "text": "Well done", "visibility": "named"}
    last = does(world, "colleague", f"/feedback/{id_of(answered)}/give", **told)
    with world.client("colleague") as colleague:
        query = {"asked_of": "me", "min_position": last["position"]}
        found = {row["feedback"] for row in asked(colleague, "/feedback", **query, state="requested")["rows"]}
        every = {row["feedback"]: row["state"] for row in asked(colleague, "/feedback", **query)["rows"]}
    assert id_of(open_) in found
    assert id_of(answered) not in found
    assert (every[id_of(open_)], every[id_of(answered)]) == ("requested", "given")


def test_remarks_and_answers_stand_with_what_they_are_about(world: Service) -> None:
    given = give(world, "colleague", visibility="line")
    about = {"kind": "feedback", "id": id_of(given)}
    remark = does(world, "employee", "/comments/add", about=about, to=world.ids["colleague"], text="When was that?")
    with world.client("employee") as employee:
        subject = f"feedback/{id_of(given)}"
        (waiting,) = asked(employee, "/comments", about=subject, min_position=remark["position"])["rows"]
        answer = does(world, "colleague", f"/comments/{id_of(remark)}/answer", text="Last week")
        (told,) = asked(employee, f"/{subject}", min_position=answer["position"])["comments"]
    assert (waiting["waits"], waiting["to"]["id"]) == (True, world.ids["colleague"])
    assert (told["waits"], [a["actor"]["id"] for a in told["answers"]]) == (False, [world.ids["colleague"]])
    assert statuses(world, f"/comments?about={subject}", "outsider", "lead") == [404, 200]
    assert statuses(world, "/comments?about=nonsense", "lead") == [422]


@pytest.fixture(scope="module")
def coached(world: Service) -> dict[str, Any]:
    """The receipt of a conversation with the employee in which two things were agreed, and one of them is done."""
    held = does(world, "lead", "/coachings/hold", person=world.ids["employee"], note="How to reach it")
    path = f"/coachings/{id_of(held)}"
    action = {"holder": world.ids["employee"], "text": "Call them"}
    does(world, "lead", f"{path}/agree-action", due_on="2030-01-01", **action)
    agreed = does(world, "lead", f"{path}/agree-action", due_on="2031-01-01", **action)
    does(world, "employee", f"{path}/complete-action", action=agreed["event_id"])
    world.settle()
    return held


def test_a_conversation_is_told_with_what_was_agreed_and_done(world: Service, coached: dict[str, Any]) -> None:
    path = f"/coachings/{id_of(coached)}"
    with world.client("employee") as employee:
        found = asked(employee, path)
        listed = asked(employee, "/coachings", person="me")["rows"]
        later = asked(employee, path, on="2030-06-01")
    assert [(a["holder"]["id"], a["completed_at"] is None) for a in found["actions"]] == [
        (world.ids["employee"], True),
        (world.ids["employee"], False),
    ]
    assert (found["agreed"], found["completed"], found["overdue"], later["overdue"]) == (2, 1, 0, 1)
    assert [row["coaching"] for row in listed] == [id_of(coached)]
    assert statuses(world, path, "lead", "colleague", "hr_administrator", "outsider") == [200, 404, 404, 404]


def test_coverage_says_when_each_member_was_last_coached(world: Service, coached: dict[str, Any]) -> None:
    with world.client("lead") as lead:
        mine = asked(lead, "/coaching", lead="me")
        unit = asked(lead, "/coaching", unit="dev", on="2030-01-02")
        before = asked(lead, "/coaching", lead="me", known=f"position:{coached['position'] - 1}")
        table = lead.get("/coaching", params={"lead": "me"}, headers={"accept": "text/csv"})
        neither = lead.get("/coaching")
        page = asked(lead, "/coaching", lead="me", limit=3)
        rest = asked(lead, "/coaching", lead="me", limit=100, after=page["next"])
    rows = {row["member"]["id"]: row for row in mine["rows"]}
    assert world.ids["lead"] not in rows
    assert {world.ids["employee"], world.ids["colleague"], world.ids["mate0"]} <= rows.keys()
    employee, colleague = rows[world.ids["employee"]], rows[world.ids["colleague"]]
    assert (employee["days"], employee["sessions"], employee["by_lead"], employee["open_actions"]) == (0, 1, True, 1)
    assert (colleague["days"], colleague["sessions"], colleague["last_at"]) == (None, 0, None)
    assert (mine["coached"], mine["of"], mine["withheld"]) == (1, len(rows), 0)
    later = {row["member"]["id"]: row for row in unit["rows"]}
    assert later[world.ids["employee"]]["days"] > 1000
    assert later[world.ids["employee"]]["overdue_actions"] == 1
    assert before["coached"] == 0
    assert len(table.text.splitlines()) == len(rows) + 1
    assert neither.status_code == 422
    assert [*page["rows"], *rest["rows"]] == mine["rows"]
    assert (page["of"], rest["next"]) == (mine["of"], None)


def test_coverage_is_withheld_from_whom_the_conversations_are_closed(world: Service, coached: dict[str, Any]) -> None:
    lead = world.ids["lead"]
    with (
        world.client("hr_administrator") as hr,
        world.client("hr_partner") as partner,
        world.client("auditor") as auditor,
    ):
        withheld, told, checked = (asked(client, "/coaching", lead=lead) for client in (hr, partner, auditor))
    assert withheld["withheld"] == len(withheld["rows"]) > 0
    assert {(row["sessions"], row["last_at"], row["days"]) for row in withheld["rows"]} == {(None, None, None)}
    assert (told["withheld"], told["coached"]) == (checked["withheld"], checked["coached"]) == (0, 1)
    assert statuses(world, f"/coaching?lead={lead}", "colleague", "outsider", "subscriber") == [404] * 3


def test_members_of_two_ids_of_a_lead_are_one_leads_members(world: Service) -> None:
    day = {"effective_at": "2026-01-01", "reason": "setup"}
    with world.client("hr_administrator") as hr:
        boss, twin, one, other = (id_of(recorded(hr, "/people/register", name=n)) for n in ("A", "A2", "B", "C"))
        for person, manager in ((boss, None), (twin, None), (one, boss), (other, twin)):
            recorded(hr, f"/people/{person}/start-employment", **day)
            if manager is not None:
                recorded(hr, f"/people/{person}/assign-manager", manager=manager, **day)
        recorded(hr, f"/people/{twin}/merge", into=boss)
        world.settle()
        for lead in (boss, twin):
            rows = asked(hr, "/coaching", lead=lead)["rows"]
            assert [row["member"]["id"] for row in rows] == sorted([one, other])
            assert {row["lead"]["id"] for row in rows} == {boss}
