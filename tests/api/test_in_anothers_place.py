"""Acting in somebody's place over HTTP: as a delegate, who is named with the principal, and as HR, who is refused."""

from __future__ import annotations

from typing import Any

from tests.api.service import Service, recorded

YEAR = {"starts_on": "2026-01-01", "ends_on": "2026-12-31"}


def goal(service: Service, **fields: Any) -> dict[str, Any]:
    owner = {"kind": "person", "id": service.ids["employee"]}
    return {"owner": owner, "title": "Sell", "metric": "in-place", "target": "100", **YEAR, **fields}


def prepare(service: Service) -> None:
    with service.client("hr_administrator") as hr:
        fields = {"unit_of_measure": "pieces", "direction": "increase", "combines": "sum"}
        hr.post("/metrics/in-place/define", json={"label": "Sold", **fields})


def test_a_delegate_is_named_with_the_principal_and_nobody_else_may_name_one(service: Service):
    prepare(service)
    service.join("stand_in")
    with service.client("hr_administrator") as hr:
        recorded(hr, f"/people/{service.ids['stand_in']}/start-employment", effective_at="2026-01-01", reason="setup")
    with service.client("lead") as lead:
        until = "2099-01-01T00:00:00+08:00"
        path = f"/people/{service.ids['lead']}/delegate"
        recorded(lead, path, delegate=service.ids["stand_in"], scope=["goals"], until=until)
    acting = {"acting-for": service.ids["lead"]}
    with service.client("stand_in") as stand_in:
        done = stand_in.post("/goals/assign", json=goal(service), headers=acting)
        assert done.status_code == 201, done.text
        assert stand_in.post("/goals/assign", json=goal(service), headers={"acting-for": ""}).status_code == 400
    with service.client("outsider") as outsider:
        refused = outsider.post("/goals/assign", json=goal(service), headers=acting)
        assert refused.status_code in {403, 404}
    event = service.ledger.reader.at(done.json()["position"])
    assert event is not None
    assert f'"principal":"{service.ids["lead"]}"'.encode() in event
    assert f'"actor":"{service.ids["stand_in"]}"'.encode() in event


def test_hr_that_sets_a_goal_for_whom_it_does_not_lead_is_refused_with_the_rule_named(service: Service):
    prepare(service)
    with service.client("hr_partner") as partner:
        refused = partner.post("/goals/assign", json=goal(service))
        assert (refused.status_code, refused.json()["code"]) == (403, "in_a_leads_place")
        assert refused.json()["rule"] == "boundary"
