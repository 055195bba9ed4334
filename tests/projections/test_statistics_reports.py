"""The reports of statistics: each page's example is run, and one figure of each is taken apart by hand."""

from decimal import Decimal
from typing import Any

import psycopg
import pytest

from api.bundles.report_questions import ReportQuestion, SealedAway
from ledger.domain.hiring.applications import ApplicationReceived
from ledger.domain.hiring.candidates import CandidateGroupsDeclared, CandidatesMerged, CandidatesUnmerged
from ledger.domain.outcomes.results import OutcomeCorrected, OutcomeRecorded
from ledger.domain.privacy.records import ErasureConfirmed
from ledger.kernel.annulment import EntryAnnulled
from ledger.kernel.event import Subject, decode
from ledger.kernel.policy import PolicyTerms
from projections.accountability.report import withhold_small
from projections.statistics import REPORTS
from tests.projections.conftest import Bench
from tests.projections.histories import History, day, event_id
from tests.projections.reported import reporting
from tests.projections.statistics_worked import (
    QUARTERS,
    STATISTICS,
    applicants,
    contacts_and_sales,
    newcomers,
    outcome,
    some_trained,
)
from tests.projections.test_process_reports import PEOPLE, company, person
from tests.projections.worked import table_of
from tests.tidy.tree import ROOT


def test_every_report_has_an_example() -> None:
    assert set(STATISTICS) == {report.name for report in REPORTS}


@pytest.mark.parametrize("name", sorted(STATISTICS))
def test_the_page_says_what_the_report_answers(bench: Bench, name: str) -> None:
    example, page = STATISTICS[name], (ROOT / f"docs/reports/{name}.md").read_text("utf-8")
    report = next(report for report in REPORTS if report.name == name)
    words = " ".join(page.split())
    assert report.question in words
    assert " ".join(report.definition.split()) in words
    with reporting(bench, example.happens(), name) as asked:
        line = asked(name, **example.asked).lines[example.shown]
    rows = [row for row in page.splitlines() if row.startswith("| ") and not row.startswith("| field ")]
    assert rows == table_of(line)
    assert line.events


def test_a_correlation_by_hand(bench: Bench) -> None:
    with reporting(bench, contacts_and_sales(), "correlation") as asked:
        (line,) = asked("correlation").lines
    # x = 1..6, y = 2 1 4 3 6 5: deviations multiply to 14.5 in all, and square to 17.5 on both sides
    assert line.values["plain_pearson"] == round(14.5 / 17.5, 6)
    # ranks are the values themselves: 1 - 6·(6·1²) / (6·35)
    assert line.values["plain_spearman"] == round(1 - 36 / 210, 6)
    assert (line.values["n"], len(line.events)) == (6, 12)
    assert line.about[:3] == ("metric/contacts", "metric/sales", "person/p-1")


def test_a_lag_looks_at_the_next_period(bench: Bench) -> None:
    history = company()
    for number, who in enumerate(PEOPLE):
        outcome(history, who, "contacts", number * number)
        outcome(history, who, "sales", number, quarter=1)
    with reporting(bench, history, "correlation") as asked:
        (line,) = asked("correlation").lines
    assert (line.values["x"], line.values["y"], line.values["lag"]) == ("contacts", "sales", 1)
    assert line.values["spearman"] == 1


def test_corrections_annulments_and_claims(bench: Bench) -> None:
    history = contacts_and_sales()
    before = history.size
    first, last = QUARTERS[0]
    claim = {"owner": person("p-1"), "metric": "sales", "value": Decimal(99), "source": "own", "claimed": True}
    said = OutcomeRecorded.model_validate({**claim, "starts_on": first, "ends_on": last})
    history.add("outcome/person/p-1", said, day(301))  # a claim beside what was measured
    late = outcome(history, "p-lead", "sales", 1)
    outcome(history, "p-lead", "contacts", 100)
    corrected = OutcomeCorrected(owner=person("p-lead"), entry=late, metric="sales", value=Decimal(100))
    mended = history.add("outcome/person/p-lead", corrected, day(302))
    seven = history.size
    history.add("outcome/person/p-lead", EntryAnnulled(entry=late, entry_topic="outcomes.OutcomeRecorded"), day(303))
    with reporting(bench, history, "correlation") as asked:
        (then,), (more,), (now,) = (asked("correlation", known=at).lines for at in (before, seven, None))
        assert (then.values["n"], more.values["n"], now.values["n"]) == (6, 7, 6)
        assert {late, mended} <= {event.event_id for event in more.events}
        assert then.values["pearson"] == now.values["pearson"] == 0.828571
        assert more.values["plain_pearson"] == pytest.approx(1, abs=0.01)
        assert asked("correlation", subject="metric/customers").lines == ()


