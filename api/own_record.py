"""One's own record: all that is held about a person, told to them, without others and what is not theirs to see."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

import orjson

from api.log_tiles import proof_of
from api.reading import Asked
from api.snapshots import put
from api.visible import recorded
from ledger.evidence.stand_in import leaf_of
from ledger.facts import LedgerFacts
from ledger.kernel.ids import split_stream, stream_name
from ledger.sight import is_kept_from, reads, sees
from projections.audit_trail.queries import TrailLine, trail

TRAIL = "audit_trail"
PAGE = 500
_PERSON = re.compile(rb"p-[0-9a-f]{20}")
_ANOTHER = b"another-person"


@dataclass
class OwnRecord:
    """What is told, in order, and what is left out: how many events or texts, by the reason."""

    told: list[dict[str, object]] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)

    def leave_out(self, why: str, count: int = 1) -> None:
        """Count what is left out."""
        self.left_out[why] = self.left_out.get(why, 0) + count


async def own_record(asked: Asked, ids: list[str]) -> OwnRecord:
    """Return the record of the caller, who is the person of these ids (`person/p-…`)."""
    record, after = OwnRecord(), 0
    while lines := await put(asked, TRAIL, lambda view, since=after: trail(view, ids[0], after=since, limit=PAGE)):  # type: ignore[misc]  # the default binds the position
        for line in lines:
            await _tell(asked, record, line, ids)
        after = lines[-1].position
    return record


async def _tell(asked: Asked, record: OwnRecord, line: TrailLine, ids: list[str]) -> None:
    stored = await asyncio.to_thread(asked.ledger.reader.at, line.position)
    if stored is None:
        raise LookupError("what is projected is stored")
    parts: Mapping[str, Mapping[str, str]] = orjson.loads(stored)["sealed"]
    readable = await asked.ledger.judged(lambda facts: _readable(facts, asked, line, parts))
    if readable is None:
        if not await asked.is_blind(*split_stream(line.stream)):  # where a count would tell that there is a grade
            record.leave_out("not_yours_to_see_yet")
        return
    own = {name for name in readable if parts[name]["subject"] in ids}
    if len(parts) > len(own):
        record.leave_out("texts_about_others_or_closed", len(parts) - len(own))
    opened = await asyncio.to_thread(asked.ledger.open_parts, str(UUID(line.event_id)))
    clear, hidden = _without_others(stored, ids)
    if hidden:
        record.leave_out("identities_of_others", hidden)
    record.told.append(
        {
            "position": line.position,
            "event": orjson.Fragment(clear),
            "texts": {key: value for name in sorted(own) for key, value in opened.get(name, {}).items()},
            "erased": sorted(own - set(opened)),
            "leaf": leaf_of(stored).hex(),
            "proof": await asyncio.to_thread(_proof, asked, line.position),
        }
    )


def _readable(
    facts: LedgerFacts, asked: Asked, line: TrailLine, parts: Mapping[str, Mapping[str, str]]
) -> set[str] | None:
    """Return the sealed parts that the person may read, None where the event itself is not theirs to see."""
    caller, now, stream = asked.caller.id, asked.ledger.clock.now(), split_stream(line.stream)
    if not sees(facts, caller, *stream, now) or is_kept_from(facts, caller, recorded(line)):
        return None
    return {name for name, part in parts.items() if reads(facts, caller, stream, split_stream(part["subject"]), now)}


def _without_others(stored: bytes, ids: list[str]) -> tuple[bytes, int]:
    """Return the event without the ids of other persons, and how often one stood there."""
    own, hidden = {split_stream(id)[1].encode() for id in ids}, 0

    def hide(found: re.Match[bytes]) -> bytes:
        nonlocal hidden
        if found[0] in own:
            return found[0]
        hidden += 1
        return _ANOTHER

    return _PERSON.sub(hide, stored), hidden


def _proof(asked: Asked, position: int) -> str | None:
    """Return the inclusion proof of an event, None where no checkpoint covers it yet."""
    latest = asked.served.signing.latest
    return proof_of(asked.ledger.reader, latest, position).decode() if position <= latest.head.size else None


def readable_text(record: OwnRecord, person: str, language: str) -> str:
    """Return the record as Markdown, in Chinese or English."""
    zh = language.startswith("zh")
    lines = [f"# {'关于您的全部记录' if zh else 'All that is held about you'}", "", stream_name("person", person), ""]
    for one in record.told:
        event = orjson.loads(orjson.dumps(one["event"]))
        lines += [f"## {one['position']} · {event['topic']}", "", f"{event['effective_at']} · `{event['stream']}`", ""]
        texts = one["texts"]
        assert isinstance(texts, dict)
        lines += [f"- {key}: {value}" for key, value in {**event["data"], **texts}.items()] + [""]
    lines += [f"## {'未包含的内容' if zh else 'What is left out'}", ""]
    lines += [f"- {why}: {count}" for why, count in sorted(record.left_out.items())] or ["- 0"]
    return "\n".join([*lines, ""])


__all__ = ["OwnRecord", "own_record", "readable_text"]
