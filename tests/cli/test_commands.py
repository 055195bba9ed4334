"""Every command that asks, brings in or takes out, against a service that runs."""

import json
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.program import PATIENCE_S, Program, Serving, lines, program_with_trial
from tests.evidence import second_reader

TABLE = (
    "team,role,holder,from,until\ncli-t,manager,Ann,2020-01-01,\ncli-t,manager,Bob,2020-02-01,\n"
    "cli-t,boss,C,2020-01-01,\n"
)


def test_the_version_is_told_without_anything_else(program: Program):
    assert program.run("--version").out.startswith("pledger 0.")


def test_who_owns_shows_the_lead_of_a_unit(program: Program, serving: Serving):
    shown = program.run("who-owns", "unit", "company", "--ledger", "trial", "--on", "2026-02-01")
    assert shown.code == 0, shown.err
    assert "accountable" in shown.out
    assert "Wang Fang" in shown.out
    told = program.run("who-owns", "unit", "company", "--ledger", "trial", "--on", "2026-02-01", "--json").json
    assert [holding["holder"]["label"] for holding in told["accountable"]] == ["Wang Fang"]


def test_who_owns_before_the_first_record_is_a_gap(program: Program, serving: Serving):
    told = program.run("who-owns", "unit", "company", "--ledger", "trial", "--known", "position:1", "--json")
    assert told.code == 0, told.err
    assert told.json["accountable"] == []


def test_ids_with_slashes_are_one_segment(program: Program, serving: Serving):
    told = program.run("who-owns", "unit", "archive/wg-core", "--ledger", "trial", "--json")
    assert told.json["subject"]["id"] == "archive/wg-core"


def test_the_trail_of_a_unit(program: Program, serving: Serving):
    told = program.run("trail", "unit", "company", "--ledger", "trial", "--json")
    assert told.code == 0, told.err
    topics = [row["topic"] for row in told.json["rows"]]
    assert topics[0] == "people.UnitFormed"
    assert "people.UnitLeadAppointed" in topics
    shown = program.run("trail", "unit", "company", "--ledger", "trial")
    assert "UnitFormed" in shown.out


def test_a_refusal_says_why_and_with_which_code(program: Program, serving: Serving):
    naive = program.run("who-owns", "unit", "company", "--ledger", "trial", "--on", "2026-02-01T10:00:00")
    assert naive.code == 2
    assert naive.err.strip()
    stranger = program.run("rebuild", "--ledger", "trial", "--as", "auditor")
    assert stranger.code == 1
    assert "not_allowed" in stranger.err


def test_tokens_of_other_ledgers_are_never_taken_by_the_program(program: Program, serving: Serving):
    assert program.run("projections", "--ledger", "acme").code == 2
    wrong = program.run("projections", "--ledger", "acme", token=program.tokens()["operator"])
    assert wrong.code == 2
    assert "another ledger" in wrong.err


def test_tail_tells_every_event_once_in_order(program: Program, serving: Serving):
    told = program.run("tail", "--once", "--json", "--ledger", "trial")
    positions = [json.loads(line)["position"] for line in told.out.splitlines()]
    assert positions == list(range(1, len(positions) + 1))
    assert len(positions) >= 10
    only = program.run("tail", "--once", "--ledger", "trial", "--type", "people.UnitFormed")
    topics = [line.split()[3] for line in only.out.splitlines()]
    assert set(topics) == {"people.UnitFormed.v1"}
    assert 2 <= len(topics) < len(positions)


def test_a_table_is_tried_brought_in_and_found_again(program: Program, serving: Serving, tmp_path: Path):
    file = tmp_path / "history.csv"
    file.write_text(TABLE, "utf-8")
    tried = program.run("import", str(file), "--dry-run", "--ledger", "trial", "--json")
    assert (tried.code, tried.json["state"]) == (0, "dry_run"), tried.err
    done = program.run("import", str(file), "--ledger", "trial")
    assert done.code == 0, done.err
    assert "Recorded as testimony" in done.out
    assert "word_unknown" in done.out
    again = program.run("import", str(file), "--ledger", "trial", "--json").json
    assert (again["state"], again["counts"]["recorded"], again["counts"]["unchanged"]) == ("recorded", 0, 2)
    owned = program.run("who-owns", "team", "cli-t", "--ledger", "trial", "--on", "2020-01-15", "--json").json
    assert [holding["mark"] for holding in owned["accountable"]] == ["testimony"]


def test_a_table_brought_in_with_a_token_waits_for_another(program: Program, serving: Serving, tmp_path: Path):
    file = tmp_path / "history.csv"
    file.write_text(TABLE.replace("cli-t", "cli-u"), "utf-8")
    held = program.tokens()
    proposed = program.run("import", str(file), "--json", token=held["second_hr_administrator"]).json
    assert proposed["state"] == "proposed"
    own = program.run("import", str(file), "--confirm", proposed["import_id"], token=held["second_hr_administrator"])
    assert (own.code, "own_proposal" in own.err) == (1, True)
    done = program.run("import", str(file), "--confirm", proposed["import_id"], "--json", "--ledger", "trial").json
    assert (done["state"], done["counts"]["recorded"]) == ("recorded", 2)