def test_too_few_persons_are_withheld(bench: Bench) -> None:
    history = company()
    for number, who in enumerate(PEOPLE[:2]):
        outcome(history, who, "contacts", number)
        outcome(history, who, "sales", number)
    with reporting(bench, history, "correlation") as asked:
        found = asked("correlation")
    assert found.lines == ()
    assert [one.code for one in found.missing] == ["small_group"]


def test_the_effect_of_a_training_by_hand(bench: Bench) -> None:
    with reporting(bench, some_trained(), "training-effect") as asked:
        (line,) = asked("training-effect").lines
    assert (line.values["trained"], line.values["untrained"]) == (5, 5)
    assert line.values["difference"] == 3  # 4 6 8 5 7 against 2 2 5 3 3: 6 - 3
    assert line.values["difference_error"] == round((2.5 / 5 + 1.5 / 5) ** 0.5, 6)  # variances 2.5 and 1.5
    assert line.values["change_difference"] == 3  # 3 4 5 4 5 against 1 0 2 2 1: 4.2 - 1.2


def test_selection_rates_by_hand(bench: Bench) -> None:
    with reporting(bench, applicants(), "selection-rates") as asked:
        found = asked("selection-rates")
    women, men, unknown = (line.values for line in found.lines)
    assert (women["hired"], women["of"], women["rate"]) == (2, 6, 0.333333)
    assert women["impact_ratio"] == round((2 / 6) / (3 / 5), 6)
    assert (men["impact_ratio"], unknown["impact_ratio"], unknown["rate"]) == (1, None, 1)
    shown = withhold_small(found, 5)
    assert [line.values["group"] for line in shown.lines] == ["f", "m"]


def test_the_share_of_new_hires_by_hand(bench: Bench) -> None:
    with reporting(bench, newcomers(), "new-hire-attainment") as asked:
        lines = asked("new-hire-attainment", since=day(1)).lines
    first, second = (line.values for line in lines if line.values["group"] == "all")
    assert (first["at_risk"], first["reached"], first["share"]) == (8, 2, 0.25)
    # two are watched for one period only: 4 are left, 3 of them attain
    assert (second["at_risk"], second["reached"], second["share"]) == (4, 3, 1 - 0.75 * 0.25)


def test_the_thread_of_a_hire_by_hand(bench: Bench) -> None:
    with reporting(bench, newcomers(), "hire-to-performance") as asked:
        lines = asked("hire-to-performance", since=day(1)).lines
    assert len(lines) == 8
    one, third = lines[0].values, lines[2].values
    assert (one["decision"], one["below_the_bar"], one["probation"]) == ("hire", ["analysis"], "confirmed")
    assert (one["attainment"], one["coaching"], one["path"]) == (1, 1, "application")
    assert (third["attainment"], third["reached_in_period"], third["path"]) == (0.5, 2, "other")


def declares(history: History, candidate: str, on: int, **groups: str) -> str:
    return history.add(f"candidate/{candidate}", CandidateGroupsDeclared(groups=groups), day(on))


def test_a_merged_candidate_counts_once_for_a_requisition(bench: Bench) -> None:
    history = applicants()
    before = history.size
    again = ApplicationReceived(
        candidate="c-0b", requisition="q-1", unit="sales", profile="j-1", requirements=event_id(1)
    )
    history.add("application/a-0b", again, day(3))
    apart = history.size
    history.add("candidate/c-0b", CandidatesMerged(into="c-0"), day(10))
    merged = history.size
    history.add("candidate/c-0b", CandidatesUnmerged(former="c-0"), day(11))
    with reporting(bench, history, "selection-rates") as asked:

        def women_and_unknown(known: int) -> list[tuple[object, ...]]:
            told = asked("selection-rates", known=known).lines
            return [tuple(line.values[n] for n in ("hired", "of", "open")) for line in (told[0], told[2])]

        assert women_and_unknown(before) == women_and_unknown(merged) == [(2, 6, 0), (1, 1, 0)]
        assert women_and_unknown(apart) == women_and_unknown(history.size) == [(2, 6, 0), (1, 1, 1)]
        line = asked("selection-rates", known=merged).lines[0]
        assert {"candidate/c-0", "candidate/c-0b", "application/a-0b"} <= set(line.about)
        assert line.people == 6


