"""Labels: what subjects are called; names of persons are opened for this answer alone and kept nowhere."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from api.reading import Asked
from api.snapshots import put
from api.times import Moment
from ledger.kernel.ids import split_stream
from projections.directory.queries import identity_events
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
        ids = [key.removeprefix("person/") for key in people]
        events = await put(asked, "directory", lambda view: identity_events(view, ids, known=known))
        found |= await asyncio.to_thread(_opened, asked, events)
    return Labels(found)


def _opened(asked: Asked, events: Mapping[str, tuple[tuple[str, int], ...]]) -> dict[str, str]:
    names = {f"person/{id}": _name(asked, held) for id, held in events.items()}
    return {key: name for key, name in names.items() if name is not None}


def _name(asked: Asked, events: tuple[tuple[str, int], ...]) -> str | None:
    """Return the latest name that was given, else the first outside identifier; None where neither can be opened."""
    identifiers: list[str] = []
    for event_id, _ in reversed(events):
        for fields in asked.ledger.open_parts(event_id).values():
            if isinstance(name := fields.get("name"), str):
                return name
            identifiers += (fields.get("identifiers") or {}).values()
    return next(iter(identifiers), None)
