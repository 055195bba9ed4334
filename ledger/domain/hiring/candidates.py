"""Candidates: people who might be hired, known by a pseudonym; who they are is sealed."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import OWN_STREAM, Entry, Event, LookupBy, Seal
from ledger.kernel.refusals import AlreadyExists
from ledger.kernel.texts import Identifiers, Name

# Events


class CandidateRegistered(Event, context="hiring"):
    """A candidate enters the ledger under a pseudonym; name and outside identifiers are sealed."""

    name: Annotated[Name | None, Seal(OWN_STREAM, "hiring")] = None
    identifiers: Annotated[Identifiers | None, Seal(OWN_STREAM, "hiring"), LookupBy()] = None


# State


@dataclass(frozen=True, slots=True)
class CandidateState:
    """A candidate, registered or not."""

    registered: bool = False


def evolve(state: CandidateState, entry: Entry) -> CandidateState:
    """Return the state after `entry`."""
    return CandidateState(registered=True) if isinstance(entry.event, CandidateRegistered) else state


# Commands


class RegisterCandidate(
    Command,
    stream="candidate",
    verb="register",
    by=(By("role:hr_administrator"), By("role:hr_partner")),
    starts=True,
):
    """Register a candidate; the server makes the pseudonym."""

    name: Name
    identifiers: Identifiers | None = Field(default=None, description="scheme -> value, as in e-mail")


# Decide


def decide(command: RegisterCandidate, state: CandidateState, act: Act) -> Event:
    """Return CandidateRegistered; a candidate is registered once."""
    act.require_happened()
    if state.registered:
        raise AlreadyExists(kind="candidate")
    return CandidateRegistered(name=command.name, identifiers=command.identifiers)


STREAM = StreamKind("candidate", "candidates", "c", CandidateState(), decide, evolve, (RegisterCandidate,))
