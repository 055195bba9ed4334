"""Bundles of reports: every report is found again, on its own events or on the exported log, and lies are found."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import psycopg
import pytest

from api.bundles import reports as report_bundles
from api.bundles.replaying import verified
from ledger.evidence import bundle as bundles
from ledger.evidence.bundle import ABOUT, ANSWER, Bundle
from ledger.evidence.bundle_report import reports
from ledger.evidence.tiles import export_log
from ledger.evidence.verdict import Verdict
from ledger.evidence.verify import Question, demanded
from projections.engine.projection import Connection
from projections.reports import REPORTS
from tests.api.service import Service, company, recorded, running

GAP, LEFT = "unit/nobodys", "system/left"


@pytest.fixture(scope="module")
def service(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(database_url, tmp_path_factory.mktemp("reports"), "report_bundle_tests") as started:
        company(started)
        with started.client("hr_administrator") as hr:
            day = {"effective_at": "2026-01-01", "reason": "setup"}
            recorded(hr, "/units/nobodys/form", label="Nobody's", parent="company", **day)
            with started.client("lead") as lead:
                holder = {"kind": "person", "id": started.ids["colleague"]}
                recorded(lead, f"/responsibilities/{LEFT}/assign", role="accountable", holder=holder)
            gone = {
                "ending": "voluntary",
                "effective_at": started.ledger.clock.now().date().isoformat(),
                "reason": "left",
            }
            recorded(hr, f"/people/{started.ids['colleague']}/end-employment", **gone)
            recorded(hr, "/units/elsewhere/form", label="Elsewhere", parent="ops", **day)
        started.settle()
        yield started


@pytest.fixture(scope="module")
def log(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "log"
    signing = service.server.services.ledgers[service.ledger.name].signing
    assert signing.covers(service.ledger.reader.head().size, 10)
    size = signing.latest.head.size
    entries = [stored for _, stored in service.ledger.reader.page(0, 100_000, size)]
    export_log(folder, signed=signing.latest.note, verifier_keys=signing.keys, entries=entries)
    return folder


def taken(service: Service, name: str, who: str = "auditor", **asked: str) -> bytes:
    with service.client(who) as client:
        response = client.get(f"/bundles/reports/{name}", params=asked)
    assert response.status_code == 200, response.text
    return response.content


@pytest.fixture(scope="module")
def gaps(service: Service, log: Path) -> bytes:
    """The bundle of who answers for what, under the log's checkpoint or an earlier one."""
    return taken(service, "responsibility")


