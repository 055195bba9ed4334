"""Command files: live acts of whoever sends them, line by line through the rules of a single call."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from api.entries import Names, ask_or_refusal
from api.exchange.command_lines import Line, lines_of
from api.identity import Asker
from ledger.application import Ask, Receipt, Refused
from ledger.domain import STREAM_KINDS
from ledger.kernel.event import decode_raw
from ledger.kernel.ids import pseudonym, split_stream
from ledger.kernel.refusals import Invalid, Refusal

Mode = Literal["all", "each"]
Progress = Callable[[int, int], None]
CHUNK_LINES = 500
CHUNK_LINES_MAX = 5_000
LOOKED_UP = 5_000


@dataclass(frozen=True, slots=True)
class LineFault:
    """A line that was not recorded, and why."""

    line: int
    refusal: Refusal


@dataclass(slots=True)
class FileReport:
    """What became of a command file. `stopped_at`: in mode `all`, the first line of the chunk that was refused."""

    dry_run: bool
    batch_id: str
    digest: str
    lines: int
    recorded: int = 0
    repeated: int = 0
    refused: list[LineFault] = field(default_factory=list)
    stopped_at: int | None = None
    names: dict[str, str] = field(default_factory=dict)
    positions: list[int] = field(default_factory=list)

    def as_json(self, language: str) -> dict[str, object]:
        """Return the report as plain values; sentences are in `language`."""
        told = not self.dry_run and self.recorded > 0
        return {
            "state": "dry_run" if self.dry_run else "recorded",
            "batch_id": self.batch_id if told else None,
            "digest": self.digest,
            "counts": {
                "lines": self.lines,
                "recorded": self.recorded,
                "repeated": self.repeated,
                "refused": len(self.refused),
            },
            "refused": [_refused(fault, language) for fault in self.refused],
            "stopped_at": self.stopped_at,
            "names": self.names,
            "first_position": min(self.positions, default=None),
            "last_position": max(self.positions, default=None),
        }


def _refused(fault: LineFault, language: str) -> dict[str, object]:
    refusal = fault.refusal
    said: dict[str, object] = {"line": fault.line, "code": refusal.code, "text": refusal.text(language)}
    if accepted := refusal.accepted(language):
        said["accepted"] = accepted
    if isinstance(refusal, Invalid):
        said["errors"] = [{"at": at, "code": code} for at, code in refusal.errors]
    return said


async def record_file(
    asker: Asker,
    data: bytes,
    *,
    key: str,
    mode: Mode = "each",
    chunk: int = CHUNK_LINES,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> FileReport:
    """Record a command file as the asker's own acts. `key` names the file: what it held before is not recorded again.

    `each`: refused lines leave the others. `all`: `chunk` lines are recorded together or not at all, and the first
    chunk that is refused ends the run; a dry run judges every line. Raises TooManyLines, NoCommands.
    """
    lines = await asyncio.to_thread(lines_of, data, scope=key, fingerprint=asker.ledger.fingerprint)
    report = FileReport(dry_run, pseudonym("b"), hashlib.sha256(data).hexdigest(), len(lines))
    names = Names(any(line.entry is not None and line.entry.let is not None for line in lines))
    names.known.update(await _known_names(asker, lines))
    run = _Run(asker, report, names, "each" if dry_run else mode, progress)
    size = len(lines) if dry_run else chunk if mode == "all" else CHUNK_LINES
    for start in range(0, len(lines), size):
        await run.chunk(lines[start : start + size])
        if report.stopped_at is not None:
            break
    report.names = {} if dry_run else _names_told(report, lines, names.ids())
    return report


def _names_told(report: FileReport, lines: Sequence[Line], ids: dict[str, str]) -> dict[str, str]:
    """Return the names of what is recorded, each with its id."""
    refused = {fault.line for fault in report.refused}
    reached = [line for line in lines if report.stopped_at is None or line.number < report.stopped_at]
    named = [line.entry.let for line in reached if line.entry is not None and line.number not in refused]
    return {name: ids[name] for name in named if name is not None and name in ids}


async def _known_names(asker: Asker, lines: Sequence[Line]) -> dict[str, str]:
    """Return the ids that an earlier run of the file gave names to."""
    named = {
        line.key.key: (line.entry.let, line.key.fingerprint)
        for line in lines
        if line.entry is not None and line.entry.let is not None and line.key is not None
    }
    keys, known = list(named), {}
    for start in range(0, len(keys), LOOKED_UP):
        part = keys[start : start + LOOKED_UP]
        found = await asyncio.to_thread(asker.ledger.reader.recorded_under, asker.caller.id, part)
        for key, (fingerprint, stored) in found.items():
            name, own = named[key]
            if fingerprint == own:
                known[name] = _named_id(decode_raw(stored)["stream"])
    return known


def _named_id(stream: str) -> str:
    kind, id = split_stream(stream)
    return split_stream(id)[1] if STREAM_KINDS[kind].by_subject else id


@dataclass(slots=True)
class _Run:
    """One run of a file; names hold from chunk to chunk, and so does a dry run's state within one."""

    asker: Asker
    report: FileReport
    names: Names
    mode: Mode
    progress: Progress | None
    done: int = 0

    async def chunk(self, lines: Sequence[Line]) -> None:
        """Read a run of lines and record what can be read, or in mode `all` nothing where one can't."""
        asks, numbers = await asyncio.to_thread(self._read, lines)
        faults = [fault for fault in self.report.refused if fault.line >= lines[0].number]
        if faults and self.mode == "all":
            self.report.stopped_at = lines[0].number
            return
        results = await self.asker.ledger.record_batch(
            asks, mode=self.mode, batch_id=self.report.batch_id, dry_run=self.report.dry_run
        )
        for result in results:
            self._count(result, numbers)
        if self.mode == "all" and any(isinstance(result, Refused) for result in results):
            self.report.stopped_at = lines[0].number
        self.report.refused.sort(key=lambda fault: fault.line)
        self.done += len(lines)
        if self.progress is not None:
            self.progress(self.done, self.report.lines)

    def _read(self, lines: Sequence[Line]) -> tuple[list[Ask], list[int]]:
        asks, numbers = list[Ask](), list[int]()
        for line in lines:
            if line.repeats is not None:
                self.report.repeated += 1
                continue
            told = line.fault or self._ask(line)
            if isinstance(told, Refusal):
                self.report.refused.append(LineFault(line.number, told))
            else:
                asks.append(told)
                numbers.append(line.number)
        return asks, numbers

    def _ask(self, line: Line) -> Ask | Refusal:
        assert line.entry is not None, "a line without a fault has an entry"
        told = ask_or_refusal(line.entry, self.names, self.asker)
        if isinstance(told, Refusal):
            return told
        return replace(told, source=f"file:{self.report.batch_id}#{line.number}", key=line.key)

    def _count(self, result: Receipt | Refused, numbers: Sequence[int]) -> None:
        if isinstance(result, Refused):
            self.report.refused.append(LineFault(numbers[result.index], result.refusal))
        elif result.repeated:
            self.report.repeated += 1
        else:
            self.report.recorded += 1
            if result.position:
                self.report.positions.append(result.position)
