"""The stage: a real service on a clock that the story sets, its company, and the three ways to act."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from typer.testing import CliRunner

from api.cli import app
from api.holdings import ProjectedSight
from ledger.domain.duties import DutyState
from ledger.kernel.clock import SimulatedClock
from ledger.kernel.event import Entry, decode
from ledger.rules import Engine
from tests.api.service import Service
from tests.stories.telling import Act, Names, Seen, Step, scenes

ZONE = ZoneInfo("Asia/Shanghai")
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[a-z]+-[0-9a-f]{12,32}\b")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|[+-]\d\d:\d\d)")
_HASH = re.compile(r"\b[0-9a-f]{64}\b")


class Stage:
    """Plays scenes: sets the clock, lets people act in one way, lets the rules follow, and compares the answers."""

    def __init__(self, service: Service, clock: SimulatedClock, data: Path, way: str) -> None:
        self.service, self.clock, self.data = service, clock, data
        served = next(iter(service.server.services.ledgers.values()))
        self.engine = Engine(service.ledger, ProjectedSight(service.ledger, served.runner))
        self.names = Names(dict(service.ids))
        self.answers: list[tuple[str, str]] = []
        self._send = {"single": self._singly, "batch": self._in_a_batch, "file": self._by_file}[way]

    def play(self, steps: Sequence[Step]) -> None:
        """Play a story from its first step to its last."""
        for together in scenes(steps):
            self._move_to(together[0].at)
            acts = [step for step in together if isinstance(step, Act)]
            if acts:
                self._act(acts)
            for seen in together:
                if isinstance(seen, Seen):
                    try:
                        self.service.run(seen.holds(self))
                    except AssertionError as error:
                        error.add_note(f"{seen.at}: {seen.told}")
                        raise

    def _move_to(self, at: str) -> None:
        moment = datetime.fromisoformat(at).replace(tzinfo=ZONE).astimezone(UTC)
        if moment <= self.clock.now():
            return
        self.clock.set(moment)
        self.service.run(self.engine.tick(), 120)
        self.service.run(self.engine.minute(), 60)

    def _act(self, acts: list[Act]) -> None:
        before = self.service.ledger.reader.head().size
        said = self._singly(acts) if acts[0].alone else self._send(acts)
        made = iter([entry for entry in self.entries(before) if not entry.source.startswith("rule:")])
        for act, answer in zip(acts, said, strict=True):
            entry = next(made) if answer is None else None
            got = entry.topic.partition(".")[2] if entry is not None else answer
            assert got == act.gives, f"{act.at} {act.who}: {act.told} — {act.path}: {got}, not {act.gives}"
            self.answers.append((act.told, act.gives))
            if entry is not None and act.let is not None:
                self.names.ids[act.let] = entry.stream.partition("/")[2]
                self.names.events[act.let] = {"event_id": entry.event_id, "data": entry.data}
        self.service.run(self.engine.pass_to(), 120)

    # ---- the three ways; each returns per act None where it was recorded, else the code of the refusal

    def _singly(self, acts: list[Act]) -> list[str | None]:
        found = list[str | None]()
        with self.service.client(acts[0].who) as client:
            for act in acts:
                headers = self._headers(act)
                response = client.post(self.names.fill(act.path), json=self.names.fill(act.body), headers=headers)
                said = response.json()
                found.append(None if response.status_code == 201 else said.get("code", "waiting"))
        return found

    def _in_a_batch(self, acts: list[Act]) -> list[str | None]:
        commands = [{"path": self.names.fill(act.path), "body": self.names.fill(act.body)} for act in acts]
        headers = {"Idempotency-Key": uuid4().hex, **self._headers(acts[0])}
        with self.service.client(acts[0].who) as client:
            response = client.post("/batch", json={"mode": "each", "commands": commands}, headers=headers)
        assert response.status_code == 200, response.text
        return [result["problem"]["code"] if "problem" in result else None for result in response.json()["results"]]

    def _by_file(self, acts: list[Act]) -> list[str | None]:
        if acts[0].acting_for is not None:
            return self._in_a_batch(acts)  # a file has one sender, and is theirs
        lines = [
            json.dumps({"path": self.names.fill(act.path), "body": self.names.fill(act.body)}, ensure_ascii=False)
            for act in acts
        ]
        file = self.data / f"{uuid4().hex}.jsonl"
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        where = ["--data", str(self.data), "--ledger", self.service.ledger.name]
        arguments = ["import", str(file), *where, "--key", file.stem, "--json"]
        token = self.service.tokens[acts[0].who]
        result = CliRunner().invoke(app, arguments, env={"PLEDGER_TOKEN": token, "PLEDGER_DATA": str(self.data)})
        assert result.exit_code in (0, 1), result.output
        report = json.loads(result.stdout)
        refused = {line["line"]: line["code"] for line in report["refused"]}
        return [refused.get(number) for number in range(1, len(acts) + 1)]

    def _headers(self, act: Act) -> dict[str, str]:
        return {} if act.acting_for is None else {"Acting-For": self.names.ids[act.acting_for]}

    # ---- what is looked at

    def entries(self, after: int = 0) -> list[Entry]:
        """Return what is recorded after a position."""
        return [decode(stored) for _, stored in self.service.ledger.reader.page(after, 100_000)]

    async def duties(self, kind: str, about: str | None = None) -> list[DutyState]:
        """Return the duties of a kind, in the order in which they were opened; `about` names their subject."""
        opened = [e for e in self.entries() if e.topic == "duties.DutyOpened" and e.data["kind"] == kind]
        wanted = None if about is None else self.names.ids[about]
        ids = [e.stream.partition("/")[2] for e in opened if wanted in (None, e.data["subject"]["id"])]
        ledger = self.service.ledger
        return [await ledger.judged(lambda facts, id=id: facts.state("duty", id)) for id in ids]  # type: ignore[misc]  # the default binds the id

    def ask(self, who: str, path: str, **query: str) -> dict[str, Any]:
        """Return the answer to a question, once everything is projected."""
        self.service.settle()
        with self.service.client(who) as client:
            response = client.get(self.names.fill(path), params=query or None)
        assert response.status_code == 200, (path, response.text)
        answer: dict[str, Any] = response.json()
        return answer

    def events(self) -> tuple[list[str], Counter[str]]:
        """Return the acts in order, and what the rules made of them in any order: who comes first hangs on random ids.

        Taken out is what differs between two tellings: ids, of which those that the story names get their names; times;
        content hashes that rest on ids; and whether an act came by itself, in a batch or by a line of a file.
        """
        named = {id: name for name, id in self.names.ids.items()}
        acts, rules = list[str](), Counter[str]()
        for entry in self.entries(1):  # the first names the ledger
            authority = {key: value for key, value in (entry.authority or {}).items() if key != "judged_at"}
            said = [entry.stream, entry.version, entry.topic, entry.actor, authority, list(entry.marks), entry.data]
            text = json.dumps(said, ensure_ascii=False, sort_keys=True, default=str)
            text = _ID.sub(lambda found: named.get(found[0], "#"), text)
            text = _HASH.sub("hash", _INSTANT.sub("then", text))
            if entry.source.startswith("rule:"):
                rules[f"{entry.source} {text}"] += 1
            else:
                acts.append(text)
        return acts, rules

    def nick(self, person: str | None) -> str | None:
        """Return what the story calls a person."""
        return next((nick for nick, id in self.service.ids.items() if id == person), None)
