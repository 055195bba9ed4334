"""Questions about duties: the inbox of a holder, what is overdue, what an entry opened, and the history of one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, NamedTuple

import orjson

from projections.duties.handlers import LAPSED, OPEN
from projections.engine.kept import ids_of, known_at, read_as
from projections.engine.merged import keys_of, keys_read
from projections.engine.views import View

MOST = 1_000
STANDINGS = (OPEN, LAPSED, "discharged", "excused", "voided")
LIVE = (OPEN, LAPSED)
_LAST = 2**63 - 2  # the last position there can be
_FIRST: tuple[date, str] = (date.min, "")


class Gap(NamedTuple):
    """The days, both included, on which a person (None: nobody) should have held a duty that ran on another."""

    holder: str | None
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class Owed:
    """A duty as it stood from one of its events on. `ended_by` is the entry that discharged, excused or voided it.

    Persons are read as the ids they were merged into; `recorded_holder` is the id that was recorded.
    """

    duty: str
    kind: str
    party: str
    seat: str
    of: str
    subject: str
    opened_at: datetime
    cause: str
    rule: str
    answers: str | None
    escalates: str | None
    replaces: str | None
    opened_position: int
    position: int
    recorded_at: datetime
    event_id: str
    topic: str
    actor: str
    due_on: date
    standing: str
    holder: str | None
    seen_at: datetime | None
    notice: str
    lapsed_at: datetime | None
    escalated_to: str | None
    escalated_duty: str | None
    ended_by: str | None
    outcome: str | None
    late: bool
    why: str | None
    gaps: tuple[Gap, ...] = ()
    recorded_holder: str | None = None

    @property
    def people(self) -> tuple[str, ...]:
        """Return the persons named: the holder, the next above, and whose the duty was instead."""
        named = (self.holder, self.escalated_to, *(gap.holder for gap in self.gaps))
        return tuple(person for person in named if person is not None)

    @property
    def key(self) -> tuple[date, str]:
        """Return its place in a list."""
        return (self.due_on, self.duty)


@dataclass(frozen=True, slots=True)
class Count:
    """How many duties of a party and kind stand how; `untold` of them without a notice. `mean_s` to discharge."""

    party: str
    kind: str
    standing: str
    late: bool
    number: int
    untold: int
    mean_s: float | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which duties a list is to hold; `due_before` leaves out what is due on that day or later."""

    standings: Sequence[str] = LIVE
    due_before: date = date.max
    kind: str | None = None
    party: str | None = None


def inbox(
    view: View,
    holders: Sequence[str] | None,
    wanted: Wanted,
    *,
    known: int | None = None,
    after: tuple[date, str] = _FIRST,
    limit: int = MOST,
) -> list[Owed]:
    """Return the duties of holders (None: of all, and of nobody), the earliest due first, as known at a position."""
    live = known is None and set(wanted.standings) <= set(LIVE)
    ids = None if holders is None else _ids(view, holders, known)
    asked = {**_asked(wanted, known, after, limit), **({} if ids is None else {"holders": ids})}
    if holders is None:
        return _owed(view, "list_live" if live else "list_all", asked, known)
    return _owed(view, "list_live_of_holders" if live else "list_of_holders", asked, known)


def caused_by(
    view: View,
    cause: str,
    wanted: Wanted,
    *,
    known: int | None = None,
    after: tuple[date, str] = _FIRST,
    limit: int = MOST,
) -> list[Owed]:
    """Return the duties that an entry opened, and those that went up from there."""
    return _owed(view, "list_of_cause", {**_asked(wanted, known, after, limit), "cause": cause}, known)


def about(
    view: View,
    subject: str,
    wanted: Wanted,
    *,
    known: int | None = None,
    after: tuple[date, str] = _FIRST,
    limit: int = MOST,
) -> list[Owed]:
    """Return the duties about a subject (`kind/id`)."""
    subjects = keys_of(view, subject, known_at(view, known))
    return _owed(view, "list_of_subject", {**_asked(wanted, known, after, limit), "subjects": subjects}, known)


def history(view: View, duty: str, *, known: int | None = None) -> list[Owed]:
    """Return how one duty stood after each of its events, in order; empty where it is unknown."""
    return _owed(view, "list_history", {"duty": duty, "known": _LAST if known is None else known}, known)


def counts(view: View, holders: Sequence[str] | None = None, *, known: int | None = None) -> list[Count]:
    """Return how many duties stand how, by party and kind, of some holders or of all."""
    ids = None if holders is None else _ids(view, holders, known)
    asked = {"known": _LAST if known is None else known, "holders": ids}
    return [Count(*row) for row in view.rows("count_standings", asked)]


def live_ids(view: View) -> list[str]:
    """Return the ids of all duties that still can be answered."""
    return [row[0] for row in view.rows("list_live_ids", {})]


def _asked(wanted: Wanted, known: int | None, after: tuple[date, str], limit: int) -> dict[str, Any]:
    return {
        "standings": list(wanted.standings),
        "due_before": wanted.due_before,
        "kind": wanted.kind,
        "party": wanted.party,
        "known": _LAST if known is None else known,
        "after_day": after[0],
        "after_duty": after[1],
        "limit": min(limit, MOST),
    }


def _ids(view: View, holders: Sequence[str], known: int | None) -> list[str]:
    """Return every id that is read as one of these persons."""
    return sorted({id for holder in holders for id in ids_of(view, holder, known_at(view, known))})


def _owed(view: View, statement: str, asked: dict[str, Any], known: int | None) -> list[Owed]:
    """Return duties with the persons in them read as the ids they were merged into."""
    found, at = [_row(row) for row in view.rows(statement, asked)], known_at(view, known)
    people = read_as(view, {person for owed in found for person in owed.people}, at)
    keys = keys_read(view, {key for owed in found for key in (owed.of, owed.subject)}, at)
    return [
        replace(
            owed,
            holder=None if owed.holder is None else people[owed.holder],
            recorded_holder=owed.holder,
            escalated_to=None if owed.escalated_to is None else people[owed.escalated_to],
            of=keys[owed.of],
            subject=keys[owed.subject],
            gaps=tuple(gap._replace(holder=None if gap.holder is None else people[gap.holder]) for gap in owed.gaps),
        )
        for owed in found
    ]


def _row(row: tuple[Any, ...]) -> Owed:
    """Join a duty's row, and its spell's without its duty and the end of what was known."""
    duty, spell = row[:13], row[13:]
    known_from, recorded_at, event_id = spell[1], spell[3], str(spell[4])
    gaps = () if spell[-1] is None else tuple(_gap(gap) for gap in orjson.loads(spell[-1]))
    return Owed(*(*duty, known_from, recorded_at, event_id, *spell[5:-1], gaps))


def _gap(gap: dict[str, str]) -> Gap:
    return Gap(gap.get("holder"), date.fromisoformat(gap["starts_on"]), date.fromisoformat(gap["ends_on"]))
