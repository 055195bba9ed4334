"""`pledger keys backup`: everything that makes the ledger's secrets work again, for its owner's eyes only."""

import stat
import tarfile
from pathlib import Path

from tests.cli.program import Program, Serving


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
