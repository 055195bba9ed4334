"""The pages ask for subjects that are there, on days that have an answer."""

import re
from pathlib import Path

import pytest

from api.demonstration.company import PEOPLE
from tests.demonstration.conftest import Year

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    "README.md",
    "docs/tutorial/your-first-answer.md",
    "docs/zh/tutorial/your-first-answer.md",
    "docs/explanation/demonstration.md",
)
ASKED = re.compile(r"(?:who-owns|trail)[ /]([a-z-]+)[ /]([a-z-]+)")
ALONE = re.compile(r"`(?:metric|system|client|process|document|unit) [a-z-]+`")


@pytest.mark.parametrize("page", PAGES)
def test_each_subject_that_a_page_asks_for_is_in_the_ledger(year: Year, page: str):
    text = (ROOT / page).read_text("utf-8")
    asked = {f"{kind}/{id}" for kind, id in ASKED.findall(text)}
    asked |= {found.strip("`").replace(" ", "/") for found in ALONE.findall(text)}
    known = {subject for event in year.events for subject in event["subjects"]}
    assert asked
    assert not asked - known


def test_the_page_of_the_demonstration_names_people_of_the_company(year: Year):
    text = (ROOT / "docs/explanation/demonstration.md").read_text("utf-8")
    named = [person for person in PEOPLE if person.name.split(" ")[0] in text]
    assert len(named) > 25
    chinese = set(re.findall(r"[A-Z][a-z]+ [A-Z][a-z]+ ([\u4e00-\u9fff]{2,3})", text))
    assert chinese <= {person.name.split(" ")[0] for person in PEOPLE}
