"""Questions over HTTP: who owns this on a day, as known on a day, the trail, people, units, goals, and lists."""

import csv
import io
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from api.answers import neutral
from tests.api.service import recorded


@pytest.fixture(scope="module")
def hr(service):
    with service.client("hr_administrator") as client:
        yield client


@pytest.fixture(scope="module")
def team(service, hr):
    """A unit led by the lead from 2026-02-01 and by the colleague from 2026-03-01, recorded one after another."""
    unit = f"t{uuid4().hex[:8]}"
    late = {"reason": "setup"}
    formed = recorded(hr, f"/units/{unit}/form", label="Old name", parent="company", effective_at="2026-01-01", **late)
    path = f"/units/{unit}/appoint-lead"
    first = recorded(hr, path, lead=service.ids["lead"], effective_at="2026-02-01", **late)
    second = recorded(hr, path, lead=service.ids["colleague"], effective_at="2026-03-01", **late)
    renamed = recorded(hr, f"/units/{unit}/rename", label="New name", effective_at="2026-03-10", **late)
    return unit, [formed, first, second, renamed]


def owns(client, unit, receipts, **params):
    response = client.get(f"/who-owns/unit/{unit}", params={"min_position": receipts[-1]["position"], **params})
    assert response.status_code == 200, response.text
    return response.json()


def leads(answer):
    return [h["holder"]["id"] for h in answer["accountable"]]


def test_a_date_means_the_end_of_that_day_in_the_ledgers_zone(service, hr, team):
    unit, receipts = team
    lead, colleague = service.ids["lead"], service.ids["colleague"]
    assert leads(owns(hr, unit, receipts, on="2026-02-28")) == [lead]
    assert leads(owns(hr, unit, receipts, on="2026-03-01")) == [colleague]
    assert owns(hr, unit, receipts, on="2026-03-01")["on"]["at"] == "2026-03-01T15:59:59.999999Z"


def test_an_instant_is_exact_and_a_lost_plus_sign_is_understood(service, hr, team):
    unit, receipts = team
    before, after = "2026-02-28T23:59:59+08:00", "2026-03-01T00:00:00+08:00"
    assert leads(owns(hr, unit, receipts, on=before)) == [service.ids["lead"]]
    assert leads(owns(hr, unit, receipts, on=after)) == [service.ids["colleague"]]
    raw = hr.get(f"/who-owns/unit/{unit}?on={after}")
    assert leads(raw.json()) == [service.ids["colleague"]]


def test_changes_within_the_day_are_listed(service, hr, team):
    unit, receipts = team
    changed = {h["holder"]["id"] for h in owns(hr, unit, receipts, on="2026-03-01")["changes"]}
    assert changed == {service.ids["lead"], service.ids["colleague"]}


def test_known_at_a_position_tells_what_the_ledger_said_then(service, hr, team):
    unit, receipts = team
    at_first = owns(hr, unit, receipts, on="2026-03-05", known=f"position:{receipts[1]['position']}")
    assert leads(at_first) == [service.ids["lead"]]
    assert at_first["known"] == receipts[1]["position"]
    assert leads(owns(hr, unit, receipts, on="2026-03-05", known=receipts[1]["recorded_at"])) == [service.ids["lead"]]
    assert leads(owns(hr, unit, receipts, on="2026-03-05")) == [service.ids["colleague"]]


def test_before_the_first_record_there_is_a_gap_and_no_error(hr, team):
    unit, receipts = team
    early = owns(hr, unit, receipts, on="2026-02-01", known=f"position:{receipts[0]['position'] - 1}")
    assert leads(early) == []
    assert len(early["gaps"]) == 1


def test_labels_are_those_of_the_day(hr, team):
    unit, receipts = team
    assert owns(hr, unit, receipts, on="2026-03-01")["subject"]["label"] == "Old name"
    assert owns(hr, unit, receipts, on="2026-03-31")["subject"]["label"] == "New name"


def test_the_answer_names_what_it_rests_on_and_its_checkpoint(service, hr, team):
    unit, receipts = team
    answer = owns(hr, unit, receipts, on="2026-02-15")
    assert receipts[1]["event_id"] in {e["event_id"] for e in answer["rests_on"]}
    assert answer["checkpoint"]["origin"] == service.ledger.origin
    assert answer["position"] >= receipts[-1]["position"]
    [held] = answer["accountable"]
    assert (held["mark"], held["event"]["position"]) == ("act", receipts[1]["position"])
    assert held["authority"] == "role:hr_administrator"


