"""Bundles of a real service: every kind replays, every changed byte is found, and what may not be read is withheld."""

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.bundles.replaying import replay, verified
from ledger.evidence import archive
from ledger.evidence import bundle as bundles
from ledger.evidence.bundle import ABOUT, ANSWER, MANIFEST, Bundle
from ledger.evidence.bundle_report import reports
from ledger.evidence.faults import EvidenceError, LogFalse
from ledger.evidence.tiles import export_log
from ledger.evidence.verify import Question, verify
from tests.api.service import Service, company, recorded, running

SUBJECT = "team/compiler"


@pytest.fixture(scope="module")
def service(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(database_url, tmp_path_factory.mktemp("bundles"), "bundle_tests") as started:
        company(started)
        with started.client("lead") as lead:
            holder = {"kind": "person", "id": started.ids["employee"]}
            recorded(lead, f"/responsibilities/{SUBJECT}/assign", role="accountable", holder=holder)
        started.settle()
        yield started


def taken(service: Service, path: str, who: str = "auditor", **asked: int) -> bytes:
    with service.client(who) as client:
        response = client.get(f"/bundles/{path}", params=asked)
        assert response.status_code == 200, response.text
        return response.content


@pytest.fixture(scope="module")
def whole(service: Service) -> bytes:
    return taken(service, "who-owns/unit/dev")


def kept(folder: Path, data: bytes) -> Path:
    path = folder / "bundle.zip"
    path.write_bytes(data)
    return path


def packed(bundle: Bundle, **changed: bytes) -> bytes:
    return bundles.pack({**bundle.files, **changed})


def test_the_owner_of_a_unit_is_proven_and_replayed(service: Service, whole: bytes, tmp_path: Path):
    found = verified(Question(kept(tmp_path, whole), origin=service.ledger.origin))
    assert (found.ok, found.level, int(found.exit_code)) == (True, 4, 0), found.en
    assert found.subjects == {"unit/dev": "not proven"}
    assert service.ids["lead"].encode() in bundles.read(whole).files[ANSWER]


def test_holders_of_a_free_subject_are_those_that_the_service_names(service: Service, tmp_path: Path):
    with service.client("auditor") as auditor:
        said = auditor.get(f"/who-owns/{SUBJECT}").json()["accountable"]
    data = taken(service, f"who-owns/{SUBJECT}")
    found = verified(Question(kept(tmp_path, data)))
    assert (found.ok, found.level) == (True, 4), found.en
    held = json.loads(bundles.read(data).files[ANSWER])["holders"]["accountable"]
    assert sorted(one["holder"] for one in held) == sorted(f"person/{one['holder']['id']}" for one in said)
    assert len(said) == 1


@pytest.mark.parametrize("kind", ["trail", "decision"])
def test_trails_and_decisions_are_proven_and_replayed(service: Service, tmp_path: Path, kind: str):
    person = service.ids["employee"]
    with service.client("auditor") as auditor:
        [first] = auditor.get(f"/trail/person/{person}", params={"limit": 1}).json()["rows"]
    path = f"trail/person/{person}" if kind == "trail" else f"decisions/{first['event_id']}"
    found = verified(Question(kept(tmp_path, taken(service, path))))
    assert (found.ok, found.level) == (True, 4), found.en


@pytest.fixture(scope="module")
def goal(service: Service) -> str:
    """A goal whose owner was away for a hundred days of its year, on days that none of its figures counts."""
    with service.client("hr_administrator") as hr:
        away = f"/people/{service.ids['employee']}"
        measure = {"label": "Shipped", "unit_of_measure": "n", "direction": "increase", "combines": "sum"}
        recorded(hr, "/metrics/shipped/define", **measure)
        recorded(hr, f"{away}/start-absence", kind="parental", effective_at="2026-02-01", reason="leave")
        recorded(hr, f"{away}/end-absence", effective_at="2026-05-12", reason="back")
    terms = {"title": "Ship", "metric": "shipped", "target": "10", "scored_by": "progress"}
    owner = {"kind": "person", "id": service.ids["employee"]}
    with service.client("lead") as lead:
        terms |= {"starts_on": "2026-01-01", "ends_on": "2026-12-31"}
        stream: str = recorded(lead, "/goals/assign", owner=owner, reason="plan", **terms)["stream"]
    service.settle()
    return stream.removeprefix("goal/")


def test_the_days_an_owner_was_away_are_replayed_and_why_is_told_to_nobody(service: Service, goal: str, tmp_path: Path):
    data = taken(service, f"goals/{goal}", who="hr_administrator")
    found, bundle = verified(Question(kept(tmp_path, data))), bundles.read(data)
    assert (found.ok, found.level) == (True, 4), found.en
    rests = json.loads(bundle.files[ANSWER])["figures"]["provenance"]
    with service.client("hr_administrator") as hr:
        said = hr.get(f"/goals/{goal}").json()
    assert said["provenance"]["paused_days"] == 100
    [pause] = rests["pauses"]
    assert (pause["starts_on"], pause["until"], pause["cause"]) == ("2026-02-01", "2026-05-12", "owner_away")
    assert said["provenance"]["pauses"] == said["path"]["pauses"] == [pause]
    started = next(at for at, stored in bundle.events.items() if b"people.AbsenceStarted" in stored)
    withheld = json.loads(bundle.files[ABOUT])["withheld"]["parts"]
    assert [one["why"] for one in withheld if one["position"] == started] == ["not_needed"]
    assert b"parental" not in b"".join(bundle.files.values())


def test_one_changed_byte_anywhere_is_found(whole: bytes, tmp_path: Path):
    chance = random.Random(7)
    places = {0, len(whole) - 1, len(whole) - 30, *(chance.randrange(len(whole)) for _ in range(150))}
    for at in places:
        spoilt = whole[:at] + bytes([whole[at] ^ (1 << chance.randrange(8))]) + whole[at + 1 :]
        assert not verify(Question(kept(tmp_path, spoilt))).ok, at
    for spoilt in (whole[:-1], whole + b"\0", whole[1:], b"", whole[: len(whole) // 2]):
        assert not verify(Question(kept(tmp_path, spoilt))).ok


def test_an_answer_that_does_not_follow_is_found_by_replay(service: Service, whole: bytes, tmp_path: Path):
    bundle = bundles.read(whole)
    lie = bundle.files[ANSWER].replace(service.ids["lead"].encode(), service.ids["outsider"].encode())
    pages = reports(bundle.about, json.loads(lie), bundle.events, bundle.disclosed)
    path = kept(tmp_path, packed(bundle, **{ANSWER: lie}, **pages))
    assert verify(Question(path)).ok
    found = verified(Question(path))
    assert (found.ok, found.kind, int(found.exit_code)) == (False, "answer_false", 1)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_report_that_tells_otherwise_than_the_proven_content_is_found(whole: bytes, tmp_path: Path, language: str):
    bundle, name = bundles.read(whole), f"report.{language}.html"
    page = bundle.files[name]
    for told in (page.replace(b"people.", b"goals."), page + b" ", page.replace(b"<p>", b"<p>Approved. ", 1)):
        assert told != page
        found = verify(Question(kept(tmp_path, packed(bundle, **{name: told}))))
        assert (found.ok, found.kind, int(found.exit_code)) == (False, "report_false", 1)
        assert name in found.en


def test_a_report_more_or_less_is_found(whole: bytes, tmp_path: Path):
    bundle = bundles.read(whole)
    more = packed(bundle, **{"report.fr.html": bundle.files["report.en.html"]})
    fewer = bundles.pack({name: data for name, data in bundle.files.items() if name != "report.zh.html"})
    for data in (more, fewer):
        assert verify(Question(kept(tmp_path, data))).kind == "report_false"


def test_a_left_out_event_is_found(whole: bytes, tmp_path: Path):
    bundle = bundles.read(whole)
    at = bundle.rests_on[0]
    fewer = {name: data for name, data in bundle.files.items() if not name.startswith(bundles.event_path(at))}
    found = verify(Question(kept(tmp_path, bundles.pack(fewer))))
    assert (found.ok, found.kind, found.first_bad) == (False, "dropped", at)


def test_a_strange_file_and_another_manifest_are_refused(whole: bytes):
    files = archive.unpack(whole)
    with pytest.raises(EvidenceError):
        bundles.read(archive.pack({**files, "more.txt": b"false"}))
    with pytest.raises(LogFalse, match=r"bundle\.json"):
        bundles.read(archive.pack({**files, ABOUT: files[ABOUT] + b" "}))
    with pytest.raises(EvidenceError):
        bundles.read(archive.pack({name: data for name, data in files.items() if name != MANIFEST}))


def test_the_exported_log_proves_that_nothing_is_missing(service: Service, tmp_path: Path):
    data = taken(service, "trail/unit/dev")
    signing = service.server.services.ledgers[service.ledger.name].signing
    entries = [stored for _, stored in service.ledger.reader.page(0, 100_000)]
    export_log(tmp_path / "log", signed=signing.latest.note, verifier_keys=signing.keys, entries=entries)
    found = verify(Question(kept(tmp_path, data), log=tmp_path / "log"))
    assert (found.complete, found.subjects) == ("proven", {"unit/dev": "proven"}), found.en
    bundle = bundles.read(data)
    last = max(bundle.events)
    about = bundle.files[ABOUT].decode().replace(f",\n  {last}\n", "\n")
    fewer = {name: one for name, one in bundle.files.items() if not name.startswith(bundles.event_path(last))}
    omitted = verify(Question(kept(tmp_path, bundles.pack({**fewer, ABOUT: about.encode()})), log=tmp_path / "log"))
    assert omitted.complete == "not proven"
    assert not omitted.ok or str(last) in omitted.subjects["unit/dev"]


def test_what_may_not_be_read_is_withheld_and_named(service: Service):
    person = service.ids["employee"]
    own = bundles.read(taken(service, f"trail/person/{person}", "employee"))
    assert any(b"Name of employee" in one.content for one in own.disclosed)
    with service.client("outsider") as outsider:
        assert outsider.get(f"/bundles/trail/person/{person}").status_code == 404
    assert own.about["signer"] == "not separate"
    assert "signer: not separate" in own.files["report.zh.html"].decode()


def test_it_continues_an_earlier_checkpoint(service: Service, tmp_path: Path):
    signing = service.server.services.ledgers[service.ledger.name].signing
    earlier, size = tmp_path / "earlier", signing.latest.head.size
    earlier.write_bytes(signing.latest.note)
    with service.client("hr_administrator") as hr:
        recorded(hr, "/units/later/form", label="Later", parent="company")
    service.settle()
    data = taken(service, "who-owns/unit/dev", earlier=size)
    found = verify(Question(kept(tmp_path, data), earlier=earlier))
    assert (found.ok, found.level) == (True, 5), found.en
    without = verify(Question(kept(tmp_path, taken(service, "who-owns/unit/dev")), earlier=earlier))
    assert int(without.exit_code) == 3


def test_the_verifier_alone_checks_a_bundle(service: Service, whole: bytes, tmp_path: Path):
    """Nothing of the product but the folder `ledger/evidence`, and no way to import the rest."""
    package = tmp_path / "alone" / "ledger"
    shutil.copytree(Path(bundles.__file__).parent, package / "evidence", ignore=shutil.ignore_patterns("__pycache__"))
    (package / "__init__.py").touch()
    path = kept(tmp_path, whole)
    command = [sys.executable, "-m", "ledger.evidence", str(path), "--json"]
    done = subprocess.run(command, cwd=tmp_path / "alone", capture_output=True, text=True, check=False, env={})
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"ok": true' in done.stdout


def test_a_replay_by_other_formulas_is_no_verdict(whole: bytes):
    bundle = bundles.read(whole)
    other = bundle.files[ABOUT].replace(b'"trail": "1"', b'"trail": "2"')
    with pytest.raises(EvidenceError, match="computes by"):
        replay(bundles.read(packed(bundle, **{ABOUT: other})))


def test_pages_of_the_first_rendering_are_compared_with_their_own(whole: bytes, tmp_path: Path):
    bundle = bundles.read(whole)
    about = {name: value for name, value in bundle.about.items() if name != "rendering"}
    pages = reports(about, json.loads(bundle.files[ANSWER]), bundle.events, bundle.disclosed)
    old = {**bundle.files, **pages, ABOUT: json.dumps(about).encode()}
    assert verified(Question(kept(tmp_path, bundles.pack(old)))).ok
    spoilt = bundles.pack({**old, "report.en.html": pages["report.en.html"] + b" "})
    assert verified(Question(kept(tmp_path, spoilt))).kind == "report_false"


def test_pages_of_an_unknown_rendering_are_told_apart_from_tampered_ones(whole: bytes, tmp_path: Path):
    bundle = bundles.read(whole)
    newer = bundle.files[ABOUT].replace(b'"rendering": 2', b'"rendering": 9')
    data = packed(bundle, **{ABOUT: newer, "report.en.html": b"made by a later program"})
    found = verified(Question(kept(tmp_path, data)))
    assert (found.ok, found.kind, int(found.exit_code)) == (False, "other_rendering", 3)
    assert "rendering 9" in found.en
    lie = bundle.files[ANSWER].replace(b'"unit/dev"', b'"unit/ops"', 1)
    found = verified(Question(kept(tmp_path, packed(bundle, **{ABOUT: newer, ANSWER: lie}))))
    assert (found.kind, int(found.exit_code)) == ("answer_false", 1)


def test_another_form_is_named(whole: bytes, tmp_path: Path):
    bundle = bundles.read(whole)
    other = bundle.files[ABOUT].replace(b"pledger/bundle/v1", b"pledger/bundle/v9")
    found = verify(Question(kept(tmp_path, packed(bundle, **{ABOUT: other}))))
    assert (found.ok, int(found.exit_code)) == (False, 2)
    assert "pledger/bundle/v9" in found.en
