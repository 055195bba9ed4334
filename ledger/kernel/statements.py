"""Named SQL statements, read from the `.sql` file beside the module that uses them.

A file is a row of blocks, each begun by a line ``-- name: verb_object``. Comment lines that follow the name
belong to the statement. ``{schema}`` and other placeholders in braces are filled by `Statements.bind` with
checked identifiers only; braces that hold anything but a lower-case word are left alone.
"""

import re
from collections.abc import Iterator, Mapping
from importlib import resources

_NAME_LINE = re.compile(r"^-- name:[ \t]*(\S*)[ \t]*$", re.MULTILINE)
_VERB_OBJECT = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)+")
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]{0,62}")


class Statements(Mapping[str, str]):
    """Statements by name: ``statements["lock_head"]`` or ``statements.lock_head``."""

    def __init__(self, origin: str, texts: Mapping[str, str]) -> None:
        self._origin = origin
        self._texts = dict(texts)

    def __getitem__(self, name: str) -> str:
        try:
            return self._texts[name]
        except KeyError:
            raise KeyError(f"{self._origin} has no statement named {name}") from None

    def __getattr__(self, name: str) -> str:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError as missing:
            raise AttributeError(str(missing)) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)

    def bind(self, **identifiers: str) -> "Statements":
        """Return the same statements with every placeholder filled.

        Raises ValueError for a value that is not a plain identifier (lower-case letters, digits and underscores,
        at most 63), KeyError for a placeholder that is given no value.
        """
        return Statements(self._origin, {name: fill(text, **identifiers) for name, text in self._texts.items()})


def load(package: str, filename: str) -> Statements:
    """Read `filename` from `package`. Raises ValueError when a name is missing, ill-formed or given twice."""
    text = resources.files(package).joinpath(filename).read_text(encoding="utf-8")
    return parse(text, origin=f"{package}/{filename}")


def parse(text: str, *, origin: str) -> Statements:
    """Return the statements in `text`; `origin` names the file in errors."""
    lead, *pieces = _NAME_LINE.split(text)
    if any(line.strip() and not line.startswith("--") for line in lead.splitlines()):
        raise ValueError(f"{origin}: a statement without a name")
    texts: dict[str, str] = {}
    for name, body in zip(pieces[::2], pieces[1::2], strict=True):
        _check_block(origin, name, body, texts)
        texts[name] = body.strip().rstrip(";")
    return Statements(origin, texts)


def _check_block(origin: str, name: str, body: str, texts: Mapping[str, str]) -> None:
    if not _VERB_OBJECT.fullmatch(name):
        raise ValueError(f"{origin}: {name!r} is no verb_object")
    if name in texts:
        raise ValueError(f"{origin}: {name} stands there twice")
    if all(not line.strip() or line.lstrip().startswith("--") for line in body.splitlines()):
        raise ValueError(f"{origin}: {name} is empty")


def fill(text: str, **identifiers: str) -> str:
    """Return `text` with each ``{word}`` replaced by the identifier of that word; errors as in `Statements.bind`."""
    for value in identifiers.values():
        check_identifier(value)
    return _PLACEHOLDER.sub(lambda found: identifiers[found[1]], text)


def check_identifier(value: str) -> str:
    """Return `value` when it may stand in SQL unquoted. Raises ValueError otherwise."""
    if not _IDENTIFIER.fullmatch(value):
        raise ValueError(f"{value!r} is not a plain SQL identifier")
    return value
