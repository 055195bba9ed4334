"""Sight of the rules while the year is lived: taken from the states of the ledger, for nothing is projected yet."""

from ledger.application import Ledger
from ledger.domain.goals.state import Stage
from ledger.facts import LedgerFacts
from ledger.kernel.event import Subject
from ledger.kernel.ids import split_stream
from ledger.kernel.timeline import holders_on


class LedgerSight:
    """The sight of the rules (`ledger.rules.Sight`) of a ledger whose rules have followed from its first event on."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def live_duties(self) -> tuple[int, list[str]]:
        """Return that nothing is known before the first event."""
        return 0, []

    async def held_by(self, person: str, position: int) -> list[Subject]:
        """Return what a person is accountable for and the goals they own."""
        return await self._ledger.judged(lambda facts: [*self._accountable(person, facts), *_goals(person, facts)])

    async def reviews_in(self, cycle: str, position: int) -> list[Subject]:
        """Return the reviews that were opened in a cycle."""
        return await self._ledger.judged(
            lambda facts: [Subject(kind="review", id=id) for id in facts.naming("cycle", cycle, of="review")]
        )

    def _accountable(self, person: str, facts: LedgerFacts) -> list[Subject]:
        now, holder = self._ledger.clock.now(), f"person/{person}"
        named = facts.naming("person", person, of="responsibility")
        held = (id for id in named if holder in holders_on(facts.state("responsibility", id).lines["accountable"], now))
        return [Subject(kind=kind, id=id) for kind, id in map(split_stream, held)]


def _goals(person: str, facts: LedgerFacts) -> list[Subject]:
    owner, found = Subject(kind="person", id=person), list[Subject]()
    for id in facts.naming("person", person, of="goal"):
        goal = facts.state("goal", id)
        if goal.owner == owner and goal.stage is Stage.ASSIGNED:
            found.append(Subject(kind="goal", id=id))
    return found
