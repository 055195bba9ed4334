"""Every report, asked of the year over HTTP: it finds what is planted, rests on events, and accuses nobody else."""

from collections import Counter
from typing import Any

import pytest

from projections.reports import REPORTS
from tests.demonstration.conftest import Served, Year

OF_A_DAY = frozenset({"responsibility", "strategy-map"})  # these take no period
YEAR = {"from": "2025-01-01", "until": "2025-12-31"}
ON_PAPER, SILENT, RESULT_ONLY, HELPER = "yao", "zhu", "rao", "kong"
NOTHING_SHOWN = frozenset({"suggestions"})  # suggestions come about when somebody asks for theirs

Line = dict[str, Any]


def lines(served: Served, name: str, **more: str) -> list[Line]:
    """Return the lines of a report on the year, or on a day of it."""
    return served.report(name, **({} if name in OF_A_DAY or more else YEAR), **more)


def person(served: Served, nick: str) -> str:
    return f"person/{served.year.people[nick]}"


def nicks(served: Served, found: list[Line], key: str = "subject") -> set[str]:
    return {served.year.nick(line[key]) for line in found}


def events_of(served: Served, line: Line) -> list[dict[str, Any]]:
    """Return the events that a line rests on, all of which the ledger gives out by id."""
    ids = [event["event_id"] for event in line["events"]]
    assert all(served.get(f"/events/{id}") for id in ids)
    return [event for event in served.year.events if event["event_id"] in ids]


@pytest.mark.parametrize("name", REPORTS)
def test_each_report_says_something_and_every_line_leads_to_events_of_the_year(served: Served, name: str):
    found, known = lines(served, name), {event["event_id"] for event in served.year.events}
    assert bool(found) is (name not in NOTHING_SHOWN)
    named = {event["event_id"] for line in found for event in line["events"]}
    assert named <= known
    assert named or not found


def test_after_the_year_the_rules_have_nothing_left_to_do(served: Served):
    assert served.ledger.reader.head().size - served.size < 5


def test_the_rules_wait_for_what_is_projected_first_and_start_once(served: Served):
    assert [record.getMessage() for record in served.warned] == []


def test_a_leaver_is_the_only_flaw_that_is_left_and_the_gap_is_found_on_its_days(served: Served):
    (left,) = lines(served, "responsibility")
    assert (left["subject"], left["kind"], left["last_holder"]) == (
        "system/test-bench",
        "leaver",
        person(served, "jack"),
    )
    in_september = lines(served, "responsibility", on="2025-09-10")
    assert {line["subject"] for line in in_september} == {"process/month-end-closing"}


def test_hand_overs_tell_who_held_month_end_closing_before_and_after_the_gap(served: Served):
    found = lines(served, "hand-overs")
    (closing,) = [line for line in found if line["subject"] == "process/month-end-closing"]
    assert (closing["giver"], closing["taker"]) == (person(served, "bai"), person(served, "george"))
    assert 23 < closing["days_between"] < 24
    assert closing["acts_while_held"] == 0
    assert max(line["days_between"] for line in found if line is not closing) < 13


def test_one_client_goes_to_and_fro_and_nothing_else_does(served: Served):
    found = lines(served, "ping-pong")
    assert [(line["subject"], line["pattern"]) for line in found] == [("client/harbour-foods", "returned")] * 3
    assert {holder for line in found for holder in line["holders"]} == {person(served, "liu"), person(served, "qin")}
    topics = [event["topic"] for event in events_of(served, found[0])]
    assert "responsibilities.HandOverAccepted" in topics


def test_the_strategy_map_shows_aims_orphans_and_what_nobody_carries(served: Served):
    found = lines(served, "strategy-map")
    goals = {line["goal"]: line for line in found if line["kind"] == "goal"}
    assert {line["owner"] for line in goals.values() if line["aim"]} == {"unit/company"}
    assert {line["owner"] for line in goals.values() if line["orphan"]} == {"unit/staff", "unit/people", "unit/it"}
    rest = {goals[line["goal"]]["owner"]: line["remainder"] for line in found if line["kind"] == "coverage"}
    assert 0 < float(rest["unit/sales-east"]) < 40
    assert rest["unit/company"] is None  # what is counted otherwise can't be added up


