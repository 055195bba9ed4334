"""Planned facts go through the domain's own rules: what is recorded, marked or refused; a repeat adds nothing."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from api.exchange.commands import commands
from api.exchange.mapping import TableMapping, read_mapping, recognised
from api.exchange.plan import Plan, plan
from api.exchange.table import read_table
from ledger.domain.responsibilities import ResponsibilityState, Role
from ledger.kernel.moments import begins
from ledger.kernel.timeline import holders_on
from tests.domain.given import History

ZONE, CUT_OVER = ZoneInfo("Asia/Shanghai"), date(2026, 11, 1)
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def planned(data: bytes, mapping: TableMapping | None = None) -> tuple[Plan, TableMapping]:
    table = read_table(data, mapping.table.layout() if mapping else None)
    meant = mapping or recognised(table.columns)
    return plan(table, meant, zone=ZONE, cut_over=CUT_OVER), meant


class Import:
    """Runs a plan through the domain as testimony, in a history that is kept from run to run."""

    def __init__(self) -> None:
        self.history = History(now=NOW)
        self.people: dict[str, str] = {}

    def run(self, data: bytes, mapping: TableMapping | None = None) -> tuple[Counter[str], list[tuple[int, str]]]:
        """Return how often each outcome came, and the rows with marks."""
        it, meant = planned(data, mapping)
        known = frozenset(self.people)
        people = {p.key: self.people.setdefault(p.key, f"p-{p.key}") for p in it.persons}
        said, marked = Counter[str](), list[tuple[int, str]]()
        for row in commands(it, people=people, known=known, assignment=meant.assignment):
            outcome = self.history.judge(row.kind, row.id, row.command, testimony=True)
            said[outcome.said] += 1
            if outcome.event is not None:
                marked += [(row.row, mark) for mark in outcome.marks]
                self.history.record(row.kind, row.id, outcome.event, on=row.command.effective_at, source="import:b#1")
        return said, marked

    def holders(self, subject: str, role: Role, at: datetime) -> set[str]:
        state: ResponsibilityState = self.history.state("responsibility", subject)
        return {key.removeprefix("person/p-") for key in holders_on(state.lines[role.value], at)}


def mapping_in(folder: Path, name: str) -> TableMapping:
    return read_mapping((folder / name).read_bytes())


def test_a_grown_file_adds_only_what_is_new():
    head = b"team,role,holder,from,until\n"
    first = head + b"t,manager,Ann,2020-01-01,2020-02-01\nt,manager,Bob,2020-02-01,\n"
    grown = (
        head + b"t,manager,Ann,2020-01-01,2020-02-01\nt,manager,BOB,2020-02-01,2020-03-01\nt,manager,Cy,2020-03-01,\n"
    )
    it = Import()
    assert it.run(first)[0] == {"PersonRegistered": 2, "ResponsibilityAssigned": 2, "ResponsibilityReleased": 1}
    assert it.run(first)[0] == {"already_recorded": 3}
    assert it.run(grown)[0] == {
        "already_recorded": 3,
        "PersonRegistered": 1,
        "ResponsibilityAssigned": 1,
        "ResponsibilityReleased": 1,
    }
    assert it.holders("team/t", Role.ACCOUNTABLE, begins(date(2020, 3, 1), ZONE)) == {"cy"}


def test_contradictions_are_marks_and_impossible_rows_are_refused():
    rows = b"team,role,holder,from,until\nt,manager,a,2020-01-01,\nt,manager,b,2020-02-01,\nt,manager,b,2020-03-01,\n"
    said, marked = Import().run(rows)
    assert (3, "already_accountable") in marked
    assert (2, "already_accountable") not in marked
    assert said["holds_already"] == 1
    changes = b"changed_at,team,role,member,change\n2020-01-01,t,lead,a,removed\n"
    assert Import().run(changes)[0] == {"PersonRegistered": 1, "not_holding": 1}


def test_a_registry_of_five_thousand_changes(shared_data: Path):
    data = (shared_data / "team_roles" / "team_role_changes.csv").read_bytes()
    it = Import()
    said, marked = it.run(data)
    assert said == {"PersonRegistered": 743, "ResponsibilityAssigned": 3793, "ResponsibilityReleased": 1828}
    assert {mark for _, mark in marked} == {"not_employed"}
    assert it.run(data)[0] == {"already_recorded": 5621}
    answers: Mapping[str, set[str]] = {
        "2018-11-04T20:28:42+00:00": set(),
        "2018-11-04T21:28:43+01:00": {"member-0039"},
        "2020-12-14T16:47:13-05:00": {"member-0039", "member-0048"},
        "2020-12-14T16:47:14-05:00": {"member-0048", "member-0168"},
        "2023-08-03T16:05:59+02:00": {"member-0168", "member-0165"},
        "2026-05-15T01:59:48+00:00": {"member-0165", "member-0392"},
    }
    for at, leads in answers.items():
        assert it.holders("team/compiler", Role.RESPONSIBLE, datetime.fromisoformat(at)) == leads


def test_managers_of_departments_have_no_gap_and_no_overlap(shared_data: Path, mappings: Path):
    mapping = mapping_in(mappings, "mysql-employees-dept-manager.toml")
    data = (shared_data / "employees" / "load_dept_manager.dump").read_bytes()
    it = Import()
    said, marked = it.run(data, mapping)
    assert said == {"PersonRegistered": 24, "ResponsibilityAssigned": 24, "ResponsibilityReleased": 15}
    assert {mark for _, mark in marked} == {"not_employed"}
    assert it.run(data, mapping)[0] == {"already_recorded": 39}
    for department in ("d001", "d004", "d009"):
        for year in range(1985, 2026):
            at = begins(date(year, 1, 1), ZONE)
            assert len(it.holders(f"department/{department}", Role.ACCOUNTABLE, at)) == 1
    assert it.holders("department/d004", Role.ACCOUNTABLE, begins(date(1988, 9, 8), ZONE)) == {"110303"}
    assert it.holders("department/d004", Role.ACCOUNTABLE, begins(date(1988, 9, 9), ZONE)) == {"110344"}


def test_departments_on_the_last_day_and_the_day_after(shared_data: Path, mappings: Path):
    mapping = mapping_in(mappings, "adventureworks-department-history.toml")
    data = (shared_data / "sales_company" / "EmployeeDepartmentHistory.csv").read_bytes()
    it = Import()
    said, _ = it.run(data, mapping)
    assert said == {"PersonRegistered": 290, "UnitFormed": 16, "PersonAssignedToUnit": 296, "PersonLeftUnit": 6}
    assert it.run(data, mapping)[0] == {"already_recorded": 318}
    person = it.history.state("person", "p-250")
    assert person.home_on(begins(date(2011, 7, 30), ZONE)) == "department-4"
    assert person.home_on(begins(date(2011, 7, 31), ZONE)) == "department-13"
    assert person.home_on(begins(date(2011, 2, 24), ZONE)) is None


def test_shared_territories_are_a_conflict_and_a_swap_is_none(shared_data: Path, mappings: Path):
    mapping = mapping_in(mappings, "adventureworks-territory-history.toml")
    it = Import()
    said, marked = it.run((shared_data / "sales_company" / "SalesTerritoryHistory.csv").read_bytes(), mapping)
    assert said == {"PersonRegistered": 14, "ResponsibilityAssigned": 17, "ResponsibilityReleased": 4}
    conflicts = {row for row, mark in marked if mark == "already_accountable"}
    assert conflicts == {9, 10, 12, 13, 16}  # territories 4, 6, 1, 1 and 6 are shared from these rows on
    swap = begins(date(2023, 11, 30), ZONE)
    assert it.holders("territory/2", Role.ACCOUNTABLE, swap) == {"277"}
    assert it.holders("territory/3", Role.ACCOUNTABLE, swap) == {"275"}
