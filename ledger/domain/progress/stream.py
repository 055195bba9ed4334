"""The progress half of a goal's stream: values and help, decided and folded together."""

from dataclasses import replace

from ledger.domain.progress.claims import CLAIM_COMMANDS, ProgressState, ReportedOn, decide_claim, evolve_claims
from ledger.domain.progress.help import HELP_COMMANDS, decide_help, evolve_help
from ledger.kernel.command import Act, Command
from ledger.kernel.event import Entry, Event
from ledger.kernel.joined import Half
from ledger.kernel.refusals import NotFound


def evolve_progress(state: ProgressState, entry: Entry) -> ProgressState:
    """Return the state after `entry`."""
    fresh = evolve_claims(state, entry)
    help = evolve_help(fresh.help, entry)
    return fresh if help is fresh.help else replace(fresh, help=help)


def decide_progress(command: Command, state: ProgressState, goal: ReportedOn, act: Act) -> Event:
    """Return the event of a command about progress on a running goal, or refuse it."""
    goal.require_running()
    owner = goal.owner
    if owner is None:
        raise NotFound()
    if isinstance(command, HELP_COMMANDS):
        return decide_help(command, state.help, owner, act)
    return decide_claim(command, state, owner, goal, act)


PROGRESS: Half[ProgressState, ReportedOn] = Half(
    ProgressState(), decide_progress, evolve_progress, (*CLAIM_COMMANDS, *HELP_COMMANDS)
)
