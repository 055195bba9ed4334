"""The year on every path: the same acts get the same answers, and leave the same events."""

from __future__ import annotations

from collections import Counter
from itertools import zip_longest

from tests.stories.conftest import OpenStage
from tests.stories.year import STORY


def test_a_year_alone_in_batches_and_by_files_leaves_the_same(open_stage: OpenStage) -> None:
    """Every act and what is seen on the way is asserted while the year is lived; here, that the ledgers are equal."""
    stages = {way: open_stage(way) for way in ("single", "batch", "file")}
    for stage in stages.values():
        stage.play(STORY)
    single = stages["single"]
    assert len(single.answers) > 100
    acts, rules = single.events()
    for way in ("batch", "file"):
        assert stages[way].answers == single.answers
        other_acts, other_rules = stages[way].events()
        assert [pair for pair in zip_longest(acts, other_acts) if pair[0] != pair[1]] == []
        assert (rules - other_rules, other_rules - rules) == (Counter(), Counter())
