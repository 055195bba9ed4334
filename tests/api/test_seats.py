"""A seat gives sight: what role and relation show, and what an open seat or duty shows besides, while it is open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ledger.domain.identity import Role
from ledger.kernel.policy import STANDING
from tests.api.service import Service, company, recorded, running

YEAR = {"starts_on": "2026-01-01", "ends_on": "2026-12-31"}
HALF: dict[str, Any] = {"starts_on": "2026-01-01", "ends_on": "2026-06-30", "scale": "abc", "grades": ["c", "b", "a"]}
STAGES = [{"stage": "calibration", "opens_on": "2026-07-01", "closes_on": "2026-07-31"}]
TEXTS = {"label": "Performance", "text_zh": "绩效制度", "text_en": "How we do it"}
SEATED = "seated"  # somebody of another unit, without any role: sees nothing but from a seat


@pytest.fixture(scope="module")
def world(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(database_url, tmp_path_factory.mktemp("seats"), "api_seats") as started:
        company(started)
        started.join("second_hr", Role.HR_ADMINISTRATOR)
        with started.client("hr_administrator") as hr:
            fields = {"unit_of_measure": "pieces", "direction": "increase", "combines": "sum"}
            recorded(hr, "/metrics/sold/define", label="Sold", **fields)
            for who, unit in ((SEATED, "ops"), ("head", "company"), ("twin", "dev")):
                person = started.join(who)
                recorded(hr, f"/people/{person}/start-employment", effective_at="2026-01-01", reason="setup")
                recorded(hr, f"/people/{person}/assign-to-unit", unit=unit, effective_at="2026-01-01", reason="setup")
            recorded(hr, "/units/company/appoint-lead", lead=started.ids["head"])
            terms = {"offices": {"hr": started.ids[SEATED]}}
            recorded(hr, f"/policies/{STANDING}/publish", terms=terms, **TEXTS)
        yield started


def does(world: Service, who: str, path: str, **body: Any) -> dict[str, Any]:
    """Record what somebody does, and wait for the rules to have followed."""
    with world.client(who) as client, world.client("hr_administrator") as hr:
        receipt = recorded(client, path, **body)
        assert hr.get(receipt["links"]["duties"]).status_code == 200
        return receipt


def id_of(receipt: dict[str, Any]) -> str:
    return str(receipt["stream"]).partition("/")[2]


def seen(world: Service, who: str, *paths: str) -> list[bool]:
    """Tell which paths show somebody something; what shows nothing is told like what is not there."""
    world.settle()
    with world.client(who) as client:
        nowhere = client.get("/goals/g-nobody-has")
        answers = [client.get(path) for path in paths]
    closed = [answer for answer in answers if answer.status_code != 200]
    assert all((answer.status_code, answer.content) == (404, nowhere.content) for answer in closed), closed
    return [answer.status_code == 200 for answer in answers]


def listed(world: Service, who: str, path: str) -> str:
    with world.client(who) as client:
        answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def goal(world: Service, who: str = "employee") -> dict[str, Any]:
    owner = {"kind": "person", "id": world.ids[who]}
    return does(world, "lead", "/goals/assign", owner=owner, title="Sell", metric="sold", target="100", **YEAR)


def review(world: Service, who: str = "employee", **fields: Any) -> str:
    about = fields or HALF
    return id_of(does(world, "hr_administrator", "/reviews/open", person=world.ids[who], **about))


def paths_of(kind: str, route: str, receipt: dict[str, Any]) -> list[str]:
    """Return the questions that show a subject: its own, its trail, the event."""
    id = id_of(receipt)
    return [f"/{route}/{id}", f"/trail/{kind}/{id}", f"/events/{receipt['event_id']}"]


def seats_of_a_review(world: Service) -> tuple[str, list[str]]:
    receipt = does(world, "hr_administrator", "/reviews/open", person=world.ids["employee"], **HALF)
    return id_of(receipt), paths_of("review", "reviews", receipt)


# Role and relation


OWN, LINE = {"employee"}, {"lead", "head"}
OFFICES = {"hr_administrator", "second_hr", "auditor"}
EVERYBODY = OWN | LINE | OFFICES | {"colleague", "hr_partner", SEATED, "outsider"}


def goal_of(world: Service) -> list[str]:
    receipt = goal(world)
    return [*paths_of("goal", "goals", receipt), f"/who-owns/goal/{id_of(receipt)}"]


def review_of(world: Service) -> list[str]:
    return seats_of_a_review(world)[1]


def graded_review_of(world: Service) -> list[str]:
    id, paths = seats_of_a_review(world)
    does(world, "lead", f"/reviews/{id}/propose-rating", grade="b")
    return paths


def feedback_of(world: Service) -> list[str]:
    words = {"recipient": world.ids["employee"], "kind": "advice", "text": "Ask earlier", "visibility": "line"}
    receipt = does(world, "colleague", "/feedback/give", **words)
    id = id_of(receipt)
    return [f"/feedback/{id}", f"/trail/feedback/{id}"]


def application_of(world: Service) -> list[str]:
    return applied(world)[1]


def free_subject(world: Service) -> list[str]:
    holder = {"kind": "person", "id": world.ids["employee"]}
    id = f"plan-{datetime.now(UTC).timestamp()}"
    receipt = does(world, "lead", f"/responsibilities/document/{id}/assign", role="accountable", holder=holder)
    return [f"/who-owns/document/{id}", f"/trail/document/{id}", f"/events/{receipt['event_id']}"]


def applied(world: Service) -> tuple[str, list[str]]:
    requirements = [{"competency": "analysis", "minimum": "3"}]
    adopted = does(world, "hr_administrator", "/job-profiles/adopt", job="tester", requirements=requirements)
    wanted = {"unit": "dev", "profile": id_of(adopted), "headcount": 1}
    requisition = id_of(does(world, "lead", "/requisitions/open", **wanted))
    does(world, "head", f"/requisitions/{requisition}/approve")
    candidate = id_of(does(world, "hr_administrator", "/candidates/register", name="Ann"))
    body = {"candidate": candidate, "requisition": requisition}
    receipt = does(world, "hr_administrator", "/applications/receive", **body)
    return id_of(receipt), paths_of("application", "applications", receipt)


MATRIX: list[tuple[Callable[[Service], list[str]], set[str]]] = [
    (goal_of, OWN | LINE | OFFICES | {"hr_partner"}),
    (review_of, OWN | LINE | OFFICES | {"hr_partner"}),
    (graded_review_of, OWN | LINE | OFFICES | {"hr_partner"}),  # one's own as told: without the grade
    (feedback_of, OWN | LINE | {"colleague", "auditor"}),
    (application_of, LINE | OFFICES | {"hr_partner"}),
    (free_subject, EVERYBODY),
]


@pytest.mark.parametrize(("make", "seers"), MATRIX, ids=[make.__name__ for make, _ in MATRIX])
def test_role_and_relation_show_what_they_show_on_every_path(
    world: Service, make: Callable[[Service], list[str]], seers: set[str]
) -> None:
    paths = make(world)
    found = {who: seen(world, who, *paths) for who in sorted(EVERYBODY)}
    assert found == {who: [who in seers] * len(paths) for who in sorted(EVERYBODY)}


@pytest.mark.parametrize("who", ["operator", "subscriber", "other_system"])
def test_who_is_no_person_of_the_company_sees_nobodys_goal_review_or_application(world: Service, who: str) -> None:
    for make in (goal_of, review_of, application_of):
        own, trail, *_ = make(world)
        assert seen(world, who, own, trail) == [False, False]


# Seats


def test_who_is_named_to_assess_sees_what_to_assess_and_nothing_that_others_say(world: Service) -> None:
    id, paths = seats_of_a_review(world)
    assert seen(world, SEATED, *paths) == [False] * 3
    does(world, "lead", f"/reviews/{id}/name-reviewers", peers=[world.ids[SEATED], world.ids["colleague"]])
    other = does(world, "colleague", f"/reviews/{id}/submit-assessment", grade="c", note="Slow")
    assert seen(world, SEATED, *paths, f"/events/{other['event_id']}") == [True, False, False, False]
    with world.client(SEATED) as client:
        shown = client.get(f"/reviews/{id}").json()
    assert (shown["seat"], shown["person"]["id"]) == ("assessor", world.ids["employee"])
    assert not {"assessments", "ratings", "reviewers", "thread", "result", "judge", "missing"} & set(shown)
    assert other["event_id"] not in str(shown)
    assert world.ids["colleague"] not in str(shown)
    does(world, SEATED, f"/reviews/{id}/submit-assessment", grade="a")
    assert seen(world, SEATED, *paths) == [False] * 3
    assert seen(world, "colleague", *paths) == [False] * 3


def reviews_for(world: Service, who: str, **query: str) -> dict[str, dict[str, Any]]:
    """Return review → its row in the list that somebody gets."""
    world.settle()
    with world.client(who) as client:
        answer = client.get("/reviews", params={"limit": "1000", **query})
    assert answer.status_code == 200, answer.text
    return {row["review"]: row for row in answer.json()["rows"]}


def test_a_list_shows_an_assessor_what_to_assess_and_nothing_that_others_say(world: Service) -> None:
    id, _ = seats_of_a_review(world)
    does(world, "lead", f"/reviews/{id}/name-reviewers", peers=[world.ids[SEATED], world.ids["colleague"]])
    does(world, "colleague", f"/reviews/{id}/submit-assessment", grade="c", note="Slow")
    me, other = world.ids[SEATED], world.ids["colleague"]
    for query in ({}, {"assessor": "me"}, {"assessor": me}, {"assessor": "me", "person": world.ids["employee"]}):
        row = reviews_for(world, SEATED, **query)[id]
        assert (row["seat"], row["person"]["id"], row["scale"]) == ("assessor", world.ids["employee"], "abc")
        assert {row[name] for name in ("state", "grade", "published", "missing", "event")} == {None}
    for query in ({"state": "opened"}, {"state": "assessed"}, {"assessor": other}):
        assert id not in reviews_for(world, SEATED, **query), "no question tells what is not shown"
    assert not {id} & {*reviews_for(world, "outsider"), *reviews_for(world, "outsider", assessor=me)}
    row = reviews_for(world, "lead", assessor=me)[id]
    assert (row["seat"], row["state"]) == (None, "assessed")
    assert id not in reviews_for(world, "lead", assessor=other), "who has assessed has nothing to assess"
    assert reviews_for(world, "employee")[id]["state"] == "opened"
    assert id not in reviews_for(world, "employee", assessor=me), "who judges is no matter of the person's"
    does(world, SEATED, f"/reviews/{id}/submit-assessment", grade="a")
    assert not {id} & {*reviews_for(world, SEATED), *reviews_for(world, SEATED, assessor="me")}


def test_whoever_has_to_judge_calibrate_or_decide_finds_the_review_among_theirs(world: Service) -> None:
    planned = does(world, "hr_administrator", "/cycles/plan", label="Autumn", stages=STAGES, **HALF)
    does(world, "hr_administrator", f"/cycles/{id_of(planned)}/open")
    does(world, "hr_administrator", f"/cycles/{id_of(planned)}/open-stage", stage="calibration")
    one = review(world, cycle=id_of(planned))
    does(world, "lead", f"/reviews/{one}/hand-over", taker=world.ids[SEATED])
    assert reviews_for(world, SEATED, assessor="me")[one]["seat"] is None
    does(world, SEATED, f"/reviews/{one}/propose-rating", grade="b")
    row = reviews_for(world, "head", assessor="me")[one]
    assert (row["state"], row["grade"]) == ("rated", "b")
    assert one in reviews_for(world, "hr_administrator", assessor=world.ids["head"])
    assert one not in reviews_for(world, "employee", assessor=world.ids["head"])
    does(world, "head", f"/reviews/{one}/calibrate", grade="b")
    assert one not in reviews_for(world, "head", assessor="me")
    does(world, "hr_administrator", f"/reviews/{one}/publish")
    does(world, "employee", f"/reviews/{one}/appeal", ground="facts", note="Wrong")
    does(world, "second_hr", f"/reviews/{one}/assign-appeal", decider=world.ids["outsider"])
    assert reviews_for(world, "outsider", assessor="me")[one]["state"] == "appealed"
    does(world, "outsider", f"/reviews/{one}/decide-appeal", outcome="stands", reason="figures")
    assert one not in reviews_for(world, "outsider", assessor="me")


def test_an_assessors_seat_is_over_once_the_work_is_rated(world: Service) -> None:
    id, paths = seats_of_a_review(world)
    does(world, "lead", f"/reviews/{id}/name-reviewers", peers=[world.ids[SEATED]])
    assert seen(world, SEATED, *paths) == [True, False, False]
    does(world, "lead", f"/reviews/{id}/propose-rating", grade="b")
    assert seen(world, SEATED, *paths) == [False] * 3


def test_the_decider_of_an_appeal_sees_the_review_until_it_is_decided(world: Service) -> None:
    id, paths = seats_of_a_review(world)
    does(world, "lead", f"/reviews/{id}/propose-rating", grade="b")
    does(world, "hr_administrator", f"/reviews/{id}/publish")
    assert seen(world, SEATED, *paths) == [False] * 3
    does(world, "employee", f"/reviews/{id}/appeal", ground="facts", note="Wrong")
    assert seen(world, SEATED, *paths) == [True] * 3, "the office owes a decider"
    assert seen(world, "outsider", *paths) == [False] * 3
    does(world, "second_hr", f"/reviews/{id}/assign-appeal", decider=world.ids["outsider"])
    assert (seen(world, SEATED, *paths), seen(world, "outsider", *paths)) == ([False] * 3, [True] * 3)
    assert id in listed(world, "outsider", "/reviews")
    does(world, "outsider", f"/reviews/{id}/decide-appeal", outcome="stands", reason="figures")
    assert seen(world, "outsider", *paths) == [False] * 3
    assert id not in listed(world, "outsider", "/reviews")


def test_a_judge_whom_a_review_was_handed_to_sees_it_until_the_result_is_told(world: Service) -> None:
    id, paths = seats_of_a_review(world)
    does(world, "lead", f"/reviews/{id}/hand-over", taker=world.ids[SEATED])
    assert seen(world, SEATED, *paths) == [True] * 3
    does(world, SEATED, f"/reviews/{id}/propose-rating", grade="b")
    does(world, "hr_administrator", f"/reviews/{id}/publish")
    assert seen(world, SEATED, *paths) == [True] * 3
    does(world, SEATED, f"/reviews/{id}/hold-meeting")
    assert seen(world, SEATED, *paths) == [False] * 3


def test_who_sat_in_a_calibration_sees_the_session_until_its_results_are_published(world: Service) -> None:
    planned = does(world, "hr_administrator", "/cycles/plan", label="Spring", stages=STAGES, **HALF)
    cycle = id_of(planned)
    does(world, "hr_administrator", f"/cycles/{cycle}/open")
    does(world, "hr_administrator", f"/cycles/{cycle}/open-stage", stage="calibration")
    one = review(world, cycle=cycle)
    does(world, "lead", f"/reviews/{one}/propose-rating", grade="b")
    sat = {"members": [world.ids[SEATED], world.ids["head"]], "reviews": [one]}
    held = does(world, "lead", "/calibrations/hold", cycle=cycle, unit="dev", **sat)
    paths = [f"/trail/calibration/{id_of(held)}", f"/events/{held['event_id']}"]
    assert seen(world, SEATED, *paths, f"/reviews/{one}") == [True, True, False]
    assert seen(world, "outsider", *paths) == [False] * 2
    does(world, "head", f"/reviews/{one}/calibrate", grade="b", session=id_of(held))
    assert seen(world, SEATED, *paths) == [True] * 2
    does(world, "hr_administrator", f"/reviews/{one}/publish")
    assert seen(world, SEATED, *paths) == [False] * 2
    assert seen(world, "lead", *paths) == [True] * 2


def test_an_assessor_of_the_panel_sees_the_application_until_it_is_decided(world: Service) -> None:
    id, paths = applied(world)
    assert seen(world, SEATED, *paths) == [False] * 3
    does(world, "lead", f"/applications/{id}/name-panel", assessors=[world.ids[SEATED]])
    assert seen(world, SEATED, *paths) == [True] * 3
    scores = [{"competency": "analysis", "score": "4"}]
    does(world, SEATED, f"/applications/{id}/record-assessment", scores=scores)
    assert seen(world, SEATED, *paths) == [True] * 3
    does(world, "lead", f"/applications/{id}/decide", decision="reject", reason="other")
    assert seen(world, SEATED, *paths) == [False] * 3


def test_a_deputy_sees_the_line_until_the_delegation_ends(world: Service) -> None:
    paths = goal_of(world)
    until = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0).isoformat()
    lead = f"/people/{world.ids['lead']}"
    assert seen(world, SEATED, *paths) == [False] * 4
    given = does(world, "lead", f"{lead}/delegate", delegate=world.ids[SEATED], scope=["goals"], until=until)
    assert seen(world, SEATED, *paths) == [True] * 4
    with world.client("lead") as client:
        delegation = client.get(f"/events/{given['event_id']}").json()["event"]["data"]["delegation"]
    does(world, "lead", f"{lead}/end-delegation", delegation=delegation, ending="revoked")
    assert seen(world, SEATED, *paths) == [False] * 4


def test_an_open_duty_shows_its_holder_what_it_is_about_and_no_longer(world: Service) -> None:
    twin, own = world.ids["twin"], world.ids["employee"]
    does(world, "hr_administrator", f"/people/{twin}/merge", into=own)
    receipt = goal(world)
    paths = [*paths_of("goal", "goals", receipt), f"/who-owns/goal/{id_of(receipt)}"]
    other = goal_of(world)[0]
    assert seen(world, SEATED, *paths) == [False] * 4
    parted = does(world, "hr_administrator", f"/people/{twin}/unmerge", reason="mistake")
    with world.client("hr_administrator") as hr:
        owed = hr.get(parted["links"]["duties"]).json()["rows"]
    assert world.ids[SEATED] in {row["holder"]["id"] for row in owed if row["holder"]}, owed
    assert seen(world, SEATED, *paths, f"/events/{receipt['event_id']}/sealed") == [True] * 5
    assert id_of(receipt) in listed(world, SEATED, "/goals")
    assert seen(world, "outsider", *paths) == [False] * 4
    about = {"kind": "goal", "id": id_of(receipt)}
    does(world, "hr_administrator", f"/people/{twin}/allot", about=about, to=own)
    assert seen(world, SEATED, *paths, f"/events/{receipt['event_id']}/sealed") == [False] * 5
    assert seen(world, SEATED, other) == [True], "of the other goal the duty is still open"
