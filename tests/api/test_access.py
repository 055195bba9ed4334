"""Who may ask what: tokens, roles, sight, and one and the same answer for all that is not there to see."""

from datetime import timedelta

import orjson
import pytest
from fastapi.routing import APIRoute

from api.app import ROUTERS
from api.policies import FEED, OPERATION, POLICIES
from ledger.application import SYSTEM_CALLER
from ledger.kernel.event import Subject
from tests.api.service import recorded

WHO = ("employee", "colleague", "lead", "hr_partner", "hr_administrator", "auditor", "operator", "subscriber")


def routes() -> list[APIRoute]:
    return [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]


def test_every_route_states_its_policy_and_every_policy_has_a_route():
    assert {route.path for route in routes()} == set(POLICIES) - {"/openapi.json"}


def test_every_public_policy_is_meant():
    public = {path for path, policy in POLICIES.items() if policy.public}
    assert public == {"/health", "/openapi.json"} | {p for p in POLICIES if p.startswith("/logs/")}


def filled(route: APIRoute, service) -> str:
    """Return a path of the route with a subject that the employee may see."""
    names = {"kind": "person", "id": service.ids["employee"], "ledger": service.ledger.name, "name": "directory"}
    if route.path.startswith(("/units", "/goals")):
        names["id"] = "dev"
    event = orjson.loads(service.ledger.reader.at(1))["event_id"]
    return route.path.replace("{name:path}", "entries/000").format(**names, event_id=event, number=1)


@pytest.mark.parametrize("token", [None, "nonsense", "pledger_api_tests.t-1.x", "pledger_other.t-1.x", "é" * 10])
def test_without_a_good_token_nothing_but_the_public_log_answers(service, token):
    headers = {} if token is None else {"authorization": f"Bearer {token}".encode()}
    with service.client() as client:
        for route in routes():
            if POLICIES[route.path].public:
                continue
            method = next(iter(route.methods or ()))
            response = client.request(method, filled(route, service), headers=headers)
            assert response.status_code == 401, route.path
            assert response.headers["www-authenticate"].startswith("Bearer")
        assert client.post("/units/x/form", json={}, headers=headers).status_code == 401
        assert client.post("/batch", json={}, headers=headers).status_code == 401


def test_a_token_is_never_taken_from_a_url(service):
    with service.client() as client:
        for name in ("token", "access_token", "authorization"):
            assert client.get("/people/x", params={name: service.tokens["hr_administrator"]}).status_code == 401


def test_a_revoked_token_opens_nothing_from_then_on(service):
    bearer = Subject(kind="person", id=service.ids["employee"])
    token, receipt = service.run(service.ledger.issue_token(SYSTEM_CALLER, bearer, lifetime=timedelta(hours=1)))
    with service.client() as client, service.client("hr_administrator") as hr:
        client.headers["authorization"] = f"Bearer {token}"
        assert client.get("/units/dev").status_code == 200
        recorded(hr, f"/tokens/{receipt.stream.removeprefix('token/')}/revoke")
        assert client.get("/units/dev").status_code == 401


MATRIX = {
    "/people/employee": {"employee", "lead", "hr_partner", "hr_administrator", "auditor"},
    "/trail/person/employee": {"employee", "lead", "hr_partner", "hr_administrator", "auditor"},
    "/units/dev": {*WHO} - {"subscriber"},
    "/who-owns/unit/dev": {*WHO} - {"subscriber"},
    "/events": {"hr_administrator", "auditor", "subscriber"},
    "/projections": {"operator", "hr_administrator"},
    "/metrics": {"operator", "hr_administrator"},
}


@pytest.mark.parametrize("path", MATRIX)
def test_each_role_reads_what_the_table_gives_it(service, path):
    asked = path.replace("employee", service.ids["employee"])
    for who in WHO:
        with service.client(who) as client:
            status = client.get(asked).status_code
        assert (status == 200) == (who in MATRIX[path]), (who, status)
        assert status in {200, 403, 404}


def test_what_may_not_be_seen_looks_like_what_is_not_there(service):
    with service.client("outsider") as client:
        hidden = client.get(f"/people/{service.ids['employee']}")
        absent = client.get("/people/p-0000")
        nowhere = client.get("/no/such/path")
    assert hidden.status_code == absent.status_code == nowhere.status_code == 404
    assert hidden.content == absent.content == nowhere.content


def test_a_role_that_is_missing_is_named_only_where_no_subject_is(service):
    with service.client("employee") as client:
        response = client.get("/events")
    assert (response.status_code, response.json()["code"]) == (403, "not_allowed")


def test_the_lead_does_not_rebuild_and_the_operator_does(service):
    with service.client("lead") as lead, service.client("operator") as operator:
        assert lead.post("/projections/goals/rebuild").status_code == 403
        assert operator.post("/projections/nothing/rebuild").status_code == 404
        assert operator.post("/projections/goals/rebuild").status_code == 202


def test_names_are_opened_for_people_and_stay_closed_for_systems_and_operators(service):
    for who, label in {"employee": "Name of lead", "auditor": "Name of lead", "operator": None}.items():
        with service.client(who) as client:
            holder = client.get("/who-owns/unit/dev").json()["accountable"][0]["holder"]
        assert (holder["label"], holder["sealed"]) == (label, True)


def test_the_policies_of_feed_and_operation_name_no_employee():
    assert not {"employee", "lead"} & (FEED.roles | OPERATION.roles)


def test_what_is_listed_as_allowed_is_accepted(service):
    with service.client("hr_administrator") as hr:
        listed = {c["verb"]: c for c in hr.get("/commands", params={"kind": "unit", "id": "ops"}).json()["commands"]}
        assert {"rename", "move", "appoint-lead"} <= set(listed)
        assert listed["rename"]["schema"]["properties"]["label"]
        assert hr.post(listed["rename"]["path"] + "?dry_run=true", json={"label": "Ops"}).status_code == 200
        begin = {c["verb"] for c in hr.get("/commands", params={"kind": "unit"}).json()["commands"]}
    assert begin == {"form"}


def test_what_is_not_listed_is_refused(service):
    with service.client("employee") as client:
        listed = {c["verb"] for c in client.get("/commands", params={"kind": "unit", "id": "ops"}).json()["commands"]}
        assert "rename" not in listed
        assert client.post("/units/ops/rename", json={"label": "Mine"}).status_code == 403
        hidden = client.get("/commands", params={"kind": "person", "id": service.ids["outsider"]})
    assert hidden.status_code == 404
