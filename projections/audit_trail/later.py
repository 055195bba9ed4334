"""What came later: what stands of the acts about a batch's subjects after it, and the versions of their streams."""

from collections.abc import Sequence
from dataclasses import dataclass

from projections.engine.views import View


@dataclass(frozen=True, slots=True)
class Mention:
    """A later event that is about a subject, on whichever stream."""

    subject: str
    position: int
    stream: str


def later_about(view: View, subjects: Sequence[str], *, after: int, batch: str) -> list[Mention]:
    """Return what was recorded about subjects beyond a position and still stands, outside of a batch and by no rule."""
    asked = {"subjects": list(subjects), "first": after + 1, "last": view.position, "batch": batch}
    return [Mention(*row) for row in view.rows("later_mentions", asked)]


def versions_of(view: View, streams: Sequence[str]) -> dict[str, int]:
    """Return the version that each stream is at, for those that have events."""
    rows = view.rows("latest_versions", {"streams": list(dict.fromkeys(streams))})
    return {stream: version for stream, version in rows if version is not None}