def test_what_hr_did_in_a_leads_place_is_refused_before_july_and_marked_after_it(served: Served):
    found = lines(served, "boundary")
    across = {line["kind"]: line for line in found if line["kind"] != "lapses"}
    assert set(across) == {"refused", "hr_set_goal"}
    assert nicks(served, list(across.values())) == {HELPER}
    assert across["refused"]["refused_code"] == "in_a_leads_place"
    assert across["refused"]["at"] < "2025-07-01" < across["hr_set_goal"]["at"]
    (event,) = events_of(served, across["hr_set_goal"])
    assert event["marks"] == ["overstepping"]
    lapses = {line["party"]: line for line in found if line["kind"] == "lapses"}
    assert set(lapses) == {"employee", "hr", "lead"}
    assert person(served, "jane") == lapses["hr"]["subject"]


def test_formalism_is_found_in_one_team_by_every_sign_and_by_one_sign_under_the_silent_lead(served: Served):
    signs: dict[str, Counter[str]] = {}
    for line in lines(served, "formalism"):
        signs.setdefault(served.year.nick(line["subject"]), Counter())[line["finding"]] += 1
    assert set(signs.pop(ON_PAPER)) == {
        "unaccompanied_rating", "identical_grades", "bulk_ratings", "goal_set_late", "self_part_missing",
    }  # fmt: skip
    assert set(signs.pop(SILENT)) == {"unaccompanied_rating"}
    unread = {"alice", "xie", "han", "kai", "shi", "nina"}
    assert {nick: set(found) for nick, found in signs.items()} == {nick: {"acknowledged_unread"} for nick in unread}


def test_one_lead_only_grades(served: Served):
    (found,) = lines(served, "result-only")
    assert served.year.nick(found["subject"]) == RESULT_ONLY
    assert (found["ratings"], found["other_acts"]) == (2, 0)
    assert {event["topic"] for event in events_of(served, found)} == {"reviews.RatingProposed"}


def test_two_leads_look_at_no_alert(served: Served):
    found = lines(served, "ignored-alerts")
    unseen = Counter[str]()
    for line in found:
        unseen[served.year.nick(line["subject"])] += line["lapsed_unseen"]
    assert {nick for nick, times in unseen.items() if times > 1} == {SILENT, RESULT_ONLY}
    (talks,) = [
        line for line in found if line["subject"] == person(served, SILENT) and line["kind"] == "talk_about_deviation"
    ]
    assert (talks["seen"], talks["lapsed_unseen"]) == (0, talks["lapsed"])
    assert talks["lapsed"] > 5
    (chen,) = [line for line in found if line["subject"] == person(served, "chen") and line["kind"] == "coach"]
    assert (chen["lapsed"], chen["open"]) == (0, 0)


def test_one_entry_of_the_year_is_late(served: Served):
    late = [line for line in lines(served, "lateness") if line["late"]]
    assert [(line["subject"], line["late"]) for line in late] == [(person(served, "lin"), 1), ("unit/sales", 1)]
    (event,) = events_of(served, late[0])
    assert (event["stream"], event["reason"]) == ("responsibility/metric/new-customers", "late-notice")


def test_claims_contradict_what_was_measured_with_two_people(served: Served):
    found = [line for line in lines(served, "contradictions") if line["kind"] == "claim_against_measurement"]
    assert Counter(served.year.nick(line["owner"]) for line in found) == {"xu": 6, "qin": 3}
    assert all(line["said"] != line["found"] for line in found)
    kinds = {event["topic"] for event in events_of(served, found[0])}
    assert kinds == {"progress.ProgressReported", "progress.MeasurementRecorded"}


