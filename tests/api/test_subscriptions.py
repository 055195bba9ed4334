"""Subscriptions: CloudEvents in order, cursors that resume, a wait that ends with news, a stream."""

import base64
import threading
from datetime import timedelta
from uuid import uuid4

import orjson
import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from api.subscriptions.cursor import Filter
from ledger.application import SYSTEM_CALLER
from ledger.kernel.event import Subject
from tests.api.service import Service, company, recorded, running


@pytest.fixture
def feed(service):
    with service.client("subscriber") as client:
        yield client


@pytest.fixture
def hr(service):
    with service.client("hr_administrator") as client:
        yield client


def form(hr) -> dict:
    return recorded(hr, f"/units/f{uuid4().hex[:10]}/form", label="A unit", parent="company")


def whole(feed, **params) -> tuple[list[dict], str]:
    """Return all events from a cursor on, and the cursor at the head."""
    events: list[dict] = []
    while True:
        response = feed.get("/events", params=params)
        assert response.status_code == 200, response.text
        events += response.json()
        params = {**params, "after": response.headers["pledger-cursor"]}
        if response.headers["pledger-at-head"] == "true":
            return events, params["after"]


def test_the_feed_holds_every_event_once_in_order(feed, hr):
    last = form(hr)["position"]
    events, _ = whole(feed, limit=7)
    positions = [event["position"] for event in events]
    assert positions[:last] == list(range(1, last + 1))


def test_an_event_is_a_cloud_event(service, feed, hr):
    receipt = form(hr)
    events, _ = whole(feed, subject=receipt["stream"])
    [event] = events
    assert event["specversion"] == "1.0"
    assert (event["source"], event["id"], event["subject"]) == (
        service.ledger.origin,
        receipt["event_id"],
        receipt["stream"],
    )
    assert (event["type"], event["time"]) == ("people.UnitFormed.v1", receipt["recorded_at"])
    assert event["data"]["label"] == "A unit"
    assert {"position", "stream", "version", "effective", "actor", "cursor"} <= set(event)


def test_a_public_library_reads_our_events(feed, hr):
    form(hr)
    event = feed.get("/events", params={"limit": 1}).json()[0]
    message = HTTPMessage({"content-type": "application/cloudevents+json"}, orjson.dumps(event))
    read = from_structured(message, JSONFormat(), CloudEvent)
    assert read.get_id() == event["id"]


def test_the_stored_form_is_byte_equal(service, feed, hr):
    receipt = form(hr)
    [event], _ = whole(feed, subject=receipt["stream"], form="stored")
    assert base64.b64decode(event["data_base64"]) == service.ledger.reader.at(receipt["position"])
    assert "data" not in event


def test_filters_pass_what_they_name_and_the_cursor_goes_past_the_rest(feed, hr):
    receipt = form(hr)
    form(hr)
    for named in ("people.UnitFormed", "people.UnitFormed.v1"):
        events, _ = whole(feed, type=named)
        assert {event["type"] for event in events} == {"people.UnitFormed.v1"}
    response = feed.get("/events", params={"subject": receipt["stream"], "limit": 1000})
    assert [event["id"] for event in response.json()] == [receipt["event_id"]]
    assert int(response.headers["pledger-position"]) > receipt["position"]


def test_a_cursor_resumes_after_its_event_under_every_name(feed, hr):
    _, cursor = whole(feed)
    receipt = form(hr)
    for ask in (
        {"params": {"after": cursor}},
        {"params": {"lastEventId": cursor}},
        {"headers": {"last-event-id": cursor}},
    ):
        assert next(e["id"] for e in feed.get("/events", **ask).json()) == receipt["event_id"]


def test_a_cursor_of_another_filter_or_none_is_refused(feed):
    _, cursor = whole(feed)
    for params in (
        {"after": cursor, "type": "people.UnitFormed"},
        {"after": "nonsense"},
        {"after": cursor[:-2] + "zz"},
    ):
        response = feed.get("/events", params=params)
        assert (response.status_code, response.json()["code"]) == (400, "cursor_mismatch")


