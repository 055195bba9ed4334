"""Appends: each request is decided on its own, and what is accepted stands dense, hashed and in order."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from ledger.evidence.merkle import complete_root, leaf_hash
from ledger.kernel.append import (
    Append,
    Appended,
    AppendError,
    EventKnown,
    IdempotencyKey,
    KeyReused,
    LookupTaken,
    Repeated,
    StaleVersion,
    StoreUnavailable,
    Tracked,
    TrackedAlready,
    Unrecordable,
    WriterBusy,
)
from ledger.store.background import BackgroundWriter
from ledger.store.reader import Reader
from ledger.store.writer import Writer
from tests.evidence.naive_tree import root as naive_root
from tests.store.conftest import OpenWriter
from tests.store.naive_log import check_tree
from tests.store.requests import append, draft, lookup, sealed


def check_ledger(reader: Reader) -> None:
    """Positions are dense, bytes say what their place is, and the naive root over them is the head's."""
    head = reader.head()
    events = reader.page(0, 1_000_000)
    assert [position for position, _ in events] == list(range(1, head.size + 1))
    versions: dict[str, int] = {}
    last = ""
    for position, stored in events:
        envelope = json.loads(stored)
        assert list(envelope)[:4] == ["position", "stream", "version", "recorded_at"]
        assert envelope["position"] == position
        assert envelope["version"] == versions.get(envelope["stream"], 0) + 1
        versions[envelope["stream"]] = envelope["version"]
        assert envelope["recorded_at"] >= last
        last = envelope["recorded_at"]
    assert head.root == naive_root([stored for _, stored in events])
    assert reader.leaves(1, head.size) == [leaf_hash(stored) for _, stored in events]


def test_an_event_stands_as_its_exact_bytes(open_writer: OpenWriter, reader: Reader) -> None:
    """Prefix and remainder are kept byte for byte, and the outcome tells what stands in them."""
    at = datetime(2026, 3, 31, 8, 15, 30, 123456, tzinfo=UTC)
    request = append('goal/"quoted"\\ 销售\t', 0)

    async def main() -> Appended | Repeated:
        async with open_writer(clock=lambda: at) as writer:
            return await writer.append(request)

    assert asyncio.run(main()) == Appended(1, (1,), at)
    stream = r'"goal/\"quoted\"\\ 销售\t"'
    wanted = f'{{"position":1,"stream":{stream},"version":1,"recorded_at":"2026-03-31T08:15:30.123456Z",'
    stored = wanted.encode() + request.drafts[0].remainder
    assert reader.at(1) == stored
    assert reader.event(request.drafts[0].event_id) == (1, stored)
    assert reader.events_of('goal/"quoted"\\ 销售\t') == [stored]
    check_ledger(reader)


def test_refused_requests_fail_alone_and_leave_no_hole(open_writer: OpenWriter, reader: Reader) -> None:
    """In one group: stale, reused, repeated, hostile and good requests, each with its own answer."""
    known = append("goal/known", 0, key="k-1", lookups=(lookup("person/p-1"),))
    other_body = Append([draft()], {}, IdempotencyKey("p-7f3a", "k-1", b"other"))
    requests = [
        append("goal/a", 0),
        append("goal/a", 0),  # stale: the one before it came first
        append("goal/a", 1),  # chains
        append("goal/b", 3),  # stale
        other_body,
        Append([draft()], {}, IdempotencyKey("p-7f3a", "k-1", b"fingerprint")),
        Append([draft(event_id=known.drafts[0].event_id)]),
        append("goal/c\0"),
        append("goal/\ud800"),
        append("goal/d", remainder=b"x" * 65_536),
        append("goal/e", event_id=b"short"),
        append("goal/f", subjects=("one\x1ftwo",)),
        append("goal/g", lookups=(lookup("person/p-2"),)),
        append("goal/h", lookups=(lookup("person/p-1"),)),
        append("goal/i", effective_at="2026\0"),
        Append([]),
        append("goal/z"),
    ]

    async def main() -> list[Appended | Repeated | BaseException]:
        async with open_writer() as writer:
            await writer.append(known)
            return await asyncio.gather(*map(writer.append, requests), return_exceptions=True)

    outcomes = asyncio.run(main())
    kinds = [type(outcome) for outcome in outcomes]
    ok, bad = Appended, Unrecordable
    assert kinds == [
        ok, StaleVersion, ok, StaleVersion, KeyReused, Repeated, EventKnown,
        bad, bad, bad, bad, bad, LookupTaken, ok, bad, bad, ok,
    ]  # fmt: skip
    assert outcomes[5] == Repeated(1, 1, b"answer")
    stale = outcomes[1]
    assert isinstance(stale, StaleVersion)
    assert (stale.stream, stale.expected, stale.actual) == ("goal/a", 0, 1)
    assert reader.head().size == 5
    check_ledger(reader)


