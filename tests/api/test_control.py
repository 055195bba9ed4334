"""The control log over HTTP: what is kept in it, its proofs, and for whom; the database's owner can't change it."""

import base64

import psycopg
import pytest

from ledger.evidence import checkpoint, tlog_proof
from ledger.evidence.faults import ProofFalse
from ledger.evidence.merkle import leaf_hash, verify_consistency
from ledger.evidence.note import VerifierKey
from ledger.store.ledgers import control_schema_of


@pytest.fixture
def auditor(service):
    with service.client("auditor") as client:
        yield client


def kept(auditor, *topics: str) -> list[dict]:
    """Return every entry of these topics, page by page."""
    rows: list[dict] = []
    after = 0
    while True:
        asked = {"topic": [f"control.{topic}" for topic in topics], "after": after, "limit": 1000}
        page = auditor.get("/control", params=asked).json()
        if not page["rows"] and not page["withheld"]:
            return rows
        rows, after = rows + page["rows"], page["after"]


def head(client, service) -> checkpoint.Checkpoint:
    base = f"/logs/{service.ledger.name}/control"
    key = VerifierKey.parse(client.get(f"{base}/verifier-key").text.strip())
    return checkpoint.verify(client.get(f"{base}/checkpoint").content, [key], origin=f"{service.ledger.origin}/control")


def test_it_tells_how_the_service_was_started_and_nothing_secret(service, auditor):
    [first] = kept(auditor, "LogOpened")
    assert (first["number"], first["data"]) == (1, {"origin": f"{service.ledger.origin}/control"})
    started = kept(auditor, "ServiceStarted")[0]
    assert started["data"]["settings"]["rules"] is True
    assert started["data"]["settings"]["database_url"] is False  # whether one was set, and not which
    assert started["data"]["version"]


def test_looks_refusals_rebuilds_and_what_was_taken_out_stand_in_it(service, auditor):
    person = service.ids["employee"]
    with service.client("lead") as lead:
        assert lead.get(f"/people/{person}").status_code == 200
        assert lead.post("/units/ops/rename", json={"label": "Mine"}).status_code == 403
        assert lead.get(f"/bundles/trail/person/{person}").status_code == 200
    with service.client("employee") as own:
        assert own.get(f"/people/{person}/export").status_code == 200
    with service.client("operator") as operator:
        assert operator.post("/projections/directory/rebuild").status_code == 202
    service.run(service.ledger.refused.keep())
    rows = kept(auditor, "RecordSeen", "AttemptRefused", "TakenOut", "RebuildBegun")
    said = [(row["topic"].removeprefix("control."), row["actor"], row["data"]) for row in rows]
    lead_id = service.ids["lead"]
    assert ("RecordSeen", lead_id, {"path": f"/people/{person}"}) in said
    refused = {"kind": "unit", "id": "ops", "verb": "rename", "code": "not_allowed"}
    assert ("AttemptRefused", lead_id, refused) in said
    taken = {(actor, data["what"], data["of"]) for topic, actor, data in said if topic == "TakenOut"}
    assert {(lead_id, "bundle trail", f"person/{person}"), (person, "own record", f"person/{person}")} <= taken
    assert any(topic == "RebuildBegun" and data["projection"] == "directory" for topic, _, data in said)
    assert [row["number"] for row in rows] == sorted(row["number"] for row in rows)


def test_a_stranger_checks_an_entry_and_that_the_log_goes_on(service, auditor):
    last = kept(auditor, "ServiceStarted")[-1]["number"]
    proof = tlog_proof.parse(auditor.get(f"/control/{last}/proof").content)
    shown = auditor.get(f"/control/{last}").json()
    stored = base64.b64decode(shown["stored"])
    assert (leaf_hash(stored).hex(), shown["entry"]["position"]) == (shown["leaf"], last)
    key = VerifierKey.parse(auditor.get(f"/logs/{service.ledger.name}/control/verifier-key").text.strip())
    signed = tlog_proof.verify(proof, stored, [key], origin=f"{service.ledger.origin}/control")
    with pytest.raises(ProofFalse):
        tlog_proof.verify(proof, stored + b" ", [key])
    with service.client("lead") as lead:
        assert lead.post("/units/ops/rename", json={"label": "Again"}).status_code == 403
    service.run(service.ledger.refused.keep())
    number = kept(auditor, "AttemptRefused")[-1]["number"]
    assert auditor.get(f"/control/{number}/proof").status_code == 200  # which waits for the signer
    later = head(auditor, service)
    asked = {"from": signed.size, "to": later.size}
    answered = auditor.get(f"/logs/{service.ledger.name}/control/consistency", params=asked).json()
    path = [base64.b64decode(one) for one in answered["hashes"]]
    verify_consistency(signed.root, later.root, path, old_size=signed.size, new_size=later.size)


def test_an_entry_that_gave_way_is_told_by_its_own_leaf(service, auditor):
    with service.client("lead") as lead:
        assert lead.post("/units/ops/rename", json={"label": "Mine"}).status_code == 403
    service.run(service.ledger.refused.keep())
    number = kept(auditor, "AttemptRefused")[-1]["number"]
    leaf = auditor.get(f"/control/{number}").json()["leaf"]
    service.run(service.ledger.control.forget([number]))
    shown = auditor.get(f"/control/{number}").json()
    assert (shown["leaf"], shown["entry"]["topic"]) == (leaf, "privacy.EventRetired")
    assert auditor.get(f"/control/{number}/proof").status_code == 200


@pytest.mark.parametrize("who", ["employee", "lead", "hr_partner", "hr_administrator", "operator", "subscriber"])
def test_only_auditors_read_it(service, who):
    with service.client(who) as client:
        assert client.get("/control").status_code == 403
        assert client.get("/control/1").status_code == 403
        assert client.get("/control/1/proof").status_code == 403


def test_what_is_not_there_is_not_found(auditor):
    assert auditor.get("/control/999999999").status_code == 404
    assert auditor.get("/control/0").status_code == 404
    assert auditor.get("/logs/nowhere/control/checkpoint").status_code == 404


def test_its_signer_is_told_by_health_and_metrics(service, auditor):
    told = auditor.get("/health").json()["ledgers"][service.ledger.name]["control_log"]
    assert told["checkpointed"] >= 1
    with service.client("operator") as operator:
        text = operator.get("/metrics").text
    assert f'pledger_signer_refuses{{ledger="{service.ledger.name}",log="control"}} 0.0' in text
    assert f'pledger_signer_refuses{{ledger="{service.ledger.name}",log="ledger"}} 0.0' in text


@pytest.mark.parametrize("change", ["update {s}.events set actor = ''", "delete from {s}.events", "truncate {s}.tiles"])
def test_its_owner_is_refused_a_change(service, database_url, change):
    schema = control_schema_of(service.ledger.name)
    with (
        psycopg.connect(database_url) as connection,
        pytest.raises(psycopg.errors.RestrictViolation, match="never changed"),
    ):
        connection.execute(change.format(s=schema).encode())
