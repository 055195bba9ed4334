"""Questions about responsibility: who owns this, what does somebody hold, where are gaps, conflicts and hand-overs."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from typing import Any

from projections.engine.merged import keys_of, keys_read, merge_positions, several_ids
from projections.engine.views import View
from projections.responsibility.handlers import ACCOUNTABLE, CONFLICT, GAP, LABEL, LEAD, LIFE, UNIT_LABEL, UNIT_LIFE

MOST = 1_000
_LAST = "\U0010ffff"
_TOLD_APART = frozenset({LABEL, LIFE, UNIT_LABEL, UNIT_LIFE})


@dataclass(frozen=True, slots=True)
class Holding:
    """A holder in a role from `since` until before `until` (None: open), by which event and on what authority.

    `holder` is read as the id it was merged into; `recorded_as` are the ids that were recorded.
    """

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
    recorded_as: tuple[str, ...] = ()


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
    merges: tuple[int, ...] = ()  # the positions of the merges by which holders are read as others

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
    Who was recorded under several ids of one person holds once.
    """
    at = _known(view, known)
    since = on if day_start is None else min(day_start, on)
    subjects = keys_of(view, subject, at)
    asked = {"subjects": subjects, "known": at, "on": on, "since": since}
    told = _read(view, [_holding(row) for row in view.rows("find_holdings", asked)], at)
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
        holders=_by_role(_once(view, subjects, current, at)),
        changes=tuple(changed),
        gap=gap,
        conflict=conflict,
        rests_on=_rests_on(held),
        merges=tuple(merge_positions(view, {h.recorded_as[0] for h in held if h.recorded_as[0] != h.holder}, at)),
    )


def _by_role(current: Sequence[Holding]) -> dict[str, tuple[Holding, ...]]:
    roles: dict[str, list[Holding]] = defaultdict(list)
    for holding in current:
        if holding.role not in _TOLD_APART:
            roles[holding.role].append(holding)
    return {role: tuple(holdings) for role, holdings in roles.items()}


def holdings_in(view: View, rows: Sequence[tuple[Any, ...]], known: int) -> list[Holding]:
    """Return the holdings in rows of a statement, each holder read as the id that it was merged into."""
    return _read(view, [_holding(row) for row in rows], known)


def _read(view: View, held: Sequence[Holding], known: int) -> list[Holding]:
    """Return holdings with each holder read as the id that it was merged into."""
    whole = keys_read(view, (h.holder for h in held if h.role not in _TOLD_APART), known)
    return [replace(h, holder=whole.get(h.holder, h.holder), recorded_as=(h.holder,)) for h in held]


def _once(view: View, subjects: Sequence[str], current: Sequence[Holding], known: int) -> list[Holding]:
    """Return each holder once a role; a person of several ids since they began under the first without a break."""
    several = several_ids(view, {h.holder for h in current if h.role not in _TOLD_APART}, known)
    found: dict[tuple[str, str], Holding] = {}
    for holding in current:
        key = (holding.role, holding.holder)
        if key in found:
            found[key] = _joined(found[key], holding)
        else:
            found[key] = _unbroken(view, subjects, holding, known) if holding.holder in several else holding
    return list(found.values())


def _unbroken(view: View, subjects: Sequence[str], holding: Holding, known: int) -> Holding:
    """Return a holding together with those that it follows, or that follow it, under other ids of the same person."""
    rows = view.rows("find_line", {"subjects": subjects, "role": holding.role, "known": known})
    own = [one for one in _read(view, [_holding(row) for row in rows], known) if one.holder == holding.holder]
    whole = own[0]
    for one in own[1:]:
        if whole.until is None or one.since <= whole.until:
            whole = _joined(whole, one)
        elif whole.until > holding.since:
            break
        else:
            whole = one
    return whole


def _joined(first: Holding, other: Holding) -> Holding:
    ids = tuple(dict.fromkeys((*first.recorded_as, *other.recorded_as)))
    if first.until is not None and (other.until is None or other.until > first.until):
        at, by = other.ended_position, other.ended_by
        return replace(first, recorded_as=ids, until=other.until, ended_by=by, ended_position=at)
    return replace(first, recorded_as=ids)


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
            conflict = next(_conflicts(view, [row], asked["known"]), None)
    return gap, conflict


def gaps(
    view: View, *, on: datetime, known: int | None = None, kind: str | None = None, after: str = "", limit: int = MOST
) -> list[Gap]:
    """Return live subjects that nobody answers for at `on`, in order of subject after `after`, at most `limit`."""
    return [_gap(row) for row in _list_flaws(view, GAP, on=on, known=known, kind=kind, after=after, limit=limit)]


def conflicts(
    view: View, *, on: datetime, known: int | None = None, kind: str | None = None, after: str = "", limit: int = MOST
) -> list[Conflict]:
    """Return subjects for which several are accountable at `on`; paged as `gaps`. Ids of one person are one."""
    most, found = min(limit, MOST), list[Conflict]()
    while len(found) < most:
        rows = _list_flaws(view, CONFLICT, on=on, known=known, kind=kind, after=after, limit=most)
        found += _conflicts(view, rows, _known(view, known))
        if len(rows) < most:
            break
        after = rows[-1][0]
    return found[:most]


