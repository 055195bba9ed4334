"""The stream of a review: which part of the context decides which command."""

from ledger.domain.reviews import appeals, judging, opening, plans, results
from ledger.domain.reviews.state import ReviewState, evolve_review
from ledger.kernel.command import Act, Command, StreamKind
from ledger.kernel.event import Event

COMMANDS = (*opening.COMMANDS, *judging.COMMANDS, *results.COMMANDS, *appeals.COMMANDS, *plans.COMMANDS)


def decide_review(command: Command, state: ReviewState, act: Act) -> Event:
    """Return the event of a command on a review, or refuse it; nothing about a review is done ahead of time."""
    act.require_happened()
    if isinstance(command, opening.COMMANDS):
        return opening.decide_opening(command, state, act)
    if isinstance(command, judging.COMMANDS):
        return judging.decide_judging(command, state, act)
    if isinstance(command, results.COMMANDS):
        return results.decide_result(command, state, act)
    if isinstance(command, appeals.COMMANDS):
        return appeals.decide_appeal(command, state, act)
    return plans.decide_plan(command, state, act)


STREAM = StreamKind("review", "reviews", "v", ReviewState(), decide_review, evolve_review, COMMANDS)
