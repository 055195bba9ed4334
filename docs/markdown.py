"""How the generated pages are put together: a head, tables, and first sentences of docstrings."""

from collections.abc import Iterable

MADE_BY = "<!-- Written by `make docs` from the code; changes belong there. -->"


def page(title: str, opening: str, parts: Iterable[str]) -> str:
    """Return one Markdown page."""
    return "\n\n".join([f"# {title}", MADE_BY, opening, *parts]) + "\n"


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(map(cell, row)) + " |" for row in rows]
    return "\n".join(lines)


def cell(text: str) -> str:
    """Return a cell's text on one line, with bars escaped, and angle brackets too where they would read as HTML."""
    line = text.replace("|", "\\|").replace("\n", " ")
    return line if "`" in line else line.replace("<", "\\<")


def first_sentence(documented: object) -> str:
    """Return the first paragraph of a docstring on one line."""
    return " ".join((documented.__doc__ or "").strip().split("\n\n")[0].split())
