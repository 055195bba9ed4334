"""What a writer remembers changes no answer: repeats, stale requests and other writers are told as if all was asked."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.kernel.append import Appended, AppendError, Repeated, StaleVersion
from ledger.store import memory
from ledger.store.reader import Reader
from ledger.store.writer import Writer
from tests.evidence.naive_tree import root as naive_root
from tests.store.conftest import OpenWriter
from tests.store.requests import append

Said = tuple[str, int]  # what came of a request, and at which position or version
Step = tuple[int, str, int | None, str | None]  # writer, stream, what version is expected beside the real one, key

steps = st.tuples(
    st.integers(0, 1),
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from([None, 0, 0, 0, 1, -1]),
    st.sampled_from([None, None, "k1", "k2", "k3"]),
)


@dataclass
class Naive:
    """The ledger as a dictionary."""

    versions: dict[str, int] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)
    size: int = 0

    def record(self, stream: str, expected: int | None, key: str | None) -> Said:
        """Return what the writer is to say."""
        if key in self.keys:
            return ("repeated", self.keys[key])
        actual = self.versions.get(stream, 0)
        if expected not in (None, actual) and not (actual == 0 and expected == -1):
            return ("stale", actual)
        self.size += 1
        self.versions[stream] = actual + 1
        if key is not None:
            self.keys[key] = self.size
        return ("appended", self.size)


def check_root(reader: Reader) -> None:
    """Positions are dense, and the root is that of the stored bytes."""
    head, events = reader.head(), reader.page(0, 100_000)
    assert [position for position, _ in events] == list(range(1, head.size + 1))
    assert head.root == naive_root([stored for _, stored in events])


async def say(writer: Writer, stream: str, expected: int | None, key: str | None) -> Said:
    """Return what the writer says to a request."""
    try:
        outcome = await writer.append(append(f"goal/{stream}", expected, key))
    except StaleVersion as stale:
        return ("stale", stale.actual)
    return ("appended" if isinstance(outcome, Appended) else "repeated", outcome.first)


@given(plan=st.lists(steps, max_size=25))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_requests_over_two_writers_are_answered_as_by_a_dictionary(
    open_writer: OpenWriter, reader: Reader, plan: Sequence[Step]
) -> None:
    offset = reader.head().size  # the ledger goes on from example to example, under other names
    naive = Naive(size=offset)

    async def main() -> None:
        async with open_writer() as one, open_writer() as other:
            for which, stream, beside, key in plan:
                name = f"{offset}-{stream}"
                whole = None if key is None else f"{offset}-{key}"
                expected = None if beside is None else naive.versions.get(name, 0) + beside
                if expected is not None and expected <= 0:
                    expected = 0
                assert await say((one, other)[which], name, expected, whole) == naive.record(name, expected, whole)

    asyncio.run(main())
    assert reader.head().size == naive.size
    check_root(reader)


def test_a_repeat_is_told_as_such_however_old_its_version(open_writer: OpenWriter, reader: Reader) -> None:
    """Memory says that its version is past; the key, which memory does not know, says that it is recorded."""

    async def main() -> list[Said]:
        async with open_writer() as writer:
            first = [
                await say(writer, "a", 0, "first"),
                await say(writer, "a", 1, None),
                await say(writer, "a", 2, None),
            ]
            return [*first, await say(writer, "a", 0, "first"), await say(writer, "b", 0, "first")]

    assert asyncio.run(main()) == [("appended", 1), ("appended", 2), ("appended", 3), ("repeated", 1), ("repeated", 1)]
    assert reader.head().size == 3


def test_a_new_stream_that_another_made_is_refused_by_its_version(open_writer: OpenWriter, reader: Reader) -> None:
    async def main() -> list[Said]:
        async with open_writer() as earlier:
            await say(earlier, "old", 0, None)
        async with open_writer() as writer:
            for number in range(3):  # alone by now
                await say(writer, "a", number, None)
            return [await say(writer, "old", 0, None), await say(writer, "old", 1, None)]

    assert asyncio.run(main()) == [("stale", 1), ("appended", 5)]
    assert reader.head().size == 5


def test_a_group_of_new_repeated_and_stale_requests_has_an_answer_each(open_writer: OpenWriter, reader: Reader) -> None:
    async def main() -> list[object]:
        async with open_writer() as writer:
            for number in range(3):
                await say(writer, "a", number, f"k{number}")
            group = [append("goal/a", 3, "k3"), append("goal/b", 0), append("goal/a", 0, "k0"), append("goal/a", 1)]
            return await asyncio.gather(*(writer.append(one) for one in group), return_exceptions=True)

    outcomes = asyncio.run(main())
    assert [type(outcome) for outcome in outcomes] == [Appended, Appended, Repeated, StaleVersion]
    assert isinstance(outcomes[3], AppendError)
    assert reader.head().size == 5
    check_root(reader)


def test_streams_beyond_what_is_remembered_are_asked_for(
    open_writer: OpenWriter, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "STREAMS_MAX", 3)

    async def main() -> list[Said]:
        async with open_writer() as writer:
            for number in range(2):
                for stream in "abcdef":
                    await say(writer, stream, number, None)
            return [await say(writer, "a", 2, None), await say(writer, "b", 1, None)]

    assert asyncio.run(main()) == [("appended", 13), ("stale", 2)]
    check_root(reader)
