"""Bundles of reports: the lines that the caller sees, with enough events that the report finds the same lines again.

At first the events about the subjects of the lines are tried; where the report finds something else on these, all
that the caller may see. Where that is not enough either, or too much, the bundle says that the whole log is needed;
and where the lines are about too much, it holds the events that they name and claims no subject.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import orjson
import structlog

from api.bundles.gathering import MAX_EVENTS, BundleTooLarge, positions_about, signed_for
from api.bundles.packing import Content, Parts, packed
from api.bundles.report_questions import POLICIES, ReportQuestion, as_answer, attempts_in, differing
from api.bundles.scratch import beside_the_ledger
from api.reading import Asked
from api.reporting import Found, Wanted, answered, found_json, given_for, visible
from ledger.accesses import person_about
from ledger.evidence.stand_in import stands_for
from ledger.kernel.ids import split_stream, stream_name
from ledger.sight import Recorded
from ledger.store.reader import Reader
from projections.accountability.report import Report
from projections.engine.following import BadEvents

DECIDED_BY = "decided_by"
BUNDLE, LOG = "bundle", "log"  # what the report is to be found again on
NOT_NEEDED = "not_needed"
_log = structlog.get_logger("pledger.bundles")


@dataclass(slots=True)
class Selection:
    """The events of a bundle: position → stored bytes, and the streams that are there whole."""

    events: dict[int, bytes] = field(default_factory=dict)
    streams: dict[str, int] = field(default_factory=dict)

    @property
    def ordered(self) -> list[bytes]:
        """The events in order of position."""
        return [stored for _, stored in sorted(self.events.items())]

    def add_stream(self, stream: str, events: Mapping[int, bytes]) -> None:
        """Take a whole stream."""
        self.streams[stream] = len(events)
        self.events.update(events)


async def report_bundle_for(
    asked: Asked, chosen: Report, wanted: Wanted, known: int | None, earlier: Sequence[int]
) -> bytes:
    """Return the bundle of a report, as known at a position. Raises what the caller is refused with."""
    signed = await signed_for(asked, earlier)
    size = signed.head.size
    _, given = await given_for(asked, chosen, wanted, min(known or size, size))
    found = await visible(asked, await answered(asked, chosen, given, size))
    told = found_json(chosen, found, found.answer.lines)
    attempts = attempts_in(told)
    question = ReportQuestion.of(chosen, found.told, [one for one in found.told.refused if one.number in attempts])
    answer = as_answer(chosen, question, told, size)
    subjects, sight = _subjects(found), _Sight(asked, size)
    try:
        narrow = await sight.about(subjects, found)
        chosen_events, decided_by = await _enough(asked, sight, question, answer, narrow)
    except BundleTooLarge:
        chosen_events, decided_by, subjects = await sight.named(found), LOG, []
    rests_on = {one.position for line in found.answer.lines for one in line.events} & set(chosen_events.events)
    await _note_accesses(asked, [*_subjects(found), *chosen_events.streams])
    content = Content(
        question.as_json(),
        answer,
        subjects,
        chosen_events.streams,
        chosen_events.events,
        rests_on,
        _withheld(chosen_events.events),
        question.formulas(),
        {DECIDED_BY: decided_by},
    )
    return await asyncio.to_thread(packed, asked, signed, content, tuple(earlier))


def _subjects(found: Found) -> list[str]:
    """Return what the report is about: the subjects of its lines, of what it lacks, and what was asked about."""
    told = found.told
    asked = [stream_name("unit", told.unit)] if told.unit else []
    asked += [told.subject] if told.subject else []
    asked += () if told.event is None else told.event.subjects
    lines = (subject for line in found.answer.lines for subject in line.about)
    missing = (subject for one in found.answer.missing for subject in one.about)
    return sorted({*asked, *lines, *missing})


async def _enough(
    asked: Asked, sight: "_Sight", question: ReportQuestion, answer: Mapping[str, Any], narrow: Selection
) -> tuple[Selection, str]:
    """Return the events, and whether the report finds the same on them as on the whole log."""
    if await asyncio.to_thread(_finds, asked.ledger.reader, question, answer, narrow, sight.size):
        return narrow, BUNDLE
    wide = await sight.everything()
    if wide is not None and await asyncio.to_thread(_finds, asked.ledger.reader, question, answer, wide, sight.size):
        return wide, BUNDLE
    return narrow, LOG


def _finds(
    reader: Reader, question: ReportQuestion, answer: Mapping[str, Any], selection: Selection, size: int
) -> bool:
    try:
        with beside_the_ledger(reader.conninfo) as connection:
            again = question.answered(connection, selection.ordered, size)
    except (BadEvents, LookupError) as fault:  # an event that is not there, or refers to what is not there
        _log.info("not found again", report=question.report, error=type(fault).__name__)
        return False
    return not differing(answer, again)


def _withheld(events: Mapping[int, bytes]) -> Parts:
    """Return every sealed part as withheld: a report shows none, so that its bundle opens none."""
    told = [
        {"position": position, "part": part, "why": NOT_NEEDED}
        for position, stored in sorted(events.items())
        for part in orjson.loads(stored)["sealed"]
    ]
    return Parts([], cast("list[dict[str, object]]", told))


async def _note_accesses(asked: Asked, subjects: Collection[str]) -> None:
    """Keep that the caller takes away what is recorded of others."""

    def persons(facts: Any) -> set[str]:  # noqa: ANN401  # the facts of the ledger, as `judged` hands them out
        named = (person_about(facts, *split_stream(subject)) for subject in subjects)
        return {person for person in named if person is not None and person != facts.resolved(asked.caller.id)}

    await asked.ledger.accesses.note(asked.caller, await asked.ledger.judged(persons), str(asked.scope["path"]))


class _Sight:
    """What the caller may see of the events up to a position; each stream is asked about once."""

    def __init__(self, asked: Asked, size: int) -> None:
        self._asked, self.size = asked, size
        self._seen: dict[str, bool] = {}

    async def named(self, found: Found) -> Selection:
        """Return the events that the lines name, and the policies."""
        selection = Selection()
        await self._take(selection, _by_stream(await self._stored(_named_by(found))), whole=False)
        policies = await asyncio.to_thread(self._asked.ledger.reader.events_of, POLICIES)
        upto = {at: data for data in policies if (at := int(orjson.loads(data)["position"])) <= self.size}
        await self._take(selection, {POLICIES: upto}, whole=True)
        return selection

    async def _stored(self, positions: Collection[int]) -> dict[int, bytes]:
        if len(positions) > MAX_EVENTS:
            raise BundleTooLarge()
        reader = self._asked.ledger.reader
        stored = await asyncio.to_thread(lambda: {at: reader.at(at) for at in sorted(positions)})
        return {at: data for at, data in stored.items() if data is not None}

    async def about(self, subjects: Sequence[str], found: Found) -> Selection:
        """Return the events about these subjects, and the streams that the lines come from."""
        reader, selection = self._asked.ledger.reader, Selection()
        positions = _named_by(found)
        for subject in subjects:
            positions |= set(await positions_about(self._asked, subject, self.size))
            if len(positions) > MAX_EVENTS:
                raise BundleTooLarge()
        there = await self._stored(positions)
        await self._take(selection, _by_stream(there), whole=False)
        streams = {orjson.loads(data)["stream"] for data in there.values()}
        streams |= {POLICIES, *subjects, *(f"responsibility/{subject}" for subject in subjects)}
        for stream in sorted(streams):
            events = await asyncio.to_thread(reader.events_of, stream)
            decoded = {int(orjson.loads(data)["position"]): data for data in events}
            upto = {at: data for at, data in decoded.items() if at <= self.size}
            if not upto and stream != POLICIES:
                continue  # a subject without events of its own
            await self._take(selection, {stream: upto}, whole=True)
            if len(selection.events) > MAX_EVENTS:
                raise BundleTooLarge()
        return selection

    async def everything(self) -> Selection | None:
        """Return all that the caller may see, None where that is more than a bundle takes."""
        if self.size > MAX_EVENTS:
            return None
        rows = await asyncio.to_thread(self._asked.ledger.reader.page, 0, MAX_EVENTS, self.size)
        selection = Selection()
        await self._take(selection, {POLICIES: {}, **_by_stream(dict(rows))}, whole=True)
        return selection

    async def _take(self, selection: Selection, streams: Mapping[str, Mapping[int, bytes]], *, whole: bool) -> None:
        """Add what may be seen of streams; one is whole only where nothing of it is kept from the caller."""
        for stream, events in streams.items():
            if not await self._sees(stream):
                continue
            there = {at: data for at, data in events.items() if stands_for(data) is None}  # the others were retired
            open_ = {at: data for at, data in there.items() if not await self._is_kept(data)}
            if whole and len(open_) == len(events):
                selection.add_stream(stream, open_)
            else:
                selection.events.update(open_)

    async def _sees(self, stream: str) -> bool:
        if stream not in self._seen:
            self._seen[stream] = await self._asked.sees(*split_stream(stream))
        return self._seen[stream]

    async def _is_kept(self, stored: bytes) -> bool:
        event = orjson.loads(stored)
        return await self._asked.is_kept_from(
            Recorded(event["stream"], event["topic"], event["actor"], event["event_id"], event["position"])
        )


def _named_by(found: Found) -> set[int]:
    """Return the positions that the lines and the objections to them name, and the first, which tells of the ledger."""
    lines = {one.position for line in found.answer.lines for one in line.events}
    return {1} | lines | {act.position for one in found.objections for act in (one.contested, *one.answers)}


def _by_stream(events: Mapping[int, bytes]) -> dict[str, dict[int, bytes]]:
    found: dict[str, dict[int, bytes]] = {}
    for position, stored in sorted(events.items()):
        found.setdefault(orjson.loads(stored)["stream"], {})[position] = stored
    return found
