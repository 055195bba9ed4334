"""`pledger demo`: made once, made anew where its first making was killed, kept ever after."""

import os
import shlex
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from ledger.store.embedded import open_cluster
from tests.cli.program import PATIENCE_S, Program, Serving, address_said, lines

ROLES = {
    "employee", "lead", "hr_partner", "hr_administrator", "second_hr_administrator", "auditor", "subscriber", "operator"
}  # fmt: skip
HALF_WAY = 200


def until(condition: Callable[[], bool]) -> None:
    """Look again and again until a condition holds."""
    ends, pause = time.monotonic() + PATIENCE_S, threading.Event()
    while not condition():
        assert time.monotonic() < ends, "it took too long"
        pause.wait(0.02)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    found = Program(tmp_path / "data")
    yield found
    if (found.data / "pg").exists():
        open_cluster(found.data / "pg").release(patience_s=0)


def demo(program: Program, port: int = 0) -> Serving:
    process = program.start("demo", "--port", str(port))
    return Serving(process, address_said(process))


def size(program: Program) -> int:
    """The size of the demonstration while it is being made, 0 before it is there."""
    with open_cluster(program.data / "pg") as cluster, psycopg.connect(cluster.conninfo) as connection:
        if connection.execute("select to_regclass('ledger_demo.head')").fetchone() == (None,):
            return 0
        return int((connection.execute("select size from ledger_demo.head").fetchone() or (0,))[0])


@pytest.mark.timeout(480)
def test_a_demonstration_is_made_again_after_a_kill_and_then_kept(program: Program):
    cut_off = program.start("demo", "--port", "0")
    until(lambda: (program.data / "demo.unfinished").exists())
    until(lambda: size(program) > HALF_WAY)
    cut_off.send_signal(signal.SIGSTOP)
    meanwhile = program.run("demo", "--port", "0")
    assert (meanwhile.code, "wait for it" in meanwhile.err) == (2, True)
    cut_off.kill()
    cut_off.communicate()
    assert not (program.data / "demo-tokens.json").exists()

    first = demo(program)
    held = program.tokens("demo")
    assert set(held) == ROLES
    assert set(program.tokens("trial")) == {
        "hr_administrator",
        "second_hr_administrator",
        "auditor",
        "operator",
        "subscriber",
    }
    for role, token in held.items():
        with first.client(token) as client:
            assert client.get("/gaps").status_code == 200, role
    require_examples_run(program, first)
    verified = program.run("verify", "--json")
    assert verified.code == 0
    events = verified.json["ledgers"]["demo"]["checked"]
    assert program.run("demo", "--port", "0").code == 2  # it runs already
    assert first.stop() == 0
    first.close()
    assert not (program.data / "service.json").exists()
    assert not (program.data / "pg/data/postmaster.pid").exists()

    second = demo(program)
    assert program.tokens("demo") == held
    assert program.run("verify", "--json").json["ledgers"]["demo"]["checked"] == events
    assert second.stop() == 0
    second.close()


def require_examples_run(program: Program, serving: Serving) -> None:
    """The three commands that it prints for a visitor work as they are printed."""
    said = []
    while not (line := lines(serving.process).readline()).startswith("Ctrl-C"):
        said.append(line.strip())
    shown = [line.removeprefix("python -m api ") for line in said if line.startswith("python -m api")]
    assert len(shown) == 3
    for example in shown:
        ran = program.run(*shlex.split(example))
        assert ran.code == 0, (example, ran.err)


def test_a_stop_while_it_is_made_leaves_nothing_running(program: Program):
    process = program.start("demo", "--port", "0")
    until(lambda: (program.data / "demo.unfinished").exists())
    process.terminate()
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert not (program.data / "pg/data/postmaster.pid").exists()


def test_a_taken_port_leads_to_the_next_free_one(program: Program):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        serving = demo(program, port)
        assert port < int(serving.address.rsplit(":", 1)[1]) <= port + 20
        assert serving.stop() == 0
        serving.close()


def test_a_demonstration_is_shown_on_this_machine_only(program: Program):
    refused = program.run("demo", "--host", "0.0.0.0", "--port", "0")
    assert refused.code == 2
    assert "this machine only" in refused.err
    assert not program.data.exists()


def test_keys_of_another_ledger_are_never_thrown_away(program: Program):
    keys = program.data / "secrets/keys/demo"
    keys.mkdir(parents=True)
    (keys / "attest").write_bytes(os.urandom(32))
    refused = program.run("demo", "--port", "0")
    assert refused.code == 2
    assert "keys" in refused.err
    assert (keys / "attest").exists()
