"""What the answers of who-owns look like."""

import base64
from collections.abc import Sequence
from datetime import datetime

from api.labels import Labels
from api.signing import Signed
from api.times import Moment
from ledger.kernel.ids import split_stream
from ledger.kernel.moments import utc_text
from projections.responsibility.queries import Conflict, Gap, HandOver, Holding, Owned, Ownership

ROLES = ("accountable", "responsible", "support", "consulted", "informed")
Fields = dict[str, object]


def instant(at: datetime | None) -> str | None:
    """Return an instant as text in UTC, None for one that is open."""
    return None if at is None else utc_text(at)


def subject_json(key: str, label: str | None) -> Fields:
    """Return a subject with its label."""
    kind, id = split_stream(key)
    return {"kind": kind, "id": id, "label": label}


def holding_json(holding: Holding, labels: Labels) -> Fields:
    """Return one holder in a role: since, until, on what authority, act or testimony, by which event."""
    return {
        "holder": labels.holder(holding.holder),
        **recorded_as(holding),
        "since": instant(holding.since),
        "until": instant(holding.until),
        "actor": holding.actor,
        "authority": holding.authority,
        "mark": "testimony" if holding.testimony else "act",
        "marks": holding.marks,
        "event": {"event_id": holding.event_id, "position": holding.position},
    }


def recorded_as(holding: Holding) -> Fields:
    """Return the ids that were recorded, where the holder is read as another one."""
    ids = tuple(key for key in holding.recorded_as if key != holding.holder)
    return {"recorded_as": [split_stream(key)[1] for key in holding.recorded_as]} if ids else {}


def ownership_json(ownership: Ownership, labels: Labels) -> Fields:
    """Return who owns a subject, role by role; the accountable of a unit is its lead."""
    roles = {**dict.fromkeys(ROLES, ()), **ownership.holders, "accountable": ownership.accountable}
    conflict = ownership.conflict
    return {
        "subject": {**subject_json(ownership.subject, ownership.label), "live": ownership.live},
        **{role: [holding_json(h, labels) for h in held] for role, held in roles.items()},
        "changes": [{"role": h.role, **holding_json(h, labels)} for h in ownership.changes],
        "gaps": gaps_of(ownership),
        "conflicts": [] if conflict is None else [conflict_json(conflict, labels)],
        "rests_on": rests_on_json(ownership),
    }


def rests_on_json(ownership: Ownership, merges: Sequence[tuple[str, int]] = ()) -> list[Fields]:
    """Return the events that the answer rests on, in order of position; `merges`: those that read ids as others."""
    events = sorted({*ownership.rests_on, *merges}, key=lambda event: event[1])
    return [{"event_id": event_id, "position": position} for event_id, position in events]


def gaps_of(ownership: Ownership) -> list[Fields]:
    """Return the gap, also where nothing is recorded of that time yet: nobody is known to have answered then."""
    if ownership.gap is not None:
        return [gap_json(ownership.gap)]
    unknown = ownership.live and not ownership.accountable
    return [{"since": None, "until": None, "declared": False}] if unknown else []


def gap_json(gap: Gap) -> Fields:
    """Return a time without anybody accountable."""
    return {"since": instant(gap.since), "until": instant(gap.until), "declared": gap.declared}


def conflict_json(conflict: Conflict, labels: Labels) -> Fields:
    """Return a time with several accountable."""
    holders = [labels.holder(key) for key in conflict.holders]
    return {"since": instant(conflict.since), "until": instant(conflict.until), "holders": holders}


def hand_over_json(passed: HandOver, labels: Labels) -> Fields:
    """Return how a role passed from one holder to another."""
    return {
        "role": passed.role,
        "giver": labels.holder(passed.giver),
        "taker": labels.holder(passed.taker),
        "left": instant(passed.left),
        "taken": instant(passed.taken),
        "returned": passed.returned,
        "event": {"event_id": passed.event_id, "position": passed.position},
    }


def owned_row(owned: Owned, labels: Labels) -> Fields:
    """Return one thing that somebody holds, as a row of a table."""
    holding = owned.holding
    return {
        **subject_json(owned.subject, owned.label),
        "role": holding.role,
        "holder": labels.holder(holding.holder),
        **recorded_as(holding),
        "since": instant(holding.since),
        "until": instant(holding.until),
        "authority": holding.authority,
        "mark": "testimony" if holding.testimony else "act",
        "event_id": holding.event_id,
        "position": holding.position,
    }


def moment_json(moment: Moment) -> Fields:
    """Return the resolved `on`."""
    return {"asked": moment.text, "at": instant(moment.at), "zone": moment.zone}


def checkpoint_json(signed: Signed) -> Fields:
    """Return the checkpoint that the ledger stood under when it answered."""
    head = signed.head
    return {"origin": head.origin, "size": head.size, "root": base64.b64encode(head.root).decode()}
