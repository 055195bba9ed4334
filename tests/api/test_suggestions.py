"""Suggestions and job analyses over HTTP: shown once, to one person alone; adopted and declined by people."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from ledger.domain.identity import Role
from tests.api.service import Service, company, recorded, running

SINCE = {"effective_at": "2026-01-01", "reason": "setup"}
MEASURED = {"unit_of_measure": "calls", "direction": "increase", "combines": "sum"}
WORKERS, TARGET = 6, 10


@pytest.fixture(scope="module")
def service(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(database_url, tmp_path_factory.mktemp("suggestions"), "suggestion_tests", rules=False) as started:
        company(started)
        started.join("other_hr", Role.HR_ADMINISTRATOR)
        with started.client("hr_administrator") as hr:
            for metric in ("used", "unused"):
                recorded(hr, f"/metrics/{metric}/define", label=metric, unit="dev", **MEASURED, **SINCE)
        yield started


def goal(service: Service, who: str, **more: Any) -> dict[str, Any]:
    owner = {"kind": "person", "id": service.ids[who]}
    period = {"starts_on": "2026-02-01", "ends_on": "2026-12-31"}
    return {"owner": owner, "title": "Call", "metric": "used", "baseline": "0", "target": str(TARGET), **period, **more}


def batch(client: httpx2.Client, *commands: dict[str, Any]) -> httpx2.Response:
    sent = {"mode": "all", "commands": commands}
    return client.post("/batch", json=sent, headers={"idempotency-key": uuid4().hex})


def rows(service: Service, who: str, lang: str = "en", **params: Any) -> list[dict[str, Any]]:
    with service.client(who) as client:
        response = client.get("/suggestions", params=params, headers={"accept-language": lang})
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["rows"]
    return found


def size(service: Service) -> int:
    return service.ledger.reader.head().size


@pytest.fixture(scope="module")
def shown(service: Service) -> dict[str, Any]:
    """The suggestion to retire a metric that none of ten goals uses, as it is put before the unit's lead."""
    with service.client("lead") as lead:
        done = batch(lead, *({"path": "/goals/assign", "body": goal(service, "colleague")} for _ in range(10)))
        assert done.status_code == 201, done.text
    service.settle()
    (row,) = rows(service, "lead")
    service.settle()
    return row


def test_it_is_shown_once_with_rule_figures_and_need(service: Service, shown: dict[str, Any]) -> None:
    before = size(service)
    (again,) = rows(service, "lead")
    assert {**again, "state": "open", "answered": None} == shown
    assert size(service) == before
    assert (shown["rule"], shown["state"], shown["about"]["id"]) == ("unused-metric@1", "open", "unused")
    assert {"name": "goals", "value": "10"} in shown["figures"]
    assert "unused-metric@1" in shown["text"]
    assert "180 days" in shown["needs"]
    (zh,) = rows(service, "lead", "zh")
    assert "没有目标使用" in zh["text"]
    with service.client("lead") as lead:
        event = lead.get(f"/events/{shown['event']['event_id']}").json()["event"]
    assert (event["actor"], event["source"]) == ("system:suggestions", "rule:unused-metric@1")
    assert event["data"]["position"] == shown["rests_on"]


def test_nobody_else_sees_it_but_an_auditor(service: Service, shown: dict[str, Any]) -> None:
    lead, event = service.ids["lead"], shown["event"]["event_id"]
    for who in ("employee", "hr_administrator", "hr_partner", "outsider"):
        assert rows(service, who, person=lead) == []
        with service.client(who) as client:
            assert client.get(f"/events/{event}").status_code == 404
            trail = client.get("/trail/metric/unused").json()["rows"]
            assert not [row for row in trail if row["topic"].startswith("suggestions.")]
            taken = client.post(f"/suggestions/{shown['suggestion']}/take", json={})
            assert taken.status_code == 404, who
    before = size(service)
    (row,) = rows(service, "auditor", person=lead)
    assert (row["suggestion"], size(service)) == (shown["suggestion"], before)
    assert rows(service, "auditor", person=lead, known=f"position:{shown['event']['position'] - 1}") == []
    with service.client("lead") as client:
        looked = client.get(f"/people/{lead}/accesses").json()["rows"]
    assert [row["reader"] for row in looked if row["path"] == "/suggestions"] == [service.ids["auditor"]]


