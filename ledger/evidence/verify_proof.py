"""Checking single events: one proof with its bytes, and disclosed parts against the commitments in events."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from . import base64_text, tlog_proof
from .checkpoint import Checkpoint
from .commitment import verify_disclosure
from .faults import CommitmentFalse, Malformed
from .note import VerifierKey
from .order import claimed_position, misplaced
from .succession import Keyring


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A sealed part opened for someone: which event and part, the salt, and the content."""

    position: int
    part: str
    salt: bytes
    content: bytes


def parse_disclosures(data: bytes) -> list[Disclosure]:
    """Read a JSON list of {"position", "part", "salt", "content"}, the last two in base64."""
    try:
        items = json.loads(data)
    except (ValueError, RecursionError):
        items = None
    if not isinstance(items, list) or not items:
        raise Malformed(zh="披露文件应是非空的 JSON 列表", en="the disclosures must be a JSON list that is not empty")
    return [_parse_disclosure(item) for item in items]


def marshal_disclosures(disclosures: Iterable[Disclosure]) -> bytes:
    """The file that `parse_disclosures` reads."""
    return json.dumps(
        [
            {
                "position": one.position,
                "part": one.part,
                "salt": base64_text.encode(one.salt),
                "content": base64_text.encode(one.content),
            }
            for one in disclosures
        ],
        ensure_ascii=False,
        indent=1,
    ).encode()


def _parse_disclosure(item: object) -> Disclosure:
    if isinstance(item, dict):
        position, part, salt, content = (item.get(name) for name in ("position", "part", "salt", "content"))
        if type(position) is int and isinstance(part, str) and isinstance(salt, str) and isinstance(content, str):
            return Disclosure(position, part, base64_text.decode(salt), base64_text.decode(content))
    raise Malformed(zh="披露项缺少字段", en="a disclosure lacks a field")


def verify_event(
    data: bytes, entry: bytes, keys: Sequence[VerifierKey] | Keyring, *, origin: str | None = None
) -> Checkpoint:
    """Check the proof file `data` for the stored bytes `entry`; gives the checkpoint that it is proven under.

    The position that the event claims must be the proven one.
    """
    proof = tlog_proof.parse(data)
    signed = tlog_proof.verify(proof, entry, keys, origin=origin)
    claimed = claimed_position(entry)
    if claimed == 0:
        raise Malformed(zh="这些字节不是事件", en="these bytes are not an event")
    if claimed != proof.index + 1:
        raise misplaced(proof.index + 1, claimed, lambda _: False)
    return signed


def verify_disclosed(entry: bytes, disclosure: Disclosure) -> None:
    """Raise CommitmentFalse unless the disclosed part is what the event `entry`, itself proven, committed to."""
    try:
        commitment = _commitment(json.loads(entry), disclosure.part)
    except (ValueError, RecursionError):
        commitment = None
    if commitment is None:
        raise CommitmentFalse(
            zh=f"位置 {disclosure.position} 的事件没有密封字段 {disclosure.part}",
            en=f"the event at position {disclosure.position} has no sealed part {disclosure.part}",
        )
    verify_disclosure(commitment, salt=disclosure.salt, content=disclosure.content)


def _commitment(event: object, part: str) -> bytes | None:
    """The commitment of a part: hexadecimal under `sealed.<part>.commitment`."""
    sealed = event.get("sealed") if isinstance(event, Mapping) else None
    entry = sealed.get(part) if isinstance(sealed, Mapping) else None
    text = entry.get("commitment") if isinstance(entry, Mapping) else None
    return bytes.fromhex(text) if isinstance(text, str) else None
