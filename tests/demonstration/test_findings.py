"""What is planted in the year is there, found by reading the events one after the other."""

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from tests.demonstration.conftest import Year

Event = dict[str, Any]
CLOSING, CUSTOMERS, PING_PONG = "process/month-end-closing", "metric/new-customers", "client/harbour-foods"


def accountable_changes(year: Year, subject: str, *, known: str = "9999") -> list[tuple[str, str | None]]:
    """Return (begins, who is accountable from then on or None), by business time, of what is recorded by `known`."""
    changes = []
    for event in year.events:
        if event["stream"] != f"responsibility/{subject}" or event["recorded_at"] > known:
            continue
        data, topic = event["data"], event["topic"].split(".")[1]
        if data.get("role") == "accountable":
            holder = data["holder"]["id"] if topic == "ResponsibilityAssigned" else None
            changes.append((event["begins"], holder))
        elif topic == "HandOverAccepted":
            changes.append((event["begins"], data["taker"]["id"]))
    return sorted(changes, key=lambda change: change[0])


def accountable_on(year: Year, subject: str, instant: str, *, known: str = "9999") -> str | None:
    """Return who is accountable at an instant."""
    holders = [holder for begins, holder in accountable_changes(year, subject, known=known) if begins <= instant]
    return holders[-1] if holders else None


def last_days(year: Year) -> dict[str, str]:
    """Return person -> the instant at which they are employed no more."""
    return {event["stream"].removeprefix("person/"): event["begins"] for event in year.of("EmploymentEnded")}


def owners_of_goals(year: Year) -> dict[str, Event]:
    """Return goal -> the terms it was last assigned with."""
    return {event["stream"]: event["data"] for event in year.of("GoalAssigned")}


def test_nobody_answers_for_month_end_closing_for_three_weeks(year: Year):
    changes = accountable_changes(year, CLOSING)
    gaps = [(since, until) for (since, holder), (until, _) in pairwise(changes) if holder is None]
    assert len(gaps) == 1
    since, until = map(datetime.fromisoformat, gaps[0])
    assert timedelta(days=21) < until - since < timedelta(days=25)
    assert last_days(year)[year.people["bai"]] == gaps[0][0]


def test_a_client_goes_to_and_fro(year: Year):
    holders = [year.nick(holder) for _, holder in accountable_changes(year, PING_PONG) if holder]
    assert holders == ["liu", "qin", "liu", "qin", "liu"]


def test_a_leaver_still_answers_for_the_test_bench(year: Year):
    held = {e["stream"].removeprefix("responsibility/") for e in year.of("SubjectRegistered")}
    gone = last_days(year)
    left_behind = {s for s in held if accountable_on(year, s, "2026-01-01") in gone}
    assert left_behind == {"system/test-bench"}


def test_new_customers_had_another_owner_in_june_than_was_known_then(year: Year):
    evening = "2025-06-30T15:59:59Z"
    assert year.nick(accountable_on(year, CUSTOMERS, evening, known=evening) or "") == "lin"
    assert year.nick(accountable_on(year, CUSTOMERS, evening) or "") == "chen"


def test_entries_that_came_late_give_a_reason(year: Year):
    def late(event: Event) -> bool:
        recorded, begins = (datetime.fromisoformat(event[key]) for key in ("recorded_at", "begins"))
        return recorded - begins > timedelta(days=7)

    found = [(e["stream"], e["reason"]) for e in year.events if late(e)]
    assert found == [
        ("responsibility/document/price-list", "correction"),
        (f"responsibility/{CUSTOMERS}", "late-notice"),
    ]


def test_one_entry_is_annulled_and_one_moved(year: Year):
    (annulled,), (moved,) = year.of("EntryAnnulled"), year.of("EntryRedated")
    by_id = {event["event_id"]: event for event in year.events}
    assert annulled["reason"] == "wrong-person"
    assert year.nick(by_id[annulled["data"]["entry"]]["data"]["holder"]["id"]) == "hu"
    assert moved["data"]["new_effective_at"] == "2025-04-01"
    assert by_id[moved["data"]["entry"]]["begins"] < moved["data"]["new_begins"]


