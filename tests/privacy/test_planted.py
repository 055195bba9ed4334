"""A text planted in every sealed field of every event: after the erasure they are nowhere.

Twenty of one person are planted by commands, with what the service derives from them; and one in each sealed field that
any event has, of the person or a candidate. The search goes through a dump, every file of the database with its
write-ahead log, what the service printed, its folders, and what it answers. What was given out before still verifies.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from ledger.application import SYSTEM_CALLER
from ledger.domain.identity import Role
from ledger.evidence.__main__ import main as verify
from ledger.kernel.event import Subject, decode
from ledger.kernel.ids import uuid7
from ledger.privacy.erasing import Step
from ledger.store.embedded.binaries import program
from tests.api.service import LIFETIME, Service, company, recorded, running
from tests.privacy.everywhere import BORN, plant_everywhere, record, sealing

TEXTS = 20
MARK = "planted-"  # every text begins with it, so that most places are looked through once
PERIOD = {"starts_on": "2026-01-01", "ends_on": "2030-12-31"}


def _texts() -> Iterator[str]:
    for number in range(1, TEXTS + 1):
        yield f"planted-{number:02}-{uuid7().hex()}"


def _id(receipt: dict[str, Any]) -> str:
    return str(receipt["stream"]).partition("/")[2]


def _plant(service: Service, texts: list[str]) -> str:
    """Write every text about one new person; return the person's id."""
    said = iter(texts)
    with service.client("hr_administrator") as hr, service.client("lead") as lead:
        identifiers = {"handle": next(said), "e-mail": next(said)}
        born = recorded(hr, "/people/register", name=next(said), identifiers=identifiers)
        id = service.ids["planted"] = _id(born)
        day = {"effective_at": "2026-01-01", "reason": "setup"}
        recorded(hr, f"/people/{id}/start-employment", **day)
        recorded(hr, f"/people/{id}/assign-to-unit", unit="dev", **day)
        recorded(hr, f"/people/{id}/correct-name", name=next(said))
        recorded(hr, f"/people/{id}/start-absence", kind=next(said))
        _plant_goals(service, hr, lead, id, said)
        _plant_talk(service, hr, lead, id, said)
    assert next(said, None) is None
    return id


def _plant_everywhere(service: Service, person: str, texts: list[str]) -> str:
    """Plant a text in every sealed field of every event, add them to `texts`, and return the candidate's id."""
    name, handle = (f"planted-born-{uuid7().hex()}" for _ in range(2))
    with service.client("hr_administrator") as hr:
        born = recorded(hr, "/candidates/register", name=name, identifiers={"handle": handle})
        refused = hr.post(f"/people/{person}/correct-name", json={"name": "", "note": texts[0]})
        assert refused.status_code == 422
    planting = plant_everywhere(service.ledger, person, _id(born))
    service.run(record(service.ledger, planting.decisions))
    planted = {topic for topic, _ in planting.texts}
    assert planted == sealing().keys() - BORN
    texts += [name, handle, *planting.texts.values()]
    return _id(born)


def _plant_goals(service: Service, hr: httpx2.Client, lead: httpx2.Client, id: str, said: Iterator[str]) -> None:
    metric = {"label": "Sold", "unit_of_measure": "units", "direction": "increase", "combines": "sum"}
    recorded(hr, "/metrics/sold/define", **metric)
    body = {"owner": {"kind": "person", "id": id}, "metric": "sold", "target": "10", **PERIOD}
    disputed, goal = (_id(recorded(lead, "/goals/assign", title=next(said), **body)) for _ in range(2))
    token = service.tokens["planted"] = _token(service, id)
    with httpx2.Client(base_url=service.address, headers={"authorization": f"Bearer {token}"}) as own:
        recorded(own, f"/goals/{disputed}/dispute", note=next(said))
        recorded(own, f"/goals/{goal}/accept")
        recorded(own, f"/goals/{goal}/report-progress", value="3", note=next(said), evidence=[next(said)])
        recorded(own, f"/goals/{goal}/raise-difficulty", concern="time", note=next(said))
        recorded(own, f"/goals/{goal}/request-support", concern="time", note=next(said))
        about = {"kind": "goal", "id": goal}
        recorded(own, "/comments/add", about=about, text=next(said))
        recorded(own, "/data-requests/make", person=id, wish="erasure", note=next(said))
    milestone = {"milestone": "first", "due_on": "2026-12-31", "share": "0.5"}
    recorded(lead, f"/goals/{goal}/set-milestone", title=next(said), **milestone)
    service.ids["goal"] = goal


