"""Mappings: a small TOML or JSON file that says what the columns of a history table mean; see docs/how-to/import.md."""

import hashlib
import tomllib
import unicodedata
from collections.abc import Mapping
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson
from pydantic import AfterValidator, Field, ValidationError, model_validator

from api import strict_json
from api.exchange.dates import Order
from api.exchange.faults import MappingInvalid, MappingNeeded
from api.exchange.table import Layout
from ledger.domain.people import AssignmentKind
from ledger.domain.responsibilities import Role
from ledger.kernel.event import Value
from ledger.kernel.ids import Code

Column = Annotated[str, Field(min_length=1, max_length=200)]
Short = Annotated[str, Field(min_length=1, max_length=20)]
MAX_BYTES = 64 << 10

ROLE_WORDS: Mapping[str, Role] = {
    **{role.value: role for role in Role},
    "lead": Role.RESPONSIBLE,
    "manager": Role.ACCOUNTABLE,
    "owner": Role.ACCOUNTABLE,
    "territory owner": Role.ACCOUNTABLE,
    "alumni": Role.ALUMNUS,
    "第一责任人": Role.ACCOUNTABLE,
    "执行": Role.RESPONSIBLE,
    "支撑": Role.SUPPORT,
    "咨询": Role.CONSULTED,
    "知会": Role.INFORMED,
    "成员": Role.MEMBER,
}
ADDED = ("added", "add", "joined", "assigned", "新增", "加入")
REMOVED = ("removed", "remove", "left", "released", "移除", "退出")


def folded(text: str) -> str:
    """Return an identifier or word as it is compared, as the ledger does: NFKC, no case, no space around it."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("not the name of a time zone") from None
    return name


class Constant(Value):
    """A value that is the same in every row because the table has no column for it."""

    constant: Annotated[str, Field(min_length=1, max_length=200)]


Source = Column | Constant


class FileLayout(Value):
    """How the file is to be read, where its bytes do not tell."""

    encoding: Short | None = None
    separator: Short | None = None
    record_separator: Short | None = None
    quote: Annotated[str, Field(max_length=1)] = '"'
    header: bool = True
    columns: tuple[Column, ...] = ()
    sheet: Column | None = None

    def layout(self) -> Layout:
        """Return it as the table reader takes it."""
        return Layout(**{**self.model_dump(), "quote": self.quote or None})


class SubjectColumns(Value):
    """What is owned, or the unit somebody belongs to. With `label` it is registered under that label."""

    kind: Source = Constant(constant="unit")
    id: Source
    label: Column | None = None
    prefix: str = ""


class HolderColumns(Value):
    """Who holds it: a person by an outside identifier of a scheme (handle, employee-number …), or a unit by its id."""

    id: Column
    kind: Literal["person", "unit"] = "person"
    scheme: Code = "handle"
    name: Column | None = None


class Dates(Value):
    """How ambiguous dates are meant: order of day and month, and the zone of times that have no offset."""

    order: Order = "ymd"
    zone: Annotated[str, AfterValidator(_known_zone)] | None = None


class TableMapping(Value):
    """What a table says. `changes`: a row is one beginning or ending; `spells`: a row is an interval."""

    form: Literal["changes", "spells"]
    target: Literal["responsibility", "unit-assignment"] = "responsibility"
    table: FileLayout = FileLayout()
    subject: SubjectColumns
    holder: HolderColumns
    role: Source | None = None
    roles: dict[str, Role] = Field(default_factory=dict, max_length=200)
    assignment: AssignmentKind = AssignmentKind.HOME
    change: Column | None = None
    added: tuple[str, ...] = ADDED
    removed: tuple[str, ...] = REMOVED
    when: Column | None = None
    begins: Column | None = Field(default=None, alias="from")
    ends: Column | None = Field(default=None, alias="to")
    interval: Literal["half-open", "closed"] | None = None
    open_end: tuple[str, ...] = ("", "9999-01-01")
    dates: Dates = Dates()

    @model_validator(mode="after")
    def _complete(self) -> Self:
        missing = [name for name, value in self._needed().items() if value is None]
        if missing:
            raise ValueError(f"{self.form} of {self.target} need: {', '.join(missing)}")
        if self.target == "unit-assignment" and self.holder.kind != "person":
            raise ValueError("only a person belongs to a unit")
        return self

    def _needed(self) -> dict[str, object]:
        form: dict[str, object] = {"change": self.change, "when": self.when}
        if self.form == "spells":
            form = {"from": self.begins, "to": self.ends, "interval": self.interval}
        return {**form, "role": self.role} if self.target == "responsibility" else form

    def role_of(self, word: str) -> Role | None:
        """Return the role a word stands for: the mapping's own words first, then the known ones; None if neither."""
        own = {folded(key): role for key, role in self.roles.items()}
        return own.get(folded(word)) or ROLE_WORDS.get(folded(word))

    def canonical(self) -> bytes:
        """Return the mapping's bytes in one fixed form, for its digest."""
        return orjson.dumps(self.model_dump(mode="json", by_alias=True), option=orjson.OPT_SORT_KEYS)


