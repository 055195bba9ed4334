"""The trail of an owned subject: of the subject itself, and of the stream that says who answers for it."""

from projections.audit_trail import queries as trail
from projections.audit_trail.queries import TrailLine
from projections.engine import View

RESPONSIBILITY = "responsibility/"


def trail_of(view: View, subject: str, *, known: int, after: int = 0) -> list[TrailLine]:
    """Return everything recorded about an owned subject beyond the position `after`, each event once, in order."""
    found: dict[int, TrailLine] = {}
    for key in (subject, RESPONSIBILITY + subject):
        place = after
        while page := trail.trail(view, key, after=place, known=known):
            found |= {line.position: line for line in page}
            place = page[-1].position
    return [found[position] for position in sorted(found)]
