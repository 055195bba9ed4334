"""Hiring over HTTP: pipeline, thread and blindness; and who owns what, with merged ids, chain and open duties."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from tests.api.service import Service, company, recorded, running

GOOD, POOR = ([{"competency": "analysis", "score": score}] for score in ("4", "1"))


@pytest.fixture(scope="module")
def world(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A company of its own, because somebody is appointed to lead it."""
    with running(database_url, tmp_path_factory.mktemp("hiring"), "api_hiring_routes") as started:
        company(started)
        with started.client("hr_administrator") as hr:
            recorded(hr, "/units/company/appoint-lead", lead=started.ids["hr_partner"])
            started.join("stranger")
        yield started


def asked(client: httpx2.Client, path: str, **query: Any) -> dict[str, Any]:
    response = client.get(path, params=query or None)
    assert response.status_code == 200, (path, response.text)
    value: dict[str, Any] = response.json()
    return value


def id_of(receipt: dict[str, Any]) -> str:
    return str(receipt["stream"]).partition("/")[2]


class Hiring:
    """An approved requisition of the unit dev, and applications for it."""

    def __init__(self, world: Service) -> None:
        self.world = world
        requirements = [{"competency": "analysis", "minimum": "3"}]
        profile = id_of(self.does("hr_administrator", "/job-profiles/adopt", job="tester", requirements=requirements))
        self.requisition = id_of(self.does("lead", "/requisitions/open", unit="dev", profile=profile, headcount=2))
        self.does("hr_partner", f"/requisitions/{self.requisition}/approve")

    def does(self, who: str, path: str, **body: Any) -> dict[str, Any]:
        with self.world.client(who) as client:
            self.last = recorded(client, path, **body)
        return self.last

    def applies(self, name: str) -> tuple[str, str]:
        """Return (candidate, application)."""
        candidate = id_of(self.does("hr_administrator", "/candidates/register", name=name))
        body = {"candidate": candidate, "requisition": self.requisition}
        return candidate, id_of(self.does("hr_administrator", "/applications/receive", **body))

    def sees(self, who: str, path: str, **query: Any) -> dict[str, Any]:
        self.world.settle()
        with self.world.client(who) as client:
            return asked(client, path, **query)


@pytest.fixture
def hiring(world: Service) -> Hiring:
    return Hiring(world)


def test_a_requisition_shows_its_pipeline_and_each_application_where_it_stands(hiring: Hiring) -> None:
    _, first = hiring.applies("Ann")
    _, second = hiring.applies("Bob")
    before = hiring.last["position"]
    hiring.does("lead", f"/applications/{second}/move", to_stage="screening")
    hiring.does("lead", f"/applications/{first}/decide", decision="reject", reason="other")
    path = f"/requisitions/{hiring.requisition}"
    found, then = hiring.sees("lead", path), hiring.sees("lead", path, known=f"position:{before}")
    assert found["pipeline"] == [{"place": "screening", "number": 1}, {"place": "rejected", "number": 1}]
    assert then["pipeline"] == [{"place": "received", "number": 2}]
    rows = {row["application"]: row for row in found["rows"]}
    assert (rows[first]["place"], rows[first]["days"], rows[second]["days"]) == ("rejected", None, 0)
    assert (found["headcount"], [r["competency"] for r in found["requirements"]]) == (2, ["analysis"])
    page = hiring.sees("lead", path, limit=1)
    rest = hiring.sees("lead", path, limit=1, after=page["next"])
    assert [page["rows"][0]["application"], rest["rows"][0]["application"]] == sorted([first, second])
    assert rest["next"] is None
    listed = hiring.sees("lead", "/requisitions", unit="dev", stage="approved")
    assert hiring.requisition in {row["requisition"] for row in listed["rows"]}


