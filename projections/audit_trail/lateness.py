"""How long after they took effect an actor's entries were recorded."""

from dataclasses import dataclass, replace

from projections.engine.kept import read_as
from projections.engine.views import View


@dataclass(frozen=True, slots=True)
class Entered:
    """An actor's entries: how many, late, back-dated, by how long after (a day, 7, 30, 90, more), which late ones."""

    actor: str
    entries: int
    late: int
    back_dated: int
    buckets: tuple[int, ...]
    events: tuple[tuple[str, int], ...]


def entered_by_actor(view: View, *, after: int, last: int, late_days: int, known: int) -> list[Entered]:
    """Return who recorded what at positions beyond `after` and up to `last`, in order of actor; ids of one as one.

    Acts of rules and imported history are left out. `events` are those late or back-dated, with their positions.
    """
    rows = view.rows("count_entered", {"first": after + 1, "last": last, "late_days": late_days})
    told = [
        Entered(actor, entries, late, back_dated, tuple(buckets), tuple(zip(ids or (), positions or (), strict=True)))
        for actor, entries, late, back_dated, *buckets, ids, positions in rows
    ]
    whole = read_as(view, [one.actor for one in told if ":" not in one.actor], known)
    found: dict[str, Entered] = {}
    for one in told:
        actor = whole.get(one.actor, one.actor)
        found[actor] = replace(one, actor=actor) if actor not in found else _together(found[actor], one)
    return [found[actor] for actor in sorted(found)]


def _together(first: Entered, other: Entered) -> Entered:
    return Entered(
        first.actor,
        first.entries + other.entries,
        first.late + other.late,
        first.back_dated + other.back_dated,
        tuple(a + b for a, b in zip(first.buckets, other.buckets, strict=True)),
        (*first.events, *other.events),
    )