def test_a_request_of_many_events_is_whole_or_absent(open_writer: OpenWriter, reader: Reader) -> None:
    """Several streams in one request, with one stale among them: nothing of it is written."""
    drafts = [draft(f"goal/{i % 7}") for i in range(700)]

    async def main() -> tuple[Appended | Repeated, AppendError | None]:
        async with open_writer() as writer:
            done = await writer.append(Append(drafts, {f"goal/{i}": 0 for i in range(7)}))
            again = [draft(f"goal/{i % 8}") for i in range(8)]
            try:
                await writer.append(Append(again, {"goal/7": 0, "goal/3": 99}))
            except StaleVersion as stale:
                return done, stale
            return done, None

    done, stale = asyncio.run(main())
    assert isinstance(done, Appended)
    assert (done.first, len(done.versions), done.versions[-1]) == (1, 700, 100)
    assert stale is not None
    assert reader.head().size == 700
    assert reader.events_of("goal/7") == []
    check_ledger(reader)


def test_a_stream_that_is_only_guarded_is_checked_too(open_writer: OpenWriter) -> None:
    """`expected` may name a stream that gets no event."""

    async def main() -> None:
        async with open_writer() as writer:
            await writer.append(append("unit/u-1", 0))
            with pytest.raises(StaleVersion):
                await writer.append(Append([draft("goal/a")], {"goal/a": 0, "unit/u-1": 0}))
            await writer.append(Append([draft("goal/a")], {"goal/a": 0, "unit/u-1": 1}))

    asyncio.run(main())


def test_two_events_of_one_id_are_one(open_writer: OpenWriter, reader: Reader) -> None:
    """A derived id that comes twice in one group is recorded once; its neighbours are recorded."""
    event_id = draft().event_id

    async def main() -> list[object]:
        async with open_writer() as writer:
            twice = [append(f"duty/{i}", 0, event_id=event_id) for i in range(2)]
            return await asyncio.gather(
                writer.append(append("goal/a")), *map(writer.append, twice), return_exceptions=True
            )

    assert [type(outcome) for outcome in asyncio.run(main())] == [Appended, Appended, EventKnown]
    assert reader.positions_of([event_id]) == {event_id: 2}


def test_fifty_parallel_repeats_make_one_event(open_writer: OpenWriter, reader: Reader) -> None:
    """Over two writers: one is recorded, forty-nine get the same answer."""

    async def main() -> list[Appended | Repeated]:
        async with open_writer() as one, open_writer() as other:
            calls = [writer.append(append("goal/a", key="same")) for writer in (one, other) * 25]
            return await asyncio.gather(*calls)

    outcomes = asyncio.run(main())
    recorded = [outcome for outcome in outcomes if isinstance(outcome, Appended)]
    assert len(recorded) == 1
    assert [o for o in outcomes if isinstance(o, Repeated)] == [Repeated(1, 1, b"answer")] * 49
    assert reader.head().size == 1
    key = reader.idempotency("p-7f3a", "same")
    assert key is not None
    assert (key.first, key.count, key.fingerprint) == (1, 1, b"fingerprint")
    check_ledger(reader)


