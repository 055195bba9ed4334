"""Gathering a bundle: the answer at a signed position, its events with their proofs, and what may be disclosed."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from uuid import UUID

import orjson

from api.bundles.answers import FORMULAS, Question, answered
from api.bundles.packing import Content, Parts, packed
from api.problems import BeyondHead, NotCheckpointed
from api.reading import Asked
from api.signing import Signed
from api.snapshots import put
from api.visible import recorded
from ledger.evidence.stand_in import stands_for
from ledger.evidence.verify_proof import Disclosure, verify_disclosed
from ledger.facts import LedgerFacts
from ledger.kernel.ids import split_stream
from ledger.kernel.refusals import NotFound, Refusal
from ledger.sight import reads
from ledger.store.reader import Reader
from projections.audit_trail import queries as trail

MAX_EVENTS = 5_000
PERSON_PREFIX = "person/"
SIGNER_WAIT_S = 3.0
Raw = Mapping[str, object]


class BundleTooLarge(Refusal):
    """The answer rests on more events than one bundle takes."""

    code, status = "bundle_too_large", 413
    en = "The answer rests on more events than one bundle takes: export the log instead."
    zh = "该答案所依据的事件超出一个证据包的容量：请改为导出账本。"
    accepted_en, accepted_zh = f"at most {MAX_EVENTS} events", f"至多 {MAX_EVENTS} 个事件"


class Gathered:
    """The stored events that an answer asks for, at one position; remembers which they were."""

    def __init__(self, reader: Reader, position: int, about: Sequence[int]) -> None:
        self._reader, self.position, self._about = reader, position, about
        self.events: dict[int, bytes] = {}
        self.streams: dict[str, int] = {}
        self.rests_on: set[int] = set()

    def of(self, stream: str) -> Sequence[bytes]:
        """Return all events of a stream up to the position, in order; none of one whose events were retired."""
        found = [
            (at, stored)
            for stored in self._reader.events_of(stream)
            if (at := int(orjson.loads(stored)["position"])) <= self.position and stands_for(stored) is None
        ]
        self.streams[stream] = len(found)
        self._keep(dict(found))
        return [stored for _, stored in found]

    def about(self, subject: str) -> Sequence[bytes]:
        """Return the events about the subject that whoever asks may see."""
        found = self.about_it()
        self.rests_on.update(found)
        return list(found.values())

    @property
    def side(self) -> frozenset[int]:
        """Return the events of persons that an answer only counts days from: none of their texts is needed."""
        aside = self.events.keys() - set(self._about)
        return frozenset(at for at in aside if orjson.loads(self.events[at])["stream"].startswith(PERSON_PREFIX))

    def about_it(self) -> dict[int, bytes]:
        """Return position → stored bytes of the events about the subject, and keep them."""
        stored_at = {at: stored for at in self._about if (stored := self._reader.at(at)) is not None}
        found = {at: stored for at, stored in stored_at.items() if stands_for(stored) is None}
        self._keep(found, rests=False)
        return found

    def _keep(self, found: Mapping[int, bytes], *, rests: bool = True) -> None:
        self.events.update(found)
        if rests:
            self.rests_on.update(found)
        if len(self.events) > MAX_EVENTS:
            raise BundleTooLarge()


async def bundle_for(asked: Asked, question: Question, earlier: Sequence[int]) -> bytes:
    """Return the bundle of a question that the caller may ask, or raise what they are refused with.

    `earlier` are sizes of checkpoints from which it is to carry consistency proofs.
    """
    signed = await signed_for(asked, earlier)
    about = await positions_about(asked, question.subject, signed.head.size)
    gathered = Gathered(asked.ledger.reader, signed.head.size, about)
    try:
        answer = await asyncio.to_thread(answered, question, gathered)
    except LookupError:
        raise NotFound() from None
    for stream in gathered.streams:
        if not await asked.sees(*split_stream(stream)):
            raise NotFound()
    await asyncio.to_thread(gathered.about_it)
    parts = await _parts(asked, gathered.events, await asyncio.to_thread(lambda: gathered.side))
    subjects, streams = (question.subject,), gathered.streams
    content = Content(
        question.as_json(), answer, subjects, streams, gathered.events, gathered.rests_on, parts, FORMULAS
    )
    return await asyncio.to_thread(packed, asked, signed, content, tuple(earlier))


async def signed_for(asked: Asked, earlier: Sequence[int]) -> Signed:
    """Return the checkpoint to prove under; raises BeyondHead for a size in `earlier` that it does not reach."""
    signed = await _signed(asked)
    if any(not 0 < size <= signed.head.size for size in earlier):
        raise BeyondHead()
    return signed


async def _signed(asked: Asked) -> Signed:
    """Return a witnessed checkpoint where it covers all that is projected, else the latest."""
    signing = asked.served.signing
    position = asked.served.watch.size
    if signing.witnessed is not None and signing.witnessed.head.size >= position:
        return signing.witnessed
    if not await asyncio.to_thread(signing.covers, position, SIGNER_WAIT_S):
        raise NotCheckpointed()
    return signing.latest


async def positions_about(asked: Asked, subject: str, upto: int) -> list[int]:
    """Return the positions of all events about the subject in streams that the caller sees."""
    found, after = list[int](), None
    while True:
        page = await put(asked, "audit_trail", partial(trail.trail, subject=subject, after=after, known=upto), upto)
        for line in page:
            if await asked.sees(*split_stream(line.stream)) and not await asked.is_kept_from(recorded(line)):
                found.append(line.position)
        if len(page) < trail.MOST:
            return found
        if len(found) > MAX_EVENTS:
            raise BundleTooLarge()
        after = page[-1].position


async def _parts(asked: Asked, events: Mapping[int, bytes], side: frozenset[int]) -> Parts:
    """Open the sealed parts that whoever asks may read, but for those of events that only serve the reckoning."""
    decoded = {position: orjson.loads(stored) for position, stored in events.items()}
    readable = await asked.ledger.judged(lambda facts: _readable(facts, asked, decoded))
    return await asyncio.to_thread(_opened, asked, events, decoded, readable, side)


def _readable(facts: LedgerFacts, asked: Asked, decoded: Mapping[int, Raw]) -> set[tuple[int, str]]:
    now, found = asked.ledger.clock.now(), set[tuple[int, str]]()
    for position, event in decoded.items():
        stream, sealed = split_stream(str(event["stream"])), event["sealed"]
        assert isinstance(sealed, dict)
        for part, said in sealed.items():
            if reads(facts, asked.caller.id, stream, split_stream(said["subject"]), now):
                found.add((position, part))
    return found


def _opened(
    asked: Asked,
    events: Mapping[int, bytes],
    decoded: Mapping[int, Raw],
    readable: set[tuple[int, str]],
    side: frozenset[int],
) -> Parts:
    parts = Parts([], [])
    for position, event in sorted(decoded.items()):
        sealed, opened = event["sealed"], dict[str, Disclosure]()
        assert isinstance(sealed, dict)
        if position in side:
            parts.withheld.extend({"position": position, "part": part, "why": "not_needed"} for part in sealed)
            continue
        if any((position, part) in readable for part in sealed):
            opened = _disclosures(asked, position, str(event["event_id"]))
        for part in sealed:
            shown = opened.get(part) if (position, part) in readable else None
            if shown is None:
                why = "erased" if (position, part) in readable else "not_visible"
                parts.withheld.append({"position": position, "part": part, "why": why})
            else:
                verify_disclosed(events[position], shown)
                parts.disclosed.append(shown)
    return parts


def _disclosures(asked: Asked, position: int, event_id: str) -> dict[str, Disclosure]:
    raw = UUID(event_id).bytes
    opened = {box.part: asked.ledger.sealer.open(raw, box) for box in asked.ledger.reader.sealed(raw)}
    return {
        part: Disclosure(position, part, content[0], orjson.dumps(content[1]))
        for part, content in opened.items()
        if content is not None
    }
