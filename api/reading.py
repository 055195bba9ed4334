"""Reading: who asks, whether the route's policy lets them, and what they may see of the answer."""

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, cast

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from api.holdings import owed_by
from api.identity import Asker, Identities
from api.paths import unescaped
from api.policies import POLICIES, Policy
from api.problems import language_of
from api.services import Served
from ledger.accesses import person_about
from ledger.application import Caller, Ledger
from ledger.kernel.ids import check_id, check_kind, split_stream
from ledger.kernel.refusals import Invalid, NotAllowed, NotFound, Refusal
from ledger.sight import KEPT_FROM_SOME, OPENED_BY_DUTY, Recorded, assesses, is_blind, is_kept_from, is_opened_by

RECHECK_S = 1.0


@dataclass(slots=True)
class Asked:
    """One question: by whom, of which ledger, with which roles, in which language."""

    asker: Asker
    roles: frozenset[str]
    policy: Policy
    language: str
    identities: Identities
    scope: Mapping[str, Any]
    checked_s: float = field(default_factory=time.monotonic)
    noted: set[str] = field(default_factory=set)  # persons of whom an access record of this answer says already
    owed: list[tuple[tuple[str, str], str]] | None = None  # what live duties of the caller are about, once looked up

    @property
    def served(self) -> Served:
        """The ledger and what follows it."""
        return self.asker.served

    @property
    def ledger(self) -> Ledger:
        """The ledger the token is bound to."""
        return self.asker.ledger

    @property
    def caller(self) -> Caller:
        """Who asks."""
        return self.asker.caller

    async def sees(self, kind: str, id: str) -> bool:
        """Tell whether the caller may see the subject, judged as of now whatever time is asked about.

        An open duty of theirs shows them what it is about.
        """
        return await self.ledger.may_see(self.caller, kind, id) or await self.owes(kind, id)

    async def owes(self, kind: str, id: str) -> bool:
        """Tell whether a live duty of the caller, about somebody else, is about the subject."""
        if kind not in OPENED_BY_DUTY or self.caller.kind != "person":
            return False
        if self.owed is None:
            self.owed = await asyncio.to_thread(owed_by, self.served.runner, self.caller.id)
        duties = [duty for subject, duty in self.owed if subject == (kind, id)]
        actor = self.caller.id
        return bool(duties) and await self.ledger.judged(
            lambda facts: any(is_opened_by(facts, actor, duty, (kind, id)) for duty in duties)
        )

    async def has_seat(self, kind: str, id: str) -> bool:
        """Tell whether the caller has an open seat in a subject that they may not see as a whole."""
        actor = self.caller.id
        return kind == "review" and await self.ledger.judged(lambda facts: assesses(facts, actor, id))

    async def is_kept_from(self, event: Recorded) -> bool:
        """Tell whether an event of a subject that the caller may see is kept from them: others' judgements."""
        if event.topic not in KEPT_FROM_SOME:
            return False
        return await self.ledger.judged(lambda facts: is_kept_from(facts, self.caller.id, event))

    async def is_blind(self, kind: str, id: str) -> bool:
        """Tell whether events of the subject may be kept from the caller."""
        return await self.ledger.judged(lambda facts: is_blind(facts, self.caller.id, (kind, id)))

    async def note_access(self, kind: str, id: str) -> None:
        """Keep that the caller looks at the record of somebody else, if the subject is about a person."""
        person, caller = await self.ledger.judged(
            lambda facts: (person_about(facts, kind, id), facts.resolved(self.caller.id))
        )
        await self._note({person} - {None, caller})

    async def note_shown(self, subjects: Iterable[str]) -> None:
        """Keep that an answer shows something of these subjects (`goal/g-1`): one entry for all persons they are about.

        Systems leave none: what they follow is granted to them as a whole.
        """
        if self.caller.kind != "person":
            return
        named = [split_stream(subject) for subject in dict.fromkeys(subjects)]
        about = await asyncio.gather(*(self._person_about(*subject) for subject in named))
        own = await self.ledger.judged(lambda facts: facts.resolved(self.caller.id))
        await self._note(set(about) - {None, own})

    async def _note(self, persons: Iterable[str | None]) -> None:
        """Keep what this answer shows, each person once however it comes to be shown."""
        fresh = {person for person in persons if person is not None} - self.noted
        self.noted |= fresh
        await self.ledger.accesses.note(self.caller, fresh, str(self.scope["path"]))

    async def _person_about(self, kind: str, id: str) -> str | None:
        return await self.ledger.judged(lambda facts: person_about(facts, kind, id))

    async def require(self, kind: str, id: str) -> None:
        """Raise NotFound unless the caller may see the subject."""
        if not await self.sees(kind, id):
            raise NotFound()

    async def still_allowed(self) -> bool:
        """Tell whether token and roles still open the route, for answers that last; asked anew once a second."""
        if time.monotonic() - self.checked_s < RECHECK_S:
            return True
        self.checked_s = time.monotonic()
        try:
            asker = await self.identities.asker(cast("dict[str, Any]", self.scope))
        except Refusal:
            return False
        return not self.policy.roles or bool(self.policy.roles & await asker.ledger.roles_of(asker.caller))


async def asked(request: Request) -> Asked:
    """Return the question's circumstances. Raises Unauthenticated, NotAllowed, NotFound as the route's policy says."""
    route = request.scope["route"]
    policy = POLICIES[route.path]
    identities: Identities = request.app.state.identities
    asker = await identities.asker(request.scope)
    _refuse_unknown(route, request)
    roles = await asker.ledger.roles_of(asker.caller)
    if policy.roles and not policy.roles & roles:
        raise NotAllowed(needed=" / ".join(sorted(policy.roles)))
    question = Asked(asker, roles, policy, language_of(asker.headers.get("accept-language")), identities, request.scope)
    if policy.subject or policy.kind is not None:
        subject = _subject(policy, request)
        if not (policy.seat and await question.has_seat(*subject)):
            await question.require(*subject)
        await question.note_access(*subject)
    return question


Asking = Annotated[Asked, Depends(asked)]


def _subject(policy: Policy, request: Request) -> tuple[str, str]:
    named = request.path_params
    id = unescaped(named["id"]) if "id" in named else request.query_params.get("id", "")
    kind = policy.kind or named["kind"]
    try:
        return check_kind(kind), check_id(id)
    except ValueError:
        raise NotFound() from None


def _known(route: APIRoute) -> frozenset[str]:
    return frozenset(_query_names(route.dependant))


def _query_names(dependant: Dependant) -> Iterator[str]:
    yield from (parameter.alias for parameter in dependant.query_params)
    for below in dependant.dependencies:
        yield from _query_names(below)


def _refuse_unknown(route: APIRoute, request: Request) -> None:
    """Refuse misspelt parameters: leaving out `knwon` would answer another question than was asked."""
    if request.query_params and not _known(route).issuperset(request.query_params):
        raise Invalid(errors=(("query/*", "unknown_parameter"),))
