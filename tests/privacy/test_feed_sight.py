"""The feed under one's own review: no path of it, stream, entry or event, tells a judgement before it is published."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import orjson
import pytest

from ledger.domain.identity import Role
from tests.api.service import Service, company, recorded, running

HALF: dict[str, Any] = {"starts_on": "2026-01-01", "ends_on": "2026-06-30", "scale": "abc", "grades": ["c", "b", "a"]}
JUDGED = "judged"  # an HR administrator of `dev`, whose review is under way


@pytest.fixture(scope="module")
def world(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(database_url, tmp_path_factory.mktemp("feed_sight"), "feed_sight") as started:
        company(started)
        person = started.join(JUDGED, Role.HR_ADMINISTRATOR)
        with started.client("hr_administrator") as hr:
            day = {"effective_at": "2026-01-01", "reason": "setup"}
            recorded(hr, f"/people/{person}/start-employment", **day)
            recorded(hr, f"/people/{person}/assign-to-unit", unit="dev", **day)
        yield started


def _id(receipt: dict[str, Any]) -> str:
    return str(receipt["stream"]).partition("/")[2]


def _fed(client: httpx2.Client) -> list[str]:
    """Return the ids of every event in the feed, read page by page."""
    found: list[str] = []
    params: dict[str, Any] = {"limit": 50}
    while True:
        page = client.get("/events", params=params)
        assert page.status_code == 200, page.text
        found += [event["id"] for event in page.json()]
        params["after"] = page.headers["pledger-cursor"]
        if page.headers["pledger-at-head"] == "true":
            return found


def _streamed(client: httpx2.Client) -> list[str]:
    """Return the ids of every event in the stream until it has caught up."""
    found: list[str] = []
    with client.stream("GET", "/events/stream") as response:
        for line in response.iter_lines():
            if line.startswith("event: caught-up"):
                return found
            if line.startswith("data: "):
                found.append(orjson.loads(line.removeprefix("data: ")).get("id"))
    raise AssertionError("the stream ended before it had caught up")


def test_a_judgement_of_ones_own_review_is_in_no_feed_before_it_is_published(world: Service):
    with world.client("hr_administrator") as hr, world.client("lead") as lead, world.client(JUDGED) as judged:
        review = _id(recorded(hr, "/reviews/open", person=world.ids[JUDGED], **HALF))
        about = {"kind": "review", "id": review}
        remark = recorded(lead, "/comments/add", about=about, text="Below the others")
        own = recorded(judged, f"/reviews/{review}/submit-assessment", grade="a", note="I did well")
        rated = recorded(lead, f"/reviews/{review}/propose-rating", grade="c", note="Weak")
        with world.client("subscriber") as subscriber:
            assert {own["event_id"], rated["event_id"]} <= set(_fed(subscriber))
        assert {own["event_id"], rated["event_id"]} <= set(_fed(hr))
        for seen in (_fed(judged), _streamed(judged)):
            assert own["event_id"] in seen
            assert not {rated["event_id"], remark["event_id"]} & set(seen)
        named = {"subject": rated["stream"], "type": "reviews.RatingProposed"}
        assert judged.get("/events", params=named).json() == []
        recorded(hr, f"/reviews/{review}/publish")
        for seen in (_fed(judged), _streamed(judged)):
            assert {own["event_id"], rated["event_id"]} <= set(seen)


def test_entries_are_whole_or_withheld(world: Service):
    """Bytes under a proof can't be thinned out: where something among them is closed to a person, all are."""
    with world.client("hr_administrator") as hr, world.client("lead") as lead:
        review = _id(recorded(hr, "/reviews/open", person=world.ids[JUDGED], **HALF | {"ends_on": "2026-07-31"}))
        rated = recorded(lead, f"/reviews/{review}/propose-rating", grade="c", note="Weak")
        assert hr.get(rated["links"]["proof"]).status_code == 200  # the signer has covered it
    tile, width = divmod(rated["position"], 256)
    path = f"/logs/{world.ledger.name}/tile/entries/{tile:03}.p/{width}"
    answers = {}
    for who in (JUDGED, "auditor", "subscriber", "lead"):
        with world.client(who) as client:
            answers[who] = client.get(path)
    assert {who: answer.status_code for who, answer in answers.items()} == {
        JUDGED: 403, "auditor": 200, "subscriber": 200, "lead": 403,
    }  # fmt: skip
    assert (answers[JUDGED].json()["code"], answers["lead"].json()["code"]) == ("entries_withheld", "not_allowed")


def test_confidential_feedback_is_in_the_feed_of_nobody_by_office(world: Service):
    words = {"recipient": world.ids["employee"], "kind": "advice", "text": "Ask earlier"}
    with world.client("colleague") as giver:
        given = recorded(giver, "/feedback/give", **words)
    with world.client("hr_administrator") as hr, world.client("auditor") as auditor:
        assert given["event_id"] not in _fed(hr)
        assert hr.get(f"/events/{given['event_id']}").status_code == 404
        assert given["event_id"] in _fed(auditor)