def test_only_the_service_shows_and_only_the_addressed_answers_once(service: Service, shown: dict[str, Any]) -> None:
    id, same = shown["suggestion"], {"rule": "mentor", "rule_version": 1, "advice": "mentor", "position": 1}
    about = {"kind": "metric", "id": "used"}
    forged = {**same, "about": about, "person": service.ids["lead"], "since": "2026-01-01", "until": "2026-02-01"}
    with service.client("hr_administrator") as hr:
        told = hr.post("/suggestions/show", json={**forged, "figures": [{"name": "due", "value": "1"}]})
        assert told.status_code in {403, 404}
    with service.client("lead") as lead:
        assert lead.post(f"/suggestions/{id}/dismiss", json={}).json()["code"] == "reason_needed"
        recorded(lead, f"/suggestions/{id}/dismiss", reason="still_needed", note="The board reads it")
        again = lead.post(f"/suggestions/{id}/dismiss", json={"reason": "still_needed"})
        assert again.json()["code"] == "already_recorded"
        taken = batch(lead, {"path": f"/suggestions/{id}/take", "body": {}})
        assert "suggestion_answered" in taken.text
    service.settle()
    assert [row["state"] for row in rows(service, "lead")] == ["dismissed"]
    assert rows(service, "lead", state="open") == []


def test_csv_has_the_same_rows(service: Service, shown: dict[str, Any]) -> None:
    with service.client("lead") as lead:
        text = lead.get("/suggestions", headers={"accept": "text/csv"}).content.decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["suggestion"], row["text"]) == (shown["suggestion"], shown["text"])
    assert json.loads(row["figures"]) == shown["figures"]


def test_every_rule_says_its_least_data_in_both_languages(service: Service) -> None:
    with service.client("employee") as client:
        en = client.get("/suggestions/rules", headers={"accept-language": "en"}).json()["rows"]
        zh = client.get("/suggestions/rules", headers={"accept-language": "zh"}).json()["rows"]
    assert {row["rule"] for row in en} == {"mentor@1", "feedback-practice@1", "lapsing-lead@1", "unused-metric@1"}
    assert all(one["needs"] != other["needs"] for one, other in zip(en, zh, strict=True))


# Job analysis


@pytest.fixture(scope="module")
def profile(service: Service) -> str:
    """A job that six do, each with a goal of the first quarter that was closed at 0.5 to 1.5 of its target."""
    with service.client("hr_administrator") as hr:
        requirements = [{"competency": "listening", "minimum": "2"}]
        adopted = recorded(hr, "/job-profiles/adopt", job="caller", unit="dev", requirements=requirements)
        id = str(adopted["stream"]).removeprefix("job-profile/")
        for number in range(WORKERS):
            person = f"/people/{service.join(f'worker{number}')}"
            recorded(hr, f"{person}/start-employment", **SINCE)
            recorded(hr, f"{person}/assign-to-unit", unit="dev", **SINCE)
            recorded(hr, f"{person}/assign-job", profile=id, **SINCE)
    quarter = {"starts_on": "2026-01-01", "ends_on": "2026-03-31"}
    with service.client("lead") as lead:
        for number in range(WORKERS):
            stream = recorded(lead, "/goals/assign", **goal(service, f"worker{number}", **quarter))["stream"]
            with service.client(f"worker{number}") as worker:
                said = {"value": str(5 + 2 * number), "day": "2026-03-31", "effective_at": "2026-03-31"}
                recorded(worker, f"/goals/{stream.removeprefix('goal/')}/report-progress", reason="late", **said)
            recorded(lead, f"/goals/{stream.removeprefix('goal/')}/close")
    service.settle()
    return id


