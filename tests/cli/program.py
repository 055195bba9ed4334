"""The real program in subprocesses, on a data folder of its own with the empty trial ledger in it."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import httpx2

from api.cli.founding import Founding, first_people
from api.settings import Settings
from ledger.kernel.clock import RealClock
from ledger.store.embedded import open_cluster

PATIENCE_S = 60
ROOT = Path(__file__).resolve().parents[2]
ADDRESS = re.compile(r"(http://127\.0\.0\.1:\d+)")


@dataclass
class Ran:
    """What a command ended with."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Program:
    """`pledger` on one data folder; every command is a process of its own."""

    data: Path
    environment: dict[str, str] = field(default_factory=dict)
    through: tuple[str, ...] = ()  # what starts the program, as when another user is to run it

    def run(self, *arguments: str, token: str | None = None, folder: Path | None = None) -> Ran:
        """Run a command to its end."""
        process = subprocess.run(
            self._command(arguments),
            check=False,
            env=self._environment(token),
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        return Ran(process.returncode, process.stdout, process.stderr)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start a command that goes on."""
        return subprocess.Popen(
            self._command(arguments),
            env=self._environment(None),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @contextmanager
    def serving(self) -> "Iterator[Serving]":
        """Serve on a free port; stop with SIGTERM at the end, cleanly."""
        serving = self.serve()
        try:
            yield serving
        finally:
            if serving.process.poll() is None:
                assert serving.stop() == 0
            serving.close()

    def serve(self) -> "Serving":
        """Start the service on a free port and return once it takes requests."""
        process = self.start("serve", "--port", "0", "--log-level", "error")
        return Serving(process, address_said(process))

    def tokens(self, ledger: str = "trial") -> dict[str, str]:
        held: dict[str, str] = json.loads((self.data / f"{ledger}-tokens.json").read_text("utf-8"))
        return held

    def _command(self, arguments: Sequence[str]) -> list[str]:
        return [*self.through, sys.executable, "-m", "api", *arguments]

    def _environment(self, token: str | None) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PLEDGER_")}
        told = {"PLEDGER_DATA": str(self.data), "PYTHONPATH": str(ROOT), "LANG": "en_US.UTF-8", "LC_ALL": "C.UTF-8"}
        return {**kept, **told, **self.environment, **({} if token is None else {"PLEDGER_TOKEN": token})}


@dataclass
class Serving:
    """A service that runs."""

    process: "subprocess.Popen[str]"
    address: str

    def client(self, token: str) -> httpx2.Client:
        headers = {"authorization": f"Bearer {token}"}
        return httpx2.Client(base_url=self.address, headers=headers, timeout=30, trust_env=False)

    def stop(self) -> int:
        """End it as a supervisor does; return its exit code."""
        self.process.terminate()
        return self.process.wait(PATIENCE_S)

    def kill(self) -> None:
        """End it at once, whatever it is doing."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE_S)
        self.close()

    def close(self) -> None:
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


def address_said(process: "subprocess.Popen[str]") -> str:
    """Read what the program says until it names its address."""
    said = []
    while line := lines(process).readline():
        said.append(line)
        found = ADDRESS.search(line)
        if found:
            return found[1]
    error = process.stderr.read() if process.stderr else ""
    raise AssertionError(f"it ended with {process.wait(PATIENCE_S)}: {''.join(said)}{error}")


def lines(process: "subprocess.Popen[str]") -> IO[str]:
    assert process.stdout is not None
    return process.stdout


@contextmanager
def program_with_trial(folder: Path) -> Iterator[Program]:
    """Found the trial ledger in a fresh folder; at the end no server is left behind."""
    settings = Settings(data=folder / "data")
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date()
    with open_cluster(settings.database_folder) as cluster:
        Founding(cluster.conninfo, settings, "trial", "UTC", RealClock(), tomorrow).found(first_people)
    try:
        yield Program(settings.data)
    finally:
        open_cluster(settings.database_folder).release(patience_s=0)  # a killed service leaves its server running
