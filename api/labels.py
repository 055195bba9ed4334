"""Labels: what subjects are called; names of persons are opened for this answer alone and kept nowhere."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import orjson

from api.reading import Asked
from api.snapshots import put
from api.times import Moment
from ledger.kernel.ids import split_stream
from projections.responsibility.queries import labels_of

PEOPLE = frozenset({"employee", "lead", "hr_partner", "hr_administrator", "auditor"})


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of an answer's subjects by key; persons without one are closed to the caller, or erased."""

    known: Mapping[str, str] = field(default_factory=dict)

    def holder(self, key: str) -> dict[str, object]:
        """Return a holder with its label; `sealed` tells that the label comes from, or would be in, a sealed part."""
        kind, id = split_stream(key)
        sealed = {"sealed": True} if kind == "person" else {}
        return {"kind": kind, "id": id, "label": self.known.get(key), **sealed}


async def labels_for(asked: Asked, keys: Iterable[str], moment: Moment, known: int | None) -> Labels:
    """Return the labels of that time: of units as known then, of persons as their sealed parts open now."""
    wanted = sorted(set(keys))
    people = [key for key in wanted if key.startswith("person/")]
    others = [key for key in wanted if not key.startswith("person/")]
    found: dict[str, str] = {}
    if others:
        found |= await put(asked, "responsibility", lambda view: labels_of(view, others, on=moment.at, known=known))
    if people and PEOPLE & asked.roles:
        found |= await asyncio.to_thread(_names, asked, people)
    return Labels(found)


def _names(asked: Asked, people: list[str]) -> dict[str, str]:
    names = {key: _name(asked, key) for key in people}
    return {key: name for key, name in names.items() if name is not None}


def _name(asked: Asked, key: str) -> str | None:
    """Return a person's latest name, or None where it is closed or was never given."""
    for stored in reversed(asked.ledger.reader.events_of(key)):
        raw = orjson.loads(stored)
        for part, sealed in raw["sealed"].items():
            if sealed["subject"] == key and "name" in sealed["fields"]:
                name = asked.ledger.open_parts(raw["event_id"]).get(part, {}).get("name")
                return name if isinstance(name, str) else None
    return None
