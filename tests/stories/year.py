"""The year 2026 of one company, as an HR person would tell it: act by act, with the answer that each gets."""

from __future__ import annotations

from tests.stories.first_half import CASCADE, DEVIATION, HIRING, LEADS, POLICY
from tests.stories.second_half import END, MIDDLE, REVIEWS, SURVEY
from tests.stories.telling import Step

STORY: list[Step] = sorted(
    [*POLICY, *CASCADE, *DEVIATION, *LEADS, *HIRING, *MIDDLE, *REVIEWS, *SURVEY, *END], key=lambda step: step.at
)
