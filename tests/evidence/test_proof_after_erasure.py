"""An event's single proof outlives its subject's erasure, made before it or after; the texts do not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import orjson
import pytest

from api.bundles.replaying import verified
from api.cli.stored import Demand, verdict_on
from ledger.domain.identity import Role
from ledger.evidence import bundle as bundles
from ledger.evidence.verify import Question, verify
from ledger.evidence.verify_proof import Disclosure, marshal_disclosures
from ledger.privacy.erasing import Step
from tests.api.service import Service, company, recorded, running

TEXT = "Name of employee"


@dataclass(frozen=True)
class Kept:
    """An event of somebody who was erased, and what was taken of it before."""

    stored: bytes
    event_id: str
    proof: Path
    disclosed: Path
    bundle: Path


@pytest.fixture(scope="module")
def service(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(database_url, tmp_path_factory.mktemp("erased"), "proof_after_erasure") as started:
        company(started)
        started.join("second_hr", Role.HR_ADMINISTRATOR)
        started.settle()
        yield started


def proof_of(service: Service, event_id: str) -> bytes:
    with service.client("auditor") as auditor:
        response = auditor.get(f"/events/{event_id}/proof")
    assert response.status_code == 200, response.text
    return response.content


def erase(service: Service, person: str) -> None:
    """Have two administrators want it, and wait until it is done."""
    with service.client("hr_administrator") as hr, service.client("second_hr") as second:
        recorded(hr, f"/personal-records/person/{person}/ask-erasure", basis="request")
        recorded(second, f"/personal-records/person/{person}/confirm-erasure")
    place = service.ledger.erasing

    async def done() -> None:
        async with asyncio.timeout(30):
            while (found := await asyncio.to_thread(place.find, f"person/{person}")) is None or (
                found.step is not Step.DONE
            ):
                pass

    service.run(done(), 40)


def laid(folder: Path, name: str, proof: bytes, stored: bytes) -> Path:
    """A proof with its event beside it, as somebody keeps them."""
    path = folder / f"{name}.tlog-proof"
    path.write_bytes(proof)
    path.with_suffix(".event").write_bytes(stored)
    return path


@pytest.fixture(scope="module")
def kept(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """What was taken before the erasure of somebody and kept until after it."""
    folder = tmp_path_factory.mktemp("kept")
    reader, person = service.ledger.reader, service.ids["employee"]
    stored = reader.events_of(f"person/{person}")[0]
    event = json.loads(stored)
    proof = laid(folder, "before", proof_of(service, event["event_id"]), stored)
    raw = UUID(event["event_id"]).bytes
    [box] = reader.sealed(raw)
    opened = service.ledger.sealer.open(raw, box)
    assert opened is not None
    text = Disclosure(event["position"], box.part, opened[0], orjson.dumps(opened[1]))
    disclosed = folder / "disclosed.json"
    disclosed.write_bytes(marshal_disclosures([text]))
    bundle = folder / "trail.zip"
    with service.client("employee") as own:
        bundle.write_bytes(own.get(f"/bundles/trail/person/{person}").content)
    erase(service, person)
    return Kept(stored, event["event_id"], proof, disclosed, bundle)


def test_a_single_proof_stays_verifiable_made_before_the_erasure_or_after(service: Service, kept: Kept, tmp_path: Path):
    signing = service.server.services.ledgers[service.ledger.name].signing
    keys = tuple(signing.keys)
    assert service.ledger.open_parts(kept.event_id) == {}
    assert service.ledger.reader.events_of(json.loads(kept.stored)["stream"])[0] == kept.stored
    after = laid(tmp_path, "after", proof_of(service, kept.event_id), kept.stored)
    sizes = []
    for path in (kept.proof, after):
        found = verify(Question(path, keys=keys, origin=service.ledger.origin))
        assert (found.ok, found.checked, found.level) == (True, 1, 1), found.en
        sizes.append(found.checkpoint_size)
    assert sizes[0] < sizes[1]
    for path in (kept.proof, after):
        path.with_suffix(".event").write_bytes(kept.stored.replace(b'"actor":"', b'"actor":"x', 1))
        assert verify(Question(path, keys=keys)).kind == "proof_false"
        path.with_suffix(".event").write_bytes(kept.stored)


def test_what_was_disclosed_before_stays_true_and_nothing_is_disclosed_any_more(
    service: Service, kept: Kept, tmp_path: Path
):
    keys = tuple(service.server.services.ledgers[service.ledger.name].signing.keys)
    found = verify(Question(kept.proof, keys=keys, disclosed=kept.disclosed))
    assert (found.ok, found.level) == (True, 3), found.en
    assert TEXT.encode() in b"".join(one.content for one in bundles.read(kept.bundle.read_bytes()).disclosed)
    assert verified(Question(kept.bundle, keys=keys)).level == 4
    with service.client("auditor") as auditor:
        answer = auditor.get(f"/bundles/trail/person/{service.ids['employee']}")
    bundle = bundles.read(answer.content)
    assert TEXT.encode() not in b"".join(bundle.files.values())
    path = tmp_path / "after.zip"
    path.write_bytes(answer.content)
    assert verified(Question(path, keys=keys)).ok


def test_the_check_of_sealed_parts_takes_the_erasure_for_what_it_is(service: Service, kept: Kept):
    name = service.ledger.name
    with service.ledger.reader.pool.connection() as connection:
        verdict = verdict_on(
            service.ledger.reader.conninfo, name, service.ledger.secrets.folder.parents[1], Demand(), lambda *_: None
        )
        assert verdict.ok, verdict.en
        events = connection.execute(f"select count(*) from ledger_{name}.events".encode()).fetchone()
    assert events == (verdict.checked,)