def test_others_scorecards_are_told_by_nothing_until_ones_own_is_in(hiring: Hiring) -> None:
    world = hiring.world
    _, id = hiring.applies("Cid")
    path = f"/applications/{id}"
    panel = [world.ids[who] for who in ("lead", "colleague", "employee")]
    named = hiring.does("lead", f"{path}/name-panel", assessors=panel)
    before = hiring.sees("employee", path)
    card = hiring.does("colleague", f"{path}/record-assessment", scores=POOR)
    held = hiring.does("lead", f"{path}/decide", decision="hold", reason="other")
    for who in ("employee", "lead"):  # a lead on the panel is an assessor like any other
        found = hiring.sees(who, path)
        assert (found["blind"], found["scorecards"], found["missing"], found["assessed"]) == (True, [], None, None)
        (decision,) = found["decisions"]
        assert (decision["unmet"], decision["figures"], decision["marks"]) == ([], [], [])
        assert card["event_id"] not in str(found)
        with world.client(who) as client:
            assert client.get(f"/events/{held['event_id']}").status_code == 404  # it keeps the figures
            trail = asked(client, f"/trail/application/{id}")["rows"]
        assert {row["version"] for row in trail if row["kind"] == "application"} == {
            None
        }  # holes in them would count what is kept back
        assert str(card["position"]) not in [str(line["event"]["position"]) for line in found["thread"]]
    row = next(r for r in hiring.sees("lead", f"/requisitions/{hiring.requisition}")["rows"] if r["application"] == id)
    assert (row["assessed"], row["of"]) == (None, None)
    assert before["event"]["event_id"] == named["event_id"]
    shown = hiring.sees("hr_administrator", path)
    assert (shown["blind"], len(shown["scorecards"]), len(shown["missing"]), shown["assessed"]) == (False, 1, 2, 1)
    hiring.does("employee", f"{path}/record-assessment", scores=GOOD)
    assert [c["assessor"]["id"] for c in hiring.sees("employee", path)["scorecards"]] == panel[1:]
    old = hiring.sees("lead", path, known=f"position:{card['position']}")  # no time that is asked about opens it
    assert (old["blind"], old["scorecards"]) == (True, [])
    with world.client("outsider") as outsider:
        assert outsider.get(path).status_code == 404
        assert outsider.get(f"/requisitions/{hiring.requisition}").status_code == 404
        assert asked(outsider, "/requisitions")["rows"] == []


def test_an_amended_scorecard_a_dissent_and_a_reversal_are_told_beside_what_they_change(hiring: Hiring) -> None:
    world = hiring.world
    _, id = hiring.applies("Dee")
    path = f"/applications/{id}"
    hiring.does("lead", f"{path}/name-panel", assessors=[world.ids["colleague"]])
    hiring.does("colleague", f"{path}/record-assessment", scores=GOOD)
    hiring.does("colleague", f"{path}/amend-assessment", scores=POOR)
    hiring.does("lead", f"{path}/decide", decision="hire", reason="other")
    hiring.does("colleague", f"{path}/record-dissent", note="Too early")
    hiring.does("lead", f"{path}/reverse-decision", reason="mistake")
    found = hiring.sees("lead", path)
    (card,), (decision,) = found["scorecards"], found["decisions"]
    assert (card["submitted"][0]["score"], card["scores"][0]["score"], len(card["amendments"])) == ("4", "1", 1)
    assert (decision["unmet"], decision["reason"], decision["reversed"]["reason"]) == (["analysis"], "other", "mistake")
    assert [d["dissenter"]["id"] for d in decision["dissents"]] == [world.ids["colleague"]]
    assert [spell["place"] for spell in found["times"]] == ["received", "to_be_hired", "received"]


def test_an_offer_and_a_merged_candidate_are_told(hiring: Hiring) -> None:
    former, id = hiring.applies("Eve")
    other, _ = hiring.applies("Eve Again")
    hiring.does("lead", f"/applications/{id}/decide", decision="hire", reason="other")
    today = datetime.now(UTC).date()
    starts, until = today + timedelta(days=30), today + timedelta(days=7)
    body = {"contract": "permanent", "starts_on": starts.isoformat(), "open_until": until.isoformat()}
    hiring.does("lead", f"/applications/{id}/make-offer", **body)
    offered = hiring.sees("hr_administrator", f"/applications/{id}")
    assert (offered["place"], offered["offer"]["standing"], offered["candidate"]["label"]) == ("offered", "open", "Eve")
    assert hiring.sees("lead", f"/applications/{id}")["candidate"]["label"] is None  # the line is told no names
    hiring.does("lead", f"/applications/{id}/accept-offer")
    merged = hiring.does("hr_administrator", f"/candidates/{former}/merge", into=other)
    found = hiring.sees("lead", f"/applications/{id}")
    assert (found["candidate"]["id"], found["candidate"]["recorded_as"], found["place"]) == (other, former, "accepted")
    then = hiring.sees("lead", f"/applications/{id}", known=f"position:{merged['position'] - 1}")
    assert (then["candidate"]["id"], "recorded_as" in then["candidate"]) == (former, False)


# Who owns


def own(world: Service, team: str, *holders: str) -> None:
    """Let people answer for a team: the first is accountable, the others support."""
    with world.client("hr_administrator") as hr:
        recorded(hr, f"/units/{team}/form", label=team, parent="dev", effective_at="2026-01-01", reason="setup")
        recorded(hr, f"/units/{team}/appoint-lead", lead=world.ids["lead"])
    with world.client("lead") as lead:
        path = f"/responsibilities/unit/{team}"
        for role, holder in zip(("responsible", "support", "support"), holders, strict=False):
            recorded(lead, f"{path}/assign", role=role, holder={"kind": "person", "id": holder})
    world.settle()


