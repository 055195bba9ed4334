"""The documentation's examples: every console block is run as it is printed, against a real demonstration."""

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ledger.store.embedded import open_cluster
from tests.cli.program import PATIENCE_S, ROOT, Program, Serving, address_said

BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
PROMPT = "$ "
PRINTED_ADDRESS = "http://127.0.0.1:8080"
PAGES = sorted(
    path.relative_to(ROOT)
    for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))
    if BLOCK.search(path.read_text("utf-8"))
)


@dataclass(frozen=True)
class Visitor:
    """Somebody in a checkout's folder, beside a service that runs."""

    folder: Path
    address: str

    def types(self, lines: list[str]) -> "subprocess.CompletedProcess[str]":
        """Type lines into one shell, which ends at the first that fails."""
        script = "\n".join(lines).replace(PRINTED_ADDRESS, self.address)
        shell = ["bash", "-euo", "pipefail", "-c", script]
        return subprocess.run(shell, check=False, cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE_S)


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    """A folder with `.venv/bin` and `.pledger` as after `make run`, and the demonstration running."""
    folder = tmp_path_factory.mktemp("visit")
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "python").symlink_to(sys.executable)
    pledger = programs / "pledger"
    pledger.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m api "$@"\n')
    pledger.chmod(0o755)
    program = Program(folder / ".pledger")
    process = program.start("demo", "--port", "0")
    serving = Serving(process, address_said(process))
    try:
        yield Visitor(folder, serving.address)
        assert serving.stop() == 0
    finally:
        serving.close()
        open_cluster(program.data / "pg").release(patience_s=0)


def typed(block: str) -> list[str]:
    """Return the lines that somebody types: those after a prompt, without the remarks behind them."""
    return [line.removeprefix(PROMPT) for line in block.splitlines() if line.startswith(PROMPT)]


@pytest.mark.timeout(240)
@pytest.mark.parametrize("page", PAGES, ids=str)
def test_the_console_blocks_of_a_page_run_as_printed(page: Path, visitor: Visitor):
    for block in BLOCK.findall((ROOT / page).read_text("utf-8")):
        lines = typed(block)
        assert lines, f"{page}: a console block without a prompt"
        ran = visitor.types(lines)
        assert ran.returncode == 0, (page, lines, ran.stdout, ran.stderr)
        assert ran.stdout.strip(), (page, lines)
        assert '"code"' not in ran.stdout, "a problem is no example"


def test_the_readme_and_both_tutorials_have_examples():
    names = {str(page) for page in PAGES}
    assert {"README.md", "docs/tutorial/your-first-answer.md", "docs/zh/tutorial/your-first-answer.md"} <= names
