"""`pledger bench`: every benchmark of a source checkout beside its peers; ratios first, then figures."""

import importlib
import inspect
import os
import platform
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, cast

import orjson
import typer

from api.cli.console import Fields, err, say, show_table, stop

FOLDER = Path("tests/bench")
RATIO = ("ratio", "times_")
PACKAGES = ("performance-ledger", "eventsourcing", "psycopg", "uvicorn", "pydantic")
Run = Callable[..., object]


def bench(
    large: Annotated[bool, typer.Option("--large", help="At ten million events: an hour and 30 GB of disk.")] = False,
    only: Annotated[list[str] | None, typer.Option("--only", help="These cases, as in append; none: all.")] = None,
    json: Annotated[Path | None, typer.Option("--json", help="Also write everything to this file.")] = None,
) -> None:
    """Measure speed and size, each case with its peers in the same run. Needs a source checkout."""
    report: Fields = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine(), "cases": {}}
    for name, run in _cases(_checkout(), only or []):
        takes_large = "large" in inspect.signature(run).parameters
        if large and not takes_large:
            continue
        err().print(f"measuring {name} …", markup=False)
        report["cases"][name] = rows_of(run(large=True) if large else run())
    if not report["cases"]:
        stop("There is no such case" + (" of ten million events." if large else "."))
    _show(report)
    if json is not None:
        json.write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2, default=str) + b"\n")


def _checkout() -> Path:
    """Return the root of the source checkout: here, or where this module lies."""
    near = (Path.cwd(), Path(__file__).resolve().parents[2])
    root = next((root for root in near if (root / FOLDER).is_dir()), None)
    if root is None:
        stop("Benchmarks lie in tests/bench of a source checkout: run this from its root.")
    return root


def _cases(root: Path, only: Sequence[str]) -> Iterator[tuple[str, Run]]:
    """Yield (name, run) for every module of tests/bench that has a function `run`."""
    sys.path.insert(0, str(root))
    for path in sorted((root / FOLDER).glob("*.py")):
        if path.stem.startswith("_") or (only and path.stem not in only):
            continue
        run = getattr(importlib.import_module(f"tests.bench.{path.stem}"), "run", None)
        if callable(run):
            yield path.stem, cast("Run", run)


def rows_of(result: object) -> list[Fields]:
    """Return what a benchmark returned as rows: a list of them, or one object whose objects are rows by case."""
    if isinstance(result, Mapping):
        rows = [{"case": case, **row} for case, row in result.items() if isinstance(row, Mapping)]
        whole = {name: value for name, value in result.items() if not isinstance(value, Mapping)}
        return [*rows, {"case": "whole", **whole}] if whole else rows
    return [dict(row) for row in cast("Sequence[Mapping[str, object]]", result)]


def ratios_of(row: Fields) -> Fields:
    """Return the figures of a row that compare it with a peer."""
    return {name: value for name, value in row.items() if name.startswith(RATIO)}


def machine() -> dict[str, str | int | None]:
    """Return what the figures were measured on."""
    from importlib.metadata import version

    versions = {name: version(name) for name in PACKAGES}
    return {"system": platform.platform(), "cores": os.cpu_count(), "python": platform.python_version(), **versions}


def _show(report: Fields) -> None:
    said = ", ".join(f"{name} {value}" for name, value in report["machine"].items())
    say(f"{report['at']}: {said}")
    compared = [
        {"benchmark": name, "case": f"{row.get('case', '')} {row.get('callers', '')}".strip(), **ratios_of(row)}
        for name, rows in report["cases"].items()
        for row in rows
        if ratios_of(row)
    ]
    if compared:
        show_table("Ratios to peers in the same run", list(dict.fromkeys(n for row in compared for n in row)), compared)
    for name, rows in report["cases"].items():
        show_table(name, list(dict.fromkeys(column for row in rows for column in row)), rows)
