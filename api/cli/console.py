"""What a person sees: tables, progress, one sentence for an error; and JSON for machines."""

import locale
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Literal, NoReturn

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

REFUSED, UNUSABLE, NOT_YET = 1, 2, 3  # as in ledger.evidence.faults.ExitCode, whose import a quick command spares
Language = Literal["zh", "en"]
Fields = dict[str, Any]  # a JSON object as a service answered it
Advance = Callable[[int, int], None]


@cache
def out() -> Console:
    """Return the console of answers. Into a file or pipe it is wide enough not to cut a cell."""
    console = Console(highlight=False, soft_wrap=False)
    return console if console.is_terminal else Console(highlight=False, width=200)


@cache
def err() -> Console:
    """Return the console of progress and errors: standard error."""
    return Console(stderr=True, highlight=False)


def say(text: str) -> None:
    """Print a line as it is."""
    out().print(text, markup=False, soft_wrap=True)


def say_error(sentence: str) -> None:
    """Print a sentence to standard error."""
    err().print(sentence, markup=False, soft_wrap=True, style="red")


def stop(sentence: str, code: int = UNUSABLE) -> NoReturn:
    """End the command with a sentence and an exit code."""
    say_error(sentence)
    raise typer.Exit(code)


def as_json(value: object) -> None:
    """Print a value for machines: one line of JSON."""
    typer.echo(orjson.dumps(value, default=str))


def show_table(title: str, columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> None:
    """Print rows as a table; text of the ledger can't style the terminal."""
    if not rows:
        say(f"{title}: none.")
        return
    table = Table(title=escape(title), title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(cell(row.get(column)) for column in columns))
    out().print(table)


def cell(value: object) -> str:
    """Return the text of a cell."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
        case list():
            return ", ".join(cell(one) for one in value)
        case dict():
            return escape(orjson.dumps(value).decode())
    return escape(printable(str(value)))


def printable(text: str) -> str:
    """Return text with every control character shown as its escape: it must not drive the terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


@contextmanager
def progress(what: str, *, total: int | None = None, quiet: bool = False) -> Iterator[Advance]:
    """Show a bar on standard error while something long runs; yield `advance(done, total)`.

    Without a terminal, and when `quiet`, nothing is shown.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    disable = quiet or not err().is_terminal
    with Progress(*columns, console=err(), disable=disable, transient=True) as bar:
        task = bar.add_task(what, total=total)

        def advance(done: int, total: int) -> None:
            bar.update(task, completed=done, total=max(total, done))

        yield advance


def language(given: str | None) -> Language:
    """Return the language asked for, else that of the terminal."""
    text = given or os.environ.get("LC_ALL") or os.environ.get("LANG") or locale.getlocale()[0] or ""
    return "zh" if text.lower().startswith(("zh", "chinese")) else "en"
