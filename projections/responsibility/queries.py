"""Questions about responsibility: who owns this, what does somebody hold, where are gaps, conflicts and hand-overs."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from projections.engine.views import View
from projections.responsibility.handlers import ACCOUNTABLE, CONFLICT, GAP, LABEL, LEAD, LIFE, UNIT_LABEL, UNIT_LIFE

MOST = 1_000
_LAST = "\U0010ffff"
_TOLD_APART = frozenset({LABEL, LIFE, UNIT_LABEL, UNIT_LIFE})


@dataclass(frozen=True, slots=True)
class Holding:
    """A holder in a role from `since` until before `until` (None: open), by which event and on what authority."""

    role: str
    holder: str
    since: datetime
    until: datetime | None
    event_id: str
    position: int
    actor: str
    authority: str
    testimony: bool
    marks: tuple[str, ...]
    ended_by: str | None
    ended_position: int | None


@dataclass(frozen=True, slots=True)
class Gap:
    """A live subject without anybody accountable; `declared` when somebody said so knowingly."""

    subject: str
    since: datetime
    until: datetime | None
    declared: bool


@dataclass(frozen=True, slots=True)
class Conflict:
    """A subject with more than one accountable, which only testimony can bring about."""

    subject: str
    since: datetime
    until: datetime | None
    holders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ownership:
    """Who owns a subject at `on`, as known at the position `known`; true at `position`.

    `changes` are the holdings that begin or end after `day_start` and up to `on`. A unit's lead is its accountable.
    """

    subject: str
    label: str | None
    live: bool
    on: datetime
    known: int
    position: int
    holders: dict[str, tuple[Holding, ...]]
    changes: tuple[Holding, ...]
    gap: Gap | None
    conflict: Conflict | None
    rests_on: tuple[tuple[str, int], ...] = field(default=())

    @property
    def accountable(self) -> tuple[Holding, ...]:
        """Return who is accountable: one, none in a gap, several in a conflict; for a unit its lead."""
        role = LEAD if self.subject.startswith("unit/") and ACCOUNTABLE not in self.holders else ACCOUNTABLE
        return self.holders.get(role, ())


@dataclass(frozen=True, slots=True)
class HandOver:
    """The role passed from one holder to another. `returned`: the taker had held it before (ping-pong).

    `left` is when the giver ended, `taken` when the taker began; between them it was held by nobody.
    """

    role: str
    giver: str
    taker: str
    left: datetime | None
    taken: datetime
    event_id: str
    position: int
    returned: bool


@dataclass(frozen=True, slots=True)
class Owned:
    """Something that somebody holds."""

    subject: str
    label: str | None
    holding: Holding


def who_owns(
    view: View, subject: str, *, on: datetime, known: int | None = None, day_start: datetime | None = None
) -> Ownership:
    """Return who owns `subject` (`kind/id`) at the instant `on`, as known at the position `known` (None: now).

    With `day_start` what changed between it and `on` is listed too. An unknown subject has no holders and no gap.
    """
    at = _known(view, known)
    since = on if day_start is None else min(day_start, on)
    asked = {"subject": subject, "known": at, "on": on, "since": since}
    told = [_holding(row) for row in view.rows("find_holdings", asked)]
    life = [h for h in told if h.role in (LIFE, UNIT_LIFE)]
    held = [h for h in told if h not in life or h.since <= on]
    current = [h for h in held if h.since <= on and (h.until is None or h.until > on)]
    changed = [h for h in held if h.since > since or (h.until is not None and since < h.until <= on)]
    gap, conflict = _flaws(view, asked)
    return Ownership(
        subject=subject,
        label=_label(current),
        live=any(h in life for h in current) or not life,
        on=on,
        known=at,
        position=view.position,
        holders=_by_role(current),
        changes=tuple(changed),
        gap=gap,
        conflict=conflict,
        rests_on=_rests_on(held),
    )


def _by_role(current: Sequence[Holding]) -> dict[str, tuple[Holding, ...]]:
    roles: dict[str, list[Holding]] = defaultdict(list)
    for holding in current:
        if holding.role not in _TOLD_APART:
            roles[holding.role].append(holding)
    return {role: tuple(holdings) for role, holdings in roles.items()}


def _label(current: Sequence[Holding]) -> str | None:
    labels = {h.role: h.holder for h in current}
    return labels.get(LABEL, labels.get(UNIT_LABEL))


def _rests_on(held: Sequence[Holding]) -> tuple[tuple[str, int], ...]:
    begun = {(h.position, h.event_id) for h in held}
    ended = {(h.ended_position, h.ended_by) for h in held if h.ended_by is not None and h.ended_position is not None}
    return tuple((event_id, position) for position, event_id in sorted(begun | ended))


def _flaws(view: View, asked: dict[str, Any]) -> tuple[Gap | None, Conflict | None]:
    gap, conflict = None, None
    for row in view.rows("find_flaws_of", asked):
        if row[1] == GAP:
            gap = _gap(row)
        else:
            conflict = _conflict(row)
    return gap, conflict


def gaps(
    view: View, *, on: datetime, known: int | None = None, kind: str | None = None, after: str = "", limit: int = MOST
) -> list[Gap]:
    """Return live subjects that nobody answers for at `on`, in order of subject after `after`, at most `limit`."""
    return [_gap(row) for row in _list_flaws(view, GAP, on=on, known=known, kind=kind, after=after, limit=limit)]


def conflicts(
    view: View, *, on: datetime, known: int | None = None, kind: str | None = None, after: str = "", limit: int = MOST
) -> list[Conflict]:
    """Return subjects for which several are accountable at `on`; paged as `gaps`."""
    return [
        _conflict(row) for row in _list_flaws(view, CONFLICT, on=on, known=known, kind=kind, after=after, limit=limit)
    ]


def _list_flaws(
    view: View, flaw: str, *, on: datetime, known: int | None, kind: str | None, after: str, limit: int
) -> list[tuple[Any, ...]]:
    first, beyond = _range(kind)
    at = _known(view, known)
    asked = {"flaw": flaw, "on": on, "known": at, "after": after, "first": first, "beyond": beyond}
    return view.rows("list_flaws", {**asked, "limit": min(limit, MOST)})


def hand_overs(view: View, subject: str, *, role: str | None = None, known: int | None = None) -> list[HandOver]:
    """Return how a role of the subject (None: accountable, or a unit's lead) passed from holder to holder, in time."""
    chosen = role or (LEAD if subject.startswith("unit/") else ACCOUNTABLE)
    asked = {"subject": subject, "role": chosen, "known": _known(view, known)}
    line = [_holding(row) for row in view.rows("find_line", asked)]
    seen: set[str] = set()
    passed: list[HandOver] = []
    for giver, taker in pairwise(line):
        seen.add(giver.holder)
        if giver.holder != taker.holder:
            passed.append(_hand_over(giver, taker, returned=taker.holder in seen))
    return passed


def _hand_over(giver: Holding, taker: Holding, *, returned: bool) -> HandOver:
    return HandOver(
        role=taker.role,
        giver=giver.holder,
        taker=taker.holder,
        left=giver.until,
        taken=taker.since,
        event_id=taker.event_id,
        position=taker.position,
        returned=returned,
    )


def owned_by(
    view: View,
    holder: str,
    *,
    on: datetime,
    role: str | None = None,
    kind: str | None = None,
    known: int | None = None,
    after: tuple[str, str] = ("", ""),
    limit: int = MOST,
) -> list[Owned]:
    """Return what `holder` (`person/…` or `unit/…`) holds at `on`, in order of (role, subject) after `after`."""
    at = _known(view, known)
    first, beyond = _range(kind)
    asked = {"holder": holder, "role": role, "on": on, "known": at, "first": first, "beyond": beyond}
    page = {"after_role": after[0], "after_subject": after[1], "limit": min(limit, MOST)}
    rows = view.rows("list_holdings", {**asked, **page})
    labels = labels_of(view, [row[0] for row in rows], on=on, known=at)
    return [Owned(row[0], labels.get(row[0]), _holding(row[1:])) for row in rows]


def labels_of(view: View, subjects: Sequence[str], *, on: datetime, known: int | None = None) -> dict[str, str]:
    """Return the labels of several subjects at `on`; those without any are left out."""
    if not subjects:
        return {}
    asked = {"subjects": list(subjects), "on": on, "known": _known(view, known)}
    rows = sorted(view.rows("find_labels", asked), key=lambda row: row[1] == LABEL)
    return {subject: label for subject, _, label in rows}


def _known(view: View, known: int | None) -> int:
    return view.position if known is None else min(known, view.position)


def _range(kind: str | None) -> tuple[str, str]:
    """Return the first and the first-beyond text of the subjects of one kind: 0 comes right after the slash."""
    return ("", _LAST) if kind is None else (f"{kind}/", f"{kind}0")


def _holding(row: tuple[Any, ...]) -> Holding:
    role, holder, since, until, event_id, position, actor, basis, testimony, marks, ended_by, ended_position = row
    coded = tuple(marks.split())
    return Holding(
        role, holder, since, until, event_id, position, actor, basis, testimony, coded, ended_by, ended_position
    )


def _gap(row: tuple[Any, ...]) -> Gap:
    subject, _, holders, since, until = row
    return Gap(subject, since, until, declared=holders == "declared")


def _conflict(row: tuple[Any, ...]) -> Conflict:
    subject, _, holders, since, until = row
    return Conflict(subject, since, until, tuple(json.loads(holders)))