def test_a_table_that_cannot_be_read_is_unusable(program: Program, serving: Serving, tmp_path: Path):
    assert program.run("import", str(tmp_path / "absent.csv"), "--ledger", "trial").code == 2
    strange = tmp_path / "strange.csv"
    strange.write_text("a,b\n1,2\n", "utf-8")
    refused = program.run("import", str(strange), "--ledger", "trial")
    assert refused.code in {1, 2}
    assert "[mapping_needed]" in refused.err


def test_a_command_file_is_tried_recorded_and_goes_on_where_it_was(program: Program, serving: Serving, tmp_path: Path):
    file = tmp_path / "acts.jsonl"
    forming = [{"path": f"/units/file-{n}/form", "body": {"label": f"Unit {n}"}} for n in range(3)]
    file.write_text("\n".join(map(json.dumps, forming)), "utf-8")
    tried = program.run("import", str(file), "--dry-run", "--ledger", "trial", "--json")
    assert (tried.code, tried.json["state"], tried.json["counts"]["recorded"]) == (0, "dry_run", 3), tried.err
    done = program.run("import", str(file), "--ledger", "trial")
    assert (done.code, "Recorded as your own acts" in done.out, "batch b-" in done.out) == (0, True, True), done.err
    with file.open("a", encoding="utf-8") as grown:
        grown.write('\n{"path": "/units/file-3/form", "body": {"label": "Four"}}\n{"path": "/nowhere/x/y"}\n')
    again = program.run("import", str(file), "--ledger", "trial", "--json")
    assert again.code == 1
    assert again.json["counts"] == {"lines": 5, "recorded": 1, "repeated": 3, "refused": 1}
    shown = program.run("import", str(file), "--ledger", "trial", "--lang", "zh")
    assert (shown.code, "not_found" in shown.out, "被拒绝: 1" in shown.out) == (1, True, True)
    stranger = program.run("import", str(file), "--ledger", "trial", "--as", "auditor", "--key", "other", "--json").json
    assert {row["code"] for row in stranger["refused"]} == {"not_allowed", "not_found"}
    assert program.run("import", str(file), "--confirm", "i-1", "--ledger", "trial").code == 2


def test_projections_are_listed_and_rebuilt(program: Program, serving: Serving):
    before = program.run("projections", "--ledger", "trial", "--json").json["projections"]
    rebuilt = program.run("rebuild", "--ledger", "trial", "--json")
    assert rebuilt.code == 0, rebuilt.err
    assert {job["state"] for job in rebuilt.json["rebuilds"]} == {"done"}
    after = program.run("projections", "--ledger", "trial", "--json").json["projections"]
    assert [p["build"] for p in after] == [p["build"] + 1 for p in before]
    assert program.run("rebuild", "nothing", "--ledger", "trial").code == 2


def test_a_token_opens_until_it_is_revoked(program: Program, serving: Serving):
    issued = program.run("tokens", "issue", "system:payroll", "--days", "2", "--ledger", "trial", "--json").json
    listed = program.run("tokens", "list", "--ledger", "trial", "--json").json["tokens"]
    assert (issued["id"], "system:payroll", "open") in {(t["id"], t["bearer"], t["state"]) for t in listed}
    with serving.client(issued["token"]) as payroll:
        assert payroll.get("/gaps").status_code == 200
        assert program.run("tokens", "revoke", issued["id"], "--ledger", "trial").code == 0
        assert payroll.get("/gaps").status_code == 401
    listed = program.run("tokens", "list", "--all", "--ledger", "trial", "--json").json["tokens"]
    assert [t["state"] for t in listed if t["id"] == issued["id"]] == ["revoked"]
    assert issued["token"].rsplit(".", 1)[1] not in program.run("tail", "--once", "--json", "--ledger", "trial").out


def test_an_export_verifies_with_both_readers_and_alone(program: Program, serving: Serving, tmp_path: Path):
    folder = tmp_path / "log"
    exported = program.run("export", str(folder), "--ledger", "trial", "--json")
    assert exported.code == 0, exported.err
    origin, size, _ = second_reader.read(folder)
    assert (origin, size) == (exported.json["origin"], exported.json["events"])
    good = program.run("verify", str(folder), "--key", exported.json["keys"][0], "--json")
    assert (good.code, good.json["checked"]) == (0, size)
    bundle = next((folder / "tile/entries").rglob("*.p/*"))
    bundle.write_bytes(bundle.read_bytes().replace(b"Unit company", b"Unit Company"))
    bad = program.run("verify", str(folder), "--json")
    assert (bad.code, bad.json["kind"]) == (1, "changed")
    assert bad.json["first_bad"] >= 1
    assert program.run("export", str(tmp_path), "--ledger", "trial").code == 2


