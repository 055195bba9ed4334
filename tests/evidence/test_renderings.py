"""The pages of a bundle outlive the program: a released rendering gives the same bytes for ever."""

from hashlib import sha256

import pytest

from ledger.evidence.bundle_report import RENDERING, RENDERINGS, reports
from ledger.evidence.verify_proof import Disclosure

EVENT = (
    b'{"recorded_at":"2026-01-05T01:00:00.000000Z","topic":"units.UnitFormed","actor":"p-1",'
    b'"authority":{"basis":"office"}}'
)
ABOUT = {
    "question": {"ask": "who-owns", "subject": "unit/dev", "on": "2026-03-31T00:00:00.000000Z", "zone": "UTC"},
    "origin": "ledger.example/acme",
    "size": 7,
    "made_at": "2026-04-01T00:00:00+00:00",
    "clock": "system",
    "formulas": {"figures": "1"},
    "rests_on": [3],
    "withheld": {"parts": [{"position": 3, "part": "0", "why": "erased"}]},
    "signer": "not separate",
}
ANSWER = {"lines": [{"subject": "unit/dev", "holders": ["person/p-1"]}, {"subject": "unit/<ops>", "kind": "no_holder"}]}
TEXTS = [Disclosure(3, "1", bytes(32), b'{"label":"Dev & Ops"}')]
GOLDEN = {
    1: "bf89373055fdcda3a220df333c1fb7c4371fd0013ac56ae05cb3493922c7733e",
    2: "b3e1fd0a8f218811c549442ebc9190ef189c883ca89536673923cc7f2573c002",
}


@pytest.mark.parametrize("rendering", sorted(RENDERINGS))
def test_a_released_rendering_gives_the_same_bytes_for_ever(rendering: int):
    about = ABOUT if rendering == 1 else {**ABOUT, "rendering": rendering}
    pages = reports(about, ANSWER, {3: EVENT}, TEXTS)
    assert sha256(b"".join(pages[name] for name in sorted(pages))).hexdigest() == GOLDEN[rendering]


def test_every_rendering_has_its_golden_bytes():
    assert set(GOLDEN) == RENDERINGS == set(range(1, RENDERING + 1))


def test_lines_of_a_report_are_one_table_with_every_text_escaped():
    page = reports({**ABOUT, "rendering": 2}, ANSWER, {3: EVENT}, TEXTS)["report.en.html"].decode()
    assert "<tr><th>subject</th><th>holders</th><th>kind</th></tr>" in page
    assert "unit/&lt;ops&gt;" in page
    assert "<ops>" not in page