def read_mapping(data: bytes) -> TableMapping:
    """Return the mapping in a TOML or JSON file. Raises MappingInvalid, naming the field but never its content."""
    if len(data) > MAX_BYTES:
        raise MappingInvalid(where="size")
    try:
        text = data.decode("utf-8-sig")
        raw = strict_json.read(text.encode()) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError):
        raise MappingInvalid(where="TOML or JSON, UTF-8") from None
    return mapping_of(raw)


def mapping_of(raw: object) -> TableMapping:
    """Return the mapping that a decoded file or request body holds. Raises MappingInvalid."""
    try:
        return TableMapping.model_validate(raw)
    except ValidationError as error:
        places = [".".join(str(part) for part in e["loc"]) or e["msg"] for e in error.errors(include_input=False)]
        raise MappingInvalid(where="; ".join(places)[:300]) from None


def digest(data: bytes, mapping: TableMapping) -> str:
    """Return the SHA-256, in hexadecimal, that binds a file and its mapping: each preceded by its length."""
    whole = hashlib.sha256()
    for part in (data, mapping.canonical()):
        whole.update(len(part).to_bytes(8, "big") + part)
    return whole.hexdigest()


# Headers that need no mapping: a table with one column of each group is understood

SUBJECT_HEADERS = {
    **{kind: kind for kind in ("team", "process", "metric", "client", "system", "document", "territory", "project")},
    **dict.fromkeys(("department", "dept_no", "department_id"), "department"),
}
PERSON_HEADERS = {
    **dict.fromkeys(("member", "handle", "holder", "owner"), "handle"),
    **dict.fromkeys(("emp_no", "employee", "employee_number", "employee_id", "工号"), "employee-number"),
    **dict.fromkeys(("email", "e-mail"), "e-mail"),
}
WHEN_HEADERS = ("changed_at", "effective_at")
END_HEADERS = {"until": "half-open", "to_date": "half-open", "last_day": "closed", "through": "closed"}
BEGIN_HEADERS = ("from", "from_date", "since")


def recognised(columns: tuple[str, ...]) -> TableMapping:
    """Return the mapping that documented headers stand for. Raises MappingNeeded for any others.

    A subject column names the kind (`team` gives subjects of the kind team). Of ends, `until` and `to_date` are the
    first day after and `last_day` and `through` the last day inside; a bare `to` could be either and is not taken.
    """
    names = {folded(column): column for column in columns}
    subject, person = _one_of(names, SUBJECT_HEADERS), _one_of(names, PERSON_HEADERS)
    form = _form(names)
    if subject is None or person is None or form is None:
        raise MappingNeeded()
    role = names.get("role") or ({"constant": "manager"} if subject == "dept_no" else None)
    if role is None:
        raise MappingNeeded()
    return mapping_of(
        {
            **form,
            "subject": {"kind": {"constant": SUBJECT_HEADERS[subject]}, "id": names[subject]},
            "holder": {"id": names[person], "scheme": PERSON_HEADERS[person]},
            "role": role,
        }
    )


def _one_of(names: Mapping[str, str], known: Mapping[str, str] | tuple[str, ...]) -> str | None:
    """Return the only header among the known ones; two of them would be a guess."""
    found = [name for name in known if name in names]
    return found[0] if len(found) == 1 else None


def _form(names: Mapping[str, str]) -> dict[str, str] | None:
    when, begin, end = _one_of(names, WHEN_HEADERS), _one_of(names, BEGIN_HEADERS), _one_of(names, END_HEADERS)
    if when is not None and "change" in names and begin is None:
        return {"form": "changes", "when": names[when], "change": names["change"]}
    if begin is not None and end is not None and when is None:
        return {"form": "spells", "from": names[begin], "to": names[end], "interval": END_HEADERS[end]}
    return None