def test_verify_joins_the_running_database(program: Program, serving: Serving):
    verified = program.run("verify", "--ledger", "trial", "--json")
    assert verified.code == 0, verified.out
    verdict = verified.json["ledgers"]["trial"]
    assert verdict["complete"] == "proven"
    assert verdict["checked"] >= verdict["checkpoint_size"] > 0
    assert program.run("verify", "--ledger", "trial", "--require", "witnessed").code in {3, 4}
    assert program.run("verify", "--ledger", "absent").code == 2
    assert program.run("verify", "--key", "x").code == 2


def test_ledgers_are_made_and_listed(program: Program, serving: Serving):
    made = program.run("ledgers", "create", "acme", "--zone", "Asia/Shanghai", "--json")
    assert made.code == 0, made.err
    assert len(made.json["tokens"]) == 2
    assert program.run("ledgers", "list").out.split() == ["acme", "trial"]
    assert program.run("ledgers", "create", "acme", "--zone", "UTC").code == 2
    assert program.run("ledgers", "create", "Acme", "--zone", "UTC").code == 2
    assert program.run("ledgers", "create", "other", "--zone", "Nowhere/Land").code == 2
    unsigned = program.run("verify", "--ledger", "acme", "--require", "checkpointed")
    assert unsigned.code == 3


CASE = """
def run(*, large=False):
    return [{"case": "ours", "events_per_s": 12345.678, "times_peer": 2.5}, {"case": "peer", "events_per_s": 4938}]
"""


def test_benchmarks_show_their_ratios_first(tmp_path: Path):
    folder = tmp_path / "tests/bench"
    folder.mkdir(parents=True)
    (folder / "tiny.py").write_text(CASE, "utf-8")
    (folder / "tiny_client.py").write_text('"""No benchmark."""', "utf-8")
    shown = Program(tmp_path).run("bench", "--large", "--json", str(tmp_path / "report.json"), folder=tmp_path)
    assert shown.code == 0, shown.err
    assert shown.out.index("2.5") < shown.out.index("4938")
    assert "12,346" in shown.out
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert list(report["cases"]) == ["tiny"]
    assert {"system", "cores", "python", "psycopg"} <= set(report["machine"])
    assert Program(tmp_path).run("bench", "--only", "nothing", folder=tmp_path).code == 2


def test_a_killed_service_leaves_no_address_behind_that_gets_a_token(tmp_path: Path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait(PATIENCE_S)
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        address = f"http://127.0.0.1:{stranger.getsockname()[1]}"
        said = {"address": address, "pid": gone.pid, "ledgers": ["trial"]}
        (tmp_path / "service.json").write_text(json.dumps(said), "utf-8")
        away = Program(tmp_path).run("who-owns", "unit", "company", token="pledger_trial.t-1.secret")
        stranger.setblocking(False)
        with pytest.raises(BlockingIOError):
            stranger.accept()
    assert away.code == 2


def test_without_a_service_a_command_says_how_to_start_one(tmp_path: Path):
    away = Program(tmp_path).run("who-owns", "unit", "company")
    assert away.code == 2
    assert "pledger serve" in away.err
    assert Program(tmp_path).run("verify").code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_taken_port_is_named(program: Program, serving: Serving):
    port = serving.address.rsplit(":", 1)[1]
    taken = program.run("serve", "--port", port)
    assert taken.code == 2
    assert port in taken.err


def test_what_is_private_is_private(program: Program, serving: Serving):
    for name in ("service.json", "trial-tokens.json"):
        assert stat.S_IMODE((program.data / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((program.data / "secrets/keys/trial").stat().st_mode) == 0o700


@pytest.mark.timeout(180)
def test_tail_goes_on_after_a_restart_without_loss_or_repeats(tmp_path: Path):
    with program_with_trial(tmp_path) as program:
        first = program.serve()
        tail = program.start("tail", "--json", "--ledger", "trial")
        try:
            told = [json.loads(lines(tail).readline())["position"]]
            with first.client(program.tokens()["hr_administrator"]) as hr:
                last = hr.post("/people/register", json={"name": "Before"}).json()["position"]
            told += [json.loads(lines(tail).readline())["position"] for _ in range(last - 1)]
            assert first.stop() == 0
            first.close()
            with program.serving() as second:
                with second.client(program.tokens()["hr_administrator"]) as hr:
                    last = hr.post("/people/register", json={"name": "After"}).json()["position"]
                told.append(json.loads(lines(tail).readline())["position"])
        finally:
            tail.terminate()
            _, said = tail.communicate(timeout=PATIENCE_S)
        assert tail.returncode == 0
        assert "waiting for it" in said
        assert told == list(range(1, last + 1))