def test_recorded_time_never_goes_down(open_writer: OpenWriter, reader: Reader) -> None:
    """A clock that is set back changes nothing; the position known at an instant is found by it."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    times = [start, start + timedelta(hours=1), start - timedelta(days=1), start + timedelta(hours=2)]

    async def main() -> list[datetime]:
        clock = iter(times)
        recorded = []
        async with open_writer(clock=lambda: next(clock)) as writer:
            for _ in times:
                outcome = await writer.append(append())
                assert isinstance(outcome, Appended)
                recorded.append(outcome.recorded_at)
        return recorded

    assert asyncio.run(main()) == [start, start + timedelta(hours=1), start + timedelta(hours=1), times[-1]]
    tick = timedelta(microseconds=1)
    wanted = {start - tick: 0, start: 1, start + timedelta(hours=1) - tick: 1, start + timedelta(hours=1): 3}
    wanted |= {times[-1] - tick: 3, times[-1]: 4, times[-1] + timedelta(days=900): 4}
    assert {instant: reader.position_known_at(instant) for instant in wanted} == wanted
    with pytest.raises(ValueError, match="offset"):
        reader.position_known_at(datetime(2026, 1, 1))  # noqa: DTZ001 naive on purpose
    check_ledger(reader)


def test_every_new_root_is_attested(open_writer: OpenWriter, reader: Reader) -> None:
    """The head holds what `attest` said of its own size and root."""

    async def main() -> None:
        async with open_writer(attest=lambda size, root: b"%d:" % size + root) as writer:
            for _ in range(3):
                await writer.append(append())

    asyncio.run(main())
    head = reader.head()
    assert head.attestation == b"3:" + head.root


def test_a_failing_attestation_stops_nothing_for_good(open_writer: OpenWriter, reader: Reader) -> None:
    """A key that cannot sign fails that request, unrecorded; the next one is recorded."""
    answers: Iterator[bytes | OSError] = iter([OSError("no key"), b"signed"])

    def attest(size: int, root: bytes) -> bytes:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    async def main() -> None:
        async with open_writer(attest=attest) as writer:
            with pytest.raises(StoreUnavailable):
                await writer.append(append("goal/a"))
            assert (await writer.append(append("goal/b"))).first == 1

    asyncio.run(main())
    assert reader.head().attestation == b"signed"


def test_a_full_queue_says_so_and_close_drains(open_writer: OpenWriter, reader: Reader) -> None:
    """Beyond `max_queue` a request is refused at once; what was taken is recorded before `close` returns."""

    async def main() -> list[object]:
        async with open_writer(max_queue=10) as writer:
            calls = [asyncio.ensure_future(writer.append(append(f"goal/{i}"))) for i in range(12)]
            await asyncio.sleep(0)
        with pytest.raises(StoreUnavailable):
            await writer.append(append())
        return await asyncio.gather(*calls, return_exceptions=True)

    outcomes = asyncio.run(main())
    assert [type(outcome) for outcome in outcomes] == [Appended] * 10 + [WriterBusy] * 2
    assert reader.head().size == 10


def test_a_caller_that_goes_away_harms_nobody(open_writer: OpenWriter, reader: Reader) -> None:
    """A cancelled request is recorded or not; the writer goes on."""

    async def main() -> None:
        async with open_writer() as writer:
            calls = [asyncio.ensure_future(writer.append(append(f"goal/{i}"))) for i in range(10)]
            await asyncio.sleep(0)
            for call in calls[::2]:
                call.cancel()
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
            assert [type(outcome) for outcome in outcomes[1::2]] == [Appended] * 5

    asyncio.run(main())
    check_ledger(reader)


def test_tracking_moves_forward_with_its_events(open_writer: OpenWriter, reader: Reader) -> None:
    """Events and tracking in one transaction; a position already passed refuses both."""

    async def main() -> None:
        async with open_writer() as writer:
            await writer.append(Append([draft("goal/a")], tracked=Tracked("upstream", 5)))
            with pytest.raises(TrackedAlready):
                await writer.append(Append([draft("goal/b")], tracked=Tracked("upstream", 5)))
            await writer.append(Append([], tracked=Tracked("upstream", 6)))

    asyncio.run(main())
    assert reader.head().size == 1


def test_sealed_parts_and_lookups_are_kept_beside(open_writer: OpenWriter, reader: Reader) -> None:
    """They are read back by event and by digest."""
    request = append(boxes=(sealed("note"), sealed("reason")), lookups=(lookup("person/p-1"),))

    async def main() -> None:
        async with open_writer() as writer:
            await writer.append(request)

    asyncio.run(main())
    assert reader.sealed(request.drafts[0].event_id) == [sealed("note"), sealed("reason")]
    assert reader.lookup("email", [b"d" * 32, b"unknown"]) == {b"d" * 32: "person/p-1"}
    assert reader.lookup("phone", [b"d" * 32]) == {}


def test_statements_need_not_be_prepared(open_writer: OpenWriter, reader: Reader) -> None:
    """The switch for connection poolers changes nothing but the speed."""

    async def main() -> None:
        async with open_writer(prepare=False) as writer:
            await asyncio.gather(*(writer.append(append(f"goal/{i}", 0, key=str(i))) for i in range(300)))

    asyncio.run(main())
    assert reader.head().size == 300
    check_ledger(reader)


def test_pages_are_bounded_by_count_position_and_bytes(open_writer: OpenWriter, reader: Reader) -> None:
    """A page holds at least one event, however large."""

    async def main() -> None:
        async with open_writer() as writer:
            await writer.append(Append([draft(remainder=b'"x":"' + b"y" * 3000 + b'"}') for _ in range(10)]))

    asyncio.run(main())
    assert [position for position, _ in reader.page(3, 4)] == [4, 5, 6, 7]
    assert [position for position, _ in reader.page(3, 100, upto=6)] == [4, 5, 6]
    assert [position for position, _ in reader.page(3, 100, max_bytes=7000)] == [4, 5]
    assert [position for position, _ in reader.page(3, 100, max_bytes=10)] == [4]
    assert reader.page(10, 5) == []


def test_a_bounded_page_is_read_in_parts(open_writer: OpenWriter, reader: Reader) -> None:
    """Bounded or not, a page beyond one part holds the same events."""

    async def main() -> None:
        async with open_writer() as writer:
            await writer.append(Append([draft() for _ in range(1_200)]))

    asyncio.run(main())
    assert reader.page(0, 1_100, max_bytes=10**9) == reader.page(0, 1_100)
    assert reader.page(150, 5_000, max_bytes=10**9) == reader.page(150, 5_000)
    assert len(reader.page(150, 5_000)) == 1_050


def test_the_tree_stays_whole_beyond_a_tile_of_tiles(open_writer: OpenWriter, reader: Reader) -> None:
    """Two writers in turn, past 65,536 events: every full tile of both levels is there, and the root is right."""

    async def main() -> None:
        async with open_writer() as one, open_writer() as other:
            for turn, count in enumerate([5_040] * 13 + [14] + [1] * 3):
                bulk = [draft(f"goal/{turn}", remainder=b'"n":1}') for _ in range(count)]
                await (one, other)[turn % 2].append(Append(bulk, {f"goal/{turn}": 0}))

    asyncio.run(main())
    assert reader.head().size == 65_537
    check_tree(reader)
    assert reader.tile(1, 0) == b"".join(complete_root(reader.tile(0, index) or b"") for index in range(256))


def test_a_writer_of_no_ledger_does_not_start(service_url: str) -> None:
    """Nor does one without a database; both say so and leave nothing open."""

    async def main(url: str) -> None:
        writer = Writer(url, "nobody_made_this", clock=lambda: datetime.now(UTC))
        with pytest.raises(StoreUnavailable):
            await writer.start()
        with pytest.raises(StoreUnavailable):
            await writer.append(append())
        await writer.close()

    asyncio.run(main(service_url))
    asyncio.run(main("postgresql://nobody@127.0.0.1:1/none"))
    with pytest.raises(StoreUnavailable):
        BackgroundWriter(lambda: Writer(service_url, "nobody_made_this", clock=lambda: datetime.now(UTC)))