def test_two_ids_of_one_person_are_told_as_one_in_every_question_of_ownership(world: Service) -> None:
    with world.client("hr_administrator") as hr:
        twice = [id_of(recorded(hr, "/people/register", name=name)) for name in ("Fay", "Fay F.")]
        for id in twice:
            recorded(hr, f"/people/{id}/start-employment", effective_at="2026-01-01", reason="setup")
            recorded(hr, f"/people/{id}/assign-to-unit", unit="dev", effective_at="2026-01-01", reason="setup")
        own(world, "merged-team", world.ids["employee"], *twice)
        merged = recorded(hr, f"/people/{twice[0]}/merge", into=twice[1])
        world.settle()
        found = asked(hr, "/who-owns/unit/merged-team")
        (support,) = found["support"]
        assert (support["holder"]["id"], sorted(support["recorded_as"])) == (twice[1], sorted(twice))
        rests_on = [event["event_id"] for event in found["rests_on"]]
        assert merged["event_id"] in rests_on
        then = asked(hr, "/who-owns/unit/merged-team", known=f"position:{merged['position'] - 1}")
        assert sorted(held["holder"]["id"] for held in then["support"]) == sorted(twice)
        assert merged["event_id"] not in [event["event_id"] for event in then["rests_on"]]
        by_either = [asked(hr, "/who-owns", holder=f"person/{id}")["rows"] for id in twice]
        assert by_either[0] == by_either[1] != []
        trails = [asked(hr, f"/trail/person/{id}")["rows"] for id in twice]
        assert trails[0] == trails[1] != []
        recorded(hr, f"/people/{twice[0]}/unmerge", reason="mistake")
        world.settle()
        assert len(asked(hr, "/who-owns/unit/merged-team")["support"]) == 2


def test_who_holds_what_is_listed_without_a_holder_page_by_page(world: Service) -> None:
    own(world, "listed-team", world.ids["employee"], world.ids["colleague"])
    with world.client("colleague") as colleague:
        found, after = list[tuple[str, str, str]](), dict[str, str]()
        while True:
            page = asked(colleague, "/who-owns", kind="unit", limit=2, **after)
            found += [(row["id"], row["role"], row["holder"]["id"]) for row in page["rows"]]
            if page["next"] is None:
                break
            after = {"after": page["next"]}
        supporting = asked(colleague, "/who-owns", kind="unit", role="support")["rows"]
    assert found == sorted(found)
    assert {("listed-team", "responsible", world.ids["employee"]), ("dev", "lead", world.ids["lead"])} <= set(found)
    assert ("listed-team", world.ids["colleague"]) in {(row["id"], row["holder"]["id"]) for row in supporting}
    assert {row["role"] for row in supporting} == {"support"}


def test_the_chain_goes_up_to_the_companys_aim_and_open_duties_stand_beside(world: Service) -> None:
    with world.client("hr_administrator") as hr, world.client("lead") as lead, world.client("hr_partner") as top:
        metric = {"label": "Calls", "unit_of_measure": "n", "direction": "increase", "combines": "sum"}
        recorded(hr, "/metrics/calls/define", **metric)
        terms = {"metric": "calls", "baseline": "0", "target": "10", "starts_on": "2026-01-01", "ends_on": "2030-12-31"}
        owners = [("unit", "company", top), ("unit", "dev", top), ("person", world.ids["employee"], lead)]
        goals, duties = list[str](), list[str]()
        for kind, id, by in owners:
            parent = {"parent": goals[-1]} if goals else {}
            body = {"owner": {"kind": kind, "id": id}, "title": f"Calls of {kind}", **terms, **parent}
            receipt = recorded(by, "/goals/assign", **body)
            goals.append(id_of(receipt))
            duties.append(receipt["links"]["duties"])
        asked(lead, duties[-1])  # waits for the rules
        world.settle()
        found = asked(lead, f"/who-owns/goal/{goals[-1]}")
        unit = asked(lead, "/who-owns/unit/dev")
    assert [link["subject"]["id"] for link in found["chain"]] == goals[::-1]
    assert [link["accountable"]["id"] for link in found["chain"]] == [world.ids["employee"], "dev", "company"]
    assert found["chain"][0]["subject"]["label"] == "Calls of person"
    (accountable,) = found["accountable"]
    assert (accountable["holder"]["id"], found["gaps"]) == (world.ids["employee"], [])
    assert "answer_goal" in {duty["kind"] for duty in found["open_duties"]}
    assert {"policy", "checkpoint", "position"} <= found.keys()
    assert [link["subject"]["id"] for link in unit["chain"]] == ["dev", "company"]
    assert unit["chain"][0]["accountable"]["id"] == world.ids["lead"]
    with world.client("outsider") as outsider:
        assert outsider.get(f"/who-owns/goal/{goals[-1]}").status_code == 404
