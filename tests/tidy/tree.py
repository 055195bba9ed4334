"""The project's own files, as the tests of the house read them."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("ledger", "projections", "api")
LEFT_OUT = {".git", ".venv", ".pledger", "build", "dist", "__pycache__"}


def _listed() -> list[str]:
    """List what git tracks or would track; in an unpacked source archive, every file."""
    if (ROOT / ".git").exists():
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        return [name for name in listing.stdout.decode().split("\0") if name]
    paths = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return [path.as_posix() for path in paths if not LEFT_OUT.intersection(path.parts)]


@cache
def files() -> tuple[Path, ...]:
    """Return the project's files, relative to its root."""
    return tuple(sorted(Path(name) for name in set(_listed()) if (ROOT / name).is_file()))


@cache
def texts() -> dict[Path, str]:
    """Return the text of each file that is UTF-8; pictures and archives are left out."""
    found = {}
    for path in files():
        raw = (ROOT / path).read_bytes()
        if b"\0" not in raw:
            found[path] = raw.decode("utf-8")
    return found


def modules(*folders: str) -> dict[Path, str]:
    """Return the Python modules in the given top folders, or all of them."""
    return {
        path: text
        for path, text in texts().items()
        if path.suffix == ".py" and (not folders or path.parts[0] in folders)
    }


@cache
def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of a module."""
    return ast.parse(texts()[path], filename=str(path))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function and method of a module."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def places(found_in: dict[Path, str], pattern: re.Pattern[str]) -> list[str]:
    """Return `path:line: text` for every line in which the pattern is found."""
    return [
        f"{path}:{number}: {line.strip()[:100]}"
        for path, text in found_in.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]