def _plant_talk(service: Service, hr: httpx2.Client, lead: httpx2.Client, id: str, said: Iterator[str]) -> None:
    given = recorded(lead, "/feedback/give", recipient=id, kind="advice", text=next(said))
    recorded(lead, f"/feedback/{_id(given)}/correct", text=next(said))
    held = recorded(lead, "/coachings/hold", person=id, note=next(said))
    holder = {"holder": id, "due_on": "2030-01-01"}
    recorded(lead, f"/coachings/{_id(held)}/agree-action", text=next(said), **holder)
    recorded(hr, "/courses/selling/define", label="Selling")
    training = recorded(hr, "/trainings/assign", person=id, course="selling", **PERIOD)
    recorded(hr, f"/trainings/{_id(training)}/abandon", note=next(said))


def _token(service: Service, id: str) -> str:
    bearer = Subject(kind="person", id=id)
    return service.run(service.ledger.issue_token(SYSTEM_CALLER, bearer, lifetime=LIFETIME))[0]


def _opened(service: Service) -> str:
    """Return every sealed text that the ledger can open."""
    rows = service.ledger.reader.page(0, 2000)
    ids = [decode(stored).event_id for _, stored in rows]
    return str([service.ledger.open_parts(id) for id in ids])


def _database_files(conninfo: str) -> Iterator[tuple[str, bytes]]:
    """Yield the files of the database, write-ahead log and all, after it was recycled; and a whole dump."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for _ in range(2):
            connection.execute("select pg_switch_wal()")
            connection.execute("checkpoint")
        folder = connection.execute("show data_directory").fetchall()[0][0]
    for path in Path(folder).rglob("*"):
        if path.is_file():
            yield str(path), path.read_bytes()
    dumped = subprocess.run([program("pg_dump"), conninfo], capture_output=True, check=True)
    yield "dump", dumped.stdout


def _answers(service: Service, paths: list[str]) -> Iterator[tuple[str, bytes]]:
    for who in ("hr_administrator", "auditor", "lead"):
        with service.client(who) as client:
            for path in paths:
                yield f"{who} {path}", client.get(path).content


def _found(texts: list[str], places: Iterator[tuple[str, bytes]]) -> list[tuple[str, str]]:
    assert all(text.startswith(MARK) for text in texts)
    marked = ((name, content) for name, content in places if MARK.encode() in content)
    return [(text, name) for name, content in marked for text in texts if text.encode() in content]


def test_planted_texts_are_nowhere_after_the_erasure(
    database_url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    texts = list(_texts())
    with running(database_url, tmp_path, f"planted_{uuid7().hex()[:8]}") as service:
        company(service)
        service.join("second_hr", Role.HR_ADMINISTRATOR)
        id = _plant(service, texts)
        candidate = _plant_everywhere(service, id, texts)
        service.settle()
        opened = _opened(service)
        assert [text for text in texts if text not in opened] == []
        with service.client("lead") as lead:
            bundle = lead.get(f"/bundles/goals/{service.ids['goal']}")
            assert bundle.status_code == 200, bundle.text
        for subject in (f"person/{id}", f"candidate/{candidate}"):
            _erase(service, subject)
        _rebuild(service)
        paths = [f"/people/{id}", f"/goals/{service.ids['goal']}", "/goals", f"/trail/person/{id}", "/duties"]
        paths += ["/feedback", "/reviews", "/requisitions", "/events?limit=1000", "/refused", f"/people/{id}/accesses"]
        assert _found(texts, _answers(service, paths)) == []
        assert [text for text in texts if text in _opened(service)] == []
        assert _found(texts, _database_files(database_url)) == []
        files = ((str(path), path.read_bytes()) for path in tmp_path.rglob("*") if path.is_file())
        assert _found(texts, files) == []
        key = httpx2.get(f"{service.address}/logs/{service.ledger.name}/verifier-key").text
    printed = capfd.readouterr()
    assert _found(texts, iter([("printed", (printed.out + printed.err).encode())])) == []
    given = tmp_path / "given.zip"
    given.write_bytes(bundle.content)
    assert verify([str(given), "--key", key.strip(), "--lang", "en"]) == 0


def _erase(service: Service, subject: str) -> None:
    with service.client("hr_administrator") as hr, service.client("second_hr") as second:
        recorded(hr, f"/personal-records/{subject}/ask-erasure", basis="request")
        recorded(second, f"/personal-records/{subject}/confirm-erasure")
    place = service.ledger.erasing

    async def done() -> None:
        async with asyncio.timeout(20):
            while (erasing := await asyncio.to_thread(place.find, subject)) is None or (erasing.step is not Step.DONE):
                pass

    service.run(done())


def _rebuild(service: Service) -> None:
    with service.client("operator") as operator:
        projections = operator.get("/projections").json()["projections"]
        assert len(projections) > 5
        for one in projections:
            answered = operator.post(f"/projections/{one['name']}/rebuild")
            assert answered.status_code in {200, 202}, answered.text
    service.settle()
