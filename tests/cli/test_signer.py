"""The signer by itself, its key exchanged, and a database restored without events that were signed."""

import io
import json
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ledger.evidence.note import VerifierKey
from ledger.evidence.succession import Keyring, split
from ledger.store.embedded import open_cluster
from tests.cli.other_users import users
from tests.cli.program import Program, Serving, lines, program_with_trial


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    with program_with_trial(tmp_path) as found:
        yield found


def register(serving: Serving, program: Program, count: int) -> int:
    """Record `count` events and wait until the last is signed; return its position."""
    with serving.client(program.tokens()["hr_administrator"]) as hr:
        made = [hr.post("/people/register", json={"name": f"Person {number}"}) for number in range(count)][-1]
        assert made.status_code == 201, made.text
        assert hr.get(made.json()["links"]["proof"]).status_code == 200  # which waits for the signer
        position: int = made.json()["position"]
        return position


def read(serving: Serving, program: Program, path: str) -> bytes:
    with serving.client(program.tokens()["operator"]) as client:
        return client.get(f"/logs/trial/{path}").content


def ring(serving: Serving, program: Program, key: VerifierKey) -> Keyring:
    return Keyring([key], split(read(serving, program, "successions")))


def test_the_service_follows_a_signer_in_a_process_of_its_own(program: Program, tmp_path: Path):
    published = tmp_path / "published"
    signer = program.start("signer", "run", "--publish", str(published), "--ledger", "trial")
    try:
        assert "Signing 1 ledgers" in lines(signer).readline(), signer.stderr and signer.stderr.read()
        program.environment["PLEDGER_SIGNED"] = str(published)
        with program.serving() as serving:
            size = register(serving, program, 3)
            key = VerifierKey.parse(read(serving, program, "verifier-key").decode().strip())
            assert ring(serving, program, key).verify(read(serving, program, "checkpoint")).size >= size
            with serving.client(program.tokens()["operator"]) as client:
                health = client.get("/health").json()
            assert health["signer"] == "not separate"  # both run as one user
    finally:
        signer.terminate()
        ended = signer.wait(30)
        for stream in (signer.stdout, signer.stderr):
            assert stream is not None
            stream.close()
    assert ended == 0


def test_a_key_is_exchanged_under_a_running_service_and_put_on_record(program: Program):
    with program.serving() as serving:
        register(serving, program, 2)
        key = VerifierKey.parse(read(serving, program, "verifier-key").decode().strip())
        rotated = program.run("signer", "rotate", "trial", "--json")
        assert rotated.code == 0, rotated.err
        with serving.client(program.tokens()["operator"]) as operator:
            told = operator.post("/ledgers/trial/announce-key", json=rotated.json)
            assert told.status_code == 201, told.text
        with serving.client(program.tokens()["hr_administrator"]) as hr:
            refused = hr.post("/ledgers/trial/announce-key", json=rotated.json)
            assert refused.status_code == 403
        size = register(serving, program, 1)
        assert ring(serving, program, key).verify(read(serving, program, "checkpoint")).size >= size
        assert read(serving, program, "verifier-key").decode().strip() == rotated.json["key"] != str(key)
    assert program.run("verify", "--require", "checkpointed").code == 0


def test_after_a_restore_the_signer_goes_on_once_the_loss_is_declared(program: Program):
    with program.serving() as serving:
        size = register(serving, program, 12)
        key = VerifierKey.parse(read(serving, program, "verifier-key").decode().strip())
        before = read(serving, program, "checkpoint")
    kept = size - 7
    roll_back(program, kept)
    assert program.run("verify").code == 1
    with program.serving() as serving:
        with serving.client(program.tokens()["operator"]) as operator:
            health = wait_for_refusal(operator)
            assert any("Inconsistent" in reason for reason in health["reasons"]), health
            undeclared = program.run("signer", "recover", "trial", "--json")
            assert undeclared.code == 1
            assert undeclared.json["lost"] >= size
            body = {**undeclared.json, "kept": kept}
            declared = operator.post("/ledgers/trial/declare-restore", json=body)
            assert declared.status_code == 201, declared.text
        recovered = program.run("signer", "recover", "trial", "--json")
        assert recovered.code == 0, recovered.err
        register(serving, program, 2)
        after = read(serving, program, "checkpoint")
        line = ring(serving, program, key)
        found = line.verify(after)
        assert found.origin.endswith("/restored-1")
        assert found.size > kept
        with pytest.raises(Exception, match="lost in a restore"):
            line.verify(before)
        with serving.client(program.tokens()["operator"]) as operator:
            assert operator.get("/health").status_code == 200
    verified = program.run("verify", "--json")
    assert (verified.code, verified.json["ledgers"]["trial"]["ok"]) == (0, True), verified.out


