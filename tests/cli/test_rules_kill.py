"""The service is killed while its rules run: each duty is there, once, as after a run that nothing disturbed."""

import multiprocessing
import random
import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from api.cli.founding import Founding, first_people
from api.settings import Settings
from ledger.kernel.clock import RealClock
from ledger.kernel.event import Entry, decode
from ledger.store.embedded import open_cluster
from tests.cli.program import PATIENCE_S, Program, Serving, program_with_trial
from tests.cli.rules_alone import follow

KILLED, CLEAN = "trial", "clean"
TEAM = 5  # who joins in each round
DAY: dict[str, Any] = {"effective_at": "2026-01-01", "reason": "set-up"}
Step = tuple[str, dict[str, Any]]  # the path of a command, and its fields; @name stands for somebody's id
Figures = Counter[tuple[str, ...]]


def first_steps() -> list[Step]:
    """Form a company with two units, each with a lead."""
    steps: list[Step] = [("/units/form?id=company", {"label": "The company", **DAY})]
    steps += [(f"/units/form?id={unit}", {"label": unit, "parent": "company", **DAY}) for unit in ("sales", "service")]
    for name, unit in (("boss", "company"), ("lin", "sales"), ("zhou", "service")):
        steps += [*joins(name, unit), (f"/units/{unit}/appoint-lead", {"lead": f"@{name}", **DAY})]
    return steps


def joins(name: str, unit: str) -> list[Step]:
    return [
        (f"/people/register?as={name}", {"name": name}),
        (f"/people/@{name}/start-employment", DAY),
        (f"/people/@{name}/assign-to-unit", {"unit": unit, **DAY}),
    ]