class Checker:
    """The program's verifier, folding beside the tests' ledgers instead of in a database of its own."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self._url, self._folder = database_url, folder

    def __call__(self, data: bytes, log: Path | None = None, *, complete: bool = False) -> Verdict:
        path = self._folder / "bundle.zip"
        path.write_bytes(data)
        asked = Question(path, log=log, complete=complete)
        return demanded(asked, verified(asked, scratch=self._scratch))

    def _scratch(self) -> AbstractContextManager[Connection]:
        return psycopg.connect(self._url)


@pytest.fixture
def check(database_url: str, tmp_path: Path) -> Checker:
    return Checker(database_url, tmp_path)


def retold(bundle: Bundle, answer: bytes, about: bytes | None = None) -> bytes:
    """The bundle with another answer, and pages that fit it."""
    said = bundle.files[ABOUT] if about is None else about
    pages = reports(json.loads(said), json.loads(answer), bundle.events, bundle.disclosed)
    return bundles.pack({**bundle.files, **pages, ANSWER: answer, ABOUT: said})


@pytest.mark.parametrize("name", sorted(REPORTS))
def test_every_report_is_found_again_on_the_events_of_its_bundle(service: Service, check: Checker, name: str):
    data = taken(service, name)
    found = check(data)
    assert (found.ok, found.level, int(found.exit_code)) == (True, 4, 0), found.en
    bundle = bundles.read(data)
    answer = json.loads(bundle.files[ANSWER])
    with service.client("auditor") as auditor:
        said = auditor.get(f"/reports/{name}").json()
    assert [line["events"] for line in answer["lines"]] == [line["events"] for line in said["lines"]]
    assert {"zh", "en"} == set(answer["definition"])
    assert set(bundle.rests_on) == {event["position"] for line in answer["lines"] for event in line["events"]}


def test_a_gap_comes_with_the_events_of_its_unit_and_not_with_all(service: Service, gaps: bytes):
    bundle = bundles.read(gaps)
    assert GAP in bundle.subjects
    assert GAP in bundle.streams
    assert bundle.about["decided_by"] == "bundle"
    assert len(bundle.events) < bundle.size
    assert GAP in bundle.files["report.zh.html"].decode()
    assert bundle.disclosed == []
    assert {one.why for one in bundle.withheld} <= {"not_needed"}


def test_the_log_proves_that_the_report_lacks_no_line(gaps: bytes, log: Path, check: Checker):
    alone = check(gaps, complete=True)
    assert (alone.kind, int(alone.exit_code)) == ("not_complete", 3)
    assert alone.subjects["report/responsibility"] == "not proven"
    found = check(gaps, log, complete=True)
    assert (found.ok, found.complete, found.subjects["report/responsibility"]) == (True, "proven", "proven"), found.en


def test_a_line_changed_or_left_out_is_found(gaps: bytes, log: Path, check: Checker):
    bundle = bundles.read(gaps)
    answer = json.loads(bundle.files[ANSWER])
    changed = bundle.files[ANSWER].replace(b'"no_holder"', b'"leaver"', 1)
    fewer = json.dumps({**answer, "lines": answer["lines"][1:]}).encode()
    for lie in (changed, fewer):
        found = check(retold(bundle, lie))
        assert (found.ok, found.kind, int(found.exit_code)) == (False, "answer_false", 1), found.en
    deferred = bundle.files[ABOUT].replace(b'"decided_by": "bundle"', b'"decided_by": "log"')
    undecided = check(retold(bundle, changed, deferred))
    assert (undecided.ok, int(undecided.exit_code)) == (False, 3)
    assert check(retold(bundle, changed, deferred), log).kind == "answer_false"
    part = check(retold(bundle, fewer, deferred), log)
    assert (part.ok, part.complete) == (True, "not proven")
    assert "1 more lines" in part.subjects["report/responsibility"]


def test_a_period_laid_elsewhere_than_its_positions_is_found(service: Service, check: Checker):
    bundle = bundles.read(taken(service, "lateness"))
    about = json.loads(bundle.files[ABOUT])
    about["question"]["recorded"][1] -= 1
    found = check(retold(bundle, bundle.files[ANSWER], json.dumps(about).encode()))
    assert (found.ok, found.kind, int(found.exit_code)) == (False, "answer_false", 1)


def test_whoever_sees_a_part_gets_what_they_see_and_the_log_decides(service: Service, log: Path, check: Checker):
    data = taken(service, "responsibility", "employee")
    bundle = bundles.read(data)
    lines = json.loads(bundle.files[ANSWER])["lines"]
    assert "leaver" in {line["kind"] for line in lines}
    assert bundle.about["decided_by"] == "log"
    alone = check(data)
    assert (alone.ok, alone.kind, int(alone.exit_code)) == (False, "not_yet_provable", 3)
    assert "--log" in alone.en
    decided = check(data, log)
    assert (decided.ok, decided.complete) == (True, "not proven"), decided.en
    assert decided.subjects["report/responsibility"] == "proven"
    assert "not in the bundle" in decided.subjects[LEFT]  # a duty about it is not for them
    for stored in bundle.events.values():
        event = json.loads(stored)
        assert event["stream"] != f"person/{service.ids['colleague']}"


def test_what_is_about_too_much_for_one_bundle_is_decided_by_the_log(
    service: Service, log: Path, check: Checker, monkeypatch: pytest.MonkeyPatch
):
    whole = bundles.read(taken(service, "responsibility"))
    monkeypatch.setattr(report_bundles, "MAX_EVENTS", len(whole.events) - 1)
    data = taken(service, "responsibility")
    bundle = bundles.read(data)
    assert json.loads(bundle.files[ANSWER])["lines"] == json.loads(whole.files[ANSWER])["lines"]
    assert (bundle.subjects, bundle.about["decided_by"]) == ((), "log")
    assert set(bundle.rests_on) == set(whole.rests_on)
    assert int(check(data).exit_code) == 3
    found = check(data, log, complete=True)
    assert (found.ok, found.subjects) == (True, {"report/responsibility": "proven"}), found.en


def test_an_older_state_of_knowledge_is_proven_under_todays_checkpoint(service: Service, check: Checker):
    with service.client("auditor") as auditor:
        formed = auditor.get(f"/trail/{GAP}").json()["rows"][0]["position"]
    data = taken(service, "responsibility", known=f"position:{formed - 1}")
    answer = json.loads(bundles.read(data).files[ANSWER])
    assert GAP not in {line["subject"] for line in answer["lines"]}
    assert answer["known"] == formed - 1
    assert check(data).ok


def test_an_event_and_a_comparison_are_asked_about_too(service: Service, check: Checker):
    with service.client("auditor") as auditor:
        event = auditor.get("/who-owns/unit/dev").json()["accountable"][0]["event"]
    for asked in (
        {"event": event["event_id"]},
        {"subject": "unit/dev", "than_known": f"position:{event['position'] - 1}"},
    ):
        data = taken(service, "responsibility", **asked)
        assert "unit/dev" in bundles.read(data).subjects
        assert check(data).ok


def test_another_formula_is_no_verdict(gaps: bytes, check: Checker):
    bundle = bundles.read(gaps)
    version = f"responsibility@{REPORTS['responsibility'].version}".encode()
    other = bundle.files[ABOUT].replace(version, b"responsibility@99")
    found = check(retold(bundle, bundle.files[ANSWER], other))
    assert (found.ok, int(found.exit_code)) == (False, 3)
    assert "responsibility@99" in found.en


def test_a_report_that_is_none_and_a_misplaced_parameter_are_refused(service: Service):
    with service.client("auditor") as auditor:
        assert auditor.get("/bundles/reports/nothing").status_code == 404
        assert auditor.get("/bundles/reports/lateness", params={"subject": "unit/dev"}).status_code == 422


def test_taking_a_report_away_is_noted_for_those_it_is_about(service: Service):
    person = service.ids["colleague"]
    taken(service, "lateness")
    with service.client("auditor") as auditor:
        rows = auditor.get(f"/people/{person}/accesses").json()["rows"]
    assert any(row["path"].endswith("/bundles/reports/lateness") for row in rows)
