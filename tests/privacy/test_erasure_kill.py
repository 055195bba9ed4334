"""A serving process is killed at each step of an erasure: the next one carries it to the same end, with one record."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ledger.application import SYSTEM_CALLER, Ledger
from ledger.kernel.event import Subject, decode
from ledger.privacy.erasing import Step
from tests.api.service import LIFETIME
from tests.privacy.test_erasure import GONE, held_of
from tests.use_cases.company import a_company

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60
Cut = tuple[Step, str]
SOME: tuple[Cut, ...] = ((Step.DESTROYED, "before"), (Step.RECORDED, "before"), (Step.DELETED, "after"))
ALL: tuple[Cut, ...] = tuple((step, when) for step in list(Step)[1:] for when in ("before", "after"))


@dataclass(frozen=True)
class Cast:
    """Two administrators' tokens, and as many people to be erased as there are cuts, and one more."""

    tokens: dict[str, str]
    people: list[str]


async def settled(database_url: str, ledger: str, keys: Path, rounds: int) -> Cast:
    """Have people with a text and identifiers, each alike."""
    async with a_company(database_url, ledger, keys) as company:
        people = []
        for number in range(rounds + 1):
            people.append(await company.joins(f"worker{number}", unit="sales"))
            praise: dict[str, Any] = {"recipient": people[-1], "kind": "praise", "text": "Well done"}
            await company.does("lin", "feedback", "give", **praise)
        tokens = {}
        for who in ("hr", "second_hr"):
            bearer = Subject(kind="person", id=company.people[who].id)
            tokens[who], _ = await company.ledger.issue_token(SYSTEM_CALLER, bearer, lifetime=LIFETIME)
        return Cast(tokens, people)


@contextmanager
def serving(database_url: str, ledger: str, keys: Path, *cut: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Serve in a process of its own, which is ended at the end if it has not ended itself."""
    command = [sys.executable, "-m", "tests.privacy.killed_service", database_url, ledger, str(keys), *cut]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PLEDGER_")}
    environment = kept | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def wanted(address: str, cast: Cast, person: str) -> None:
    """Have the two ask for an erasure; the process may end before it answers the second."""
    record = f"{address}/personal-records/person/{person}"
    asked = httpx2.post(f"{record}/ask-erasure", json={"basis": "request"}, headers=bearing(cast, "hr"))
    assert asked.status_code == 201, asked.text
    with suppress(httpx2.TransportError):
        httpx2.post(f"{record}/confirm-erasure", json={}, headers=bearing(cast, "second_hr"))


def bearing(cast: Cast, who: str) -> dict[str, str]:
    return {"authorization": f"Bearer {cast.tokens[who]}"}


@pytest.mark.timeout(1200)  # a process for each cut, one after the other
@pytest.mark.parametrize("cuts", [SOME, pytest.param(ALL, marks=pytest.mark.soak)])
def test_killed_at_a_step_the_next_process_ends_it_the_same(
    database_url: str, founded: str, tmp_path: Path, cuts: tuple[Cut, ...]
):
    cast = asyncio.run(settled(database_url, founded, tmp_path, len(cuts)))
    for person, (step, when) in zip(cast.people, cuts, strict=False):
        with serving(database_url, founded, tmp_path, f"person/{person}", step.value, when) as (process, address):
            wanted(address, cast, person)
            assert process.wait(PATIENCE_S) == -signal.SIGKILL
    with serving(database_url, founded, tmp_path) as (_, address):
        wanted(address, cast, cast.people[-1])
        asyncio.run(ended(database_url, founded, tmp_path))
    asyncio.run(the_same(database_url, founded, tmp_path, cast))


async def ended(database_url: str, ledger: str, keys: Path) -> None:
    """Return once no erasure is unfinished: another process carries them out."""
    opened = await Ledger.open(database_url, ledger, keys)
    try:
        async with asyncio.timeout(PATIENCE_S):
            while await asyncio.to_thread(opened.erasing.unfinished):
                pass
    finally:
        await opened.close()


async def the_same(database_url: str, ledger: str, keys: Path, cast: Cast) -> None:
    """Every erasure ended like the one that nothing disturbed, and is on record once."""
    opened = await Ledger.open(database_url, ledger, keys)
    try:
        done = [opened.erasing.find(f"person/{person}") for person in cast.people]
        ends = {(one.step, one.classes, one.parts, one.identifiers) for one in done if one is not None}
        assert ends == {(Step.DONE, ("feedback", "identity"), 2, 1)}
        assert None not in done
        for person in cast.people:
            assert await held_of(opened, f"person/{person}") == GONE
        entries = [decode(stored) for _, stored in opened.reader.page(0, 2000)]
        recorded = Counter(entry.stream for entry in entries if entry.topic == "privacy.SubjectErased")
        assert recorded == Counter(f"personal-record/person/{person}" for person in cast.people)
    finally:
        await opened.close()
