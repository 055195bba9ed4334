"""Deciding one command: effective time, authority, the context's rules, and the encoded event that follows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from ledger.asking import AfterCutOver, Ask, NotConfirmed
from ledger.authority import Judged, judge
from ledger.domain import STREAM_KINDS
from ledger.domain.identity import Role
from ledger.facts import LedgerFacts
from ledger.kernel.append import Draft, IdempotencyKey, LookupKey
from ledger.kernel.command import Act, Command
from ledger.kernel.event import Authority, Entry, Envelope, Event, encode
from ledger.kernel.ids import pseudonym, stream_name, uuid7, uuid_text
from ledger.kernel.moments import begins, effective_text
from ledger.kernel.refusals import InTheFuture, LateNeedsReason, NotFound, Refusal, StaleMatch
from ledger.privacy.sealing import Sealer, Texts
from ledger.privacy.secrets import LedgerSecrets
from ledger.question import Question
from ledger.states import States
from ledger.zones import subject_zone

HIDDEN = "hidden"  # the credential of an actor who must not be told
TRIAL = "trial"  # the authority of what is judged only; never recorded


class RecordRetired(Refusal):
    """What was recorded here is kept no more; nobody can act on what nobody knows."""

    code, status = "record_retired", 410
    en = "This record was kept as long as its retention schedule said, and is gone; nothing is added to it."
    zh = "该记录已按保留期限表到期销毁，不得再追加内容。"


@dataclass(frozen=True, slots=True)
class Rules:
    """What a ledger's own opening says to every decision."""

    zone: ZoneInfo
    cut_over: date


@dataclass(frozen=True, slots=True)
class Decided:
    """An event that may be recorded, on a stream that must be at `base`."""

    stream: str
    base: int
    event_id: bytes
    event: Event
    envelope: Envelope
    subjects: tuple[str, ...]
    key: IdempotencyKey | None = None
    shared: Mapping[str, int] = field(default_factory=dict)  # what it counted over several streams -> its turn

    @property
    def texts(self) -> Texts:
        """Return what must be sealed."""
        return self.event.sealed_texts(self.stream)

    def entry(self, position: int, version: int, recorded_at: datetime) -> Entry:
        """Return the entry as it stands, or would stand, in the ledger."""
        envelope = self.envelope
        return Entry(
            position=position,
            stream=self.stream,
            version=version,
            recorded_at=recorded_at,
            event_id=envelope.event_id,
            topic=self.event.topic,
            schema_version=self.event.schema_version,
            effective_at=envelope.effective_at,
            begins=envelope.begins,
            actor=envelope.actor,
            source=envelope.source,
            event=self.event,
            data={},
            marks=envelope.marks,
            authority=envelope.authority.stored(),
        )


def decide(ask: Ask, states: States, rules: Rules, now: datetime, batch: str | None = None) -> Decided:
    """Return the event that an ask leads to. Raises Refusal, or NotLoaded for a stream that is not in memory."""
    kind = STREAM_KINDS[ask.kind]
    id, event_id = ask.id or pseudonym(kind.prefix), uuid7()
    stream = stream_name(ask.kind, id)
    current = states.get(stream)
    if current.retired:
        raise RecordRetired()
    facts = LedgerFacts(states, rules.zone, testimony=ask.testimony is not None)
    effective = ask.command.effective_at or now
    zone = subject_zone(ask.command, ask.kind, id, current.state, facts, now)
    starts = begins(effective, zone)
    judged = _authority(ask, id, current.state, facts, begins=starts, now=now)
    act = Act(
        id=id,
        actor=ask.caller.id,
        now=now,
        effective=effective,
        begins=starts,
        facts=facts,
        event_id=uuid_text(event_id),
        testimony=ask.testimony is not None,
        marks=list(judged.marks),
        principal=judged.principal,
        subject_zone=zone,
    )
    if current.version == 0 and (ask.continues or not (ask.command.starts or kind.begins_by_any)):
        raise NotFound()
    if ask.if_match is not None and ask.if_match != current.version:
        raise StaleMatch(version=current.version)
    _check_time(ask.command, act, rules)
    event = kind.decide(ask.command, current.state, act)
    envelope = _envelope(ask, act, judged.authority, event.hidden_actor(), batch)
    subjects = _subjects(event, stream)
    return Decided(stream, current.version, event_id, event, envelope, subjects, _own_key(ask), facts.shared)


