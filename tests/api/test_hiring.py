"""Hiring over HTTP: scorecards are kept from assessors whose own is not in, and shown once it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.service import Service, company, recorded, running

SCORES = [{"competency": "analysis", "score": "4"}]


@pytest.fixture(scope="module")
def world(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A company of its own, because somebody is appointed to lead it."""
    with running(database_url, tmp_path_factory.mktemp("hiring"), "api_hiring") as started:
        company(started)
        yield started


def test_an_assessor_sees_no_other_scorecard_before_their_own_is_in(world: Service) -> None:
    ids = world.ids
    with (
        world.client("hr_administrator") as hr,
        world.client("lead") as lead,
        world.client("colleague") as colleague,
        world.client("employee") as employee,
    ):
        requirements = [{"competency": "analysis", "minimum": "3"}]
        profile = _id(recorded(hr, "/job-profiles/adopt", job="tester", requirements=requirements))
        recorded(hr, "/units/company/appoint-lead", lead=ids["hr_partner"])
        request = _id(recorded(lead, "/requisitions/open", unit="dev", profile=profile))
        with world.client("hr_partner") as above:
            recorded(above, f"/requisitions/{request}/approve")
        candidate = _id(recorded(hr, "/candidates/register", name="Dee"))
        application = _id(recorded(hr, "/applications/receive", candidate=candidate, requisition=request))
        path = f"/applications/{application}"
        panel = [ids["lead"], ids["colleague"], ids["employee"]]
        recorded(lead, f"{path}/name-panel", assessors=panel)
        card = recorded(colleague, f"{path}/record-assessment", scores=SCORES, note="Clear")
        world.settle()
        trail, event = f"/trail/application/{application}", f"/events/{card['event_id']}"
        for client in (lead, employee):  # a lead on the panel is an assessor like any other
            topics = [row["topic"] for row in client.get(trail).json()["rows"]]
            assert "hiring.PanelNamed" in topics
            assert "hiring.AssessmentRecorded" not in topics
            for below in ("", "/proof", "/sealed"):
                assert client.get(event + below).status_code == 404
        assert colleague.get(event).status_code == 200
        assert hr.get(event).status_code == 200
        recorded(employee, f"{path}/record-assessment", scores=SCORES)
        assert employee.get(event).status_code == 200
        assert lead.get(event).status_code == 404
        recorded(lead, f"{path}/decide", decision="hire")
        assert lead.get(event).status_code == 200  # decided: nobody's card is awaited any more


def _id(receipt: dict[str, object]) -> str:
    return str(receipt["stream"]).partition("/")[2]
