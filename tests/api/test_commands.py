"""Commands over HTTP: receipts, repeats, preconditions, batches, ids with slashes, and hostile bodies."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest

from api.commands import PLURALS
from ledger.kernel.command import Command, StreamKind
from tests.api.json_suite import hostile_bodies
from tests.api.service import recorded

FORM = {"label": "A unit", "parent": "company"}


@pytest.fixture
def hr(service):
    with service.client("hr_administrator") as client:
        yield client


def fresh() -> str:
    return f"u{uuid4().hex[:12]}"


def test_a_receipt_names_event_position_stream_and_version(hr):
    unit = fresh()
    response = hr.post(f"/units/{unit}/form", json=FORM)
    receipt = response.json()
    assert response.status_code == 201
    assert set(receipt) == {"event_id", "position", "stream", "version", "recorded_at", "proof", "links"}
    assert (receipt["stream"], receipt["version"], receipt["proof"]) == (f"unit/{unit}", 1, "recorded")
    assert response.headers["location"] == receipt["links"]["event"] == f"/events/{receipt['event_id']}"
    assert response.headers["pledger-api"] == "1"
    assert hr.get(receipt["links"]["event"]).json()["event"]["stream"] == f"unit/{unit}"


def test_without_an_id_the_server_makes_one(hr):
    assert recorded(hr, "/people/register", name="Somebody")["stream"].startswith("person/p-")


def test_ids_that_the_server_makes_are_not_taken_from_callers(hr):
    response = hr.post("/people/p-mine/register", json={"name": "Somebody"})
    assert (response.status_code, response.json()["errors"]) == (
        422,
        [{"at": "path/id", "code": "made_by_the_server"}],
    )


def test_an_id_may_hold_a_slash_or_a_per_cent_sign(hr):
    for id in ("archive/wg-core", "50%", "a%2Fb", "部门/一", "a b+c", "."):
        unit = f"{fresh()}{id}"
        receipt = recorded(hr, f"/units/{quote(unit, safe='')}/form", **FORM)
        there = {"min_position": receipt["position"]}
        assert receipt["stream"] == f"unit/{unit}"
        assert hr.get(f"/units/{quote(unit, safe='')}", params=there).json()["unit"]["id"] == unit
        assert hr.get(f"/who-owns/unit/{quote(unit, safe='')}").json()["subject"]["id"] == unit


def test_an_id_is_also_taken_from_the_query(hr):
    unit = f"{fresh()}/.."
    receipt = hr.post("/units/form", params={"id": unit}, json=FORM).json()
    assert receipt["stream"] == f"unit/{unit}"
    assert hr.get("/who-owns/unit", params={"id": unit}).json()["subject"]["id"] == unit


def test_a_repeat_gives_the_same_answer_and_another_body_is_refused(hr):
    unit, key = fresh(), uuid4().hex
    first = hr.post(f"/units/{unit}/form", json=FORM, headers={"idempotency-key": key})
    again = hr.post(f"/units/{unit}/form", json=FORM, headers={"idempotency-key": key})
    other = hr.post(f"/units/{unit}/form", json={"label": "B"}, headers={"idempotency-key": key})
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 422)
    assert again.json() == first.json()
    assert other.json()["code"] == "idempotency_key_reused"


def test_parallel_repeats_make_one_event(hr, service):
    unit, key = fresh(), uuid4().hex

    def post(_):
        with service.client("hr_administrator") as client:
            return client.post(f"/units/{unit}/form", json=FORM, headers={"idempotency-key": key})

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(post, range(16)))
    assert sorted({a.status_code for a in answers}) == [200, 201]
    assert len({a.json()["event_id"] for a in answers}) == 1


@pytest.mark.parametrize("key", ["", "a b", "ü", "x" * 256, "tab\there"])
def test_a_key_is_visible_ascii_of_bounded_length(hr, key):
    response = hr.post("/units/x/form", json=FORM, headers={"idempotency-key": key.encode("latin-1")})
    assert (response.status_code, response.json()["code"]) == (400, "header_invalid")


def test_if_match_takes_the_stream_version(hr):
    unit = fresh()
    recorded(hr, f"/units/{unit}/form", **FORM)
    stale = hr.post(f"/units/{unit}/rename", json={"label": "B"}, headers={"if-match": "7"})
    good = hr.post(f"/units/{unit}/rename", json={"label": "B"}, headers={"if-match": '"1"'})
    odd = hr.post(f"/units/{unit}/rename", json={"label": "C"}, headers={"if-match": "*"})
    assert (stale.status_code, good.status_code, odd.status_code) == (412, 201, 400)


def test_a_dry_run_decides_and_records_nothing(hr):
    unit = fresh()
    assert hr.post(f"/units/{unit}/form?dry_run=true", json=FORM).json()["dry_run"] is True
    assert hr.post(f"/units/{unit}/form?dry_run=true", json={}).status_code == 422
    assert hr.post(f"/units/{unit}/form?dry_run=maybe", json=FORM).status_code == 422
    assert hr.post(f"/units/{unit}/form", json=FORM).status_code == 201


def test_a_refusal_is_told_in_the_callers_language(hr):
    unit = fresh()
    recorded(hr, f"/units/{unit}/form", **FORM)
    for language, word in (("zh-CN", "已存在"), ("en", "exists")):
        response = hr.post(f"/units/{unit}/form", json=FORM, headers={"accept-language": language})
        assert (response.status_code, response.headers["content-type"]) == (409, "application/problem+json")
        assert word in response.json()["detail"]


def test_unknown_fields_are_refused_and_not_echoed(hr):
    response = hr.post("/units/x/form", json={**FORM, "<script>alert(1)</script>": "zzz-secret"})
    assert response.status_code == 422
    assert "script" not in response.text
    assert "zzz-secret" not in response.text
    assert response.json()["errors"] == [{"at": "/*", "code": "extra_forbidden"}]


def test_other_methods_are_not_allowed(hr):
    assert hr.get("/units/x/form").status_code == 405
    assert hr.put("/batch", json={}).status_code == 405
    assert hr.delete("/events").status_code == 405


ROUTES = [
    "/units/x/form",
    "/people/register",
    "/responsibilities/team/compiler/assign",
    "/goals/g/report-progress",
    "/batch",
    "/imports/ownership",
]


def test_no_hostile_body_gives_a_server_error_or_is_echoed(hr, shared_data):
    bodies = hostile_bodies(shared_data)
    for number, (name, body) in enumerate(bodies.items()):
        route = ROUTES[number % len(ROUTES)]
        response = hr.post(route, content=body, headers={"idempotency-key": uuid4().hex})
        assert 400 <= response.status_code < 500, (name, route)
        assert response.headers["content-type"] == "application/problem+json"
        if name.startswith("n_") and route != "/imports/ownership" and body.strip():
            assert response.status_code in {400, 413}, (name, route)
        assert len(body) < 12 or body not in response.content, (name, route)


def every_route() -> list[str]:
    """Every path that takes a body: all commands of the registry, batches, imports and rebuilds."""
    commands = [
        f"/{stream.plural}{'/team/x' if stream.by_subject else '' if made_by_server(stream, c) else '/x'}/{c.verb}"
        for stream in PLURALS.values()
        for c in stream.commands
    ]
    return [*commands, "/batch", "/imports/ownership", "/imports/ownership/x/confirm", "/projections/goals/rebuild"]


def made_by_server(stream: StreamKind[Any], command: type[Command]) -> bool:
    return command.starts and not stream.caller_ids


@pytest.mark.parametrize("bodies_each", [4, pytest.param(318, marks=[pytest.mark.soak, pytest.mark.timeout(1800)])])
def test_no_route_breaks_on_a_hostile_body(hr, shared_data, bodies_each):
    bodies = list(hostile_bodies(shared_data).items())
    number = 0
    for route in every_route():
        for _ in range(min(bodies_each, len(bodies))):
            name, body = bodies[number % len(bodies)]
            number += 1
            response = hr.post(route, content=body, headers={"idempotency-key": uuid4().hex})
            assert response.status_code < 500, (name, route, response.text)


@pytest.mark.parametrize(
    "body",
    [
        b'{"label":"\\ud800"}',
        b'{"label":NaN}',
        b'{"label":1e400}',
        b'{"label":"a","label":"b"}',
        b'{"label":"\\u0000"}',
        b'{"label":' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"label":"a',
        b"\xff\xfe",
        b'{"label":' + b"9" * 5000 + b"}",
    ],
)
def test_what_breaks_other_readers_is_a_refusal_on_every_route(hr, body):
    for route in ROUTES:
        response = hr.post(route, content=body, headers={"idempotency-key": uuid4().hex})
        assert 400 <= response.status_code < 500, route


def test_a_body_beyond_the_limit_is_refused_also_when_it_is_streamed(hr):
    big = b'{"label":"' + b"a" * 70_000 + b'"}'
    assert hr.post("/units/x/form", content=big).status_code == 413
    assert hr.post("/units/x/form", content=iter([big[:40_000], big[40_000:]])).status_code == 413


def batch(hr, mode, *commands, **options):
    headers = {"idempotency-key": options.pop("key", None) or uuid4().hex}
    body = {"mode": mode, "commands": list(commands)}
    return hr.post("/batch", json=body, headers=headers, **options)


def forming(unit, **fields):
    return {"path": f"/units/{unit}/form", "body": {**FORM, **fields}}


def test_a_batch_of_all_is_one_batch_and_later_commands_see_earlier_ones(hr):
    above, below = fresh(), fresh()
    response = batch(hr, "all", forming(above), forming(below, parent=above))
    receipts = response.json()["receipts"]
    assert response.status_code == 201
    assert {r["batch_id"] for r in receipts} == {response.json()["batch_id"]}
    assert receipts[1]["position"] == receipts[0]["position"] + 1


def test_a_batch_of_all_is_refused_whole_with_the_index(hr):
    good = fresh()
    response = batch(hr, "all", forming(good), forming(fresh(), parent="nowhere"))
    assert (response.status_code, response.json()["index"]) == (422, 1)
    assert hr.post(f"/units/{good}/form", json=FORM).status_code == 201


def test_a_batch_of_each_gives_one_result_per_index(hr):
    response = batch(
        hr,
        "each",
        {"path": "/no/such/path", "body": {}},
        forming(fresh()),
        {"path": f"/units/{fresh()}/form", "body": {"labell": 1}},
        forming(fresh(), parent="nowhere"),
    )
    results = response.json()["results"]
    assert response.status_code == 200
    assert [(r["index"], r["status"]) for r in results] == [(0, 404), (1, 201), (2, 422), (3, 422)]


def test_a_repeated_batch_gives_the_same_results(hr):
    commands, key = [forming(fresh()), forming(fresh(), parent="nowhere"), forming(fresh())], uuid4().hex
    first = batch(hr, "each", *commands, key=key)
    again = batch(hr, "each", *commands, key=key)
    assert again.json() == first.json()


def test_a_batch_needs_a_key_a_mode_and_commands(hr):
    assert hr.post("/batch", json={"mode": "all", "commands": [forming("x")]}).json()["code"] == "header_missing"
    assert batch(hr, "some", forming("x")).status_code == 422
    assert batch(hr, "all").status_code == 422
    assert batch(hr, "each", *[forming("x")] * 5001).status_code == 422


def test_a_dry_run_of_a_batch_records_nothing(hr):
    unit = fresh()
    assert batch(hr, "all", forming(unit), params={"dry_run": "true"}).status_code == 200
    assert hr.post(f"/units/{unit}/form", json=FORM).status_code == 201


def test_numbers_in_a_batch_mean_what_they_mean_alone(hr):
    body = '{"mode":"each","commands":[{"path":"/units/x/form","body":{"label":1.5}}]}'
    row = hr.post("/batch", content=body, headers={"idempotency-key": uuid4().hex}).json()["results"][0]
    alone = hr.post("/units/x/form", content='{"label":1.5}').json()
    assert row["problem"] == alone


def test_naughty_strings_come_back_byte_for_byte(hr, shared_data):
    strings = json.loads((shared_data / "hostile_input" / "naughty" / "blns.json").read_text("utf-8"))
    labels = [
        s for s in strings if 0 < len(s) <= 200 and "\0" not in s and not any(0xD800 <= ord(c) < 0xE000 for c in s)
    ]
    assert len(labels) > 400
    units = [f"{fresh()}-{n}" for n in range(len(labels))]
    commands = [forming(unit, label=label) for unit, label in zip(units, labels, strict=True)]
    receipts = batch(hr, "all", *commands).json()["receipts"]
    last = receipts[-1]["position"]
    for unit, label in list(zip(units, labels, strict=True))[::7]:
        assert hr.get(f"/units/{unit}", params={"min_position": last}).json()["unit"]["label"] == label


def test_what_was_proposed_is_adopted_under_its_own_id_and_no_other(service, hr):
    terms = {
        "title": "Goal",
        "metric": f"m{uuid4().hex[:8]}",
        "target": 100,
        "starts_on": "2026-12-01",
        "ends_on": "2026-12-31",
    }
    owner = {"kind": "person", "id": service.ids["employee"]}
    measure = {"label": "Metric", "unit_of_measure": "pieces", "direction": "increase", "combines": "sum"}
    recorded(hr, f"/metrics/{terms['metric']}/define", **measure)
    proposed = recorded(hr, "/goals/propose", owner=owner, **terms)["stream"].removeprefix("goal/")
    with service.client("lead") as lead:
        assert recorded(lead, f"/goals/{proposed}/assign", owner=owner, **terms)["version"] == 2
        assert lead.post("/goals/g-mine/assign", json={"owner": owner, **terms}).status_code == 404
