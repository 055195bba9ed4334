"""The year as a whole: lived through commands by real people, in order of time, and ended in the real time."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from api.demonstration.company import PEOPLE, UNITS
from api.demonstration.life import tell
from tests.demonstration.conftest import Year

SETUP, RULES = "system:setup", "system:rules"
FIRST_STEPS = {"ledgers.LedgerOpened", "people.PersonRegistered", "identity.RoleGranted", "identity.TokenIssued"}
BOUNDS = {
    "people": (200, 400),
    "identity": (80, 150),
    "goals": (450, 800),
    "progress": (1_200, 1_900),
    "feedback": (700, 1_200),
    "responsibilities": (120, 220),
    "hiring": (120, 200),
    "entries": (2, 5),
    "training": (9, 9),
    "outcomes": (40, 80),
    "policies": (110, 160),
    "reviews": (300, 500),
    "duties": (4_000, 6_500),
}


def test_the_year_holds_some_thousand_events_of_every_context(year: Year):
    counts = Counter(event["topic"].split(".")[0] for event in year.events)
    assert 7_000 <= sum(counts.values()) <= 11_000
    assert not {c: counts[c] for c, (low, high) in BOUNDS.items() if not low <= counts[c] <= high}
    assert set(counts) == {*BOUNDS, "ledgers"}


def test_the_system_takes_the_first_steps_only(year: Year):
    by_system = [e for e in year.events if e["actor"] == SETUP]
    assert {e["topic"] for e in by_system} == FIRST_STEPS
    assert [e["position"] for e in by_system] == list(range(1, len(by_system) + 1))
    assert len(by_system) < 10
    others = [e for e in year.events[len(by_system) :] if e["actor"] != RULES]
    assert {e["source"] for e in others} == {"api"}


def test_everybody_acts_by_a_token_that_was_issued_to_them_before(year: Year):
    bearer: dict[str, str] = {}
    for event in year.events:
        if event["actor"] not in (SETUP, RULES):
            assert bearer[event["credential"]] == event["actor"]
        if event["topic"] == "identity.TokenIssued":
            bearer[event["stream"]] = event["data"]["bearer"]["id"]


def test_time_runs_forward_through_2025(year: Year):
    recorded = [event["recorded_at"] for event in year.events]
    assert recorded == sorted(recorded)
    assert recorded[0].startswith("2025-01-02")
    acted = [event["recorded_at"] for event in year.events if event["actor"] != RULES]
    assert "2026-01-12" < acted[-1] < "2026-01-15"
    assert recorded[-1] < "2026-05"
    months = Counter(moment[:7] for moment in recorded)
    assert min(count for month, count in months.items() if month.startswith("2025")) > 100
    assert len([month for month in months if month.startswith("2025")]) == 12


def test_the_clock_is_released_to_the_real_time(year: Year):
    assert datetime.now(UTC) - year.clock_after < timedelta(hours=1)
    assert datetime.now(UTC) >= year.clock_after


def test_each_token_opens_the_ledger_for_its_role(year: Year):
    expected = {
        "employee": "employee",
        "lead": "lead",
        "hr_partner": "hr_partner",
        "hr_administrator": "hr_administrator",
        "second_hr_administrator": "hr_administrator",
        "auditor": "auditor",
        "subscriber": "subscriber",
        "operator": "operator",
    }
    assert year.callers.keys() == expected.keys()
    assert not {token for token, role in expected.items() if role not in year.callers[token][1]}
    assert year.callers["employee"][1] == {"employee"}
    assert year.callers["lead"][1] == {"employee", "lead"}
    assert year.callers["subscriber"][0].kind == "system"
    assert len({caller.id for caller, _ in year.callers.values()}) == len(expected)


def test_auditor_and_administrators_were_granted_by_two(year: Year):
    def granters(role: str) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for grant in year.of("RoleGranted"):
            if grant["data"]["role"] == role:
                found.setdefault(grant["stream"], set()).add(grant["actor"])
        return found

    first, second = (year.callers[f"{which}hr_administrator"][0].id for which in ("", "second_"))
    assert granters("hr_administrator") == {f"access/{first}": {SETUP, second}, f"access/{second}": {SETUP, first}}
    assert granters("auditor") == {f"access/{year.callers['auditor'][0].id}": {first, second}}


def test_everybody_of_the_company_is_found_by_handle_and_lives_under_a_random_id(year: Year):
    assert len(year.people) == len(PEOPLE) == len(year.of("PersonRegistered"))
    assert len(PEOPLE) >= 60
    assert {event["stream"] for event in year.of("UnitFormed")} == {f"unit/{unit.id}" for unit in UNITS}


def test_no_name_of_a_person_stands_in_the_clear(year: Year):
    whole = b"\n".join(year.stored).decode()
    names = [part for person in PEOPLE for part in (person.name, person.name.split(" ")[0]) if len(part) > 1]
    assert not [name for name in names if name in whole]


def test_progress_of_the_telling_ends_with_the_whole(year: Year):
    done = [told for told, _ in year.told]
    assert done == sorted(done)
    assert year.told[-1][0] == year.told[-1][1] == len(tell())


def test_the_story_is_the_same_each_time_but_for_the_ids():
    def lines() -> list[tuple[object, ...]]:
        return [
            (line.at, line.actor, line.plural, line.verb, line.batch) for _, group in tell().moments() for line in group
        ]

    assert lines() == lines()


def test_nobody_works_at_weekends():
    days = {line.at for _, group in tell().moments() for line in group if not line.actor.startswith("system:")}
    assert not [day for day in days if day.weekday() > 4]
