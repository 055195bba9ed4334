"""What a decision may ask about subjects of other contexts: contexts meet by id, and only through these questions."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from ledger.kernel.policy import PolicyInForce


class Away(NamedTuple):
    """The days [starts_on, until) on which somebody is away; open while they are. `entry` began the absence."""

    starts_on: date
    until: date | None
    entry: str


class Terms(Protocol):
    """What figures rest on besides a goal itself: states of other subjects, and the policy of a time."""

    @property
    def zone(self) -> ZoneInfo:
        """The ledger's time zone."""
        ...

    def state(self, kind: str, id: str) -> Any:  # noqa: ANN401  # each kind of stream has a state of its own
        """Return the folded state of a subject's stream (the initial state where nothing is recorded)."""
        ...

    def policy(self, at: datetime) -> PolicyInForce:
        """Return the version of the standing policy in force at that instant; the defaults while there is none."""
        ...

    def days_away(self, person: str) -> Sequence[Away]:
        """Return the runs of days in which an absence runs that pauses a person's duties, days in the ledger's zone."""
        ...


class Facts(Terms, Protocol):
    """Answers about the ledger as it stands when a command is judged. All times are UTC instants."""

    @property
    def position(self) -> int:
        """The position up to which these answers are current."""
        ...

    def exists(self, kind: str, id: str) -> bool:
        """Tell whether the stream of this subject has any event."""
        ...

    def resolved(self, person: str) -> str:
        """Return the id that a person's id stands for: of merged ids the one they were merged into."""
        ...

    def is_employed(self, person: str, at: datetime) -> bool:
        """Tell whether the person has a running employment at that instant."""
        ...

    def unit_of(self, person: str, at: datetime) -> str | None:
        """Return the person's home unit."""
        ...

    def lead_of(self, person: str, at: datetime) -> str | None:
        """Return the person's lead: the line manager, else the lead of the home unit, else of the unit above."""
        ...

    def zone_of(self, person: str | None, unit: str | None, at: datetime) -> ZoneInfo:
        """Return the zone in which a date begins for the person, else the unit, else the ledger."""
        ...

    def jurisdiction_of(self, person: str | None, unit: str | None, at: datetime) -> str | None:
        """Return the code of the law that holds where the person works, else the unit; None where none is known."""
        ...

    def naming(self, kind: str, id: str, *, of: str) -> Sequence[str]:
        """Return the ids of the goals, reviews, responsibilities or merged persons (`of`) whose events name a subject.

        Decisions that ask this about one subject wait for each other, so that no two count without the other.
        """
        ...

    def one_by_one(self, what: str) -> None:
        """Let decisions that say the same word here wait for each other."""
        ...
