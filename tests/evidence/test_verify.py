"""The stand-alone verifier as a stranger uses it: proofs, disclosures, policies, exit codes, nothing else installed."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.evidence import note, policy, proofs
from ledger.evidence.__main__ import main
from ledger.evidence.faults import ExitCode, Malformed, PolicyNotMet, SignatureFalse
from ledger.evidence.merkle import leaf_hash
from ledger.evidence.note import COSIGNATURE, SigningKey
from ledger.evidence.tlog_proof import TlogProof
from ledger.evidence.verify import Question, verify
from ledger.evidence.verify_proof import Disclosure, marshal_disclosures, parse_disclosures
from tests.evidence import a_ledger
from tests.evidence.a_ledger import CONTENT, KEY, SALT

EVENTS = a_ledger.events(300)
TILES = proofs.TreeTiles(map(leaf_hash, EVENTS))
SIGNED = a_ledger.signed(EVENTS)
KEYS = (KEY.verifier_key,)


def lay_proof(folder: Path, position: int, *, signed: bytes = SIGNED) -> Path:
    """A proof file and its event side by side, as a bundle holds them."""
    path = folder / f"{position}.tlog-proof"
    hashes = tuple(proofs.inclusion_path(position - 1, 300, TILES))
    path.write_bytes(TlogProof(position - 1, hashes, signed).marshal())
    path.with_suffix(".event").write_bytes(EVENTS[position - 1])
    return path


def test_one_proof_is_verified_with_its_event(tmp_path: Path) -> None:
    path = lay_proof(tmp_path, 42)
    verdict = verify(Question(path, keys=KEYS, origin=a_ledger.ORIGIN))
    assert (verdict.ok, verdict.level, verdict.checked, verdict.checkpoint_size) == (True, 1, 1, 300)
    assert verdict.complete == "not proven"
    (tmp_path / "elsewhere").write_bytes(EVENTS[41])
    assert verify(Question(path, event=tmp_path / "elsewhere", keys=KEYS)).ok


def test_a_folder_of_proofs_is_verified_one_by_one(tmp_path: Path) -> None:
    for position in (1, 42, 300):
        lay_proof(tmp_path, position)
    (tmp_path / "verifier-key").write_text(f"{KEY.verifier_key}\n")
    verdict = verify(Question(tmp_path))
    assert (verdict.ok, verdict.checked) == (True, 3)
    (tmp_path / "42.event").write_bytes(EVENTS[42])
    verdict = verify(Question(tmp_path))
    assert (verdict.ok, verdict.kind, verdict.exit_code) == (False, "proof_false", ExitCode.FOUND_FALSE)


def test_a_proven_event_must_claim_the_proven_position(tmp_path: Path) -> None:
    entries = [a_ledger.stored(2, stream="s", version=1), b"no event"]
    tiles = proofs.TreeTiles(map(leaf_hash, entries))
    for index, code in ((0, ExitCode.FOUND_FALSE), (1, ExitCode.UNUSABLE)):
        path = tmp_path / f"{index}.tlog-proof"
        hashes = tuple(proofs.inclusion_path(index, 2, tiles))
        path.write_bytes(TlogProof(index, hashes, a_ledger.signed(entries)).marshal())
        path.with_suffix(".event").write_bytes(entries[index])
        assert verify(Question(path, keys=KEYS)).exit_code == code


@pytest.mark.parametrize("missing", ["7.tlog-proof", "7.event", "verifier-key"])
def test_what_cannot_be_read_is_unusable(tmp_path: Path, missing: str) -> None:
    path = lay_proof(tmp_path, 7)
    (tmp_path / "verifier-key").write_text(f"{KEY.verifier_key}\n")
    assert verify(Question(path)).ok
    (tmp_path / missing).unlink()
    assert verify(Question(path)).exit_code == ExitCode.UNUSABLE


def disclose(folder: Path, *disclosures: Disclosure) -> Path:
    path = folder / "disclosed.json"
    path.write_bytes(marshal_disclosures(disclosures))
    return path


GOOD = Disclosure(42, "note", SALT, CONTENT)


@pytest.mark.parametrize(
    ("disclosed", "code"),
    [
        (GOOD, ExitCode.OK),
        (Disclosure(42, "note", SALT, CONTENT + b"!"), ExitCode.FOUND_FALSE),
        (Disclosure(42, "note", bytes(32), CONTENT), ExitCode.FOUND_FALSE),
        (Disclosure(42, "salary", SALT, CONTENT), ExitCode.FOUND_FALSE),
        (Disclosure(42, "note", SALT[:31], CONTENT), ExitCode.UNUSABLE),
        (Disclosure(301, "note", SALT, CONTENT), ExitCode.UNUSABLE),
        (Disclosure(0, "note", SALT, CONTENT), ExitCode.UNUSABLE),
    ],
)
def test_disclosed_parts_are_checked_against_their_commitments(
    tmp_path: Path, disclosed: Disclosure, code: ExitCode
) -> None:
    log = a_ledger.export(tmp_path / "log", EVENTS)
    file = disclose(tmp_path, disclosed)
    for path in (log, lay_proof(tmp_path, 42)):
        verdict = verify(Question(path, keys=KEYS, disclosed=file))
        assert (verdict.exit_code, verdict.level) == (code, 3)


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"[1]", b'[{"position":1}]', b'[{"position":true,"part":"a","salt":"","content":""}]']
)
def test_malformed_disclosures_are_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse_disclosures(data)
    assert parse_disclosures(marshal_disclosures([GOOD])) == [GOOD]


def test_single_proofs_show_no_continuity(tmp_path: Path) -> None:
    path = lay_proof(tmp_path, 42)
    (tmp_path / "same").write_bytes(SIGNED)
    (tmp_path / "older").write_bytes(a_ledger.signed(EVENTS[:200]))
    assert verify(Question(path, keys=KEYS, earlier=tmp_path / "same")).ok
    assert verify(Question(path, keys=KEYS, earlier=tmp_path / "older")).exit_code == ExitCode.NOT_YET_PROVABLE


WITNESSES = [SigningKey(f"witness-{number}.example", bytes([number]) * 32, COSIGNATURE) for number in range(1, 4)]


def cosigned(*witnesses: SigningKey) -> bytes:
    parsed = note.parse(SIGNED)
    lines = tuple(one.sign(parsed.text, time=1_800_000_000) for one in witnesses)
    return note.Note(parsed.text, (*parsed.signatures, *lines)).to_bytes()


def policy_text(quorum: str = "two") -> str:
    lines = [f"log {KEY.verifier_key} https://ledger.example", "# who counts", ""]
    lines += [f"witness w{at} {key.verifier_key}" for at, key in enumerate(WITNESSES, 1)]
    lines += ["group two 2 w1 w2 w3", "group all all w1 two", f"quorum {quorum}"]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("quorum", "signers", "met"),
    [
        ("two", [0, 1], True), ("two", [0], False), ("two", [0, 0], False), ("two", [], False), ("w3", [2], True),
        ("w3", [0, 1], False), ("all", [1, 2], False), ("all", [0, 2], True), ("none", [], True),
    ],
)  # fmt: skip
def test_a_policy_counts_each_witness_once(quorum: str, signers: list[int], met: bool) -> None:
    data = cosigned(*(WITNESSES[at] for at in signers))
    read = policy.parse(policy_text(quorum))
    if met:
        assert read.check(data).size == 300
    else:
        with pytest.raises(PolicyNotMet):
            read.check(data)


def test_a_wrong_cosignature_rejects_the_checkpoint() -> None:
    data = cosigned(WITNESSES[0], WITNESSES[1])
    parsed = note.parse(data)
    forged = note.Signature(WITNESSES[2].name, WITNESSES[2].verifier_key.key_id, bytes(72))
    with pytest.raises(SignatureFalse):
        policy.parse(policy_text()).check(note.Note(parsed.text, (*parsed.signatures, forged)).to_bytes())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "", lambda text: text.replace("quorum two\n", ""),
        lambda text: text + "quorum two\n",
        lambda text: text.replace("quorum two", "quorum nobody"), lambda text: text.replace("log ", "lug "),
        lambda text: text.replace("group two 2", "group two 4"),
        lambda text: text.replace("group two 2", "group two 0"),
        lambda text: text.replace("w1 w2 w3", "w1 w1 w3"), lambda text: text.replace("w1 w2 w3", "w1 w2 w4"),
        lambda text: text.replace("witness w2", "witness w1"),
        lambda text: text.replace("group two 2", "group w1 2"),
        lambda text: text + f"witness again {WITNESSES[0].verifier_key}\n",
        lambda text: text + f"witness log {KEY.verifier_key}\n",
        lambda text: text.replace("group two 2", "group two x"),
        lambda text: text.replace("group two 2", "group none 2"),
    ],
)  # fmt: skip
def test_malformed_policies_are_refused(spoil: Callable[[str], str]) -> None:
    policy.parse(policy_text())
    with pytest.raises(Malformed):
        policy.parse(spoil(policy_text()))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return a_ledger.export(tmp_path / "log", EVENTS)


def test_required_witnesses_decide_the_exit_code(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (log.parent / "policy").write_text(policy_text())
    arguments = [str(log), "--key", str(KEY.verifier_key), "--policy", str(log.parent / "policy")]
    assert main([*arguments, "--lang", "en"]) == 0
    assert main([*arguments, "--require", "witnessed"]) == ExitCode.POLICY_NOT_MET
    assert main([str(log), "--require", "witnessed"]) == ExitCode.POLICY_NOT_MET
    (log / "checkpoint").write_bytes(cosigned(WITNESSES[0], WITNESSES[2]))
    assert main([*arguments, "--require", "witnessed"]) == 0
    capsys.readouterr()


def test_the_answer_names_position_kind_and_amount_in_both_languages(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(log), "--lang", "zh"]) == 0
    assert capsys.readouterr().out.startswith("通过：已查 300 个事件")
    bundle = log / "tile/entries/001.p/44"
    bundle.write_bytes(bundle.read_bytes().replace(b'"position":271', b'"position":272'))
    assert main([str(log), "--lang", "zh", "--key", str(log / "verifier-key")]) == ExitCode.FOUND_FALSE
    assert "首个出错位置: 271" in capsys.readouterr().out
    assert main([str(log), "--lang", "en"]) == ExitCode.FOUND_FALSE
    assert "first position that fails: 271" in capsys.readouterr().out
    assert main([str(log), "--json"]) == ExitCode.FOUND_FALSE
    answer = json.loads(capsys.readouterr().out)
    assert (answer["ok"], answer["first_bad"], answer["checked"], answer["exit_code"]) == (False, 271, 270, 1)


def test_unusable_arguments_have_their_own_exit_code(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(log), "--key", "no such key or file"]) == ExitCode.UNUSABLE
    assert main([str(log / "nowhere"), "--lang", "en"]) == ExitCode.UNUSABLE
    assert "cannot read" in capsys.readouterr().out


ALONE = """
import runpy, sys
before, code = set(sys.modules), None
sys.argv[0] = "evidence"
try:
    runpy.run_module("evidence", run_name="__main__")
except SystemExit as end:
    code = end.code
loaded = [module for name, module in sys.modules.items() if name not in before]
files = [str(getattr(module, "__file__", "")) for module in loaded]
foreign = {file.split("site-packages/")[1].split("/")[0].split(".")[0] for file in files if "site-packages/" in file}
print(sorted(foreign - {"cryptography", "_cffi_backend", "cffi"}))
sys.exit(code)
"""


def test_the_folder_alone_verifies_a_log_with_nothing_but_cryptography(log: Path, tmp_path: Path) -> None:
    import ledger.evidence

    shutil.copytree(Path(ledger.evidence.__file__).parent, tmp_path / "alone/evidence")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", ALONE, str(log), "--json", "--lang", "en"],
        cwd=tmp_path / "alone",
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    answer, foreign = done.stdout.splitlines()
    assert json.loads(answer)["checked"] == 300
    assert foreign == "[]"
    assert done.returncode == 0