def test_a_person_is_shown_with_the_job_that_they_do(service: Service, profile: str) -> None:
    with service.client("hr_administrator") as hr:
        path = f"/people/{service.ids['worker0']}"
        told = hr.get(path, params={"on": "2026-02-01"}).json()["job"]
        assert (told["to"]["kind"], told["to"]["id"], told["since"][:10]) == ("job-profile", profile, "2025-12-31")
        assert hr.get(path, params={"on": "2025-12-01"}).json()["job"] is None


def proposal(service: Service, who: str, profile: str) -> dict[str, Any]:
    with service.client(who) as client:
        answer = client.get("/reports/job-analysis", params={"subject": f"job-profile/{profile}"}).json()
    found: dict[str, Any] = next(line["command"] for line in answer["lines"] if line["line"] == "proposal")
    return found


def test_a_person_records_and_adopts_what_the_history_proposes(service: Service, profile: str) -> None:
    command = proposal(service, "hr_administrator", profile)
    (metric,) = command["metrics"]
    # attainments of 0.5 0.7 0.9 1.1 1.3 1.5
    assert (metric["n"], metric["first_quartile"], metric["median"]) == (6, "0.750000", "1.000000")
    with service.client("hr_administrator") as hr:
        wrong = hr.post("/job-analyses/record", json={**command, "proposed_metrics": ["unused"]})
        assert wrong.json()["code"] == "proposal_without_figures"
        id = recorded(hr, "/job-analyses/record", **command)["stream"].removeprefix("job-analysis/")
        service.settle()
        told = hr.get(f"/job-analyses/{id}").json()
        assert (told["standing"], told["agrees"], told["differs"]) == ("proposed", True, [])
        form = {"job": "caller", "unit": "dev", "requirements": [{"competency": "listening", "minimum": "2"}]}
        adopt = {"path": f"/job-profiles/{profile}/adopt", "body": {**form, "metrics": ["used"], "analysis": id}}
        assert "reason_needed" in batch(hr, adopt).text
        with_reason = {**adopt, "body": {**form, "metrics": ["used"], "analysis": id, "reason": "own_history"}}
        assert batch(hr, with_reason).status_code == 201
        assert hr.get(f"/job-analyses/{id}").json()["standing"] == "adopted"
        declined = hr.post(f"/job-analyses/{id}/decline", json={"reason": "changed_mind"})
        assert declined.json()["code"] == "proposal_adopted"
        assert id in {row["analysis"] for row in hr.get("/job-analyses").json()["rows"]}
    with service.client("employee") as employee:
        assert employee.get(f"/job-analyses/{id}").status_code == 404


def test_figures_that_the_report_does_not_give_are_found_out(service: Service, profile: str) -> None:
    command = proposal(service, "lead", profile)
    (metric,) = command["metrics"]
    forged = {**command, "metrics": [{**metric, "median": "1.4"}]}
    with service.client("lead") as lead:
        id = recorded(lead, "/job-analyses/record", **forged)["stream"].removeprefix("job-analysis/")
        service.settle()
        told = lead.get(f"/job-analyses/{id}").json()
        recorded(lead, f"/job-analyses/{id}/decline", reason="other_figures")
        assert lead.get(f"/job-analyses/{id}").json()["standing"] == "declined"
    assert (told["agrees"], told["differs"]) == (False, ["metrics"])


def test_a_command_file_records_and_declines(service: Service, profile: str) -> None:
    command = proposal(service, "hr_administrator", profile)
    lines = [
        {"path": "/job-analyses/record", "body": command, "let": "it"},
        {"path": "/job-analyses/$it/decline", "body": {"reason": "too_early", "note": "Wait for a year"}},
        {
            "path": f"/job-profiles/{profile}/adopt",
            "body": {
                "job": "caller",
                "unit": "dev",
                "requirements": [{"competency": "listening", "minimum": "3"}],
                "analysis": "$it",
                "reason": "own_history",
            },
        },
    ]
    data = "\n".join(map(json.dumps, lines)).encode()
    with service.client("hr_administrator") as hr:
        headers = {"content-type": "application/jsonl", "idempotency-key": uuid4().hex}
        told = hr.post("/imports", content=data, headers=headers)
    assert told.status_code == 201, told.text
    assert "other_analysis" in told.text  # what was declined is not followed
    assert told.json()["counts"]["recorded"] == 2
