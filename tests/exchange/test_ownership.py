"""A table is brought into a real ledger by two people, tried out before, and brought in again without a trace."""

import asyncio
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest

from api.exchange.faults import MappingNeeded, TableRefused
from api.exchange.mapping import read_mapping
from api.exchange.ownership import confirm, prepare, propose, run_import, try_out
from ledger import asking  # its Testimony, by its own name, would be collected as a test
from ledger.application import SYSTEM_CALLER, Ask, Caller, Idempotency, Ledger, make_ledger
from ledger.domain.identity import GrantRole, Role
from ledger.domain.ledgers import OtherTable, OwnProposal
from ledger.domain.people.persons import RegisterPerson
from ledger.domain.responsibilities import ResponsibilityState
from ledger.domain.responsibilities import Role as Raci
from ledger.kernel.event import decode, decode_raw
from ledger.kernel.moments import begins
from ledger.kernel.refusals import AlreadyExists, NotFound
from ledger.kernel.timeline import holders_on
from ledger.states import Versioned, evolved, initial_state

T = TypeVar("T")
HEAD = b"team,role,holder,from,until\n"


@dataclass
class Office:
    """A real ledger with two HR administrators and somebody who is none."""

    runner: asyncio.Runner
    ledger: Ledger
    one: Caller
    other: Caller
    nobody: Caller

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(coroutine)

    def bring(self, data: bytes, mapping=None, **options):
        return self.run(run_import(self.ledger, data, mapping, proposer=self.one, confirmer=self.other, **options))

    @property
    def size(self) -> int:
        return self.ledger.reader.head().size

    def holders(self, subject: str, role: Raci, at: datetime) -> set[str]:
        stream = f"responsibility/{subject}"
        versioned = Versioned(0, initial_state(stream))
        for stored in self.ledger.reader.events_of(stream):
            versioned = evolved(stream, versioned, decode(stored))
        state: ResponsibilityState = versioned.state
        return set(holders_on(state.lines[role.value], at))

    def person(self, scheme: str, value: str) -> str:
        found = self.run(self.ledger.find(scheme, value))
        assert found is not None
        return found


@pytest.fixture
def office(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Office]:
    name = f"import_{abs(hash(request.node.name)) % 10**12}"
    make_ledger(database_url, name, tmp_path, host="test.example", zone="Asia/Shanghai", cut_over=date(2026, 11, 1))
    with asyncio.Runner() as runner:
        ledger = runner.run(Ledger.open(database_url, name, tmp_path))
        one, other, nobody = (runner.run(_join(ledger, *roles)) for roles in ([Role.HR_ADMINISTRATOR],) * 2 + ([],))
        yield Office(runner, ledger, one, other, nobody)
        runner.run(ledger.close())


async def _join(ledger: Ledger, *roles: Role) -> Caller:
    receipt = await ledger.record(Ask(RegisterPerson(), "person", None, SYSTEM_CALLER))
    id = receipt.stream.removeprefix("person/")
    for role in roles:
        await ledger.record(Ask(GrantRole(role=role), "access", id, SYSTEM_CALLER))
    return Caller(id, "test")


