"""Lines of all subjects: whoever was accountable for each, or led it, page by page."""

from datetime import datetime

from projections.engine.kept import known_at
from projections.engine.views import View
from projections.responsibility.handlers import ACCOUNTABLE, LEAD
from projections.responsibility.queries import MOST, Holding, holdings_in


def lines_of_all(
    view: View, *, until: datetime, known: int | None = None, after: str = "", limit: int = MOST
) -> dict[str, list[Holding]]:
    """Return subject → whoever was accountable or led it and began by `until`, in order of subject after `after`.

    A page of up to `limit` subjects; an empty page is the end.
    """
    at = known_at(view, known)
    asked = {"roles": [ACCOUNTABLE, LEAD], "until": until, "known": at, "after": after, "limit": min(limit, MOST)}
    rows = view.rows("list_lines", asked)
    found: dict[str, list[Holding]] = {}
    for (subject, *_), holding in zip(rows, holdings_in(view, [row[1:] for row in rows], at), strict=True):
        found.setdefault(subject, []).append(holding)
    return found