def test_offers_are_accepted_refused_and_left_open(year: Year):
    offers = {e["data"]["offer"]: e["stream"] for e in year.of("HandOverOffered")}
    refused = {e["data"]["offer"] for e in year.of("HandOverRefused")}
    accepted = {e["data"]["offer"] for e in year.of("HandOverAccepted")}
    assert {offers[offer] for offer in refused} == {"responsibility/system/crm"}
    assert {offers[o] for o in offers.keys() - refused - accepted} == {"responsibility/client/northgate-utilities"}


def test_some_claims_contradict_what_was_measured(year: Year):
    claims = {(e["stream"], e["data"]["day"]): e["data"] for e in year.of("ProgressReported")}
    corrections = {e["data"]["entry"]: e["data"]["value"] for e in year.of("ProgressCorrected")}
    ids = {(e["stream"], e["data"]["day"]): e["event_id"] for e in year.of("ProgressReported")}
    contradicted = Counter(
        year.nick(event["data"]["owner"]["id"])
        for event in year.of("MeasurementRecorded")
        if (key := (event["stream"], event["data"]["day"])) in claims
        and corrections.get(ids[key], claims[key]["value"]) != event["data"]["value"]
    )
    assert contradicted.keys() == {"xu", "qin"}
    assert contradicted["xu"] == 6


def test_some_goals_were_never_reported_on(year: Year):
    reported = {event["stream"] for event in year.of("ProgressReported")}
    silent = Counter(
        year.nick(terms["owner"]["id"])
        for stream, terms in owners_of_goals(year).items()
        if stream not in reported and terms["owner"]["kind"] == "person"
    )
    assert silent == {"feng": 2, "jack": 1}


def test_some_goals_end_far_from_their_target(year: Year):
    terms = owners_of_goals(year)
    far = {
        year.nick(terms[e["stream"]]["owner"]["id"])
        for e in year.of("GoalClosed")
        if terms[e["stream"]]["owner"]["kind"] == "person"
        and float(e["data"].get(terms[e["stream"]]["scored_by"], "1")) < 0.6
    }
    assert {"noah", "luo"} <= far
    assert len(far) < 8


def test_goals_are_disputed_proposed_raised_and_withdrawn(year: Year):
    disputed = {year.nick(e["data"]["owner"]["id"]): e["stream"] for e in year.of("GoalDisputed")}
    accepted = {event["stream"] for event in year.of("GoalAccepted")}
    assert disputed.keys() == {"emma", "song"}
    assert disputed["emma"] in accepted
    assert disputed["song"] not in accepted
    adopted = [e for e in year.of("GoalAssigned") if "proposal" in e["data"]]
    by_people = [e for e in year.of("GoalProposed") if e["source"] == "api"]
    assert {year.nick(e["actor"]) for e in by_people} == {"kong", "luo"}
    assert len(adopted) == len(by_people)
    assert {e["reason"] for e in year.of("GoalWithdrawn")} == {"leaver"}


def test_purchasing_sets_its_goals_when_a_third_of_the_quarter_has_gone(year: Year):
    late = {
        year.nick(event["actor"])
        for event in year.of("GoalAssigned")
        if date.fromisoformat(event["recorded_at"][:10]) - date.fromisoformat(event["data"]["starts_on"])
        > timedelta(days=14)
    }
    assert late == {"yao"}


def test_goals_lead_from_a_person_up_to_the_company(year: Year):
    terms = owners_of_goals(year)
    chains = []
    for goal in (s for s, t in terms.items() if t["owner"]["id"] == year.people["wang"]):
        chain: list[str] = []
        at: str | None = goal
        while at is not None:
            chain.append(terms[at]["owner"]["id"])
            parent = terms[at].get("parent")
            at = None if parent is None else f"goal/{parent}"
        chains.append(chain[1:])
    assert chains == [["sales-east", "sales", "sales", "company"]] * 4


def test_three_leads_never_give_feedback_and_one_is_told_so(year: Year):
    givers = {event["actor"] for event in year.of("FeedbackGiven")}
    leads = {event["data"]["lead"] for event in year.of("UnitLeadAppointed")}
    assert {year.nick(lead) for lead in leads - givers} == {"zhu", "rao", "yao"}
    told = [e for e in year.of("FeedbackGiven") if e["data"]["recipient"] == year.people["zhu"]]
    assert "hannah" in {year.nick(event["actor"]) for event in told}


