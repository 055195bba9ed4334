"""Founding: a ledger whose tokens end in the data folder is made once; what an interruption left is made anew."""

import asyncio
import json
import os
import shutil
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from api.cli.console import stop
from api.cli.service import tokens_file
from ledger.application import SYSTEM_CALLER, Ask, Ledger, make_ledger
from ledger.domain.identity import GrantRole, Role
from ledger.domain.people.persons import RegisterPerson
from ledger.kernel.clock import Clock
from ledger.kernel.event import Subject
from ledger.store.embedded.locks import open_private, try_lock
from ledger.store.ledgers import UnknownLedger, drop_ledger, list_ledgers

if TYPE_CHECKING:
    from api.settings import Settings

HOST = "localhost"
TOKEN_LIFETIME = timedelta(days=365)
TRIAL_PEOPLE = {
    "hr_administrator": Role.HR_ADMINISTRATOR,
    "second_hr_administrator": Role.HR_ADMINISTRATOR,
    "auditor": Role.AUDITOR,
    "operator": Role.OPERATOR,
}
TRIAL_SYSTEM = "system:trial-subscriber"
Tokens = dict[str, str]


class Founding:
    """The making of one ledger whose tokens end in the data folder.

    A note beside the tokens says that it is under way, and its lock that its maker lives. Where a note is found without
    one, the maker did not finish, and what there is, is dropped. So no ledger that is complete is ever dropped,
    whatever became of its tokens.
    """

    def __init__(self, conninfo: str, settings: "Settings", name: str, zone: str, clock: Clock, cut_over: date) -> None:
        self._conninfo, self._keys, self._name = conninfo, settings.keys_folder, name
        self._host, self._zone, self._clock, self._cut_over = settings.origin or HOST, zone, clock, cut_over
        self._tokens = tokens_file(settings.data, name)
        self._note = settings.data / f"{name}.unfinished"

    def found(self, fill: Callable[[Ledger], Coroutine[None, None, Tokens]]) -> None:
        """Make the ledger, let `fill` record in it, and keep the tokens it returns; nothing where that is done."""
        if self._is_made():
            return
        self._note.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        cut_off = self._note.exists()
        if not cut_off:
            self._refuse_another()
        lock = open_private(self._note)
        try:
            if not try_lock(lock):
                stop(f"Another program is just making the ledger {self._name}: wait for it, or end it.")
            if not self._tokens.exists():  # else that program has just finished
                self._make(fill, cut_off=cut_off)
            self._note.unlink(missing_ok=True)
        finally:
            os.close(lock)

    def _is_made(self) -> bool:
        if not self._tokens.exists():
            return False
        if self._name not in list_ledgers(self._conninfo):
            stop(f"{self._tokens} belongs to a ledger that this database does not hold: move that file away.")
        return True

    def _refuse_another(self) -> None:
        if self._name in list_ledgers(self._conninfo):
            stop(f"The ledger {self._name} is there, but not its {self._tokens}: put that file back.")
        if any(folder.exists() for folder in key_folders(self._keys, self._name)):
            stop(f"There are keys of another ledger {self._name} in {self._keys}: move them away.")

    def _make(self, fill: Callable[[Ledger], Coroutine[None, None, Tokens]], *, cut_off: bool) -> None:
        name, keys = self._name, self._keys
        if cut_off:
            discard(self._conninfo, keys, name)
        make_ledger(
            self._conninfo, name, keys, host=self._host, zone=self._zone, cut_over=self._cut_over, clock=self._clock
        )
        write_private(self._tokens, asyncio.run(self._filled(fill)))

    async def _filled(self, fill: Callable[[Ledger], Coroutine[None, None, Tokens]]) -> Tokens:
        ledger = await Ledger.open(self._conninfo, self._name, self._keys, self._clock)
        try:
            return await fill(ledger)
        finally:
            await ledger.close()


def key_folders(keys: Path, name: str) -> tuple[Path, Path]:
    """Return the folders that hold the keys and the signer of a ledger."""
    return keys / "keys" / name, keys / "signer" / name


def discard(conninfo: str, keys: Path, name: str) -> None:
    """Drop a half-made ledger with its keys and its signer. There is no way back."""
    with suppress(UnknownLedger):
        drop_ledger(conninfo, name)
    for folder in key_folders(keys, name):
        if folder.exists():
            shutil.rmtree(folder)


async def first_people(ledger: Ledger) -> Tokens:
    """Register those who can begin in an empty ledger, and return role -> token."""
    tokens = {}
    for name, role in TRIAL_PEOPLE.items():
        tokens[name] = await person_with_token(ledger, name.replace("_", " ").capitalize(), role, TOKEN_LIFETIME)
    await ledger.record(Ask(GrantRole(role=Role.SUBSCRIBER), "access", TRIAL_SYSTEM, SYSTEM_CALLER))
    bearer = Subject(kind="system", id=TRIAL_SYSTEM)
    tokens["subscriber"], _ = await ledger.issue_token(SYSTEM_CALLER, bearer, lifetime=TOKEN_LIFETIME)
    return tokens


async def person_with_token(ledger: Ledger, name: str, role: Role, lifetime: timedelta) -> str:
    """Register a person with a role; return their token."""
    receipt = await ledger.record(Ask(RegisterPerson(name=name), "person", None, SYSTEM_CALLER))
    person = receipt.stream.removeprefix("person/")
    await ledger.record(Ask(GrantRole(role=role), "access", person, SYSTEM_CALLER))
    token, _ = await ledger.issue_token(SYSTEM_CALLER, Subject(kind="person", id=person), lifetime=lifetime)
    return token


def write_private(path: Path, value: Tokens) -> None:
    """Write JSON that only its owner may read, whole or not at all."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
