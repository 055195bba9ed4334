"""Where projections stand: what the runner says of each, and the events that wait."""

from collections.abc import Mapping
from dataclasses import dataclass

from projections.engine.following import Following
from projections.engine.projection import AnyProjection
from projections.engine.rebuild import Progress, Rebuild


@dataclass(frozen=True, slots=True)
class ProjectionStatus:
    """Where a projection stands. `state`: following, stopped (at `bad_position`, for `code`), elsewhere, unbuilt."""

    name: str
    version: int
    build: int | None
    question: str
    state: str
    position: int
    head: int
    parked: int
    bad_position: int | None = None
    code: str | None = None
    rebuild: Progress | None = None


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    """An event that waits (`parked`, or `held` behind one of the same key) or was `skipped` with a reason."""

    position: int
    key: str
    state: str
    code: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a runner knows of one projection: what it follows or rebuilds, or that another runner leads it."""

    projection: AnyProjection
    following: Following | None
    rebuild: Rebuild | None
    elsewhere: bool
    position: int

    def status(self, head: int, parked: Mapping[tuple[str, int, int], int]) -> ProjectionStatus:
        """Return the status beside a head; `parked` counts events by build."""
        projection, following = self.projection, self.following
        progress = None if self.rebuild is None else self.rebuild.progress()
        stopped = None if following is None else following.stopped
        return ProjectionStatus(
            name=projection.name,
            version=projection.version,
            build=None if following is None else following.build.number,
            question=projection.question,
            state=self._state(),
            position=self.position if following is None else following.position,
            head=head,
            parked=0 if following is None else parked.get(following.build.key, 0),
            bad_position=None if stopped is None else stopped.position,
            code=None if stopped is None else stopped.code,
            rebuild=progress,
        )

    def _state(self) -> str:
        if self.following is None:
            return "elsewhere" if self.elsewhere else "unbuilt"
        return "following" if self.following.stopped is None else "stopped"
