"""Evidence over HTTP: proofs that a stranger checks, tiles, consistency, and sealed parts for those who may."""

import base64
from uuid import uuid4

import pytest

from ledger.evidence import checkpoint, tlog_proof
from ledger.evidence.faults import ProofFalse
from ledger.evidence.merkle import leaf_hash, verify_consistency
from ledger.evidence.note import VerifierKey
from ledger.evidence.tiles import unpack_entries
from tests.api.service import recorded


@pytest.fixture
def hr(service):
    with service.client("hr_administrator") as client:
        yield client


@pytest.fixture
def public(service):
    with service.client() as client:
        yield client


def log(service, path: str) -> str:
    return f"/logs/{service.ledger.name}/{path}"


def key_of(public, service) -> VerifierKey:
    return VerifierKey.parse(public.get(log(service, "verifier-key")).text.strip())


def form(hr) -> dict:
    return recorded(hr, f"/units/e{uuid4().hex[:10]}/form", label="A unit", parent="company")


def test_a_stranger_checks_the_proof_of_an_event(service, hr, public):
    receipt = form(hr)
    event = hr.get(receipt["links"]["event"]).json()
    proof = tlog_proof.parse(hr.get(receipt["links"]["proof"]).content)
    stored = base64.b64decode(event["stored"])
    head = tlog_proof.verify(proof, stored, [key_of(public, service)], origin=service.ledger.origin)
    assert proof.index == receipt["position"] - 1
    assert head.size >= receipt["position"]
    with pytest.raises(ProofFalse):
        tlog_proof.verify(proof, stored + b" ", [key_of(public, service)])


def test_the_event_turns_from_recorded_to_checkpointed(hr):
    receipt = form(hr)
    assert receipt["proof"] == "recorded"
    hr.get(receipt["links"]["proof"])
    assert hr.get(receipt["links"]["event"]).json()["proof"] == "checkpointed"


def test_two_checkpoints_are_consistent(service, hr, public):
    def head():
        hr.get(form(hr)["links"]["proof"])
        return checkpoint.verify(public.get(log(service, "checkpoint")).content, [key_of(public, service)])

    old, new = head(), head()
    answer = public.get(log(service, "consistency"), params={"from": old.size, "to": new.size}).json()
    path = [base64.b64decode(text) for text in answer["hashes"]]
    verify_consistency(old.root, new.root, path, old_size=old.size, new_size=new.size)
    for sizes in ({"from": 0}, {"from": 5, "to": 4}, {"from": 1, "to": 10**9}):
        assert public.get(log(service, "consistency"), params=sizes).status_code in {400, 422}


def test_tiles_hold_the_leaf_hashes_and_entries_need_a_token(service, hr, public):
    hr.get(form(hr)["links"]["proof"])
    head = checkpoint.verify(public.get(log(service, "checkpoint")).content, [key_of(public, service)])
    width = min(head.size, 3)
    tile = public.get(log(service, f"tile/0/000.p/{width}")).content
    assert tile == b"".join(service.ledger.reader.leaves(1, width))
    path = log(service, f"tile/entries/000.p/{width}")
    assert public.get(path).status_code == 401
    with service.client("employee") as employee, service.client("auditor") as auditor:
        assert employee.get(path).status_code == 403
        entries = unpack_entries(auditor.get(path).content)
    assert [leaf_hash(entry) for entry in entries] == service.ledger.reader.leaves(1, width)


@pytest.mark.parametrize(
    "path", ["tile/9/000", "tile/0/999", "tile/0/000.p/0", "tile/0/1", "tile/x/000", "tile/0/000.p/257"]
)
def test_what_is_no_tile_of_the_checkpoint_is_not_there(service, public, path):
    assert public.get(log(service, path)).status_code == 404


def test_another_ledgers_log_is_not_there(public):
    assert public.get("/logs/nobody/checkpoint").status_code == 404


def test_sealed_parts_open_for_those_who_may_see_the_person(service):
    person = service.ids["employee"]
    with service.client("auditor") as auditor:
        [first, *_] = auditor.get(f"/trail/person/{person}", params={"limit": 1}).json()["rows"]
    path = f"/events/{first['event_id']}/sealed"
    for who in ("employee", "lead", "auditor"):
        with service.client(who) as client:
            response = client.get(path)
            assert response.json()["parts"]["0"]["name"] == "Name of employee", who
            assert response.headers["cache-control"] == "no-store"
    for who in ("outsider", "colleague", "operator", "subscriber"):
        with service.client(who) as client:
            assert client.get(path).status_code == 404, who


def test_an_operator_gets_proofs_of_events_that_are_not_theirs_to_see(service):
    person = service.ids["employee"]
    with service.client("auditor") as auditor:
        [first, *_] = auditor.get(f"/trail/person/{person}", params={"limit": 1}).json()["rows"]
    with service.client("operator") as operator:
        assert operator.get(f"/events/{first['event_id']}/proof").status_code == 200
        assert operator.get(f"/events/{first['event_id']}").status_code == 404


def test_an_event_that_is_not_there_or_no_id_is_not_found(hr):
    assert hr.get(f"/events/{uuid4()}").status_code == 404
    assert hr.get("/events/nonsense").status_code == 404


def test_health_says_live_ready_and_what_the_signer_is(service, public):
    answer = public.get("/health").json()
    assert (answer["live"], answer["ready"], answer["signer"]) == (True, True, "not separate")
    assert answer["ledgers"][service.ledger.name]["clock"] == "real"


def test_metrics_hold_no_ids(service):
    with service.client("operator") as operator:
        operator.get(f"/people/{service.ids['employee']}")
        text = operator.get("/metrics").text
    assert 'route="/people/{id}"' in text
    assert service.ids["employee"] not in text
    assert "pledger_projection_lag" in text
