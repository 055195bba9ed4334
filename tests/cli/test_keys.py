"""`pledger keys`: a backup for its owner's eyes only, and epochs whose end takes old backups with it."""

import stat
import tarfile
from pathlib import Path
from typing import Any

import psycopg

from ledger.store.embedded import open_cluster
from tests.cli.program import Program, Ran, Serving, program_with_trial


def files_below(root: Path) -> dict[str, bytes]:
    paths = [path for part in ("keys", "signer") for path in (root / part).rglob("*")]
    kept = [path for path in paths if path.is_file() and path.name != "lock"]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in kept}


def test_the_archive_holds_keys_and_signer_and_is_its_owners_alone(program: Program, serving: Serving, tmp_path: Path):
    file = tmp_path / "keys.tar"
    done = program.run("keys", "backup", str(file), "--json")
    assert done.code == 0, done.err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with tarfile.open(file) as archive:
        archive.extractall(tmp_path / "back", filter="data")
        assert {member.mode for member in archive.getmembers()} == {0o600}
    there = files_below(program.data / "secrets")
    assert {"keys/trial/attest", "keys/trial/epoch-000001", "signer/trial/key", "signer/trial/state"} <= set(there)
    back = files_below(tmp_path / "back")
    assert set(back) == set(there)
    unmoved = {name for name in there if name.startswith("keys/") or name == "signer/trial/key"}
    assert {name: back[name] for name in unmoved} == {name: there[name] for name in unmoved}
    assert done.json == {"file": str(file), "ledgers": ["trial"], "files": len(there)}


def test_what_was_put_back_verifies_the_ledger(program: Program, serving: Serving, tmp_path: Path):
    """With a service that signs at the same time."""
    assert program.run("keys", "backup", str(tmp_path / "keys.tar"), "--ledger", "trial").code == 0
    with tarfile.open(tmp_path / "keys.tar") as archive:
        archive.extractall(tmp_path / "back", filter="data")
    verified = program.run("verify", "--keys", str(tmp_path / "back"), "--json")
    assert verified.code == 0, verified.out


def test_it_writes_over_nothing_and_not_beside_the_database(program: Program, tmp_path: Path):
    file = tmp_path / "keys.tar"
    file.write_bytes(b"kept")
    assert program.run("keys", "backup", str(file)).code == 2
    assert file.read_bytes() == b"kept"
    inside = program.data / "pg/keys.tar"
    assert program.run("keys", "backup", str(inside)).code == 2
    assert not inside.exists()
    assert program.run("keys", "backup", str(tmp_path / "none.tar"), "--ledger", "unheard").code == 2
    assert not (tmp_path / "none.tar").exists()


TRIAL = ("--ledger", "trial", "--json")


def rows_of(told: Ran) -> dict[int, dict[str, Any]]:
    assert told.code == 0, told.err
    return {row["epoch"]: row for row in told.json["rows"]}


def test_an_epoch_is_followed_and_destroyed_and_a_kept_copy_of_the_keys_table_opens_nothing(tmp_path: Path):
    with program_with_trial(tmp_path) as program, program.serving() as serving:
        administrator = program.tokens()["hr_administrator"]
        with serving.client(administrator) as hr:
            person = hr.post("/people/register", json={"name": "Wang Fang"})
            assert person.status_code == 201, person.text
            sealed = person.json()["links"]["event"] + "/sealed"
        first = rows_of(program.run("keys", "list", *TRIAL))[1]
        assert first["state"] == "in_use"
        assert program.run("keys", "destroy", "1", *TRIAL).code == 1  # in use
        with open_cluster(program.data / "pg") as cluster:
            kept = table_of(cluster.conninfo)
            rows = rows_of(program.run("keys", "rotate", "--keep-days", "9", *TRIAL))
            assert (rows[1]["state"], rows[1]["data_keys"], rows[2]["state"]) == ("left", 0, "in_use")
            assert rows[2]["data_keys"] == first["data_keys"]
            assert rows[1]["destroy_on"] > rows[2]["begun_at"][:10]
            assert rows_of(program.run("keys", "destroy", "1", *TRIAL))[1]["destroyed_at"] is not None
            shown = program.run("keys", "list", "--ledger", "trial")
            assert "destroyed" in shown.out, shown.err
            assert not (program.data / "secrets/keys/trial/epoch-000001").exists()
            with serving.client(administrator) as hr:
                assert hr.get(sealed).json()["parts"]["0"]["name"] == "Wang Fang"
            assert serving.stop() == 0
            put_back(cluster.conninfo, kept)
            with program.serving() as again, again.client(administrator) as hr:
                assert hr.get(sealed).status_code == 410


def table_of(conninfo: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(conninfo) as connection:
        return connection.execute("select subject, retention, epoch, wrapped from keys_trial.data_keys").fetchall()


def put_back(conninfo: str, kept: list[tuple[Any, ...]]) -> None:
    with psycopg.connect(conninfo) as connection, connection.cursor() as cursor:
        cursor.execute("delete from keys_trial.data_keys")
        cursor.executemany("insert into keys_trial.data_keys values (%s, %s, %s, %s)", kept)
