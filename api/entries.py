"""Entries: commands as batches and command files state them, with names for ids that the server makes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from pydantic import Field

from api.commands import Target, as_model, ask_for, note_unread, query_of, resolve
from api.identity import Asker
from api.paths import segments
from api.problems import NOT_FOUND
from api.strict_json import Json
from ledger.application import Ask
from ledger.kernel.event import Value
from ledger.kernel.ids import pseudonym
from ledger.kernel.refusals import Invalid, Refusal

NAME = r"^[a-z][a-z0-9_-]{0,39}$"
_PLACEHOLDER = re.compile(r"\$([a-z][a-z0-9_-]{0,39})")
_ESCAPED = re.compile(r"\$\$[a-z][a-z0-9_-]{0,39}")


class UnboundName(Refusal):
    """A placeholder stands for an id that an earlier entry made, and no earlier entry that was taken has its name."""

    code, status = "unbound_name", 422
    en = "No earlier entry that was taken is named ${name}."
    zh = "此前被接受的条目中没有名为 ${name} 的条目。"


class NameTaken(Refusal):
    """A name is given once in an act."""

    code, status = "name_taken", 422
    en = "An earlier entry is named {name} already."
    zh = "名称 {name} 已被此前的条目使用。"


class Entry(Value):
    """One command of many: the path it would be posted to, its body, the version its stream must be at.

    With `let`, later entries may write `$name` for the id of its subject: as a segment of a path or a text of a body.
    """

    path: str = Field(max_length=2000)
    body: dict[str, object] = Field(default_factory=dict)
    if_match: int | None = Field(default=None, ge=0)
    let: str | None = Field(default=None, pattern=NAME, description="A name for the id, for later entries.")

    def placeholders(self) -> Iterator[str]:
        """Yield the names that the entry's path and body ask for."""
        for text in (*_parts(self.path), *_texts(self.body)):
            found = _PLACEHOLDER.fullmatch(text)
            if found is not None:
                yield found[1]


@dataclass(slots=True)
class Names:
    """The ids that have names in one act. Where nothing is named, `$` means nothing in particular.

    `known`: ids of entries that an earlier run has recorded, by name.
    """

    any: bool
    known: dict[str, str] = field(default_factory=dict)
    _ids: dict[str, str] = field(default_factory=dict)

    def bind(self, name: str, id: str) -> str:
        """Give an id its name, and return the id. Raises NameTaken."""
        if name in self._ids:
            raise NameTaken(name=name)
        self._ids[name] = self.known.get(name, id)
        return self._ids[name]

    def ids(self) -> dict[str, str]:
        """Return every name with its id."""
        return dict(self._ids)

    def text(self, text: str) -> str:
        """Return the id that a placeholder stands for; `$$name` is the text `$name`. Raises UnboundName."""
        if not self.any or not text.startswith("$"):
            return text
        if _ESCAPED.fullmatch(text):
            return text[1:]
        asked = _PLACEHOLDER.fullmatch(text)
        if asked is None:
            return text
        if asked[1] not in self._ids:
            raise UnboundName(name=asked[1])
        return self._ids[asked[1]]

    def value(self, value: object) -> object:
        """Return a value of a body with the ids in their places. Raises UnboundName."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return {key: self.value(item) for key, item in value.items()}
        return value


def ask_of(entry: Entry, names: Names, asker: Asker) -> Ask:
    """Return what the ledger is asked by one entry, under the very rules of a single call. Raises Refusal."""
    target = _target(entry.path, names)
    try:
        body: Json = names.value(entry.body)  # type: ignore[assignment]  # values of the strict reader
        ask = ask_for(target, as_model(target.command, body), asker, entry.if_match)
    except Refusal as refusal:
        note_unread(asker, target, refusal)
        raise
    if entry.let is None:
        return ask
    id = ask.id or pseudonym(target.stream.prefix)
    bound = names.bind(entry.let, id.partition("/")[2] if target.stream.by_subject else id)
    return ask if ask.id is not None else replace(ask, id=bound)


def ask_or_refusal(entry: Entry, names: Names, asker: Asker) -> Ask | Refusal:
    """Return what the ledger is asked, or why it can't be."""
    try:
        return ask_of(entry, names, asker)
    except Refusal as refusal:
        return refusal


def _target(path: str, names: Names) -> Target:
    try:
        split = urlsplit(path)
        parts = segments(split.path.encode())
    except ValueError:
        raise Invalid(errors=(("/path", "value_error"),)) from None
    if not parts or not path.startswith("/"):
        raise NOT_FOUND
    id = query_of(split.query.encode()).get("id")
    told = (parts[0], *map(names.text, parts[1:-1]), *parts[-1:]) if len(parts) > 1 else parts
    target = resolve(told, None if id is None else names.text(id))
    if target is None:
        raise NOT_FOUND
    return target


def _parts(path: str) -> Iterator[str]:
    try:
        split = urlsplit(path)
        yield from segments(split.path.encode()) or ()
        yield from query_of(split.query.encode()).values()
    except ValueError:  # no path: it is refused where it is read
        return


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
