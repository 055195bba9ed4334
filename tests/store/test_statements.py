"""Named statements: every block has one good name, and only identifiers are filled in."""

import re
from pathlib import Path

import pytest

from ledger.kernel.statements import check_identifier, load, parse


def test_statements_are_found_by_name() -> None:
    """By key and by attribute; comments stay, the closing semicolon goes."""
    found = parse(
        "-- A lead comment.\n\n-- name: read_one\n-- Why.\nselect 1;\n\n-- name: read_two\nselect 2\n", origin="x"
    )
    assert list(found) == ["read_one", "read_two"]
    assert found["read_one"] == found.read_one == "-- Why.\nselect 1"
    assert found.read_two == "select 2"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("select 1", "without a name"),
        ("-- name:\nselect 1", "no verb_object"),
        ("-- name: read\nselect 1", "no verb_object"),
        ("-- name: Read_One\nselect 1", "no verb_object"),
        ("-- name: read_one\nselect 1\n-- name: read_one\nselect 2", "twice"),
        ("-- name: read_one\n-- only words\n", "is empty"),
    ],
)
def test_bad_files_are_refused(text: str, why: str) -> None:
    """A name that is missing, ill-formed or given twice."""
    with pytest.raises(ValueError, match=why):
        parse(text, origin="x")


def test_an_unknown_name_is_told() -> None:
    """As a missing key and as a missing attribute."""
    found = parse("-- name: read_one\nselect 1", origin="x.sql")
    with pytest.raises(KeyError, match=r"x\.sql has no statement named read_two"):
        found["read_two"]
    with pytest.raises(AttributeError):
        _ = found.read_two


def test_placeholders_take_identifiers_only() -> None:
    """Braces with anything but a word are left alone."""
    found = parse("-- name: read_one\nselect '{}'::int[], '{1,2}' from {schema}.events", origin="x")
    assert found.bind(schema="ledger_acme").read_one == "select '{}'::int[], '{1,2}' from ledger_acme.events"
    with pytest.raises(KeyError):
        found.bind(other="x")
    for bad in ("", "a b", 'a"b', "Acme", "a;b", "a" * 64, "ä", "a\n"):
        with pytest.raises(ValueError, match="identifier"):
            found.bind(schema=bad)
        with pytest.raises(ValueError, match="identifier"):
            check_identifier(bad)


def test_every_statement_of_the_store_is_used() -> None:
    """None is left over."""
    folder = Path(__file__).parents[2] / "ledger"
    code = "\n".join(path.read_text() for part in (folder, folder / "store") for path in part.glob("*.py"))
    used = set(re.findall(r'"([a-z]+(?:_[a-z]+)+)"', code))
    assert set(load("ledger.store", "statements.sql")) <= used
