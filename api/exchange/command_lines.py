"""Command files as text: one command a line (JSON Lines), read strictly, each line with what it is known by."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from pydantic import Field

from api.commands import as_model
from api.entries import Entry
from api.strict_json import BODY_MAX_BYTES, read
from ledger.application import Idempotency
from ledger.kernel.refusals import IdempotencyConflict, Refusal

LINES_MAX = 50_000
LINE_MAX_BYTES = BODY_MAX_BYTES
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_ENDS = re.compile(rb"\r\n|\n|\r")


class TooManyLines(Refusal):
    """The command file has more commands than one file may have."""

    code, status = "too_many_lines", 413
    en = "A command file has at most {limit} commands."
    zh = "命令文件最多包含 {limit} 条命令。"


class NoCommands(Refusal):
    """The command file has no command at all."""

    code, status = "no_commands", 422
    en = "The command file has no line with a command."
    zh = "命令文件中没有任何命令。"


class CommandLine(Entry):
    """One line of a command file: an entry as a batch has it, with a key of its own if its writer gives it one."""

    idempotency_key: str | None = Field(default=None, pattern=r"^[!-~]{1,255}$")


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its number in the file, from 1, and the key under which it is recorded; or why it can't be read."""

    number: int
    entry: CommandLine | None
    fault: Refusal | None = None
    key: Idempotency | None = None
    repeats: int | None = None  # the number of an earlier line that is the same request under the same given key


def lines_of(data: bytes, *, scope: str, fingerprint: Callable[[bytes], bytes]) -> list[Line]:
    """Return the lines that hold anything. Ends may be LF, CRLF or CR; a byte order mark is passed over.

    A line is known by its content, that of the lines whose names it uses, and how often the same was said before:
    so that a file which has grown, or in which another line was mended, is told apart from what is recorded already.
    `scope` keeps the keys of one file from those of another. Raises TooManyLines, NoCommands.
    """
    texts = _texts(data.removeprefix(_BYTE_ORDER_MARK))
    if not texts:
        raise NoCommands()
    keys = _Keys(scope, fingerprint)
    return [keys.known_by(_line(number, text)) for number, text in texts]


def _texts(data: bytes) -> list[tuple[int, bytes]]:
    found = [(number, text) for number, text in enumerate(_ENDS.split(data), 1) if text.strip(b" \t")]
    if len(found) > LINES_MAX:
        raise TooManyLines(limit=LINES_MAX)
    return found


def _line(number: int, text: bytes) -> Line:
    try:
        return Line(number, as_model(CommandLine, read(text, LINE_MAX_BYTES)))
    except Refusal as fault:
        return Line(number, None, fault)


class _Keys:
    """What lines are known by, in their order."""

    def __init__(self, scope: str, fingerprint: Callable[[bytes], bytes]) -> None:
        self._scope, self._fingerprint = scope, fingerprint
        self._named: dict[str, str] = {}  # name -> what the line that gives it is known by
        self._said: Counter[str] = Counter()
        self._given: dict[str, tuple[int, bytes]] = {}

    def known_by(self, line: Line) -> Line:
        """Return the line with its key, or with the fault that its given key is another line's."""
        entry = line.entry
        if entry is None:
            return line
        said = self._digest(entry)
        if entry.let is not None:
            self._named.setdefault(entry.let, said)
        key = Idempotency(entry.idempotency_key or self._derived(said), self._fingerprint(b"line\0" + said.encode()))
        number, before = self._given.setdefault(key.key, (line.number, key.fingerprint))
        if number == line.number:
            return replace(line, key=key)
        if before != key.fingerprint:
            return replace(line, entry=None, fault=IdempotencyConflict())
        return replace(line, repeats=number)

    def _derived(self, said: str) -> str:
        self._said[said] += 1
        parts = "\0".join((self._scope, said, str(self._said[said])))
        return f"line-{hashlib.sha256(parts.encode()).hexdigest()}"

    def _digest(self, entry: CommandLine) -> str:
        content = json.dumps(
            [entry.path, entry.body, entry.if_match, entry.let], sort_keys=True, separators=(",", ":"), default=_plain
        )
        behind = sorted(set(self._behind(entry)))
        return hashlib.sha256("\0".join((content, *behind)).encode()).hexdigest()

    def _behind(self, entry: CommandLine) -> Iterator[str]:
        """Yield what is behind the names that the entry uses: the same words may speak of something else."""
        if self._named:
            yield from (self._named[name] for name in entry.placeholders() if name in self._named)


def _plain(value: object) -> str:
    """Return a number with a fraction as text, apart from the text of the same digits."""
    assert isinstance(value, Decimal), "the strict reader makes nothing else"
    return f"\0{value}"