def test_five_thousand_changes_come_in_once(office: Office, shared_data: Path):
    data = (shared_data / "team_roles" / "team_role_changes.csv").read_bytes()
    seen: list[tuple[int, int]] = []
    tried = office.bring(data, dry_run=True)
    assert office.size == office.ledger.reader.head().size
    before = office.size
    report = office.bring(data, progress=lambda done, of: seen.append((done, of)))
    assert (report.rows, report.persons, report.recorded, report.unchanged) == (5661, 743, 5621, 0)
    assert (tried.persons, tried.recorded, tried.marked) == (report.persons, report.recorded, report.marked)
    assert not report.refused
    assert seen[-1] == (743 + 5621, 743 + 5621)
    assert (report.first_position, report.last_position) == (before + 3, office.size)

    ids = {number: office.person("handle", f"MEMBER-{number}") for number in ("0039", "0048", "0165", "0168", "0392")}
    answers = {
        "2018-11-04T21:28:42+01:00": set(),
        "2018-11-04T21:28:43+01:00": {"0039"},
        "2020-12-14T16:47:13-05:00": {"0039", "0048"},
        "2020-12-14T16:47:14-05:00": {"0048", "0168"},
        "2023-08-03T16:05:59+02:00": {"0168", "0165"},
        "2026-05-15T01:59:48+00:00": {"0165", "0392"},
    }
    for at, leads in answers.items():
        found = office.holders("team/compiler", Raci.RESPONSIBLE, datetime.fromisoformat(at))
        assert found == {ids[lead] for lead in leads}

    size = office.size
    again = office.bring(data)
    assert (again.recorded, again.persons, again.unchanged) == (0, 0, 5621)
    assert office.size == size + 2, "proposed and confirmed, and nothing else"
    assert len(again.questions) == 8


def test_every_row_is_testimony_of_its_import(office: Office):
    report = office.bring(HEAD + b"t,manager,Ann,2020-01-01,\nt,manager,Bob,2020-02-01,\n")
    assert report.first_position is not None
    page = office.ledger.reader.page(report.first_position - 1, 100)
    raws = [decode_raw(stored) for _, stored in page]
    assert [raw["source"] for raw in raws] == [f"import:{report.import_id}#{row}" for row in (2, 3, 2, 3)]
    assert {raw["authority"]["basis"] for raw in raws} == {"import"}
    assert {raw["batch"] for raw in raws} == {report.import_id}
    assert raws[3]["marks"] == ["already_accountable"]
    assert report.marked == {"already_accountable": (3,)}
    assert all(b"Ann" not in stored for _, stored in page), "identifiers are sealed"


def test_a_dry_run_applies_every_rule_and_records_nothing(office: Office):
    size = office.size
    rows = b"t,manager,a,2020-01-01,\nt,manager,b,2020-02-01,\nt,manager,b,2020-03-01,\nt,manager,c,2026-12-01,\n"
    tried = office.bring(HEAD + rows, dry_run=True)
    assert office.size == size
    assert tried.marked == {"already_accountable": (3,)}
    assert [(f.row, f.column, f.refusal.code) for f in tried.refused] == [
        (4, "from", "holds_already"),
        (5, "from", "after_cut_over"),
    ]
    assert (tried.state, tried.first_position, tried.import_id) == ("dry_run", None, None)
    done = office.bring(HEAD + rows)
    assert (done.recorded, done.marked) == (tried.recorded, tried.marked)
    assert [f.row for f in done.refused] == [4, 5]


def test_one_person_alone_brings_in_nothing(office: Office):
    prepared = office.run(prepare(office.ledger, HEAD + b"t,manager,a,2020-01-01,\n", None))
    other = office.run(prepare(office.ledger, HEAD + b"t,manager,b,2020-01-01,\n", None))
    proposed = office.run(propose(office.ledger, prepared, office.one))
    assert (proposed.state, proposed.recorded) == ("proposed", 0)
    assert proposed.import_id is not None
    for caller, table, refusal in (
        (office.one, prepared, OwnProposal),
        (office.other, other, OtherTable),
        (office.nobody, prepared, NotFound),
    ):
        size = office.size
        with pytest.raises(refusal):
            office.run(confirm(office.ledger, table, proposed.import_id, caller))
        assert office.size == size
    report = office.run(confirm(office.ledger, prepared, proposed.import_id, office.other))
    assert report.recorded == 1


def test_who_is_no_hr_administrator_neither_proposes_nor_tries(office: Office):
    prepared = office.run(prepare(office.ledger, HEAD + b"t,manager,a,2020-01-01,\n", None))
    with pytest.raises(NotFound):
        office.run(propose(office.ledger, prepared, office.nobody))
    tried = office.run(try_out(office.ledger, prepared, office.nobody))
    assert tried.recorded == 0
    assert {fault.refusal.code for fault in tried.refused} == {"import_not_confirmed"}


