"""The cursor: opaque, bound to ledger and filter, and nobody's to make."""

import base64
import hmac

import pytest

from api.subscriptions.cursor import CursorMismatch, Cursors, Filter

ALL = Filter().digest


def cursors(secret: bytes = b"k") -> Cursors:
    return Cursors(lambda said: hmac.digest(secret, said, "sha256"))


def test_a_cursor_comes_back_as_its_position():
    for position in (0, 1, 2**40):
        assert cursors().read(cursors().make(position, ALL), ALL) == position


def test_a_cursor_of_another_ledger_or_filter_is_refused():
    made = cursors().make(7, ALL)
    with pytest.raises(CursorMismatch):
        cursors(b"other").read(made, ALL)
    with pytest.raises(CursorMismatch):
        cursors().read(made, Filter(types=frozenset({"goals.GoalAssigned"})).digest)


def test_every_changed_character_is_noticed():
    made = cursors().make(7, ALL)
    for at in range(len(made) - 1):
        spoilt = made[:at] + ("A" if made[at] != "A" else "B") + made[at + 1 :]
        with pytest.raises(CursorMismatch):
            cursors().read(spoilt, ALL)


@pytest.mark.parametrize("text", ["", "a", "====", "é", "A" * 43, base64.urlsafe_b64encode(bytes(32)).decode()])
def test_what_is_no_cursor_is_refused(text):
    with pytest.raises(CursorMismatch):
        cursors().read(text, ALL)


def test_the_order_of_a_filter_does_not_matter_and_its_parts_do_not_mix():
    assert Filter(frozenset("ab")).digest == Filter(frozenset("ba")).digest
    assert Filter(frozenset("a")).digest != Filter(subjects=frozenset("a")).digest
