"""A serving process that ends by SIGKILL at a step of an erasure: before the step is noted as finished, or right after.

Run as `python -m tests.privacy.killed_service DATABASE LEDGER FOLDER [SUBJECT STEP before|after]`; prints its address.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import uvloop

from api import logs
from api.serving import Server, answer
from api.settings import Settings
from ledger.privacy.erasing import Erasing, ErasingPlace, Step

advance = ErasingPlace.advance


def end_at(subject: str, step: Step, *, noted: bool) -> None:
    """Let the process end by SIGKILL when the erasure of a subject reaches a step; others go on to their end."""

    def advance_or_end(place: ErasingPlace, erasing: Erasing, reached: Step) -> Erasing:
        here = reached is step and erasing.subject == subject
        if here and not noted:
            os.kill(os.getpid(), signal.SIGKILL)
        done = advance(place, erasing, reached)
        if here:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    ErasingPlace.advance = advance_or_end  # type: ignore[assignment, method-assign]  # a process of its own, for this alone


def announce(server: Server) -> None:
    """Print where it listens."""
    print(server.address, flush=True)


def main(database: str, ledger: str, folder: str, *cut: str) -> None:
    """Serve one ledger."""
    if cut:
        end_at(cut[0], Step(cut[1]), noted=cut[2] == "after")
    root = Path(folder)
    settings = Settings(port=0, data=root / "data", keys=root, ledger=ledger, rules=False, log_level="error")
    logs.configure(settings.log_level)
    uvloop.run(answer(settings, database, announce))


if __name__ == "__main__":
    main(*sys.argv[1:])
