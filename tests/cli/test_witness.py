"""A ledger and a witness of another party as real processes: cosigned, required, and refused after a fork."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.cli.program import Program, lines, program_with_trial
from tests.cli.test_signer import read, register


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    with program_with_trial(tmp_path) as found:
        yield found


def test_checkpoints_are_witnessed_and_verified_as_such(program: Program, tmp_path: Path):
    folder = str(tmp_path / "witness")
    name = "witness.example"
    vkey = program.run("witness", "key", "--folder", folder, "--name", name).out.strip()
    assert vkey.startswith(f"{name}+")
    log = program.run("signer", "show", "trial", "--json").json["key"]
    assert program.run("verify", "--require", "witnessed", "--json").code in {3, 4}
    port = "18657"
    asked = tmp_path / "policy"
    asked.write_text(f"log {log}\nwitness one {vkey} http://127.0.0.1:{port}\nquorum one\n")
    witness = program.start("witness", "run", "--folder", folder, "--name", name, "--log", log, "--port", port)
    try:
        assert vkey in lines(witness).readline(), witness.stderr and witness.stderr.read()
        program.environment["PLEDGER_WITNESS_POLICY"] = str(asked)
        with program.serving() as serving:
            size = register(serving, program, 3)
            health = until_witnessed(serving.client(program.tokens()["operator"]), size)
            assert health["witnesses"]["one"] == {"size": health["witnessed"]}
            rotated = program.run("signer", "rotate", "trial", "--json")
            assert rotated.code == 0, rotated.err
            until_witnessed(serving.client(program.tokens()["operator"]), register(serving, program, 1))
            assert read(serving, program, "verifier-key").decode().strip() == rotated.json["key"] != log
            cosigned = read(serving, program, "witnessed-checkpoint")
            with serving.client(program.tokens()["hr_administrator"]) as hr:
                [last] = hr.get("/trail", params={"actor": "system:setup", "newest_first": True, "limit": 1}).json()[
                    "rows"
                ]
                assert hr.get(f"/events/{last['event_id']}").json()["proof"] == "witnessed"
        assert f"— {name} ".encode() in cosigned
        verified = program.run("verify", "--require", "witnessed", "--policy", str(asked), "--json")
        assert verified.code == 0, verified.out
        with program.serving() as serving:
            assert read(serving, program, "witnessed-checkpoint")
    finally:
        witness.terminate()
        witness.wait(30)
        for stream in (witness.stdout, witness.stderr):
            assert stream is not None
            stream.close()


def until_witnessed(client: httpx2.Client, size: int) -> dict:
    """Ask until the witness has cosigned `size` events: it is asked at the service's own pace."""
    with client:
        answers = (client.get("/health").json()["ledgers"]["trial"] for _ in range(3000))
        found: dict = next(answer for answer in answers if answer.get("witnessed", 0) >= size)
        return found