def test_a_cursor_past_the_head_is_refused(service, feed):
    ahead = service.server.services.ledgers[service.ledger.name].pages.cursors.make(10**9, Filter().digest)
    response = feed.get("/events", params={"after": ahead})
    assert (response.status_code, response.json()["code"]) == (400, "cursor_ahead")


def test_a_wait_ends_with_the_next_event(service, feed, hr):
    _, cursor = whole(feed)
    found: list[list[dict]] = []

    def wait():
        with service.client("subscriber") as client:
            found.append(client.get("/events", params={"after": cursor, "wait": 20}).json())

    waiting = threading.Thread(target=wait)
    waiting.start()
    receipt = form(hr)
    waiting.join(20)
    assert found[0][0]["id"] == receipt["event_id"]


def test_a_wait_without_news_ends_empty(feed):
    _, cursor = whole(feed)
    response = feed.get("/events", params={"after": cursor, "wait": 0.05})
    assert (response.status_code, response.json(), response.headers["pledger-at-head"]) == (200, [], "true")


@pytest.mark.parametrize("params", [{"wait": 31}, {"wait": "nan"}, {"limit": 0}, {"limit": 1001}, {"form": "raw"}])
def test_what_is_out_of_bounds_is_refused(feed, params):
    assert feed.get("/events", params=params).status_code == 422


def frames(response):
    """Yield the frames of a stream as dicts; lines end with a line feed and nothing else that looks like one."""
    waiting = b""
    for chunk in response.iter_bytes():
        waiting += chunk
        *whole, waiting = waiting.split(b"\n\n")
        for frame in whole:
            lines = [line.partition(": ") for line in frame.decode().split("\n") if not line.startswith(":")]
            if lines:
                yield {name: value for name, _, value in lines}


def test_the_stream_has_ids_on_real_events_only_and_resumes(service, feed, hr):
    first = form(hr)
    ids: list[str] = []
    last = ""
    with feed.stream("GET", "/events/stream", params={"type": "people.UnitFormed"}) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        for frame in frames(response):
            if frame["event"] == "caught-up":
                assert "id" not in frame
                break
            assert frame["id"]
            ids.append(orjson.loads(frame["data"])["id"])
            last = frame["id"]
    assert ids[-1] == first["event_id"]
    second = form(hr)
    ask = {"params": {"type": "people.UnitFormed"}, "headers": {"last-event-id": last}}
    with feed.stream("GET", "/events/stream", **ask) as response:
        frame = next(frames(response))
    assert orjson.loads(frame["data"])["id"] == second["event_id"]


def test_a_listener_gets_what_is_recorded_while_it_listens(feed, hr):
    _, cursor = whole(feed)
    with feed.stream("GET", "/events/stream", params={"after": cursor}) as response:
        heard = frames(response)
        assert next(heard)["event"] == "caught-up"
        receipt = form(hr)
        real = next(frame for frame in heard if "id" in frame)
    assert orjson.loads(real["data"])["id"] == receipt["event_id"]


def test_a_revoked_token_ends_the_stream(service, feed, hr):
    bearer = Subject(kind="system", id="system:payroll")
    token, receipt = service.run(service.ledger.issue_token(SYSTEM_CALLER, bearer, lifetime=timedelta(hours=1)))
    with service.client() as client:
        client.headers["authorization"] = f"Bearer {token}"
        with client.stream("GET", "/events/stream") as response:
            heard = frames(response)
            next(frame for frame in heard if frame["event"] == "caught-up")
            recorded(hr, f"/tokens/{receipt.stream.removeprefix('token/')}/revoke")
            assert all(frame["event"] != "going-away" for frame in heard)  # it ends by itself


def test_going_away_is_said_before_the_service_stops(database_url, tmp_path):
    with running(database_url, tmp_path, "api_going_away") as service:
        company(service)
        heard: list[str] = []
        listening = threading.Event()

        def listen(service: Service) -> None:
            with service.client("subscriber") as client, client.stream("GET", "/events/stream") as response:
                for frame in frames(response):
                    heard.append(frame["event"])
                    listening.set()

        listener = threading.Thread(target=listen, args=(service,))
        listener.start()
        assert listening.wait(20)
        service.server.should_exit = True
        listener.join(20)
    assert heard[-1] == "going-away"
