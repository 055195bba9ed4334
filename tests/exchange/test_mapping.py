"""A mapping says what columns mean; what it leaves out is refused rather than assumed."""

import json
import tomllib
from pathlib import Path

import pytest

from api.exchange.faults import MappingInvalid, MappingNeeded
from api.exchange.mapping import Constant, digest, folded, read_mapping, recognised
from ledger.domain.responsibilities import Role

SPELLS = """
form = "spells"
from = "a"
to = "b"
interval = "closed"
role = { constant = "manager" }
subject = { kind = { constant = "department" }, id = "d" }
holder = { id = "p", scheme = "employee-number" }
"""


def test_toml_and_json_say_the_same():
    assert read_mapping(SPELLS.encode()) == read_mapping(json.dumps(tomllib.loads(SPELLS)).encode())


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (("interval", "intervall"), "intervall"),
        (('interval = "closed"', ""), "interval"),
        (('to = "b"', ""), "to"),
        (('"spells"', '"spell"'), "form"),
        (("employee-number", "Employee Number"), "holder.scheme"),
        (('role = { constant = "manager" }', ""), "role"),
        (("form", "form ="), "TOML"),
        (('"closed"', '"closed"\ndates = { zone = "Mars/Base" }'), "dates.zone"),
        (('"closed"', '"closed"\nroles = { boss = "chief" }'), "roles.boss"),
    ],
)
def test_a_mapping_that_is_not_whole_names_the_place(change, where):
    with pytest.raises(MappingInvalid) as caught:
        read_mapping(SPELLS.replace(*change).encode())
    assert where in str(caught.value.details["where"])


@pytest.mark.parametrize(
    "data", [b"\xff\xfe", b"{", b'{"form": "spells", "form": "changes"}', b"x" * 100_000, b"[" * 9000]
)
def test_a_hostile_mapping_is_a_refusal(data):
    from ledger.kernel.refusals import Refusal

    with pytest.raises(Refusal):
        read_mapping(data)


def test_every_example_of_the_documentation_is_whole(mappings: Path):
    files = sorted(mappings.glob("*.toml"))
    assert len(files) >= 3
    for file in files:
        assert read_mapping(file.read_bytes()).form == "spells"


def test_role_words_own_ones_first():
    mapping = read_mapping((SPELLS + '[roles]\nlead = "accountable"\nBoss = "accountable"\n').encode())
    words = {
        word: mapping.role_of(word)
        for word in ("LEAD", "boss", "Manager", "Territory Owner", "alumni", "第一责任人", "x")
    }
    assert words == {
        "LEAD": Role.ACCOUNTABLE,
        "boss": Role.ACCOUNTABLE,
        "Manager": Role.ACCOUNTABLE,
        "Territory Owner": Role.ACCOUNTABLE,
        "alumni": Role.ALUMNUS,
        "第一责任人": Role.ACCOUNTABLE,
        "x": None,
    }
    assert read_mapping(SPELLS.encode()).role_of("lead") is Role.RESPONSIBLE


def test_identifiers_are_compared_without_case_and_width():
    assert folded("Member-0030") == folded("ｍember-0030 ") == "member-0030"
    assert folded("0030") != folded("30")
    assert folded("STRASSE") == folded("straße")


def test_documented_headers_need_no_mapping():
    changes = recognised(("changed_at", "team", "role", "member", "change"))
    assert (changes.form, changes.subject.kind, changes.holder.scheme) == (
        "changes",
        Constant(constant="team"),
        "handle",
    )
    spells = recognised(("emp_no", "dept_no", "from_date", "to_date"))
    assert (spells.form, spells.interval, spells.role) == ("spells", "half-open", Constant(constant="manager"))
    assert recognised(("Department", "Role", "Employee", "From", "Last_Day")).interval == "closed"


@pytest.mark.parametrize(
    "columns",
    [
        ("a", "b"),
        ("team", "role", "member", "from", "to"),  # the last day inside, or the first after? nobody says
        ("team", "client", "role", "member", "from", "until"),
        ("team", "member", "from", "until"),
        ("changed_at", "team", "role", "member"),
    ],
)
def test_headers_that_leave_a_choice_need_one(columns):
    with pytest.raises(MappingNeeded):
        recognised(columns)


def test_the_digest_binds_file_and_mapping():
    mapping, other = read_mapping(SPELLS.encode()), read_mapping(SPELLS.replace("closed", "half-open").encode())
    spaced = read_mapping(("\n\n# the same, written otherwise\n" + SPELLS).encode())
    assert digest(b"file", mapping) == digest(b"file", spaced)
    assert len({digest(b"file", mapping), digest(b"fil", mapping), digest(b"file", other)}) == 3
