"""Holders: who can hold a responsibility or own a goal — a person, or a unit standing for its person of the day."""

from typing import Literal

from ledger.kernel.event import Subject, Value
from ledger.kernel.ids import Id, stream_name


class Holder(Value):
    """A person, or a unit standing for its person of the day."""

    kind: Literal["person", "unit"]
    id: Id

    @property
    def key(self) -> str:
        """Return `kind/id`."""
        return stream_name(self.kind, self.id)

    @property
    def subject(self) -> Subject:
        """Return the same as a subject, the form in which events name it."""
        return Subject(kind=self.kind, id=self.id)