def test_what_either_id_declared_last_counts_for_a_merged_candidate(bench: Bench) -> None:
    history = applicants()
    history.add("candidate/c-0b", CandidatesMerged(into="c-0"), day(10))
    declares(history, "c-0b", 12, gender="m")
    with reporting(bench, history, "selection-rates") as asked:
        women, men, _ = asked("selection-rates").lines
    assert (women.values["of"], men.values["of"], men.values["hired"]) == (5, 6, 4)


def test_erased_declarations_are_unknown_and_told_whenever_asked_about(bench: Bench) -> None:
    history = applicants()
    before = history.size
    gone = Subject(kind="candidate", id="c-1")
    history.add("erasure/candidate/c-1", ErasureConfirmed(subject=gone), day(20))
    history.sealed = {id: said for id, said in history.sealed.items() if b'"candidate/c-1"' not in stored(history, id)}
    with reporting(bench, history, "selection-rates") as asked:
        for known in (before, None):
            found = asked("selection-rates", known=known)
            women, _, unknown = (line.values for line in found.lines)
            assert (women["hired"], women["of"], women["erased"]) == (1, 5, 0)
            assert (unknown["hired"], unknown["of"], unknown["erased"]) == (2, 2, 1)
            (missing,) = found.missing
            assert (missing.code, missing.about) == ("declarations_erased", ("candidate/c-1",))


def test_a_declaration_of_the_first_form_is_read_until_its_candidate_is_erased(bench: Bench) -> None:
    history = applicants()
    declares(history, "c-11", 13)
    new, old = b'"schema":2,', b'"data":{"groups":[{"kind":"gender","group":"x"}]}'
    history.stored[-1] = history.stored[-1].replace(new, b'"schema":1,').replace(b'"data":{}', old)
    clear = history.size
    assert decode(history.stored[-1]).event == CandidateGroupsDeclared(groups={"gender": "x"})
    with reporting(bench, history, "selection-rates") as asked:
        told = {line.values["group"]: line.values["of"] for line in asked("selection-rates").lines}
        assert told == {"f": 6, "m": 5, "unknown": 0, "x": 1}
    history.add("erasure/candidate/c-11", ErasureConfirmed(subject=Subject(kind="candidate", id="c-11")), day(20))
    with reporting(bench, history, "selection-rates") as asked:
        told = {line.values["group"]: line.values["of"] for line in asked("selection-rates", known=clear).lines}
        assert told == {"f": 6, "m": 5, "unknown": 1}


def test_the_floor_of_the_impact_ratio_is_the_policys(bench: Bench) -> None:
    with reporting(bench, applicants(), "selection-rates") as asked:
        women = asked("selection-rates", terms=PolicyTerms(impact_ratio_floor=Decimal("0.5"))).lines[0].values
    assert (women["impact_ratio"], women["below_four_fifths"], women["below_floor"]) == (0.555556, True, False)


def stored(history: History, id: str) -> bytes:
    return next(one for one in history.stored if id.encode() in one)


def test_a_bundle_of_what_opens_sealed_parts_is_not_found_again_but_one_of_the_clear_form_is(database_url: str) -> None:
    history = applicants()
    asked = ReportQuestion("selection-rates", "UTC", day(99), history.size, day(0), day(99), (0, history.size))
    with psycopg.connect(database_url) as connection, pytest.raises(SealedAway):
        asked.answered(connection, history.stored, history.size)
    sealed, clear = b'"schema":2,', b'"data":{"groups":[{"kind":"gender","group":"x"}]}'
    first_form = [
        one.replace(sealed, b'"schema":1,').replace(b'"data":{}', clear) if b"GroupsDeclared" in one else one
        for one in history.stored
    ]
    with psycopg.connect(database_url) as connection:
        answer: dict[str, Any] = asked.answered(connection, first_form, history.size)
    assert [(line["group"], line["of"]) for line in answer["lines"]] == [("x", 11)]