def _own_key(ask: Ask) -> IdempotencyKey | None:
    return None if ask.key is None else IdempotencyKey(ask.caller.id, ask.key.key, ask.key.fingerprint)


def _authority(ask: Ask, id: str, state: object, facts: LedgerFacts, *, begins: datetime, now: datetime) -> Judged:
    if ask.testimony is None:
        at = begins if ask.command.claim and begins < now else now
        actor = facts.resolved(ask.caller.id)
        return judge(Question(actor, ask.command, id, state, at, facts), principal=ask.principal)
    if ask.testimony.trial:
        if Role.HR_ADMINISTRATOR not in facts.roles_of(ask.caller.id, now):
            raise NotConfirmed()
        return Judged(Authority(TRIAL, None, facts.position))
    imported = facts.state("import", ask.testimony.batch)
    if not imported.confirmed or ask.caller.id not in (imported.proposer, imported.confirmer):
        raise NotConfirmed()
    return Judged(Authority("import", f"import/{ask.testimony.batch}", facts.position), ask.principal)


def _check_time(command: Command, act: Act, rules: Rules) -> None:
    if act.testimony:
        if act.begins >= begins(rules.cut_over, rules.zone):
            raise AfterCutOver(date=effective_text(rules.cut_over))
        return
    if type(command).claim and act.begins > act.now:
        act.refuse(InTheFuture(today=effective_text(act.today)))
    window_days = act.facts.policy(act.now).terms.late_window_days
    if act.begins < act.now - timedelta(days=window_days) and command.reason is None:
        act.refuse(LateNeedsReason(days=window_days))


def _envelope(ask: Ask, act: Act, authority: Authority, hidden: str | None, batch: str | None) -> Envelope:
    """Return what stands around the event; a hidden actor leaves neither a name nor a credential."""
    return Envelope(
        event_id=act.event_id,
        effective_at=act.effective,
        begins=act.begins,
        actor=hidden or ask.caller.id,
        credential=ask.caller.credential if hidden is None else HIDDEN,
        authority=authority,
        source=ask.source if ask.testimony is None else ask.testimony.source,
        correlation=ask.cause or act.event_id,
        principal=act.principal,
        reason=ask.command.reason,
        cause=ask.cause,
        batch=batch,
        marks=tuple(act.marks),
        policy=None if act.testimony else act.facts.policy(act.now).name,
    )


def _subjects(event: Event, stream: str) -> tuple[str, ...]:
    """A responsibility is found by its stream and by the subject itself."""
    kind, _, subject = stream.partition("/")
    found = event.subjects(stream)
    return found if kind != "responsibility" else tuple(dict.fromkeys((stream, subject, *found[1:])))


def draft(decided: Decided, sealer: Sealer, secrets: LedgerSecrets) -> Draft:
    """Return the decided event as the writer takes it: encoded, its texts sealed. The data keys must be in memory.

    Raises NotConfirmed for what was judged on trial.
    """
    if decided.envelope.authority.basis == TRIAL:
        raise NotConfirmed()
    sealed, boxes = sealer.seal(decided.event_id, decided.texts)
    return Draft(
        stream=decided.stream,
        event_id=decided.event_id,
        topic=decided.event.topic,
        effective_at=effective_text(decided.envelope.effective_at),
        actor=decided.envelope.actor,
        subjects=decided.subjects,
        remainder=encode(decided.envelope, decided.event, decided.subjects, sealed),
        boxes=boxes,
        lookups=tuple(
            LookupKey(s, secrets.digest_of(s, value), decided.stream) for s, value in decided.event.lookups().items()
        ),
    )
