"""The garbage collector of a process that serves: what lives as long as the process is left out of its rounds.

Requests make many short-lived containers without circles; looking through them every 700 allocations, and through
every imported class now and then, costs about a tenth of the appends and finds nothing.
"""

import gc

YOUNGEST, MIDDLE, OLDEST = 50_000, 20, 100


def settle() -> None:
    """Collect once, take what is left out of further rounds, and make rounds rarer. Call it when all is set up."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNGEST, MIDDLE, OLDEST)
