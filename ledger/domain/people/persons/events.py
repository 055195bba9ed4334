"""What happens to persons: employments, assignments, managers; names and outside identifiers sealed."""

from enum import StrEnum
from typing import Annotated

from ledger.kernel.event import OWN_STREAM, Event, LookupBy, Seal
from ledger.kernel.ids import ApplicationId, Code, Id, JobProfileId, PersonId, UnitId
from ledger.kernel.moments import Day, EffectiveAt
from ledger.kernel.policy import Part
from ledger.kernel.texts import Identifiers, Name


class AssignmentKind(StrEnum):
    """How a person belongs to a unit; exactly one unit at a time is home."""

    HOME = "home"
    ADDITIONAL = "additional"
    SECONDED = "seconded"
    ACTING = "acting"


class ManagerKind(StrEnum):
    """Line managers are one at a time; dotted-line managers may be several."""

    LINE = "line"
    DOTTED = "dotted"


class Ending(StrEnum):
    """Why an employment ended."""

    VOLUNTARY = "voluntary"
    INVOLUNTARY = "involuntary"
    OTHER = "other"


class PersonRegistered(Event, context="people"):
    """A person enters the ledger under a pseudonym; name and outside identifiers are sealed."""

    name: Annotated[Name | None, Seal(OWN_STREAM, "identity")] = None
    identifiers: Annotated[Identifiers | None, Seal(OWN_STREAM, "identity"), LookupBy()] = None


class PersonNameCorrected(Event, context="people"):
    """The person's name is written otherwise."""

    name: Annotated[Name | None, Seal(OWN_STREAM, "identity")] = None


class EmploymentStarted(Event, context="people", dated=True):
    """An employment runs from then on; a person who returns has a second one.

    `until` and `probation_until` are the first days on which term and probation run no more. `employer` names the
    company where the ledger has several.
    """

    employment: Id
    contract: Code
    employer: Code | None = None
    until: Day | None = None
    probation_until: Day | None = None
    application: ApplicationId | None = None


class EmploymentStartCancelled(Event, context="people"):
    """The employment never began: whoever was to come did not. `entry` is the one by which it was to begin."""

    employment: Id
    entry: Id


class EmploymentReinstated(Event, context="people", dated=True):
    """An employment that had ended runs again from then on."""

    employment: Id


class EmploymentEnded(Event, context="people", dated=True):
    """The employment runs no more from then on: the effective day is the first day after the last one."""

    employment: Id
    ending: Ending


class PersonAssignedToUnit(Event, context="people", dated=True):
    """The person belongs to a unit; a home assignment takes the place of the one before."""

    unit: UnitId
    assignment: AssignmentKind
    employment: Id | None = None
    share: Part | None = None
    until: EffectiveAt | None = None
    ends: EffectiveAt | None = None  # the UTC instant of `until`, in the zone known when it was recorded


class PersonLeftUnit(Event, context="people", dated=True):
    """The person belongs to the unit no more."""

    unit: UnitId


class JobAssigned(Event, context="people", dated=True):
    """The person does a job, by its profile, in the place of the one before."""

    profile: JobProfileId


class ManagerAssigned(Event, context="people", dated=True):
    """Somebody is the person's manager; a line manager takes the place of the one before."""

    manager: PersonId
    relation: ManagerKind


class ManagerReleased(Event, context="people", dated=True):
    """Somebody is the person's manager no more."""

    manager: PersonId
    relation: ManagerKind
