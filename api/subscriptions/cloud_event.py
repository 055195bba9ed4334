"""Events as CloudEvents 1.0.2: the readable form, and the form with the exact hashed bytes."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from api.subscriptions.cursor import Filter
from ledger.sight import Recorded

Form = Literal["readable", "stored"]
EXTENSIONS = (("causation", "cause"), ("batch", "batch"), ("principal", "principal"))  # attribute, field


@dataclass(frozen=True, slots=True)
class Told:
    """One event ready to be sent: its place, what filters look at, and its two forms without the cursor."""

    position: int
    type: str
    topic: str
    subjects: frozenset[str]
    readable: bytes  # a JSON object without its closing brace
    stored: bytes
    recorded: Recorded  # what sight goes by

    def passes(self, filter: Filter) -> bool:
        """Tell whether the filter lets it through; a type may be named with or without its version."""
        wanted = not filter.types or self.type in filter.types or self.topic in filter.types
        return wanted and (not filter.subjects or not filter.subjects.isdisjoint(self.subjects))

    def sent(self, form: Form, cursor: str) -> bytes:
        """Return the JSON object with its cursor."""
        if form == "readable":
            return self.readable + b',"cursor":"' + cursor.encode() + b'"}'
        whole = orjson.loads(self.readable + b"}")
        del whole["data"]
        whole["data_base64"] = base64.b64encode(self.stored).decode()
        return orjson.dumps({**whole, "cursor": cursor})


def told(position: int, stored: bytes, origin: str) -> Told:
    """Return an event ready to be sent; `origin` is the ledger's, the CloudEvents source."""
    raw: dict[str, Any] = orjson.loads(stored)
    kind = f"{raw['topic']}.v{raw['schema']}"
    whole = {
        "specversion": "1.0",
        "id": raw["event_id"],
        "source": origin,
        "type": kind,
        "subject": raw["stream"],
        "time": raw["recorded_at"],
        "datacontenttype": "application/json",
        "position": position,
        "stream": raw["stream"],
        "version": raw["version"],
        "effective": raw["effective_at"],
        "actor": raw["actor"],
        **{name: raw[key] for name, key in EXTENSIONS if key in raw},
        **({"marks": " ".join(raw["marks"])} if raw.get("marks") else {}),  # an attribute is no list
        "data": raw["data"],
    }
    readable, subjects = orjson.dumps(whole)[:-1], frozenset(raw["subjects"])
    return Told(position, kind, raw["topic"], subjects, readable, stored, recorded(raw, position))


def recorded(raw: Mapping[str, Any], position: int) -> Recorded:
    """Return what sight goes by of a stored event."""
    return Recorded(raw["stream"], raw["topic"], raw["actor"], raw["event_id"], position)
