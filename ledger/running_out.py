"""What runs out: judged by the schedule in force where somebody works, or worked last, and by what holds it.

Nothing runs out where no schedule of the jurisdiction is in force, and nothing while a hold stands.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from ledger.domain import STREAM_KINDS
from ledger.domain.people import PersonState
from ledger.domain.privacy.expiry import ExpireClass
from ledger.domain.privacy.schedules import MOST_RETIRED, RetireEvents
from ledger.domain.privacy.terms import RECORDS, Kept, RetentionTerm, Since
from ledger.facts import LedgerFacts
from ledger.kernel.ids import split_stream, stream_name
from ledger.kernel.moments import day_of
from ledger.privacy.expiring import HeldClass, IdleStream

RECORD, SCHEDULE = "personal-record", "retention-schedule"
PERSONAL = ("person", "candidate")
TEXTS = frozenset(one.value for one in Kept)
logger = logging.getLogger(__name__)


class RanOut(NamedTuple):
    """A stream that is kept no more, by which schedule."""

    stream: IdleStream
    schedule: str
    of: Kept
    version: int


def ids_of(facts: LedgerFacts, subject: str) -> list[str]:
    """Return every id (`person/p-…`) that names the same person now, first the one they are read as."""
    kind, id = split_stream(subject)
    if kind != "person":
        return [subject]
    found = [facts.resolved(id)]
    for one in found:  # the list grows while it is walked
        found += [former for former in facts.naming("person", one, of="person") if former not in found]
    return [stream_name(kind, one) for one in found]


def is_held(facts: LedgerFacts, subject: str) -> bool:
    """Tell whether a hold stands on a subject, under any of its ids, or it is being erased anyway."""
    records = [facts.state(RECORD, id) for id in ids_of(facts, subject)]
    return any(record.holds or record.confirmed for record in records)


def jurisdiction_of(facts: LedgerFacts, subject: str | None, now: datetime) -> str | None:
    """Return the law under which something is kept: of a person who left, that of their last unit."""
    kind, id = (None, None) if subject is None else split_stream(subject)
    if kind == "person" and id is not None:
        return facts.jurisdiction_of(id, facts.last_unit_of(id, now), now)
    return facts.jurisdiction_of(None, id if kind == "unit" else None, now)


def expired_class(facts: LedgerFacts, held: Sequence[HeldClass], now: datetime) -> ExpireClass | None:
    """Return the command that follows for one class, kept under all ids of a subject; None while it is kept."""
    subject, of = ids_of(facts, held[0].subject)[0], held[0].of
    law = jurisdiction_of(facts, subject, now)
    found = None if law is None or of not in TEXTS else facts.state(SCHEDULE, law).term(Kept(of), now)
    if law is None or found is None or is_held(facts, subject) or of in facts.state(RECORD, subject).expiring:
        return None
    version, term = found
    since = _since(facts, subject, term, max(one.last for one in held), now)
    if since is None:
        return None
    ran_out_on = term.runs_out(day_of(since, facts.zone))
    if ran_out_on > day_of(now, facts.zone):
        return None
    return ExpireClass(of=Kept(of), schedule=law, version=version, ran_out_on=ran_out_on)


def _since(facts: LedgerFacts, subject: str, term: RetentionTerm, last: datetime, now: datetime) -> datetime | None:
    """Return from when a period runs; None while it has not begun: while somebody works here, or never did."""
    if term.since is Since.LAST or not subject.startswith("person/"):
        return last
    states: list[PersonState] = [facts.state(*split_stream(id)) for id in ids_of(facts, subject)]
    changes = [change for state in states for change in state.lines["employment"].changes]
    if any(state.employment_on(now) for state in states) or any(c.at > now and c.value.begins for c in changes):
        return None
    return max((c.at for c in changes if not c.value.begins), default=None)


def ran_out(facts: LedgerFacts, stream: IdleStream, now: datetime) -> RanOut | None:
    """Return that a stream is kept no more, None while it is, or while somebody whom it names is held."""
    if _may_go_on(facts, stream.stream, now):
        return None
    of = RECORDS[split_stream(stream.stream)[0]]
    kinds = [split_stream(subject)[0] for subject in stream.subjects]
    personal = [subject for subject, kind in zip(stream.subjects, kinds, strict=True) if kind in PERSONAL]
    units = [subject for subject, kind in zip(stream.subjects, kinds, strict=True) if kind == "unit"]
    about: Sequence[str | None] = personal or units[:1] or [None]
    laws = {jurisdiction_of(facts, subject, now) for subject in about}
    terms = [(law, facts.state(SCHEDULE, law).term(of, now)) for law in sorted(law for law in laws if law is not None)]
    known = [(term.runs_out(day_of(stream.last, facts.zone)), law, version) for law, (version, term) in _only(terms)]
    if not known or len(known) < len(laws) or any(is_held(facts, subject) for subject in personal):
        return None
    runs_out_on, law, version = max(known)  # of several laws the one that keeps it longest
    return RanOut(stream, law, of, version) if runs_out_on <= day_of(now, facts.zone) else None


def _may_go_on(facts: LedgerFacts, stream: str, now: datetime) -> bool:
    """Tell whether a stream is the only one of its kind for somebody who works here, or for a unit."""
    kind, id = split_stream(stream)
    if not STREAM_KINDS[kind].begins_by_any:
        return False
    about, named = split_stream(id) if "/" in id else ("person", id)
    return about != "person" or any(
        facts.is_employed(split_stream(one)[1], now) for one in ids_of(facts, stream_name(about, named))
    )


def _only(
    terms: Sequence[tuple[str, tuple[int, RetentionTerm] | None]],
) -> Iterator[tuple[str, tuple[int, RetentionTerm]]]:
    return ((law, found) for law, found in terms if found is not None)


def bundled(gone: Sequence[RanOut]) -> Iterator[tuple[str, RetireEvents]]:
    """Yield schedule and command for what ran out, whole streams together as far as one event may name positions."""
    by_term = defaultdict[tuple[str, Kept, int], list[IdleStream]](list)
    for one in gone:
        by_term[one.schedule, one.of, one.version].append(one.stream)
    for (schedule, of, version), streams in by_term.items():
        positions: list[int] = []
        for stream in streams:
            if len(stream.positions) > MOST_RETIRED:
                logger.warning("a stream is too long to be retired by one event; it stays")
                continue
            if len(positions) + len(stream.positions) > MOST_RETIRED:
                yield schedule, RetireEvents(of=of, version=version, positions=tuple(sorted(positions)))
                positions = []
            positions += stream.positions
        if positions:
            yield schedule, RetireEvents(of=of, version=version, positions=tuple(sorted(positions)))