def test_hand_overs_tell_from_whom_to_whom(service, hr, team):
    unit, receipts = team
    [passed] = hr.get(
        "/hand-overs", params={"kind": "unit", "id": unit, "min_position": receipts[-1]["position"]}
    ).json()["rows"]
    assert (passed["giver"]["id"], passed["taker"]["id"]) == (service.ids["lead"], service.ids["colleague"])
    assert passed["returned"] is False


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("on", "2026-03-01T00:00:00", 422),
        ("on", "yesterday", 422),
        ("on", "01/02/2026", 422),
        ("on", "2026-02-30", 422),
        ("known", "2026-03-01", 422),
        ("known", "position:-1", 422),
        ("known", "position:999999999999", 400),
        ("min_position", "999999999999", 400),
        ("min_position", "1e3", 422),
        ("knwon", "position:1", 422),
    ],
)
def test_a_time_that_is_not_clear_is_refused(hr, name, value, status):
    response = hr.get("/who-owns/unit/dev", params={name: value})
    assert response.status_code == status
    assert value not in response.text


def test_what_somebody_holds_is_listed_page_by_page(service, hr):
    holder = f"unit/{uuid4().hex[:8]}"
    recorded(hr, f"/units/{holder[5:]}/form", label="Holder", parent="company")
    last = 0
    with service.client("lead") as lead:
        recorded(hr, f"/units/{holder[5:]}/appoint-lead", lead=service.ids["lead"])
        subjects = [f"s{n}" for n in range(5)]
        for subject in subjects:
            last = registered(hr, lead, service, holder[5:], subject)
        params = {"holder": holder, "role": "accountable", "limit": 2, "min_position": last}
        found, cursor = [], None
        while True:
            page = lead.get("/who-owns", params={**params, **({"after": cursor} if cursor else {})}).json()
            found += [row["id"] for row in page["rows"]]
            cursor = page["next"]
            if cursor is None:
                break
        assert found == [f"{holder[5:]}-{s}" for s in subjects]
        other = lead.get("/who-owns", params={**params, "role": "support", "after": page_cursor(lead, params)})
    assert (other.status_code, other.json()["code"]) == (400, "cursor_mismatch")


def page_cursor(client, params):
    return client.get("/who-owns", params=params).json()["next"]


def registered(hr, lead, service, unit, subject):
    """Register a free subject of the unit and make the unit accountable for it; return the position."""
    path = f"/responsibilities/topic/{unit}-{subject}"
    response = lead.post(f"{path}/register", json={"label": f"Topic {subject}", "unit": unit})
    assert response.status_code == 201, response.text
    response = lead.post(f"{path}/assign", json={"role": "accountable", "holder": {"kind": "unit", "id": unit}})
    assert response.status_code == 201, response.text
    return response.json()["position"]


def test_the_trail_of_a_subject_holds_its_events_in_order(hr, team):
    unit, receipts = team
    answer = hr.get(f"/trail/unit/{unit}", params={"min_position": receipts[-1]["position"]}).json()
    assert [r["event_id"] for r in answer["rows"]] == [r["event_id"] for r in receipts]
    assert all(row["late"] for row in answer["rows"])
    backwards = hr.get(f"/trail/unit/{unit}", params={"newest_first": True, "limit": 1}).json()
    assert backwards["rows"][0]["event_id"] == receipts[-1]["event_id"]
    following = hr.get(
        f"/trail/unit/{unit}", params={"newest_first": True, "limit": 1, "after": backwards["next"]}
    ).json()
    assert following["rows"][0]["event_id"] == receipts[-2]["event_id"]


def test_the_trail_of_an_actor_shows_only_what_the_asker_may_see(service, hr, team):
    actor = service.ids["hr_administrator"]
    whole = hr.get("/trail", params={"actor": actor, "limit": 1000}).json()["rows"]
    with service.client("outsider") as client:
        part = client.get("/trail", params={"actor": actor, "limit": 1000}).json()["rows"]
    people = {row["id"] for row in part if row["kind"] == "person"}
    assert {row["kind"] for row in whole} >= {"unit", "person"}
    assert people <= {service.ids["outsider"]}
    assert len(part) < len(whole)