def _conflicts(view: View, rows: Sequence[tuple[Any, ...]], known: int) -> Iterator[Conflict]:
    """Yield the conflicts that are left once merged ids are read as one."""
    found = [_conflict(row) for row in rows]
    whole = keys_read(view, {holder for conflict in found for holder in conflict.holders}, known)
    for conflict in found:
        holders = tuple(sorted({whole[holder] for holder in conflict.holders}))
        if len(holders) > 1:
            yield replace(conflict, holders=holders)


def _list_flaws(
    view: View, flaw: str, *, on: datetime, known: int | None, kind: str | None, after: str, limit: int
) -> list[tuple[Any, ...]]:
    first, beyond = _range(kind)
    at = _known(view, known)
    asked = {"flaw": flaw, "on": on, "known": at, "after": after, "first": first, "beyond": beyond}
    return view.rows("list_flaws", {**asked, "limit": min(limit, MOST)})


def hand_overs(view: View, subject: str, *, role: str | None = None, known: int | None = None) -> list[HandOver]:
    """Return how a role of the subject (None: accountable, or a unit's lead) passed from holder to holder, in time."""
    return passed_on(line_of(view, subject, role=role, known=known))


def line_of(view: View, subject: str, *, role: str | None = None, known: int | None = None) -> list[Holding]:
    """Return every holder of a role of the subject (None: accountable, or a unit's lead), in order of time."""
    chosen = role or (LEAD if subject.startswith("unit/") else ACCOUNTABLE)
    at = _known(view, known)
    asked = {"subjects": keys_of(view, subject, at), "role": chosen, "known": at}
    return holdings_in(view, view.rows("find_line", asked), at)


def passed_on(line: Sequence[Holding]) -> list[HandOver]:
    """Return how a role passed from holder to holder along a line in order of time."""
    seen: set[str] = set()
    passed: list[HandOver] = []
    for giver, taker in pairwise(line):
        seen.add(giver.holder)
        if giver.holder != taker.holder:
            by = (taker.event_id, taker.position)
            back = taker.holder in seen
            passed.append(HandOver(taker.role, giver.holder, taker.holder, giver.until, taker.since, *by, back))
    return passed


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
    asked = {"role": role, "on": on, "known": at, "first": first, "beyond": beyond}
    page = {"after_role": after[0], "after_subject": after[1], "limit": min(limit, MOST)}
    ids = keys_of(view, holder, at)
    if len(ids) == 1:
        rows = view.rows("list_holdings", {**asked, **page, "holder": ids[0]})
    else:
        rows = view.rows("list_holdings_of_several", {**asked, **page, "holders": ids})
    told = _read(view, [_holding(row[1:]) for row in rows], at)
    return _owned(view, [(row[0], h) for row, h in zip(rows, told, strict=True)], on=on, known=at)


def held(
    view: View,
    *,
    on: datetime,
    role: str | None = None,
    kind: str | None = None,
    known: int | None = None,
    after: tuple[str, str, str] = ("", "", ""),
    limit: int = MOST,
) -> tuple[list[Owned], tuple[str, str, str] | None]:
    """Return who holds what at `on`, in order of (subject, role, holder), and the place to go on from, None at the end.

    A page may hold fewer than `limit` and yet not be the last: ids of one person are told once.
    """
    at, most = _known(view, known), min(limit, MOST)
    first, beyond = _range(kind)
    asked = {"role": role, "on": on, "known": at, "first": first, "beyond": beyond}
    page = {"after_subject": after[0], "after_role": after[1], "after_holder": after[2], "limit": most}
    rows = view.rows("list_held", {**asked, **page})
    last = rows[-1][:3] if len(rows) == most else None
    return _owned(view, _told_once(view, rows, on=on, known=at), on=on, known=at), last


def _told_once(view: View, rows: Sequence[tuple[Any, ...]], *, on: datetime, known: int) -> list[tuple[str, Holding]]:
    """Return the rows with holders read as merged; of several ids of one person on a subject only the first."""
    told = _read(view, [_holding(row[1:]) for row in rows], known)
    several = several_ids(view, {holding.holder for holding in told}, known)
    found = []
    for (subject, *_), holding in zip(rows, told, strict=True):
        if holding.holder not in several or holding.recorded_as[0] == _first_id(view, subject, holding, on, known):
            found.append((subject, holding))
    return found


def _first_id(view: View, subject: str, holding: Holding, on: datetime, known: int) -> str:
    """Return the first of the ids of a person that hold this at a time."""
    asked = {"subjects": [subject], "known": known, "on": on, "since": on}
    told = _read(view, [_holding(row) for row in view.rows("find_holdings", asked)], known)
    return min(one.recorded_as[0] for one in told if (one.role, one.holder) == (holding.role, holding.holder))


def _owned(view: View, found: Sequence[tuple[str, Holding]], *, on: datetime, known: int) -> list[Owned]:
    labels = labels_of(view, [subject for subject, _ in found], on=on, known=known)
    return [Owned(subject, labels.get(subject), holding) for subject, holding in found]


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