def test_people_leave_where_nobody_speaks_to_them(year: Year):
    home = {e["stream"]: e["data"]["unit"] for e in year.of("PersonAssignedToUnit")}
    left = Counter(home[e["stream"]] for e in year.of("EmploymentEnded") if e["data"]["ending"] == "voluntary")
    assert left.most_common(1) == [("support", 3)]
    assert {e["data"]["ending"] for e in year.of("EmploymentEnded")} == {"voluntary", "involuntary"}


def test_feedback_is_mostly_read_once_corrected_and_once_taken_back(year: Year):
    given, read = len(year.of("FeedbackGiven")), len(year.of("FeedbackAcknowledged"))
    assert 0.7 < read / given < 0.95
    assert {e["data"]["kind"] for e in year.of("FeedbackGiven")} == {"praise", "advice", "concern"}
    assert (len(year.of("FeedbackCorrected")), len(year.of("FeedbackWithdrawn"))) == (1, 1)


def test_one_is_hired_below_the_bar_with_reason_and_dissent(year: Year):
    below = [e for e in year.of("HiringDecisionMade") if e["data"]["decision"] == "hire" and e["data"]["unmet"]]
    assert [e["reason"] for e in below] == ["urgent-need"]
    assert [e["data"]["decision_entry"] for e in year.of("DissentRecorded")] == [below[0]["event_id"]]


def test_a_rejection_is_reversed_before_the_hire(year: Year):
    (reversal,) = year.of("HiringDecisionReversed")
    decisions = year.of("HiringDecisionMade", stream=reversal["stream"])
    assert [e["data"]["decision"] for e in decisions] == ["reject", "hire"]
    assert decisions[0]["position"] < reversal["position"] < decisions[1]["position"]
    assert reversal["reason"]


def test_each_hire_begins_from_an_application(year: Year):
    hired = {e["stream"] for e in year.of("HiringDecisionMade") if e["data"]["decision"] == "hire"}
    begun = {
        f"application/{e['data']['application']}" for e in year.of("EmploymentStarted") if "application" in e["data"]
    }
    assert begun == hired
    assert len(hired) == 5
    marked = [e for e in year.of("HiringDecisionMade") if e.get("marks")]
    assert [e["marks"] for e in marked] == [["assessments_missing"]]
    assert [e["reason"] for e in year.of("RequisitionRefused")] == ["budget"]


def test_assessors_submit_on_days_of_their_own(year: Year):
    days = defaultdict(list)
    for event in year.of("AssessmentRecorded"):
        days[event["stream"]].append(event["recorded_at"][:10])
    assert not [stream for stream, each in days.items() if len(set(each)) < len(each)]


def test_the_organisation_changes_twice_and_once_more(year: Year):
    moved = {e["stream"]: e["data"]["parent"] for e in year.of("UnitMoved")}
    assert moved == {"unit/field-service": "operations", "unit/sales-overseas": "international"}
    (dissolved,) = year.of("UnitDissolved")
    assert dissolved["stream"] == "unit/purchasing"
    leads = defaultdict(list)
    for event in year.of("UnitLeadAppointed"):
        leads[event["stream"]].append(year.nick(event["data"]["lead"]))
    changed = {unit: each for unit, each in leads.items() if len(each) > 1}
    assert changed == {"unit/sales-overseas": ["grace", "hu"], "unit/logistics": ["alice", "yao"]}


def test_the_tokens_of_leavers_are_revoked(year: Year):
    revoked = {event["data"]["bearer"]["id"] for event in year.of("TokenRevoked")}
    assert revoked == set(last_days(year))


def test_the_west_brings_more_after_its_course_and_the_east_that_took_none_hardly_does(year: Year):
    (before, after) = (1, 2)  # the quarters on both sides of the course
    brought: dict[str, list[int]] = {}
    for event in year.of("OutcomeRecorded"):
        brought.setdefault(event["stream"], []).append(int(event["data"]["value"]))
    west, east = brought["outcome/unit/sales-west"], brought["outcome/unit/sales-east"]
    assert west[after] - west[before] > 10 > abs(east[after] - east[before])
    ended = year.of("TrainingCompleted", "TrainingAbandoned")
    assert [event["topic"] for event in ended].count("training.TrainingCompleted") == 3
    assert {year.nick(event["data"]["person"]) for event in ended} == {"liu", "deng", "noah", "feng"}