def test_a_person_is_shown_with_unit_manager_and_roles(service, hr):
    answer = hr.get(f"/people/{service.ids['employee']}").json()
    assert answer["person"]["label"] == "Name of employee"
    assert answer["home"]["to"] == {"kind": "unit", "id": "dev", "label": "Development"}
    assert hr.get(f"/people/{service.ids['employee']}", params={"on": "2025-12-31"}).json()["home"] is None
    assert hr.get(f"/people/{service.ids['auditor']}").json()["roles"] == ["auditor"]


def test_a_unit_shows_only_those_members_that_the_asker_may_see(service, hr):
    whole = {m["id"] for m in hr.get("/units/dev").json()["members"]}
    assert {service.ids[who] for who in ("employee", "colleague", "lead")} <= whole
    assert service.ids["outsider"] not in whole
    with service.client("employee") as client:
        assert {m["id"] for m in client.get("/units/dev").json()["members"]} == {service.ids["employee"]}


def test_a_goal_stands_by_its_target_and_what_was_reported(service, hr):
    metric = f"m{uuid4().hex[:8]}"
    fields = {"label": "Pieces", "unit_of_measure": "pieces", "direction": "increase", "combines": "sum"}
    recorded(hr, f"/metrics/{metric}/define", **fields)
    today = datetime.now(UTC).date()
    terms = {"title": "Sell more", "metric": metric, "baseline": "0", "target": "80"}
    span = {"starts_on": str(today - timedelta(days=30)), "ends_on": str(today + timedelta(days=30))}
    owner = {"kind": "person", "id": service.ids["employee"]}
    with service.client("lead") as lead, service.client("employee") as employee:
        goal = recorded(lead, "/goals/assign", owner=owner, **terms, **span)["stream"].removeprefix("goal/")
        told = recorded(employee, f"/goals/{goal}/report-progress", value="60.50")
        answer = employee.get(f"/goals/{goal}", params={"min_position": told["position"]}).json()
    assert answer["title"] == {"text": "Sell more", "sealed": True}
    assert answer["target"]["value"] == "80"
    assert float(answer["actual"]["value"]) == 60.5
    assert (answer["stage"], answer["owner"]["id"]) == ("assigned", service.ids["employee"])
    with service.client("outsider") as client:
        assert client.get(f"/goals/{goal}").status_code == 404


def test_an_answer_that_has_not_changed_is_not_sent_again(hr, team):
    unit, receipts = team
    first = hr.get(f"/trail/unit/{unit}", params={"known": f"position:{receipts[-1]['position']}", "limit": 1})
    params = {"known": f"position:{receipts[-1]['position']}", "limit": 1}
    again = hr.get(f"/trail/unit/{unit}", params=params, headers={"if-none-match": first.headers["etag"]})
    assert again.status_code in {200, 304}
    assert first.headers["pledger-position"]


def test_a_list_as_csv_executes_nothing_in_a_spreadsheet(hr):
    unit = f"c{uuid4().hex[:8]}"
    receipt = recorded(hr, f"/units/{unit}/form", label='=HYPERLINK("http://x")', parent="company")
    params = {"min_position": receipt["position"]}
    response = hr.get(f"/trail/unit/{unit}", params=params, headers={"accept": "text/csv"})
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    [row] = csv.DictReader(io.StringIO(response.content.decode("utf-8-sig")))
    assert row["event_id"] == receipt["event_id"]
    assert not any(cell.startswith(("=", "+", "@")) for cell in row.values())


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\t=1", "\r=1", " =1", "|x", "%x"])
def test_a_formula_is_taken_for_text(text):
    assert neutral(text) == "'" + text


def test_plain_values_stay_as_they_are():
    assert [neutral(v) for v in (None, -1, 1.5, True, "a-b", "时间")] == ["", "-1", "1.5", "True", "a-b", "时间"]


def test_gaps_list_what_nobody_answers_for(service, hr):
    unit = f"g{uuid4().hex[:8]}"
    last = recorded(hr, f"/units/{unit}/form", label="Nobody's", parent="company")["position"]
    with service.client("employee") as client:
        rows = client.get("/gaps", params={"kind": "unit", "limit": 1000, "min_position": last}).json()["rows"]
        assert f"unit/{unit}" in {row["subject"] for row in rows}
        assert client.get("/conflicts").json()["rows"] == []