def wait_for_refusal(client) -> dict:
    """Ask until the signer has looked: it does so at its own pace."""
    answers = (client.get("/health") for _ in range(400))
    found: dict = next(json.loads(answer.content) for answer in answers if answer.status_code == 503)
    return found


def test_a_control_log_restored_without_signed_entries_goes_on_and_says_what_is_lost(program: Program):
    with program.serving() as serving:
        register(serving, program, 1)
        with serving.client(program.tokens()["auditor"]) as auditor:
            for _ in range(4):
                assert auditor.post("/units/form", json={"label": "Mine"}).status_code == 403
    shown = program.run("verify", "--json").json["ledgers"]["trial/control"]
    assert (shown["ok"], shown["tail"]) == (True, 0), shown  # all is kept, and signed, before the service ends
    size = shown["checked"]
    roll_back(program, size - 3, control=True)
    verified = program.run("verify", "--json")
    assert (verified.code, verified.json["ledgers"]["trial"]["ok"]) == (1, True), verified.out
    recovered = program.run("signer", "recover", "trial", "--json")
    assert recovered.code == 0, recovered.err
    assert "/control/restored-1+" in recovered.json["key"]
    with program.serving() as serving, serving.client(program.tokens()["auditor"]) as auditor:
        [declared] = auditor.get("/control", params={"topic": "control.LossDeclared"}).json()["rows"]
        assert declared["data"]["lost"] == size
        assert auditor.get("/health").status_code == 200
    assert program.run("verify").code == 0


def test_a_signer_that_another_user_runs_is_told_to_be_separate():
    with tempfile.TemporaryDirectory() as folder, users(Path(folder)) as (service, signer):
        published = signer.data / "published"
        running = signer.start("signer", "run", "--publish", str(published), "--ledger", "trial")
        try:
            said = lines(running).readline()
            assert "Signing 1 ledgers" in said, running.stderr and running.stderr.read()
            service.environment["PLEDGER_SIGNED"] = str(published)
            with service.serving() as serving:
                size = register(serving, service, 3)
                with serving.client(service.tokens()["hr_administrator"]) as hr:
                    health = hr.get("/health").json()
                    assert (health["signer"], health["ready"]) == ("separate", True), health
                    stream = hr.post("/people/register", json={"name": "Last Person"}).json()["stream"]
                    bundle = hr.get(f"/bundles/trail/{stream}")
                    assert bundle.status_code == 200, bundle.text
                with zipfile.ZipFile(io.BytesIO(bundle.content)) as opened:
                    told = b"".join(opened.read(name) for name in opened.namelist())
                assert b'"signer":"separate"' in told.replace(b'": "', b'":"')
                key = VerifierKey.parse(read(serving, service, "verifier-key").decode().strip())
                assert ring(serving, service, key).verify(read(serving, service, "checkpoint")).size >= size
            held = signer.data / "secrets" / "signer" / "trial"
            assert (held / "key").exists()
            for path in (held / "key", held / "state", held):
                tried = subprocess.run([*service.through, "ls", str(path)], check=False, capture_output=True, text=True)
                assert tried.returncode != 0, tried.stdout
                assert "ermission denied" in tried.stderr
        finally:
            running.terminate()
            ended = running.wait(30)
            for stream in (running.stdout, running.stderr):
                assert stream is not None
                stream.close()
        assert ended == 0


def roll_back(program: Program, kept: int, *, control: bool = False) -> None:
    """What a restore of an older backup leaves: the database as it was at `kept` events, or control entries."""
    from ledger.evidence.merkle import Frontier
    from ledger.evidence.signer import attest
    from ledger.privacy.secrets import LedgerSecrets

    with open_cluster(program.data / "pg") as cluster, psycopg.connect(cluster.conninfo) as connection:
        connection.execute("set search_path to " + ("control_trial" if control else "ledger_trial"))
        connection.execute("alter table events disable trigger refuse_change")
        connection.execute("delete from events where position > %s", (kept,))
        if not control:
            connection.execute("delete from sealed where event_id not in (select event_id from events)")
            connection.execute("delete from idempotency where first > %s", (kept,))
        tree = Frontier()
        tree.extend(leaf for (leaf,) in connection.execute("select leaf from events order by position").fetchall())
        row = connection.execute("select convert_from(stored, 'UTF8') from events where position = 1").fetchone()
        assert row is not None
        origin = json.loads(row[0])["data"]["origin"]
        key = LedgerSecrets.open(program.data / "secrets", "trial").attest
        word = attest(key, origin=origin, size=tree.size, root=tree.root())
        connection.execute(
            "update head set size = %s, frontier = %s, attestation = %s", (tree.size, tree.to_bytes(), word)
        )
