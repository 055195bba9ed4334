"""The library's mapper interface: what the ledger recorded is read through eventsourcing's own recorder and mapper."""

import pytest
from eventsourcing.persistence import MapperDeserialisationError, StoredEvent

from ledger.domain.people.units import UnitFormed
from ledger.store.background import BackgroundWriter
from ledger.store.mapper import LedgerMapper, enveloped_draft
from ledger.store.recorder import LedgerRecorder
from ledger.store.writer import Writer
from tests.use_cases.company import Company
from tests.use_cases.conftest import Play


def test_recorded_events_are_read_as_typed_occurrences(play: Play) -> None:
    async def story(company: Company) -> None:
        ledger = company.ledger
        recorder = LedgerRecorder(ledger.reader, ledger.writer.append_from_thread, draft=enveloped_draft)
        (stored, *_) = recorder.select_events("unit/sales")
        occurrence = LedgerMapper().to_domain_event(stored)
        assert isinstance(occurrence.event, UnitFormed)
        assert (occurrence.originator_id, occurrence.originator_version) == ("unit/sales", 1)
        assert occurrence.event.label == "Sales"
        assert LedgerMapper().to_stored_event(occurrence) == stored

    play(story)


def test_an_occurrence_can_be_recorded_through_the_library(play: Play, database_url: str, founded: str) -> None:
    async def story(company: Company) -> None:
        reader = company.ledger.reader
        clock = company.ledger.clock.now
        with BackgroundWriter(lambda: Writer(reader.conninfo, founded, clock=clock)) as writer:
            recorder = LedgerRecorder(reader, writer.append, draft=enveloped_draft)
            (stored, *_) = recorder.select_events("unit/sales")
            fresh = stored.state.replace(b'"event_id":"0', b'"event_id":"f', 1)
            (position,) = recorder.insert_events([StoredEvent("unit/copy", 1, stored.topic, fresh)]) or (0,)
        (again,) = recorder.select_events("unit/copy")
        assert again.state == fresh
        assert position == reader.head().size

    play(story)


def test_bytes_that_are_no_envelope_are_refused() -> None:
    for state in (b"", b"}", b'"topic":1}', b'"topic":"people.UnitFormed","schema":1,"data":{}}', b"\xff"):
        with pytest.raises(MapperDeserialisationError):
            LedgerMapper().to_domain_event(StoredEvent("unit/x", 1, "people.UnitFormed", state))


def test_a_type_that_nobody_knows_is_kept_and_readable() -> None:
    state = b'"event_id":"x","topic":"future.ThingDone","schema":3,"data":{"a":1}}'
    occurrence = LedgerMapper().to_domain_event(StoredEvent("thing/x", 1, "future.ThingDone", state))
    assert occurrence.event is None
    assert occurrence.envelope["data"] == {"a": 1}