def steps_of(round_: int) -> list[Step]:
    """People join, a policy is published that all have to read, and the seat of a lead changes hands."""
    names = [f"w{round_}-{number}" for number in range(TEAM)]
    joining = [step for name in names for step in joins(name, "sales")]
    text = {"label": f"Policy {round_}", "text_zh": "制度", "text_en": "Policy"}
    taker = ("@zhou", "@lin")[round_ % 2]
    return [
        *joining[: len(joining) // 2],
        (f"/policies/policy-{round_}/publish", text),
        *joining[len(joining) // 2 :],
        ("/units/sales/appoint-lead", {"lead": taker, "reason": "succession"}),
    ]


@dataclass
class Play:
    """Commands one after the other, each under a key of its own, taken up again after a kill where it fell."""

    token: str
    people: dict[str, str] = field(default_factory=dict)
    done: int = 0
    position: int = 0

    def go(self, serving: Serving, steps: list[Step]) -> None:
        """Record what is left of `steps`; return early once the service is gone."""
        with serving.client(self.token) as client:
            for number, step in enumerate(steps[self.done :], start=self.done):
                try:
                    answer = self._post(client, number, step)
                except httpx2.TransportError:
                    return
                assert answer.status_code in {200, 201}, answer.text
                receipt, name = answer.json(), step[0].partition("?as=")[2]
                if name:
                    self.people[name] = receipt["stream"].partition("/")[2]
                self.position, self.done = receipt["position"], number + 1

    def _post(self, client: httpx2.Client, number: int, step: Step) -> httpx2.Response:
        path, fields = step
        told = {name: self._read(value) for name, value in fields.items()}
        path = "/".join(self._read(part) for part in path.partition("?as=")[0].split("/"))
        return client.post(path, json=told, headers={"idempotency-key": f"step-{number}"})

    def _read(self, text: Any) -> Any:
        return self.people[text[1:]] if isinstance(text, str) and text.startswith("@") else text

    def wait_for_rules(self, serving: Serving) -> None:
        with serving.client(self.token) as client:
            answer = client.get("/duties", params={"min_position": self.position, "limit": 1})
            assert answer.status_code == 200, answer.text


def play_with_kills(program: Program, rounds: int, chance: random.Random) -> Play:
    """Kill the service once in each round, somewhere under the commands and the rules that follow them."""
    play, steps = Play(program.tokens(KILLED)["hr_administrator"]), first_steps()
    for round_ in range(rounds):
        steps += steps_of(round_)
        serving = program.serve()
        caller = threading.Thread(target=play.go, args=(serving, steps))
        caller.start()
        caller.join(chance.uniform(0.02, 0.6))
        serving.kill()
        caller.join(PATIENCE_S)
    return play


@contextmanager
def two_ledgers(folder: Path) -> Iterator[Program]:
    """A data folder with two empty ledgers: one whose service is killed, and one for the undisturbed run."""
    with program_with_trial(folder) as program:
        settings = Settings(data=program.data)
        tomorrow = (datetime.now(UTC) + timedelta(days=1)).date()
        with open_cluster(settings.database_folder) as cluster:
            Founding(cluster.conninfo, settings, CLEAN, "UTC", RealClock(), tomorrow).found(first_people)
        yield program


@pytest.mark.parametrize("rounds", [2, pytest.param(20, marks=[pytest.mark.soak, pytest.mark.timeout(1200)])])
def test_kills_neither_double_nor_lose_a_duty(tmp_path: Path, rounds: int):
    seed = random.randrange(10_000)
    print(f"seed {seed}")  # shown where the test fails
    chance = random.Random(seed)
    steps = first_steps() + [step for round_ in range(rounds) for step in steps_of(round_)]
    with two_ledgers(tmp_path) as program:
        killed = play_with_kills(program, rounds, chance)
        clean = Play(program.tokens(CLEAN)["hr_administrator"])
        with program.serving() as serving:
            for play in (killed, clean):
                play.go(serving, steps)
                assert play.done == len(steps)
                play.wait_for_rules(serving)
            with (
                open_cluster(program.data / "pg") as cluster,
                psycopg.connect(cluster.conninfo, autocommit=True) as admin,
            ):
                disturbed, undisturbed = (entries(admin, name) for name in (KILLED, CLEAN))
    require_once(disturbed)
    assert duties_of(disturbed, killed) == duties_of(undisturbed, clean)
    opened = Counter(entry.data["kind"] for entry in disturbed if entry.topic == "duties.DutyOpened")
    assert opened["set_goals"] >= rounds * TEAM
    assert opened["read_policy"] >= rounds * TEAM


def test_late_twice_side_by_side_or_on_an_older_database_the_same_duties_follow(tmp_path: Path):
    older = tmp_path / "older"
    with program_with_trial(tmp_path) as program:
        program.environment["PLEDGER_RULES"] = "false"
        database, play = program.data / "pg", Play(program.tokens(KILLED)["hr_administrator"])
        with program.serving() as serving:
            play.go(serving, first_steps() + steps_of(0))
        shutil.copytree(database, older)
        side_by_side = followed(program, processes=2)
        assert len(side_by_side) > 2 * TEAM
        assert followed(program, processes=1) == side_by_side
        shutil.rmtree(database)
        older.rename(database)
        assert followed(program, processes=1) == side_by_side


def followed(program: Program, *, processes: int) -> dict[str, tuple[str, ...]]:
    """Run the rules over the whole ledger in so many processes at once; return each duty as it stands then."""
    settings = Settings(data=program.data)
    with open_cluster(settings.database_folder) as cluster:
        spawn = multiprocessing.get_context("spawn")
        asked = (cluster.conninfo, KILLED, settings.keys_folder)
        runs = [spawn.Process(target=follow, args=asked) for _ in range(processes)]
        for run in runs:
            run.start()
        for run in runs:
            run.join(PATIENCE_S)
            assert run.exitcode == 0
        with psycopg.connect(cluster.conninfo, autocommit=True) as admin:
            found = entries(admin, KILLED)
    require_once(found)
    return standings(found, {})


def entries(admin: psycopg.Connection, ledger: str) -> list[Entry]:
    rows = admin.execute(f"select stored from ledger_{ledger}.events order by position".encode()).fetchall()
    return [decode(bytes(stored)) for (stored,) in rows]


def require_once(found: list[Entry]) -> None:
    """No duty is opened or ended twice, and nobody is told of it twice on one occasion."""
    ends = {"duties.DutyDischarged", "duties.DutyExcused", "duties.DutyVoided"}
    steps: Counter[tuple[str, ...]] = Counter()
    for entry in found:
        if entry.topic == "duties.DutyOpened":
            steps[entry.stream, "opened"] += 1
        elif entry.topic in ends:
            steps[entry.stream, "ended"] += 1
        elif entry.topic == "duties.DutyNotified":
            steps[entry.stream, entry.data["holder"], entry.data["occasion"]] += 1
    assert set(steps.values()) == {1}


def duties_of(found: list[Entry], play: Play) -> Figures:
    """Return how many duties of which kind, about what and on whose seat end up with whom, and how they stand."""
    return Counter(standings(found, {id: name for name, id in play.people.items()}).values())


def standings(found: list[Entry], names: dict[str, str]) -> dict[str, tuple[str, ...]]:
    """Return each duty's kind, subject, seat, rule, how it stands and its holder; persons by the names they have."""
    standing: dict[str, tuple[str, ...]] = {}
    for entry in found:
        data = entry.data
        if entry.topic == "duties.DutyOpened":
            subject, of = (names.get(data[key]["id"], data[key]["id"]) for key in ("subject", "of"))
            holder = data.get("holder") or "nobody"
            standing[entry.stream] = (data["kind"], subject, of, data["rule"], "open", names.get(holder, holder))
        elif entry.topic == "duties.DutyTransferred":
            taker = data.get("taker") or "nobody"
            standing[entry.stream] = (*standing[entry.stream][:-1], names.get(taker, taker))
        elif entry.topic == "duties.DutyDischarged":
            before = standing[entry.stream]
            standing[entry.stream] = (*before[:-2], data["outcome"], before[-1])
    return standing
