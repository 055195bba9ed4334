"""Places: the home unit of many persons, or the unit above many units, at an instant, in one look."""

from collections.abc import Sequence
from datetime import datetime

from projections.engine import View

HOME, PARENT = "home", "parent"


def places_of(view: View, subjects: Sequence[str], role: str, *, on: datetime, known: int) -> dict[str, str]:
    """Return subject (`kind/id`) → the home unit of a person, or the unit above a unit; without those that have none.

    `role` is `HOME` or `PARENT`. Ids of persons are those that they are read as.
    """
    asked = {"subjects": list(subjects), "role": role, "on": on, "known": min(known, view.position)}
    return {subject: holder for subject, holder in view.rows("find_places", asked) if holder}
