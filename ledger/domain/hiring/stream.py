"""The stream of an application: judged, decided, offered, withdrawn and filled by one pair of decide and evolve."""

from ledger.domain.hiring import judging, offering, outcomes
from ledger.domain.hiring.applications import ApplicationState, evolve
from ledger.kernel.command import Act, Command, StreamKind
from ledger.kernel.event import Event
from ledger.kernel.refusals import NotFound


def decide(command: Command, state: ApplicationState, act: Act) -> Event:
    """Return the event of an application's command, or refuse it."""
    act.require_happened()
    if isinstance(command, judging.ReceiveApplication):
        return judging.receive(command, state, act)
    received = state.received
    if received is None:
        raise NotFound()
    if isinstance(command, offering.COMMANDS):
        return offering.decide(command, state, received, act)
    if isinstance(command, outcomes.COMMANDS):
        return outcomes.decide(command, state, received, act)
    return judging.decide(command, state, received, act)


COMMANDS = (judging.ReceiveApplication, *judging.COMMANDS, *offering.COMMANDS, *outcomes.COMMANDS)
STREAM = StreamKind("application", "applications", "n", ApplicationState(), decide, evolve, COMMANDS)
