"""`pledger bundle` takes an answer out of a running service, and a stranger checks it with nothing of the service."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from api.bundles.replaying import verified
from ledger.evidence import bundle as bundles
from ledger.evidence.__main__ import main
from ledger.evidence.bundle import ABOUT, ANSWER
from ledger.evidence.bundle_report import reports
from ledger.evidence.tiles import CHECKPOINT_FILE
from tests.cli.program import PATIENCE_S, Program, Ran, Serving

TERMS = {"title": "Ship", "metric": "shipped", "target": "10", "starts_on": "2026-01-01", "ends_on": "2026-12-31"}
MEASURE = {"label": "Shipped", "unit_of_measure": "pieces", "direction": "increase", "combines": "sum"}


@pytest.fixture(scope="module")
def goal(program: Program, serving: Serving) -> str:
    """The id of a goal that a person was proposed."""
    with serving.client(program.tokens()["hr_administrator"]) as hr:
        owner = hr.post("/people/register", json={"name": "Li Na"}).json()["stream"].removeprefix("person/")
        day = {"effective_at": "2026-01-01", "reason": "set-up"}
        assert hr.post(f"/people/{owner}/start-employment", json=day).status_code == 201
        assert hr.post("/metrics/shipped/define", json=MEASURE).status_code == 201
        proposed = hr.post("/goals/propose", json={"owner": {"kind": "person", "id": owner}, **TERMS})
        assert proposed.status_code == 201, proposed.text
        stream: str = proposed.json()["stream"]
        return stream.removeprefix("goal/")


@pytest.fixture(scope="module")
def taken(program: Program, goal: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of the goal, as the command wrote it."""
    file = tmp_path_factory.mktemp("taken") / "goal.zip"
    done = program.run("bundle", "goal", goal, "--ledger", "trial", "--out", str(file), "--json")
    assert done.code == 0, done.err
    assert done.json == {"file": str(file), "bytes": file.stat().st_size}
    return file


def alone(folder: Path, *arguments: str) -> Ran:
    """Run the verifier with nothing of the product but `ledger/evidence`, as a stranger would."""
    package = folder / "alone/ledger"
    shutil.copytree(Path(bundles.__file__).parent, package / "evidence", ignore=shutil.ignore_patterns("__pycache__"))
    (package / "__init__.py").touch()
    command = [sys.executable, "-m", "ledger.evidence", *arguments, "--json"]
    done = subprocess.run(
        command, cwd=folder / "alone", capture_output=True, text=True, check=False, env={}, timeout=PATIENCE_S
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def test_a_goal_is_proven_by_the_verifier_alone_and_replayed_by_the_program(
    program: Program, taken: Path, tmp_path: Path
):
    key = program.run("signer", "show", "trial", "--json").json["key"]
    stranger = alone(tmp_path, str(taken), "--key", key)
    assert stranger.code == 0, stranger.out + stranger.err
    assert stranger.json["ok"]
    replayed = program.run("verify", str(taken), "--key", key, "--json")
    assert (replayed.code, replayed.json["level"]) == (0, 4), replayed.out
    assert replayed.json["checked"] == len(bundles.read(taken.read_bytes()).events)


@pytest.mark.parametrize(("ask", "subject"), [("who-owns", "unit/company"), ("trail", "unit/company")])
def test_other_questions_give_bundles_too(program: Program, serving: Serving, tmp_path: Path, ask: str, subject: str):
    file = tmp_path / "answer.zip"
    done = program.run("bundle", ask, subject, "--ledger", "trial", "--out", str(file))
    assert done.code == 0, done.err
    assert "pledger verify" in done.out
    assert program.run("verify", str(file)).code == 0


def verdict(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    """What `pledger verify FILE` ends with and says, without starting it anew each time."""
    code = main([*arguments, "--json"], verified)
    return code, json.loads(capsys.readouterr().out)


def test_a_report_is_taken_and_found_again_in_a_database_made_for_it(
    program: Program, goal: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file, log = tmp_path / "report.zip", tmp_path / "log"
    done = program.run("bundle", "report", "responsibility", "--ledger", "trial", "--out", str(file))
    assert done.code == 0, done.err
    assert program.run("export", str(log), "--ledger", "trial").code == 0
    code, said = verdict(capsys, str(file), "--log", str(log), "--require", "complete")
    assert (code, said["complete"], said["level"]) == (0, "proven", 4), said
    assert said["subjects"]["report/responsibility"] == "proven"


def test_each_end_has_its_exit_code(program: Program, taken: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """0 proven, 1 found false, 2 unusable, 3 not to be decided with what is there, 4 the policy is not met."""
    bundle = bundles.read(taken.read_bytes())
    file = tmp_path / "spoilt.zip"
    assert verdict(capsys, str(taken))[0] == 0
    file.write_bytes(bundles.pack({**bundle.files, ANSWER: bundle.files[ANSWER].replace(b'"goal/', b'"goal/x', 1)}))
    assert verdict(capsys, str(file))[0] == 1
    file.write_bytes(bundles.pack({**bundle.files, CHECKPOINT_FILE: b"none"}))
    assert verdict(capsys, str(file))[0] == 2
    assert verdict(capsys, str(tmp_path / "nowhere.zip"))[0] == 2
    assert verdict(capsys, str(taken), "--require", "complete")[0] == 3
    assert program.run("verify", str(taken), "--require", "witnessed").code == 4


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ((b'"rendering": 2', b'"rendering": 9'), "rendering 9"),
        ((b'"trail": "1"', b'"trail": "9"'), "computes by"),
    ],
)
def test_what_this_program_cannot_decide_ends_with_3(
    taken: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], changed: tuple[bytes, bytes], says: str
):
    bundle, file = bundles.read(taken.read_bytes()), tmp_path / "other.zip"
    about = bundle.files[ABOUT].replace(*changed)
    pages = reports(json.loads(about), json.loads(bundle.files[ANSWER]), bundle.events, bundle.disclosed)
    file.write_bytes(bundles.pack({**bundle.files, **pages, ABOUT: about}))
    assert main([str(file), "--lang", "en"], verified) == 3
    assert says in capsys.readouterr().out


def test_what_has_no_bundle_is_refused(program: Program, serving: Serving, tmp_path: Path):
    out = ("--ledger", "trial", "--out", str(tmp_path / "none.zip"))
    assert program.run("bundle", "goal", "g-unheard", *out).code == 1
    assert program.run("bundle", "weather", "unit/company", *out).code == 2
    assert program.run("bundle", "trail", "company", *out).code == 2
    assert not (tmp_path / "none.zip").exists()