def test_what_is_judged_on_trial_is_never_recorded(office: Office):
    size = office.size
    ask = Ask(
        RegisterPerson(effective_at=date(2020, 1, 1)),
        "person",
        None,
        office.one,
        testimony=asking.Testimony("x", 1, trial=True),
    )
    with pytest.raises(asking.NotConfirmed):
        office.run(office.ledger.record(ask))
    with pytest.raises(asking.NotConfirmed):
        office.run(office.ledger.record_batch([ask], mode="each", batch_id="x"))
    assert office.size == size


def test_an_import_that_broke_off_is_finished_by_its_confirmer(office: Office):
    rows = HEAD + b"".join(b"t%d,manager,p%d,2020-01-01,2020-02-01\n" % (i, i) for i in range(400))
    prepared = office.run(prepare(office.ledger, rows, None))
    proposed = office.run(propose(office.ledger, prepared, office.one))
    assert proposed.import_id is not None

    def breaks(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        office.run(confirm(office.ledger, prepared, proposed.import_id, office.other, progress=breaks))
    third = office.run(_join(office.ledger, Role.HR_ADMINISTRATOR))
    with pytest.raises(AlreadyExists):
        office.run(confirm(office.ledger, prepared, proposed.import_id, third))
    report = office.run(confirm(office.ledger, prepared, proposed.import_id, office.other))
    assert 0 < report.persons < 400
    assert report.recorded + report.unchanged == 800
    assert office.bring(rows).unchanged == 800


def test_the_same_key_gives_the_same_proposal(office: Office):
    prepared = office.run(prepare(office.ledger, HEAD + b"t,manager,a,2020-01-01,\n", None))
    key = Idempotency("k", b"f" * 32)
    first, second = (
        office.run(propose(office.ledger, prepared, office.one, idempotency=key)).import_id for _ in range(2)
    )
    assert first == second


def test_units_are_formed_and_left_on_the_day_after(office: Office, shared_data: Path, mappings: Path):
    mapping = read_mapping((mappings / "adventureworks-department-history.toml").read_bytes())
    data = (shared_data / "sales_company" / "EmployeeDepartmentHistory.csv").read_bytes()
    report = office.bring(data, mapping)
    assert (report.persons, report.subjects, report.recorded, report.refused) == (290, 16, 302, ())
    stream = office.person("employee-number", "250")
    versioned = Versioned(0, initial_state(stream))
    for stored in office.ledger.reader.events_of(stream):
        versioned = evolved(stream, versioned, decode(stored))
    days = {date(2011, 7, 30): "department-4", date(2011, 7, 31): "department-13", date(2012, 7, 15): "department-5"}
    for day, unit in days.items():
        assert versioned.state.home_on(begins(day, office.ledger.zone)) == unit
    again = office.bring(data, mapping)
    assert (again.recorded, again.subjects, again.unchanged) == (0, 0, 302)


def test_managers_of_departments_come_from_a_dump(office: Office, shared_data: Path, mappings: Path):
    mapping = read_mapping((mappings / "mysql-employees-dept-manager.toml").read_bytes())
    report = office.bring((shared_data / "employees" / "load_dept_manager.dump").read_bytes(), mapping)
    assert (report.persons, report.recorded, report.refused, report.marked) == (24, 39, (), {})
    for day, number in {"1988-09-08": "110303", "1988-09-09": "110344", "1996-08-30": "110420"}.items():
        at = begins(date.fromisoformat(day), office.ledger.zone)
        assert office.holders("department/d004", Raci.ACCOUNTABLE, at) == {office.person("employee-number", number)}


@pytest.mark.parametrize(("data", "refusal"), [(b"a,b\n1,2\n", MappingNeeded), (b'team,role\n"x,y\n', TableRefused)])
def test_a_table_that_can_not_be_taken_proposes_nothing(office: Office, data: bytes, refusal: type[Exception]):
    size = office.size
    with pytest.raises(refusal):
        office.bring(data)
    assert office.size == size