def test_visits_go_with_customers_and_nothing_is_said_of_few(served: Served):
    (found,) = [
        line
        for line in lines(served, "correlation")
        if (line["x"], line["y"], line["of"], line["lag"]) == ("attainment of new-customers", "visits", "person", 0)
    ]
    assert found["n"] > 10
    assert 0.4 < found["pearson_low"] < found["pearson"] < 1
    assert found["pearson_q"] < 0.05


def test_the_course_is_followed_by_more_visits_than_others_make(served: Served):
    first, second = lines(served, "training-effect")
    for line in (first, second):
        assert (line["subject"], line["metric"], line["trained"]) == ("course/customer-visits", "visits", 3)
        assert line["left_out"] == 1  # who gave it up
        assert line["difference_low"] > 0


def test_of_few_men_fewer_are_hired_and_who_said_nothing_is_compared_with_nobody(served: Served):
    rates = {line["group"]: line for line in lines(served, "selection-rates")}
    assert set(rates) == {"female", "male"}
    assert (rates["female"]["hired"], rates["female"]["of"]) == (4, 4)
    assert (rates["male"]["hired"], rates["male"]["of"]) == (1, 3)
    assert rates["male"]["below_four_fifths"]


def test_hires_are_compared_by_path_and_by_coaching(served: Served):
    found = served.report("new-hire-attainment", **{"from": "2025-02-01", "until": "2025-12-31"})
    hires = {line["group"]: line["hires"] for line in found}
    assert hires["all"] == 8
    assert hires["path: application"] == 5
    assert hires["path: other"] == 3


def test_the_hire_below_the_bar_is_followed_to_the_end_of_the_probation(served: Served):
    found = served.report("hire-to-performance", **{"from": "2025-02-01", "until": "2025-12-31"})
    by_nick = {served.year.nick(line["person"]): line for line in found}
    assert set(by_nick) == {"owen", "iris", "shu", "min", "bella", "hugo", "ivy", "kai"}
    assert {nick for nick, line in by_nick.items() if line["below_the_bar"]} == {"owen"}
    assert by_nick["owen"]["probation"] == "confirmed"
    assert (by_nick["hugo"]["path"], by_nick["hugo"]["probation"]) == ("other", None)
    topics = {event["topic"] for event in events_of(served, by_nick["owen"])}
    assert {"hiring.HiringDecisionMade", "hiring.ProbationExtended", "hiring.EmploymentConfirmed"} <= topics


def test_the_system_is_held_against_its_own_results(served: Served):
    found = lines(served, "results-of-the-system")
    measures = {line["measure"] for line in found}
    assert {"clear_owner", "new_hire_attainment", "attainment_by_practice"} <= measures
    (owners,) = [line for line in found if (line["measure"], line["of"]) == ("clear_owner", "all")]
    assert (owners["gaps"], owners["conflicts"]) == (1, 0)


def test_the_survey_shows_no_group_of_two(served: Served, year: Year):
    (closed,) = year.of("SurveyClosed")
    groups = {tuple(group["units"]): group["answered"] for group in closed["data"]["groups"]}
    assert ("it",) not in groups
    assert any("it" in units and len(units) > 1 for units in groups)
    assert min(groups.values()) >= 3
    asked = {line["of"] for line in lines(served, "results-of-the-system") if "survey" in line["subject"]}
    assert "all" in asked


def test_the_job_is_analysed_from_the_sellers_goals(served: Served):
    found = lines(served, "job-analysis")
    (measured,) = [line for line in found if line["line"] == "metric"]
    assert measured["metric"] == "metric/new-customers"
    assert any(line["line"] == "proposal" for line in found)


def test_refused_attempts_are_told_and_the_rules_ask_for_nothing_twice(served: Served):
    told = served.get("/refused", limit="1000")["rows"]
    assert len([one for one in told if one["actor"] == "system:rules"]) < 3
    by_people = [one for one in told if one["actor"].startswith("p-")]
    assert {(served.year.nick(one["actor"]), one["code"]) for one in by_people} == {
        ("wang", "not_allowed"), (HELPER, "in_a_leads_place"), ("noah", "goal_closed"), ("su", "decider_had_a_part"),
    }  # fmt: skip
