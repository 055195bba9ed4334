"""Reviews, cycles and goals over HTTP: the thread, the board and the lists, and what stays closed to whom."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from tests.api.service import Service, recorded

TODAY = datetime.now(UTC).date()
PERIOD = {"starts_on": "2026-01-01", "ends_on": "2026-06-30"}
STAGES = ("self_assessment", "peer_assessment", "review", "calibration", "results")


def asked(client: httpx2.Client, path: str, **query: Any) -> dict[str, Any]:
    response = client.get(path, params=query or None)
    assert response.status_code == 200, (path, response.text)
    value: dict[str, Any] = response.json()
    return value


class Scene:
    """A cycle with a review of the employee, rated and calibrated one by one."""

    def __init__(self, service: Service) -> None:
        self.service, self.cycle = service, f"c{uuid4().hex[:8]}"
        self.clients = {who: service.client(who) for who in service.tokens}
        stages = [{"stage": s, "opens_on": "2026-07-01", "closes_on": "2026-07-31"} for s in STAGES]
        plan = {"label": "First half", **PERIOD, "stages": stages, "scale": "abc", "grades": ["c", "b", "a"]}
        self.does("hr_administrator", f"/cycles/{self.cycle}/plan", **plan)
        self.does("hr_administrator", f"/cycles/{self.cycle}/open")
        for stage in STAGES:
            self.does("hr_administrator", f"/cycles/{self.cycle}/open-stage", stage=stage)
        self.review = self.opened("worker")
        self.does("chief", f"/reviews/{self.review}/name-reviewers", peers=[service.ids["peer"]])

    def opened(self, who: str) -> str:
        receipt = self.does("hr_administrator", "/reviews/open", person=self.service.ids[who], cycle=self.cycle)
        return str(receipt["stream"]).removeprefix("review/")

    def does(self, who: str, path: str, **body: Any) -> dict[str, Any]:
        self.last = recorded(self.clients[who], path, **body)
        return self.last

    def of_review(self, verb: str, who: str, **body: Any) -> dict[str, Any]:
        return self.does(who, f"/reviews/{self.review}/{verb}", **body)

    def sees(self, who: str, path: str, **query: Any) -> dict[str, Any]:
        return asked(self.clients[who], path, min_position=self.last["position"], **query)

    def close(self) -> None:
        for client in self.clients.values():
            client.close()


@pytest.fixture(scope="module")
def works(service: Service) -> None:
    """A branch of its own: the worker and the peer in the workshop, which the chief leads, under the boss."""
    day = {"effective_at": "2026-01-01", "reason": "setup"}
    places = {"worker": "workshop", "peer": "workshop", "chief": "workshop", "boss": "works"}
    with service.client("hr_administrator") as hr:
        recorded(hr, "/units/works/form", label="Works", **day)
        recorded(hr, "/units/workshop/form", label="Workshop", parent="works", **day)
        for who, unit in places.items():
            person = service.join(who)
            recorded(hr, f"/people/{person}/start-employment", **day)
            recorded(hr, f"/people/{person}/assign-to-unit", unit=unit, **day)
        recorded(hr, "/units/works/appoint-lead", lead=service.ids["boss"], **day)
        recorded(hr, "/units/workshop/appoint-lead", lead=service.ids["chief"], **day)


@pytest.fixture
def scene(service: Service, works: None) -> Any:
    made = Scene(service)
    yield made
    made.close()


def test_a_review_shows_its_whole_thread_with_the_events_behind_every_line(scene: Scene) -> None:
    mine = scene.of_review("submit-assessment", "worker", grade="a", note="I did well")
    scene.of_review("submit-assessment", "peer", grade="b")
    rated = scene.of_review("propose-rating", "chief", grade="b", note="Solid")
    calibrated = scene.of_review("calibrate", "boss", grade="a", reason="beside_the_others")
    published = scene.of_review("publish", "hr_administrator")
    found = scene.sees("worker", f"/reviews/{scene.review}")
    content = found["result"]["content"]
    accepted = scene.of_review("accept", "worker", content=content)
    found = scene.sees("worker", f"/reviews/{scene.review}")
    assert (found["state"], found["result"]["answer"], found["cycle"]) == ("accepted", "accepted", scene.cycle)
    assert [rating["grade"] for rating in found["ratings"]] == ["b", "a"]
    lines = {line["event"]["event_id"]: line for line in found["thread"]}
    assert {r["event_id"] for r in (mine, rated, calibrated, published, accepted)} <= set(lines)
    override = lines[calibrated["event_id"]]
    assert (override["data"]["before"], override["data"]["after"]) == ("b", "a")
    assert (override["reason"], override["actor"]["id"]) == ("beside_the_others", scene.service.ids["boss"])
    assert lines[mine["event_id"]]["sealed"] == ["note"]
    assert (found["missing"], found["person"]["id"]) == ([], scene.service.ids["worker"])
    known = scene.sees("chief", f"/reviews/{scene.review}", known=f"position:{rated['position']}")
    assert (known["state"], known["known"], known["result"]) == ("rated", rated["position"], None)
    assert scene.clients["chief"].get(f"/reviews/{scene.review}", params={"on": "2025-12-31"}).status_code == 404


def test_a_judgement_is_closed_to_the_person_on_every_path_until_it_is_published(scene: Scene) -> None:
    position = scene.last["position"]
    by_peer = scene.of_review("submit-assessment", "peer", grade="c", note="Mediocre")
    seen = scene.sees("worker", f"/reviews/{scene.review}")
    assert (seen["state"], seen["assessments"]) == ("opened", [])
    assert by_peer["event_id"] not in str(seen)
    assert scene.review not in {r["review"] for r in scene.sees("worker", "/reviews", state="assessed")["rows"]}
    assert scene.review in {r["review"] for r in scene.sees("worker", "/reviews", state="opened")["rows"]}
    before = _as_told(scene, seen)
    rated = scene.of_review("propose-rating", "chief", grade="c")
    for query in ({}, {"known": f"position:{rated['position']}"}, {"on": "2030-01-01"}):
        told = scene.sees("worker", f"/reviews/{scene.review}", **query)
        assert _as_told(scene, told) == before, "nothing of what is seen moves with a grade"
    for query in ({"person": "me"}, {"cycle": scene.cycle}, {"state": "opened"}, {"known": f"position:{position}"}, {}):
        rows = {row["review"]: row for row in scene.sees("worker", "/reviews", **query)["rows"]}
        assert (rows[scene.review]["state"], rows[scene.review]["grade"]) == ("opened", None)
    assert scene.review not in {r["review"] for r in scene.sees("worker", "/reviews", state="rated")["rows"]}
    board = scene.sees("worker", f"/cycles/{scene.cycle}")
    assert (board["reviews"]["of"], board["late"], board["spread"]["grades"]) == (0, [], None)
    assert scene.review not in str(board)


def _as_told(scene: Scene, answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in {"on", "known", "position", "policy"}}


def test_others_judgements_are_in_no_trail_and_no_event_of_the_person_before_publication(scene: Scene) -> None:
    person, id = scene.clients["worker"], scene.service.ids["worker"]
    own = scene.of_review("submit-assessment", "worker", grade="a", note="I did well")
    by_peer = scene.of_review("submit-assessment", "peer", grade="c", note="Mediocre")
    returned = scene.of_review("return-assessment", "chief", entry=by_peer["event_id"], reason="too_short")
    again = scene.of_review("submit-assessment", "peer", grade="c", note="Still mediocre")
    rated = scene.of_review("propose-rating", "chief", grade="c", note="Weak")
    kept = [by_peer, returned, again, rated]
    trails = (f"/trail/review/{scene.review}", f"/trail/person/{id}")
    for path in trails:
        rows = {row["event_id"]: row for row in scene.sees("worker", path, limit=1000)["rows"]}
        assert own["event_id"] in rows
        assert rows[own["event_id"]]["version"] is None, "holes in versions would count"
        assert rows.keys().isdisjoint(one["event_id"] for one in kept)
    nowhere = person.get(f"/events/{uuid4()}")
    for one in kept:
        for path in (f"/events/{one['event_id']}", f"/events/{one['event_id']}/sealed"):
            closed = person.get(path)
            assert (closed.status_code, closed.content) == (404, nowhere.content), path
    assert person.get(f"/events/{own['event_id']}/sealed").json()["parts"] != {}
    assert scene.clients["chief"].get(f"/events/{rated['event_id']}/sealed").status_code == 200
    scene.of_review("calibrate", "boss", grade="b", reason="beside_the_others")
    scene.of_review("publish", "hr_administrator")
    told = {row["event_id"] for row in scene.sees("worker", trails[0], limit=1000)["rows"]}
    assert told.issuperset(one["event_id"] for one in kept)
    assert person.get(f"/events/{rated['event_id']}/sealed").status_code == 200


@pytest.mark.parametrize("who", ["peer", "outsider", "subscriber", "other_system", "operator"])
def test_peers_and_outsiders_get_the_answer_of_what_is_not_there(scene: Scene, who: str) -> None:
    scene.of_review("propose-rating", "chief", grade="c")
    client = scene.clients[who]
    closed, nowhere = client.get(f"/reviews/{scene.review}"), client.get("/reviews/v-nobody-has")
    assert (closed.status_code, closed.content) == (404, nowhere.content)
    assert scene.sees(who, "/reviews", cycle=scene.cycle)["rows"] == []
    if scene.service.ids[who].startswith("system:"):
        assert client.get(f"/cycles/{scene.cycle}").status_code == 404
        assert scene.sees(who, "/cycles")["rows"] == []
    else:
        assert scene.sees(who, f"/cycles/{scene.cycle}")["reviews"]["of"] == 0


def test_the_board_tells_how_complete_each_stage_is_and_who_is_late(scene: Scene) -> None:
    out = scene.opened("peer")
    scene.does("hr_administrator", f"/reviews/{out}/exempt", reason="long_leave")
    scene.of_review("submit-assessment", "worker", grade="a")
    board = scene.sees("chief", f"/cycles/{scene.cycle}", on="2030-01-01")
    rows = {row["stage"]: row for row in board["rows"]}
    assert [row["stage"] for row in board["rows"]] == list(STAGES)
    assert (rows["self_assessment"]["done"], rows["self_assessment"]["of"]) == (1, 1)
    assert (rows["peer_assessment"]["done"], rows["peer_assessment"]["of"], rows["peer_assessment"]["late"]) == (
        0,
        1,
        1,
    )
    assert board["reviews"] == {"of": 1, "exempted": 1, "withdrawn": 0}
    late = {(one["stage"], one["holder"] and one["holder"]["id"]) for one in board["late"]}
    assert ("peer_assessment", scene.service.ids["peer"]) in late
    assert ("review", scene.service.ids["chief"]) in late
    assert board["spread"] == {"rated": None, "limit": 5, "grades": None, "withheld": "small_group"}
    assert rows["review"]["opened_by"]["position"] < board["position"]
    assert scene.sees("chief", f"/cycles/{scene.cycle}", unit="ops")["reviews"]["of"] == 0


def test_cycles_are_listed_page_by_page_and_as_csv(scene: Scene) -> None:
    found, after = list[str](), dict[str, str]()
    while True:
        page = scene.sees("worker", "/cycles", limit=1, **after)
        found += [row["cycle"] for row in page["rows"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert scene.cycle in found
    assert found == sorted(found)
    text = scene.clients["worker"].get("/cycles", headers={"accept": "text/csv"}).content.decode("utf-8-sig")
    assert scene.cycle in {row["cycle"] for row in csv.DictReader(io.StringIO(text))}
    assert scene.clients["worker"].get("/cycles/none-such").status_code == 404


def test_reviews_are_listed_by_person_cycle_and_state(scene: Scene) -> None:
    scene.of_review("propose-rating", "chief", grade="b")
    person = scene.service.ids["worker"]
    by = ({"person": person}, {"cycle": scene.cycle}, {"state": "rated"}, {"person": person, "state": "rated"})
    for query in by:
        rows = scene.sees("chief", "/reviews", **query)["rows"]
        assert scene.review in {row["review"] for row in rows}
    assert scene.sees("chief", "/reviews", cycle=scene.cycle, state="opened")["rows"] == []
    assert scene.clients["chief"].get("/reviews", params={"state": "forgotten"}).status_code == 422
    assert scene.clients["chief"].get("/reviews", params={"person": "p\x00"}).status_code == 422


def test_a_merged_persons_reviews_are_read_as_the_others(scene: Scene) -> None:
    former = scene.service.join(f"former-{scene.cycle}")
    day = {"effective_at": "2026-01-01", "reason": "setup"}
    scene.does("hr_administrator", f"/people/{former}/start-employment", **day)
    scene.does("hr_administrator", f"/people/{former}/assign-to-unit", unit="workshop", **day)
    opened = scene.does("hr_administrator", "/reviews/open", person=former, cycle=scene.cycle)
    review, whole = opened["stream"].removeprefix("review/"), scene.service.join(f"whole-{scene.cycle}")
    merged = scene.does("hr_administrator", f"/people/{former}/merge", into=whole)
    found = scene.sees("hr_administrator", f"/reviews/{review}")
    assert (found["person"]["id"], found["person"]["recorded_as"]) == (whole, former)
    before = scene.sees("hr_administrator", f"/reviews/{review}", known=f"position:{merged['position'] - 1}")
    assert before["person"]["id"] == former
    assert [r["review"] for r in scene.sees("hr_administrator", "/reviews", person=whole)["rows"]] == [review]
    scene.does("hr_administrator", f"/people/{former}/unmerge", reason="two_people")
    assert scene.sees("hr_administrator", "/reviews", person=whole)["rows"] == []


# Goals


@pytest.fixture
def goal(scene: Scene) -> str:
    """A goal of the employee that began a month ago."""
    metric = f"m{uuid4().hex[:8]}"
    fields = {"label": "Pieces", "unit_of_measure": "pieces", "direction": "increase", "combines": "sum"}
    scene.does("hr_administrator", f"/metrics/{metric}/define", **fields)
    owner = {"kind": "person", "id": scene.service.ids["worker"]}
    terms = {"title": "Sell more", "metric": metric, "baseline": "0", "target": "80", "weight": "1"}
    span = {"starts_on": str(TODAY - timedelta(days=29)), "ends_on": str(TODAY + timedelta(days=30))}
    receipt = scene.does("chief", "/goals/assign", owner=owner, **terms, **span)
    return str(receipt["stream"]).removeprefix("goal/")


def test_a_goal_shows_path_milestones_health_calls_and_what_its_figures_rest_on(scene: Scene, goal: str) -> None:
    told = scene.does("worker", f"/goals/{goal}/report-progress", value="8", health="on_track")
    due = {"due_on": str(TODAY - timedelta(days=1)), "share": "0.5", "title": "First half"}
    scene.does("chief", f"/goals/{goal}/set-milestone", milestone="half", **due)
    scene.does("worker", f"/goals/{goal}/raise-difficulty", concern="staff")
    scene.does("chief", f"/goals/{goal}/pause", reason="stop_of_sales", effective_at=str(TODAY))
    found = scene.sees("worker", f"/goals/{goal}")
    assert (found["progress"], found["path"]["expected"]) == ({"value": "0.1", "why": None}, "0.5")
    assert (found["path"]["by"], found["path"]["below"], found["path"]["paused"]) == ("milestones", True, True)
    assert found["health"] == {"declared": "on_track", "derived": "off_track", "agree": False, "why": None}
    assert [(m["milestone"], m["title"]["text"]) for m in found["milestones"]] == [("half", "First half")]
    assert [(c["kind"], c["concern"]) for c in found["calls"]] == [("difficulty", "staff")]
    assert found["provenance"]["actuals"][0]["entry"] == told["event_id"]
    assert (found["provenance"]["formula"], found["weight"]) == (found["formula"], "1")
    before = scene.sees("worker", f"/goals/{goal}", known=f"position:{told['position'] - 1}")
    assert (before["claim"], before["progress"]["why"], before["milestones"]) == (None, "no_actual", [])


def test_what_a_goals_children_carry_is_told_of_those_that_may_be_seen(scene: Scene, goal: str) -> None:
    parent = scene.sees("chief", f"/goals/{goal}")
    terms = {name: parent[name] for name in ("starts_on", "ends_on", "baseline")}
    terms |= {"metric": parent["metric"]["id"], "target": "60"}
    owner = {"kind": "person", "id": scene.service.ids["peer"]}
    scene.does("chief", "/goals/assign", owner=owner, title="Part", parent=goal, **terms)
    carried = scene.sees("chief", f"/goals/{goal}")["cascade"]
    assert (carried["coverage"]["covered"]["value"], carried["coverage"]["remainder"]["value"]) == ("60", "20")
    assert carried["rolled_up"]["missing"][0]["why"] == "no_actual"
    unseen = scene.sees("worker", f"/goals/{goal}")["cascade"]
    assert unseen == {"children": [], "coverage": None, "rolled_up": None}


def test_goals_are_listed_by_owner_unit_and_state_page_by_page(scene: Scene, goal: str) -> None:
    mine = {"owner": f"person/{scene.service.ids['worker']}"}
    for query in (mine, {"owner": "me"}, {"unit": "workshop"}, {"state": "assigned"}, {"unit": "workshop", **mine}):
        found, after = list[str](), dict[str, str]()
        while True:
            page = scene.sees("worker", "/goals", limit=2, **query, **after)
            found += [row["goal"] for row in page["rows"]]
            if page["next"] is None:
                break
            after = {"after": page["next"]}
        assert goal in found, query
    assert scene.sees("outsider", "/goals", **mine)["rows"] == []
    assert goal not in {row["goal"] for row in scene.sees("worker", "/goals", state="closed")["rows"]}
    answer = scene.clients["chief"].get("/goals", params=mine, headers={"accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert {row["target"] for row in rows if row["goal"] == goal} == {"80"}
    assert scene.clients["chief"].get("/goals", params={"owner": "team/x"}).status_code == 422
