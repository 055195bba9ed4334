"""Pages shared by rebuilds: each is read once while they stay together, and everybody gets every event in order."""

import json
import threading
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.engine import sharing
from projections.engine.sharing import KEPT, SharedPages


@dataclass
class Events:
    """A ledger of plain numbered events that counts how often it was asked for a page."""

    size: int
    asked: list[int] = field(default_factory=list)

    def page(self, after: int, limit: int, upto: int | None = None) -> list[tuple[int, bytes]]:
        self.asked.append(after)
        last = min(after + limit, self.size if upto is None else min(upto, self.size))
        return [(n, _stored(n)) for n in range(after + 1, last + 1)]

    def head(self) -> "Events":
        return self


def _stored(position: int) -> bytes:
    return json.dumps({"position": position, "type": "goals.GoalAccepted", "stream": "goal/g"}).encode()


def _follow(pages: SharedPages, who: str, size: int, start: int = 0) -> list[int]:
    seen, position = list[int](), start
    while (page := pages.read(who, position, size)) is not None:
        seen += [event["position"] for event in page.events]
        position = page.last
    pages.leave(who)
    return seen


def test_rebuilds_side_by_side_read_each_page_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four threads, thirty thousand events: as many reads as there are pages, and the one at the head for each."""
    monkeypatch.setattr(sharing, "PATIENCE_S", 60.0)  # a machine that does much else keeps nobody from the others
    ledger = Events(30_000)
    pages = SharedPages(ledger)
    begun = threading.Barrier(4)
    seen: dict[str, list[int]] = {}

    def work(who: str) -> None:
        pages.read(who, 0, ledger.size)
        begun.wait()
        seen[who] = _follow(pages, who, ledger.size)

    threads = [threading.Thread(target=work, args=(f"rebuild {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(positions == list(range(1, ledger.size + 1)) for positions in seen.values())
    before_head = [after for after in ledger.asked if after < ledger.size]
    assert len(before_head) == len(set(before_head))


def test_one_that_begins_late_gets_everything_too() -> None:
    """It reads for itself until it is among the others; nothing is skipped."""
    ledger = Events(40_000)
    pages = SharedPages(ledger)
    position = 0
    for _ in range(KEPT + 2):
        page = pages.read("early", position, ledger.size)
        assert page is not None
        position = page.last
    assert _follow(pages, "late", ledger.size) == list(range(1, ledger.size + 1))
    assert _follow(pages, "early", ledger.size, position) == list(range(position + 1, ledger.size + 1))


@given(st.lists(st.integers(0, 2), max_size=60), st.lists(st.integers(0, 4_000), min_size=3, max_size=3))
def test_whatever_the_order_of_turns_everybody_gets_the_next_page(turns: list[int], starts: list[int]) -> None:
    """Rebuilds that begin anywhere and take turns in any order: each page begins where the one before it ended."""
    ledger = Events(9_000)
    pages = SharedPages(ledger)
    standing = dict(enumerate(starts))
    for who in turns:
        page = pages.read(who, standing[who], ledger.size)
        if page is None:
            assert standing[who] >= ledger.size
            continue
        assert [event["position"] for event in page.after(standing[who])] == list(
            range(standing[who] + 1, page.last + 1)
        )
        standing[who] = page.last
        pages.leave((who + 1) % 3)
