"""The conformance classes of the eventsourcing library, on PostgreSQL and on its own in-memory recorders."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing import popo
from eventsourcing.persistence import IntegrityError, OperationalError, StoredEvent, Tracking
from eventsourcing.tests import persistence as conformance

from ledger.store.background import BackgroundWriter
from ledger.store.reader import Reader
from ledger.store.recorder import LedgerRecorder, LedgerSnapshots, LedgerTracking
from ledger.store.writer import Writer

INTERLEAVING = 20_000


class OnPostgres:
    """Gives each test of the library a ledger of its own."""

    ids: type[UUID | str] = UUID

    @pytest.fixture(autouse=True)
    def _ledger(self, service_url: str, ledger_name: str, reader: Reader) -> Iterator[None]:
        self.reader = reader
        with BackgroundWriter(
            lambda: Writer(service_url, ledger_name, clock=lambda: datetime.now(UTC), max_queue=10 * INTERLEAVING)
        ) as self.writer:
            yield

    def recorder(self) -> LedgerRecorder:
        """Return the recorder of the ledger."""
        return LedgerRecorder(self.reader, self.writer.append, ids=self.ids)


class TestSnapshots(OnPostgres, conformance.AggregateRecorderTestCase):
    """Snapshots."""

    def create_recorder(self) -> LedgerSnapshots:
        return LedgerSnapshots(self.reader)


class TestEvents(OnPostgres, conformance.ApplicationRecorderTestCase[LedgerRecorder]):
    """Events, with UUIDs for streams."""

    def create_recorder(self) -> LedgerRecorder:
        return self.recorder()

    def test_subscribe(self) -> None:
        """The library leaves this one to those who can."""
        self.optional_test_insert_subscribe()


class TestEventsByName(TestEvents):
    """Events, with names for streams."""

    ids = str

    def new_originator_id(self) -> str:
        return f"goal/{uuid4().hex}"


class TestInterleaving(OnPostgres, conformance.NonInterleavingNotificationIDsBaseCase):
    """Two large requests at once: the positions of each stay together."""

    insert_num = INTERLEAVING

    def create_recorder(self) -> LedgerRecorder:
        return self.recorder()


class TestTracking(OnPostgres, conformance.TrackingRecorderTestCase):
    """Tracking alone."""

    def create_recorder(self) -> LedgerTracking:
        return LedgerTracking(self.reader)


class TestProcess(OnPostgres, conformance.ProcessRecorderTestCase):
    """Events with tracking."""

    def create_recorder(self) -> LedgerRecorder:
        return self.recorder()


class TestSnapshotsInMemory(conformance.AggregateRecorderTestCase):
    """The twin for unit tests."""

    def create_recorder(self) -> popo.POPOAggregateRecorder:
        return popo.POPOAggregateRecorder()


class TestEventsInMemory(conformance.ApplicationRecorderTestCase[popo.POPOApplicationRecorder]):
    """The twin for unit tests."""

    def create_recorder(self) -> popo.POPOApplicationRecorder:
        return popo.POPOApplicationRecorder()

    def test_subscribe(self) -> None:
        """The library leaves this one to those who can."""
        self.optional_test_insert_subscribe()


class TestInterleavingInMemory(conformance.NonInterleavingNotificationIDsBaseCase):
    """The twin for unit tests."""

    insert_num = INTERLEAVING

    def create_recorder(self) -> popo.POPOApplicationRecorder:
        return popo.POPOApplicationRecorder()


class TestProcessInMemory(conformance.ProcessRecorderTestCase):
    """The twin for unit tests."""

    def create_recorder(self) -> popo.POPOProcessRecorder:
        return popo.POPOProcessRecorder()


class TestTrackingInMemory(conformance.TrackingRecorderTestCase):
    """The twin for unit tests."""

    def create_recorder(self) -> popo.POPOTrackingRecorder:
        return popo.POPOTrackingRecorder()


@pytest.fixture
def recorder(service_url: str, ledger_name: str, reader: Reader) -> Iterator[LedgerRecorder]:
    """A recorder with names for streams, its writer running."""
    with BackgroundWriter(lambda: Writer(service_url, ledger_name, clock=lambda: datetime.now(UTC))) as writer:
        yield LedgerRecorder(reader, writer.append)


def event(stream: str, version: int = 1) -> StoredEvent:
    """Return an event as the library stores it."""
    return StoredEvent(stream, version, "goals.GoalAssigned", b'"n":1}')


def test_refusals_become_the_errors_of_the_library(recorder: LedgerRecorder) -> None:
    """Conflicts are IntegrityError, what cannot be kept is OperationalError."""
    recorder.insert_events([event("goal/a")], tracking=Tracking("upstream", 3))
    with pytest.raises(IntegrityError):
        recorder.insert_events([event("goal/a")])
    with pytest.raises(IntegrityError):
        recorder.insert_events([event("goal/b"), event("goal/b", 3)])
    with pytest.raises(IntegrityError):
        recorder.insert_events([event("goal/b")], tracking=Tracking("upstream", 3))
    with pytest.raises(OperationalError):
        recorder.insert_events([event("goal/\0")])
    assert recorder.max_notification_id() == 1


def test_a_subscription_outlives_its_connection(recorder: LedgerRecorder, database_url: str) -> None:
    """Its listening session is killed; what is recorded afterwards still arrives, in order and once."""
    kill = "select pg_terminate_backend(pid) from pg_stat_activity where query = 'listen ' || %s"
    seen: list[int] = []
    with recorder.subscribe() as subscription:
        for round_number in range(3):
            recorder.insert_events([event(f"goal/{round_number}", version) for version in (1, 2)])
            seen += [next(subscription).id, next(subscription).id]
            with psycopg.connect(database_url, autocommit=True) as connection:
                connection.execute(kill, (recorder.reader.schema,))
    assert seen == [1, 2, 3, 4, 5, 6]


def test_a_stopped_subscription_ends_its_iteration(recorder: LedgerRecorder) -> None:
    """Also while it waits for the next event."""
    subscription = recorder.subscribe()
    ended = threading.Event()

    def follow() -> None:
        for _ in subscription:
            pass
        ended.set()

    with subscription:
        thread = threading.Thread(target=follow)
        thread.start()
        subscription.stop()
        assert ended.wait(10)
        thread.join()


def test_a_prefix_that_disagrees_with_its_columns_is_refused(recorder: LedgerRecorder, database_url: str) -> None:
    """State is only taken from bytes that begin as their columns say."""
    forged = (
        "insert into {s}.events select 1, now(), 1, gen_random_uuid(), 'goal/a', 't', '', '', array[]::text[], "
        "decode(repeat('00', 32), 'hex'), '{{\"position\":2}}'"
    )
    with psycopg.connect(database_url) as connection:
        connection.execute(forged.format(s=recorder.reader.schema))
    with pytest.raises(ValueError, match="position 1"):
        recorder.select_events("goal/a")
