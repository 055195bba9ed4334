"""The boundary: HR in a lead's place, refused before July and marked after it, and others who reach too far."""

from api.demonstration.calendar import later, on
from api.demonstration.story import Story

REFUSED, MARKED = "jiang-q2", "owen-q3"  # goals whose target the HR partner sets in the lead's place


def tell(story: Story) -> None:
    """Add the attempts, and the one act that the policy lets pass with a mark."""
    path = "goals/revise-target"
    refused, marked = story.id("goal", REFUSED), story.id("goal", MARKED)
    story.add_refused("in_a_leads_place", on(4, 16), 11, "kong", path, refused, target="7", reason="too_hard")
    story.add(on(8, 12), 11, "kong", path, marked, target="5.5", reason="still_learning")
    story.add(later(on(8, 12), 1), 14, "owen", "goals/accept", marked)
    story.add_refused("not_allowed", on(4, 4), 11, "wang", "goals/close", story.id("goal", "wang-q1"))
    story.add_refused(
        "goal_closed", on(7, 14), 16, "noah", "goals/report-progress", story.id("goal", "noah-q2"), value="8"
    )
