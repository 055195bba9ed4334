"""Published tables as events: rows go through the service as commands, and reports give the figures back."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from ledger.application import SYSTEM_CALLER, Ask
from ledger.domain.identity import GrantRole, Role
from ledger.privacy.erasing import Step
from tests.api.service import Service, company, recorded, running
from tests.projections.test_statistics import rows

YEAR = {"starts_on": "2025-01-01", "ends_on": "2025-12-31"}
SINCE = {"effective_at": "2025-01-01", "reason": "import"}
MEASURED = {"unit_of_measure": "points", "direction": "increase", "combines": "sum"}
PAGE = 300  # rows in a batch
Row = dict[str, str]
Commands = list[dict[str, Any]]


@pytest.fixture(scope="module")
def service(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(database_url, tmp_path_factory.mktemp("statistics"), "statistics_tests") as started:
        company(started)
        started.join("registrar")
        granted = GrantRole(role=Role.HR_ADMINISTRATOR, effective_at=date(2025, 1, 1), reason="import")
        started.run(started.ledger.record(Ask(granted, "access", started.ids["registrar"], SYSTEM_CALLER)))
        yield started


def define(hr: httpx2.Client, *metrics: str) -> None:
    for metric in metrics:
        recorded(hr, f"/metrics/{metric}/define", label=metric, **MEASURED)


def person(number: int) -> Commands:
    return [
        {"path": "/people/register", "body": {"name": f"Person {number}"}, "let": f"p{number}"},
        {"path": f"/people/$p{number}/start-employment", "body": SINCE},
    ]


def outcome(number: int, metric: str, value: str) -> dict[str, Any]:
    body = {"metric": metric, "value": value, "source": "table", **YEAR}
    return {"path": f"/outcomes/person/$p{number}/record", "body": body}


def load(hr: httpx2.Client, table: list[Row], commands: Callable[[int, Row], Commands]) -> list[str]:
    """Record all rows as commands, some hundred rows a batch; return the streams in order."""
    streams: list[str] = []
    for start in range(0, len(table), PAGE):
        page = [one for n, row in enumerate(table[start : start + PAGE]) for one in commands(n, row)]
        sent = {"mode": "all", "commands": page}
        response = hr.post("/batch", json=sent, headers={"idempotency-key": uuid4().hex})
        assert response.status_code == 201, response.text[:800]
        streams += [receipt["stream"] for receipt in response.json()["receipts"]]
    return streams


def lines(service: Service, name: str, **asked: Any) -> list[dict[str, Any]]:
    service.settle()
    with service.client("auditor") as client:
        response = client.get(f"/reports/{name}", params={"from": "2025-01-01", **asked})
    assert response.status_code == 200, response.text[:800]
    found: list[dict[str, Any]] = response.json()["lines"]
    return found


def of_two(x: str, y: str) -> Callable[[int, Row], Commands]:
    return lambda n, row: [*person(n), outcome(n, x.replace("_", "-"), row[x]), outcome(n, y.replace("_", "-"), row[y])]


def test_sales_and_ratings_after_going_through_the_ledger(service: Service) -> None:
    with service.client("registrar") as hr:
        define(hr, "sales", "rating")
        load(hr, rows("people_analytics/employee_performance.csv"), of_two("sales", "rating"))
    found = next(line for line in lines(service, "correlation", subject="metric/rating") if line["lag"] == 0)
    assert (found["n"], found["pairs"], len(found["events"])) == (366, 366, 732)
    pearson, spearman = (found[f"{kind}_pearson"] for kind in ("plain",)), found["plain_spearman"]
    assert [*pearson, spearman] == [0.558247, 0.541151]
    assert (found["pearson"], found["spearman"]) == (0.558247, 0.541151)  # one period: nothing in common to take out
    assert found["pearson_low"] < 0.558247 < found["pearson_high"]
    assert found["pearson_p"] <= found["pearson_q"]


def test_a_blank_row_is_no_pair(service: Service) -> None:
    def commands(n: int, row: Row) -> Commands:
        figures = {"revenue": row["sales"], "customer-rate": row["customer_rate"]}
        known = {metric: value for metric, value in figures.items() if value not in ("", "NA")}
        return [*person(n), *(outcome(n, metric, value) for metric, value in known.items())]

    with service.client("registrar") as hr:
        define(hr, "revenue", "customer-rate")
        load(hr, rows("people_analytics/salespeople.csv"), commands)
    found = next(line for line in lines(service, "correlation", subject="metric/revenue") if line["lag"] == 0)
    assert (found["n"], found["plain_pearson"]) == (350, 0.337805)


def test_trained_against_untrained_and_as_it_was_known_before(service: Service) -> None:
    def commands(n: int, row: Row) -> Commands:
        found = [*person(n), outcome(n, "earnings", row["re78"])]
        if row["treat"] == "1":
            course = {"person": f"$p{n}", "course": "supported-work", **YEAR, **SINCE}
            found.append({"path": "/trainings/assign", "body": course, "let": f"t{n}"})
            found.append({"path": f"/trainings/$t{n}/complete", "body": SINCE})
        return found

    with service.client("registrar") as hr:
        define(hr, "earnings")
        recorded(hr, "/courses/supported-work/define", label="Supported work", metrics=["earnings"])
        load(hr, rows("training_effect/nsw_mixtape.csv"), commands)
        (found,) = lines(service, "training-effect", subject="course/supported-work")
        assert (found["trained"], found["untrained"], found["left_out"]) == (185, 260, 0)
        assert (f"{found['difference']:.2f}", f"{found['difference_error']:.2f}") == ("1794.34", "671.00")
        trained = next(one["event_id"] for one in found["events"][1:])
        event = hr.get(f"/events/{trained}").json()["event"]
        known = recorded(hr, "/metrics/not-used/define", label="Not used", **MEASURED)["recorded_at"]
        correction = {"entry": event["event_id"], "value": "60000", "reason": "mistake"}
        assert event["topic"] == "outcomes.OutcomeRecorded"
        recorded(hr, f"/{event['stream'].replace('outcome/', 'outcomes/')}/correct", **correction)
    (corrected,) = lines(service, "training-effect", subject="course/supported-work")
    assert corrected["difference"] != found["difference"]
    (again,) = lines(service, "training-effect", subject="course/supported-work", known=known)
    assert again == found


def test_women_and_men_hired_of_those_who_applied(service: Service) -> None:
    with service.client("registrar") as hr, service.client("lead") as lead, service.client("hr_partner") as above:
        recorded(hr, "/units/company/appoint-lead", lead=service.ids["hr_partner"])
        requirements = [{"competency": "analysis", "minimum": "3"}]
        profile = id_of(recorded(hr, "/job-profiles/adopt", job="analyst", requirements=requirements))
        requisition = id_of(recorded(lead, "/requisitions/open", unit="dev", profile=profile))
        recorded(above, f"/requisitions/{requisition}/approve")
        table = rows("people_analytics/recruiting.csv")

        def applied(n: int, row: Row) -> Commands:
            groups = [{"kind": "gender", "group": row["gender"].lower()}]
            received = {"candidate": f"$c{n}", "requisition": requisition}
            return [
                {"path": "/candidates/register", "body": {"name": f"Candidate {n}"}, "let": f"c{n}"},
                {"path": f"/candidates/$c{n}/declare-groups", "body": {"groups": groups}},
                {"path": "/applications/receive", "body": received, "let": f"a{n}"},
            ]

        begun = load(hr, table, applied)
        streams = [stream for stream in begun if stream.startswith("application/")]
        hired = {stream: row["hired"] == "1" for stream, row in zip(streams, table, strict=True)}
        load(lead, [{"stream": stream} for stream in streams], lambda _, row: [decision(row["stream"], hired)])
        service.settle()
        declared = f"/trail/{begun[0]}"
        assert "hiring.CandidateGroupsDeclared" in {row["topic"] for row in hr.get(declared).json()["rows"]}
        assert lead.get(declared).status_code == 404  # who decides does not see what candidates declare
    by_group = {line["group"]: line for line in lines(service, "selection-rates")}
    assert {name: (line["hired"], line["of"]) for name, line in by_group.items()} == {
        "f": (78, 494),
        "m": (108, 472),
        "unknown": (0, 0),
    }
    assert by_group["m"]["impact_ratio"] == 1
    assert (by_group["f"]["impact_ratio"], by_group["f"]["below_four_fifths"]) == (0.690058, True)
    assert (by_group["unknown"]["rate"], by_group["unknown"]["impact_ratio"]) == (None, None)
    first = table[0]["gender"].lower()
    erase(service, begun[0])
    with service.client("auditor") as client:
        answer = client.get("/reports/selection-rates", params={"from": "2025-01-01"}).json()
    left = {line["group"]: line["of"] for line in answer["lines"]}
    assert left == {group: by_group[group]["of"] - (group == first) for group in ("f", "m")}
    assert {"code": "declarations_erased", "about": [begun[0]]} in answer["missing"]  # told, and the one withheld
    assert "small_group" in {one["code"] for one in answer["missing"]}


def erase(service: Service, subject: str) -> None:
    """Let two of HR erase a subject, to the end."""
    with service.client("registrar") as hr, service.client("hr_administrator") as second:
        recorded(hr, f"/personal-records/{subject}/ask-erasure", basis="request")
        recorded(second, f"/personal-records/{subject}/confirm-erasure")

    async def done() -> None:
        async with asyncio.timeout(20):
            while (found := await asyncio.to_thread(service.ledger.erasing.find, subject)) is None or (
                found.step is not Step.DONE
            ):
                pass

    service.run(done())
    service.settle()


def decision(stream: str, hired: dict[str, bool]) -> dict[str, Any]:
    said = "hire" if hired[stream] else "reject"
    path = f"/applications/{stream.partition('/')[2]}/decide"
    return {"path": path, "body": {"decision": said, "reason": "table"}}


def id_of(receipt: dict[str, Any]) -> str:
    return str(receipt["stream"]).partition("/")[2]
