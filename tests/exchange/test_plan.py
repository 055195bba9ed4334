"""What a table asks for: facts in order, people once, units first, and every refused row by its column."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from api.exchange.mapping import TableMapping, mapping_of, read_mapping, recognised
from api.exchange.plan import Plan, PlannedFact, plan
from api.exchange.table import read_table
from ledger.domain.responsibilities import Role
from ledger.kernel.moments import begins

ZONE, CUT_OVER = ZoneInfo("Asia/Shanghai"), date(2026, 11, 1)
CHANGES = "changed_at,team,role,member,change\n"
SPELLS = "team,role,holder,from,until\n"
CLOSED = "team,role,holder,from,last_day\n"


def planned(text: str, mapping: TableMapping | None = None, **options) -> Plan:
    table = read_table(text.encode())
    return plan(table, mapping or recognised(table.columns), zone=ZONE, cut_over=options.get("cut_over", CUT_OVER))


def said(fact: PlannedFact) -> tuple[int, str, str, str]:
    return (fact.row, "begins" if fact.begins else "ends", fact.holder, fact.effective.isoformat())


def refused(it: Plan) -> list[tuple[int, str | None, str]]:
    return [(fault.row, fault.column, fault.refusal.code) for fault in it.refused]


def holders(facts: list[PlannedFact], at: datetime) -> set[str]:
    """A plain replay, by instants alone: who holds after everything up to `at`."""
    held: set[str] = set()
    for fact in sorted(facts, key=lambda f: f.at):
        if fact.at <= at:
            (held.add if fact.begins else held.discard)(fact.holder)
    return held


def test_changes_follow_their_instants_and_then_the_file():
    text = (
        CHANGES
        + "2020-01-01T10:00:00+01:00,t,lead,b,added\n"
        + "2020-01-01T08:00:00+00:00,t,lead,a,added\n"
        + "2020-01-01T09:00:00+00:00,t,lead,a,removed\n"
    )
    assert [said(fact)[:3] for fact in planned(text).facts] == [
        (3, "begins", "a"),
        (2, "begins", "b"),
        (4, "ends", "a"),
    ]


def test_of_spells_ends_come_before_beginnings_at_one_instant():
    text = SPELLS + "t,manager,b,2020-02-01,\nt,manager,a,2020-01-01,2020-02-01\n"
    assert [said(fact) for fact in planned(text).facts] == [
        (3, "begins", "a", "2020-01-01"),
        (3, "ends", "a", "2020-02-01"),
        (2, "begins", "b", "2020-02-01"),
    ]


def test_closed_ends_become_the_day_after():
    text = CLOSED + "t,manager,a,2020-01-01,2020-02-29\nt,manager,b,2020-03-01,9999-01-01\n"
    assert [said(fact)[1:] for fact in planned(text).facts] == [
        ("begins", "a", "2020-01-01"),
        ("ends", "a", "2020-03-01"),
        ("begins", "b", "2020-03-01"),
    ]


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        ("t,manager,a,2020-02-01,2020-01-01", "until", "spell_without_a_day"),
        ("t,manager,a,2020-02-01,2020-02-01", "until", "spell_without_a_day"),
        ("t,manager,a,,2020-02-01", "from", "cell_empty"),
        ("t,manager,a,01/02/2020,", "from", "date_ambiguous"),
        ("t,manager,a,43466,", "from", "date_unreadable"),
        ("t,manager,a,2020-02-01,soon", "until", "date_unreadable"),
        ("t,chief,a,2020-02-01,", "role", "word_unknown"),
        ("t,,a,2020-02-01,", "role", "cell_empty"),
        ("t,manager,,2020-02-01,", "holder", "cell_empty"),
        (",manager,a,2020-02-01,", "team", "cell_empty"),
        ("=1+1,manager,a,2020-02-01,", "team", "formula"),
        ("t,manager,@SUM(1),2020-02-01,", "holder", "formula"),
        ("t,manager,a,2026-11-01,", "from", "after_cut_over"),
        ("t,manager,a", "from", "row_too_short"),
        ("t" * 129 + ",manager,a,2020-02-01,", "team", "cell_invalid"),
        ("t\x07,manager,a,2020-02-01,", "team", "cell_invalid"),
    ],
)
def test_a_row_that_can_not_be_taken_is_named_by_row_and_column(row, column, code):
    it = planned(SPELLS + "t,manager,x,2019-01-01,2019-02-01\n" + row + "\n")
    assert refused(it) == [(3, column, code)]
    assert {fact.row for fact in it.facts} == {2}
    assert it.refused[0].refusal.text("zh") != it.refused[0].refusal.text("en")


def test_an_unknown_change_is_refused():
    assert refused(planned(CHANGES + "2020-01-01,t,lead,a,moved\n")) == [(2, "change", "word_unknown")]


def test_an_end_after_the_cut_over_is_left_to_whoever_ends_it():
    it = planned(SPELLS + "t,manager,a,2020-01-01,2026-12-01\n")
    assert [said(fact)[1:] for fact in it.facts] == [("begins", "a", "2020-01-01")]
    assert refused(it) == [(2, "until", "after_cut_over")]


def test_two_spellings_are_one_person_and_a_question():
    it = planned(CHANGES + "2020-01-01,t,lead,Ann,added\n2021-01-01,u,lead,ａnn,added\n2021-02-01,u,lead,Bob,added\n")
    assert [(person.key, person.spellings) for person in it.persons] == [("ann", ("Ann", "ａnn")), ("bob", ("Bob",))]
    assert [(question.code, question.rows) for question in it.questions] == [("spellings", (2, 3))]


@pytest.mark.parametrize("order", [("added", "removed"), ("removed", "added")])
def test_a_change_of_spelling_alone_is_no_fact_in_either_order(order):
    writings = dict(zip(order, ("Ann", "ann") if order[0] == "added" else ("ann", "Ann"), strict=True))
    rows = "".join(f"2021-01-01,t,lead,{writings[change]},{change}\n" for change in order)
    it = planned(CHANGES + "2020-01-01,t,lead,ann,added\n" + rows)
    assert [said(fact)[:3] for fact in it.facts] == [(2, "begins", "ann")]
    assert it.spelling_only == (3, 4)


def test_gone_and_back_in_one_second_are_two_facts():
    it = planned(CHANGES + "2020-01-01,t,lead,ann,added\n2021-01-01,t,lead,ann,removed\n2021-01-01,t,lead,ann,added\n")
    assert [fact.row for fact in it.facts] == [2, 3, 4]


def test_labels_and_names_are_kept_where_a_column_holds_them():
    mapping = mapping_of(
        {
            "form": "spells",
            "target": "unit-assignment",
            "subject": {"id": "dept", "label": "title", "prefix": "d-"},
            "holder": {"id": "no", "scheme": "employee-number", "name": "who"},
            "from": "from",
            "to": "to",
            "interval": "closed",
        }
    )
    it = planned("dept,title,no,who,from,to\n7,,01,,2020-01-01,\n7,研发,02,王芳,2019-01-01,2019-06-30\n", mapping)
    assert [(s.kind, s.id, s.label, s.since, s.row) for s in it.subjects] == [
        ("unit", "d-7", "研发", date(2019, 1, 1), 3)
    ]
    assert [(p.key, p.name) for p in it.persons] == [("01", None), ("02", "王芳")]
    assert {fact.role for fact in it.facts} == {None}


# Real tables


def test_five_thousand_changes_of_a_team_registry(shared_data: Path):
    table = read_table((shared_data / "team_roles" / "team_role_changes.csv").read_bytes())
    it = plan(table, recognised(table.columns), zone=ZONE, cut_over=CUT_OVER)
    assert it.rows == 5661
    assert not it.refused
    assert len(it.facts) + len(it.spelling_only) == 5661
    assert len(it.spelling_only) == 40
    assert len({fact.id for fact in it.facts}) == 301
    assert Counter(fact.kind for fact in it.facts) == {"team": len(it.facts)}
    assert [question.code for question in it.questions] == ["spellings"] * 8
    assert all(len(person.spellings) <= 2 for person in it.persons)
    known = {(f.at, f.id, f.role, f.holder, f.begins) for f in it.facts}
    assert len(known) == len(it.facts)


def test_the_leads_of_one_team_on_any_day_and_second(shared_data: Path):
    table = read_table((shared_data / "team_roles" / "team_role_changes.csv").read_bytes())
    it = plan(table, recognised(table.columns), zone=ZONE, cut_over=CUT_OVER)
    leads = [f for f in it.facts if f.id == "compiler" and f.role is Role.RESPONSIBLE]
    change = datetime.fromisoformat("2020-12-14T16:47:13-05:00")
    assert holders(leads, change) == {"member-0039", "member-0048"}
    assert holders(leads, change + timedelta(seconds=1)) == {"member-0048", "member-0168"}
    assert holders(leads, datetime(2018, 11, 4, tzinfo=UTC)) == set()
    assert holders(leads, datetime(2024, 1, 1, tzinfo=UTC)) == {"member-0168", "member-0165"}
    assert holders(leads, datetime(2026, 6, 1, tzinfo=UTC)) == {"member-0165", "member-0392"}


def test_managers_of_departments_from_a_dump(shared_data: Path, mappings: Path):
    mapping = read_mapping((mappings / "mysql-employees-dept-manager.toml").read_bytes())
    table = read_table((shared_data / "employees" / "load_dept_manager.dump").read_bytes(), mapping.table.layout())
    it = plan(table, mapping, zone=ZONE, cut_over=CUT_OVER)
    assert (it.rows, len(it.persons), len(it.facts), it.refused) == (24, 24, 39, ())
    d004 = [f for f in it.facts if f.id == "d004"]
    days = {"110303": "1988-09-08", "110344": "1988-09-09", "110386": "1996-08-29", "110420": "1996-08-30"}
    for manager, day in days.items():
        assert holders(d004, begins(date.fromisoformat(day), ZONE)) == {manager}
    assert all(len(holders(d004, f.at)) == 1 for f in d004)
    assert {f.role for f in it.facts} == {Role.ACCOUNTABLE}


def test_departments_on_the_last_day_of_a_spell_and_the_day_after(shared_data: Path, mappings: Path):
    mapping = read_mapping((mappings / "adventureworks-department-history.toml").read_bytes())
    data = (shared_data / "sales_company" / "EmployeeDepartmentHistory.csv").read_bytes()
    it = plan(read_table(data, mapping.table.layout()), mapping, zone=ZONE, cut_over=CUT_OVER)
    assert (it.rows, len(it.persons), len(it.subjects), len(it.facts)) == (296, 290, 16, 302)
    assert _units(it, "250", date(2011, 7, 30)) == {"department-4"}
    assert _units(it, "250", date(2011, 7, 31)) == {"department-13"}
    assert _units(it, "4", date(2010, 5, 30)) == {"department-1"}
    assert _units(it, "4", date(2010, 5, 31)) == {"department-2"}


def _units(it: Plan, person: str, day: date) -> set[str]:
    held: set[str] = set()
    for fact in it.facts:
        if fact.holder == person and fact.at <= begins(day, ZONE):
            (held.add if fact.begins else held.discard)(fact.id)
    return held


def test_two_territories_swap_owners_without_a_gap(shared_data: Path, mappings: Path):
    mapping = read_mapping((mappings / "adventureworks-territory-history.toml").read_bytes())
    data = (shared_data / "sales_company" / "SalesTerritoryHistory.csv").read_bytes()
    it = plan(read_table(data, mapping.table.layout()), mapping, zone=ZONE, cut_over=CUT_OVER)
    two, three, one = ([f for f in it.facts if f.id == i] for i in "231")
    before, after = begins(date(2023, 11, 29), ZONE), begins(date(2023, 11, 30), ZONE)
    assert (holders(two, before), holders(three, before)) == ({"275"}, {"277"})
    assert (holders(two, after), holders(three, after)) == ({"277"}, {"275"})
    assert holders(one, begins(date(2023, 1, 1), ZONE)) == {"280", "283"}
