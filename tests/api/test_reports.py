"""Reports over HTTP: one form for all, lines that lead to events, and only what the caller may see."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest

from projections.reports import REPORTS
from tests.api.service import Service, recorded


def asked(service: Service, who: str, name: str, **params: Any) -> dict[str, Any]:
    with service.client(who) as client:
        response = client.get(f"/reports/{name}", params=params)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def test_every_report_is_listed_with_what_it_asks_and_answers_everybody(service: Service) -> None:
    with service.client("employee") as client:
        listed = {row["name"]: row for row in client.get("/reports").json()["rows"]}
    assert set(listed) == set(REPORTS)
    for name, row in listed.items():
        assert row["question"].endswith("?")
        assert row["definition"]
        assert row["formula"] == f"{name}@{REPORTS[name].version}"
        answer = asked(service, "employee", name)
        assert {"lines", "missing", "position", "policy", "on", "known", "definition", "formula"} <= set(answer)


@pytest.fixture(scope="module")
def gap(service: Service) -> str:
    """A unit without a lead."""
    with service.client("hr_administrator") as hr:
        unit = {"label": "No lead", "parent": "company", "effective_at": "2026-01-01", "reason": "setup"}
        recorded(hr, "/units/reports-gap/form", **unit)
    service.settle()
    return "unit/reports-gap"


def test_a_gap_has_its_kind_and_leads_to_the_event_behind_it(service: Service, gap: str) -> None:
    lines = asked(service, "auditor", "responsibility")["lines"]
    line = next(one for one in lines if one["subject"] == gap)
    assert (line["flaw"], line["kind"], line["last_holder"]) == ("gap", "no_holder", None)
    with service.client("auditor") as client:
        event = client.get(f"/events/{line['events'][0]['event_id']}")
    assert event.status_code == 200
    assert event.json()["event"]["stream"] == gap


def test_csv_has_the_same_lines_with_their_events(service: Service, gap: str) -> None:
    with service.client(
        "auditor",
    ) as client:
        text = client.get("/reports/responsibility", headers={"accept": "text/csv"}).content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    told = asked(service, "auditor", "responsibility")["lines"]
    assert [row["subject"] for row in rows] == [line["subject"] for line in told]
    assert rows[0]["events"].split() == [event["event_id"] for event in told[0]["events"]]


def test_the_results_of_the_system_come_as_a_table_too(service: Service, gap: str) -> None:
    with service.client("auditor") as client:
        response = client.get("/reports/results-of-the-system", headers={"accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
    whole = next(row for row in rows if (row["measure"], row["of"]) == ("clear_owner", "all"))
    told = asked(service, "auditor", "results-of-the-system")["lines"][0]
    assert (whole["n"], whole["figure"]) == (str(told["n"]), str(told["figure"]))
    assert whole["events"].split() == [event["event_id"] for event in told["events"]]
    assert 0 < told["figure"] < 1, "the unit without a lead is one of them"


def test_a_snapshot_may_wait_while_a_report_is_worked_out_and_otherwise_not(service: Service) -> None:
    runner = next(iter(service.server.services.ledgers.values())).runner
    shown = []
    for waits_s in (60, None):
        with runner.view("directory", waits_s=waits_s) as view:
            shown += view.cursor.execute("show idle_in_transaction_session_timeout").fetchall()
    assert shown == [("1min",), ("5s",)]


def test_pages_go_on_where_the_last_one_ended(service: Service, gap: str) -> None:
    whole = asked(service, "auditor", "responsibility")["lines"]
    first = asked(service, "auditor", "responsibility", limit=1)
    rest = asked(service, "auditor", "responsibility", limit=1000, after=first["next"])
    assert first["lines"] + rest["lines"] == whole
    assert rest["next"] is None


def test_who_was_accountable_when_an_event_happened(service: Service) -> None:
    with service.client("auditor") as client:
        owned = client.get("/who-owns/unit/dev").json()
    event = owned["accountable"][0]["event"]["event_id"]
    answer = asked(service, "auditor", "responsibility", event=event)
    lead = next(line for line in answer["lines"] if line["of"] == "unit/dev")
    assert lead["holder"] == f"person/{service.ids['lead']}"


def test_two_states_of_knowledge_name_the_act_between_them(service: Service) -> None:
    with service.client("auditor") as client:
        event = client.get("/who-owns/unit/dev").json()["accountable"][0]["event"]
    before = f"position:{event['position'] - 1}"
    answer = asked(service, "auditor", "responsibility", subject="unit/dev", than_known=before)
    line = next(one for one in answer["lines"] if one["role"] == "lead")
    assert line["change"] == "new"
    assert event["event_id"] in {one["event_id"] for one in line["events"]}


def test_a_parameter_that_the_report_does_not_take_is_refused(service: Service) -> None:
    with service.client("auditor") as client:
        assert client.get("/reports/lateness", params={"subject": "unit/dev"}).status_code == 422
        assert client.get("/reports/nothing").status_code == 404
        assert client.get("/reports/lateness", params={"from": "2026-05-01", "until": "2026-04-01"}).status_code == 422
        assert client.get("/reports/responsibility", params={"subject": "nonsense"}).status_code in (404, 422)


def test_what_would_be_left_aside_is_refused_with_its_reason(service: Service) -> None:
    unfit = {
        "responsibility": [{"from": "2026-01-01"}, {"until": "2026-01-01"}, {"than_on": "2026-01-01"}],
        "strategy-map": [{"from": "2026-01-01"}],
        "correlation": [{"subject": "unit/dev"}],
    }
    with service.client("auditor") as client:
        for name, several in unfit.items():
            for params in several:
                response = client.get(f"/reports/{name}", params=params)
                assert (response.status_code, response.json()["code"]) == (422, "invalid"), (name, params)
                (error,) = response.json()["errors"]
                assert error["pointer"].endswith(next(iter(params))) if "pointer" in error else error
        beside = client.get("/reports/responsibility", params={"subject": "unit/dev", "unit": "dev"})
        assert beside.status_code == 422
        assert client.get("/reports/strategy-map", params={"unit": "dev"}).json()["from"] is None


def test_a_report_speaks_the_language_that_is_asked_for(service: Service, gap: str) -> None:
    with service.client("auditor") as client:
        client.headers["accept-language"] = "zh-CN"
        listed = {row["name"]: row for row in client.get("/reports").json()["rows"]}
        answer = client.get("/reports/responsibility").json()
    assert all(row["question"].endswith("？") for row in listed.values())
    assert answer["question"] == REPORTS["responsibility"].question_zh
    assert answer["definition"] == REPORTS["responsibility"].definition_zh
    assert (answer["words"]["no_holder"], answer["words"]["gap"]) == ("无人持有", "无人负责")
    english = asked(service, "auditor", "responsibility")
    assert english["words"]["no_holder"] == "nobody holds it"
    assert english["lines"] == answer["lines"]


def test_the_numbers_that_findings_go_by_are_the_policys(service: Service) -> None:
    found = asked(service, "auditor", "formalism")
    assert found["thresholds"] == {
        "late_window_days": "7",
        "alike_ratings": "3",
        "bulk_ratings": "5",
        "bulk_minutes": "5",
        "reading_seconds": "10",
    }
    assert asked(service, "auditor", "results-of-the-system")["thresholds"]["system_questions"] == [
        "satisfaction",
        "collaboration",
    ]


def test_a_version_of_the_policy_gives_the_numbers_from_its_day_on(service: Service) -> None:
    today = service.ledger.clock.now().date()
    terms = {"alike_ratings": 7, "system_questions": ["climate"]}
    policy = {"label": "Stricter", "terms": terms, "text_zh": "更严", "text_en": "Stricter"}
    with service.client("hr_administrator") as hr:
        published = hr.post(
            "/policies/performance/publish", json={**policy, "effective_at": (today + timedelta(days=30)).isoformat()}
        )
    assert published.status_code == 201, published.text
    version = published.json()["position"]
    before, after = (
        asked(service, "auditor", "formalism", on=(today + timedelta(days=days)).isoformat(), min_position=version)
        for days in (20, 40)
    )
    assert (before["thresholds"]["alike_ratings"], after["thresholds"]["alike_ratings"]) == ("3", "7")
    assert before["policy"] != after["policy"]
    assert after["policy"]["id"] == "performance"


def test_a_refused_attempt_in_a_leads_place_is_told_and_hidden_from_others(service: Service) -> None:
    today = service.ledger.clock.now().date()
    body = {
        "owner": {"kind": "person", "id": service.ids["employee"]},
        "title": "Calls",
        "metric": "report-calls",
        "baseline": "0",
        "target": "8",
        "interval": "month",
        "starts_on": today.isoformat(),
        "ends_on": (today + timedelta(days=90)).isoformat(),
    }
    with service.client("hr_administrator") as hr:
        made = {"label": "Calls", "unit_of_measure": "calls", "direction": "increase", "combines": "sum"}
        hr.post("/metrics/report-calls/define", json=made)
        known = recorded(hr, "/units/reports-last/form", label="Last", parent="company", reason="setup")["position"] - 1
        refused = hr.post("/goals/assign", json=body)
    assert refused.status_code == 403, refused.text
    code = refused.json()["code"]
    service.run(service.server.services.ledgers["api_tests"].ledger.refused.keep())
    person = f"person/{service.ids['hr_administrator']}"

    def told(**asking: str) -> list[dict[str, Any]]:
        lines = asked(service, "auditor", "boundary", **asking)["lines"]
        return [one for one in lines if one["kind"] == "refused" and one["subject"] == person]

    now, before = told(), told(known=f"position:{known}")
    assert len(now) == len(before) + 1, "what is refused later is not known then"
    assert now[-1]["refused_code"] == code
    assert told(until="2026-01-01", **{"from": "2025-12-01"}) == []
    assert all(one["kind"] != "refused" for one in asked(service, "outsider", "boundary")["lines"])


def test_an_employee_sees_no_lateness_but_their_own(service: Service) -> None:
    seen = {line["subject"] for line in asked(service, "employee", "lateness")["lines"]}
    own = {f"person/{service.ids['employee']}", "unit/dev"}  # the unit while nobody else of it acted
    assert seen <= own
    everybody = {line["subject"] for line in asked(service, "auditor", "lateness")["lines"]}
    assert f"person/{service.ids['hr_administrator']}" in everybody


def test_the_map_of_a_unit_and_a_goal_is_the_report_around_them(service: Service) -> None:
    with service.client("auditor") as client:
        answer = client.get("/units/dev/map")
        assert answer.status_code == 200
        assert answer.json()["name"] == "strategy-map"
        assert client.get("/goals/nothing/map").status_code in (200, 404)


def test_an_objection_stands_beside_the_line_and_so_does_its_answer(service: Service, gap: str) -> None:
    contested = {"report": "responsibility", "about": {"kind": "unit", "id": "reports-gap"}, "note": "It has a lead"}
    with service.client("employee") as employee:
        receipt = recorded(employee, "/findings/contest", **contested)
        finding = receipt["stream"].removeprefix("finding/")
        answer = {"outcome": "stands", "note": "Nobody was appointed"}
        assert employee.post(f"/findings/{finding}/answer", json=answer).status_code == 403
    with service.client("hr_administrator") as hr:
        answered = recorded(hr, f"/findings/{finding}/answer", **answer)
    service.settle()
    line = next(one for one in asked(service, "auditor", "responsibility")["lines"] if one["subject"] == gap)
    (said,) = line["contested"]
    assert (said["person"], said["outcome"]) == (f"person/{service.ids['employee']}", "stands")
    assert [event["event_id"] for event in said["events"]] == [receipt["event_id"], answered["event_id"]]
    before = asked(service, "auditor", "responsibility", known=f"position:{receipt['position'] - 1}")["lines"]
    assert "contested" not in next(one for one in before if one["subject"] == gap)
    unseen = asked(service, "outsider", "responsibility")["lines"]
    assert "contested" not in next(one for one in unseen if one["subject"] == gap)
