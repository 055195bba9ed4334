"""Every refusal has a stable code, a status and a sentence in both languages that can be filled in."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from ledger import domain
from ledger.kernel.refusals import REFUSALS, Refusal

ALL = sorted((r for r in REFUSALS.values() if r.__module__.startswith("ledger.")), key=lambda r: r.code)


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("refusal", ALL, ids=lambda r: r.code)
def test_a_refusal_says_why_in_both_languages(refusal: type[Refusal]):
    assert re.fullmatch(r"[a-z][a-z0-9_]*", refusal.code)
    assert 400 <= refusal.status < 500
    assert refusal.en.endswith(".")
    assert refusal.zh.endswith("。")
    assert re.search(r"[一-鿿]", refusal.zh)
    assert not re.search(r"[一-鿿]", refusal.en)
    assert blanks(refusal.en) == blanks(refusal.zh)


@pytest.mark.parametrize("refusal", ALL, ids=lambda r: r.code)
def test_what_would_be_accepted_is_said_in_both_languages_or_in_none(refusal: type[Refusal]):
    assert bool(refusal.accepted_en) == bool(refusal.accepted_zh)
    assert blanks(refusal.accepted_en) == blanks(refusal.accepted_zh)


def test_a_code_belongs_to_one_refusal():
    taken = ALL[0]
    with pytest.raises(TypeError, match=taken.code):
        type("Another", (Refusal,), {"code": taken.code})


def test_commands_declare_who_may_ask():
    assert [c.__name__ for c in domain.COMMANDS.values() if not c.by] == []


def test_commands_that_point_at_an_entry_exist_for_every_stream_with_dated_facts():
    for stream in domain.STREAM_KINDS.values():
        verbs = {command.verb for command in stream.commands}
        assert ("annul" in verbs) == hasattr(stream.initial, "dated"), stream.kind
