"""The mapper interface of the eventsourcing library over our registry: topics are resolved by name, never by import.

With it the library's own repositories and projections read a ledger: ``mapper.to_domain_event(stored_event)``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from eventsourcing.persistence import JSONTranscoder, Mapper, MapperDeserialisationError, StoredEvent

from ledger.kernel.append import Draft
from ledger.kernel.event import EVENTS, Event


@dataclass(frozen=True, slots=True)
class Occurrence:
    """An event as the library hands it on: its place in a stream, its envelope, and its typed data.

    `envelope` is the decoded remainder (event_id, topic, schema, effective_at, begins, actor, …, data, sealed) with
    data as it was recorded; `event` has it in today's form, and is None for a type that this program does not know.
    """

    originator_id: str
    originator_version: int
    envelope: Mapping[str, Any]
    event: Event | None

    @property
    def topic(self) -> str:
        """Return `context.EventName`."""
        return str(self.envelope["topic"])


class LedgerMapper(Mapper[str]):
    """Converts between stored events, whose state is the remainder of the stored bytes, and occurrences."""

    def __init__(self) -> None:
        super().__init__(JSONTranscoder())

    def to_stored_event(self, domain_event: Occurrence) -> StoredEvent:  # type: ignore[override]  # our events only
        """Return the stored event of an occurrence."""
        state = orjson.dumps(dict(domain_event.envelope))[1:]
        return StoredEvent(domain_event.originator_id, domain_event.originator_version, domain_event.topic, state)

    def to_domain_event(self, stored_event: StoredEvent) -> Occurrence:
        """Return the occurrence in a stored event. Raises MapperDeserialisationError for bytes that are no envelope."""
        try:
            envelope: dict[str, Any] = orjson.loads(b"{" + stored_event.state)
            data = EVENTS.upcast(envelope["topic"], envelope["schema"], envelope["data"])
            cls = EVENTS.get(envelope["topic"])
            event = None if cls is None else cls.model_validate(data)
        except (ValueError, KeyError, TypeError) as error:
            raise MapperDeserialisationError(f"{stored_event.topic} can't be read: {type(error).__name__}") from error
        return Occurrence(str(stored_event.originator_id), stored_event.originator_version, envelope, event)


def enveloped_draft(event: StoredEvent) -> Draft:
    """Return a draft with the columns that stand in the envelope: `LedgerRecorder(…, draft=enveloped_draft)`."""
    envelope = orjson.loads(b"{" + event.state)
    event_id = bytes.fromhex(envelope["event_id"].replace("-", ""))
    subjects = tuple(envelope["subjects"])
    stream, effective_at = str(event.originator_id), envelope["effective_at"]
    return Draft(stream, event_id, event.topic, effective_at, envelope["actor"], subjects, event.state)
