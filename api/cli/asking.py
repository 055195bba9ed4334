"""How a question or an act is put on the command line: the options that each takes, declared once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Annotated, Any

import typer

from api.cli.options import AsJson, AsRole, Data, Lang, LedgerName
from api.cli.questions import Known, On

Limit = Annotated[int, typer.Option("--limit", min=1, help="Rows at most.")]
LIMIT = 1000


@dataclass(frozen=True, slots=True)
class How:
    """How it is put: as of when and as known when, how many rows, to which ledger, as whom, in which form."""

    on: str | None = None
    known: str | None = None
    limit: int = LIMIT
    data: Data = None
    ledger: str | None = None
    as_role: str | None = None
    lang: str | None = None
    json: bool = False

    @property
    def times(self) -> dict[str, str | None]:
        """The two times of the question, as the service takes them."""
        return {"on": self.on, "known": self.known}


_TIMES: Mapping[str, object] = {"on": On, "known": Known}
_ROWS: Mapping[str, object] = {"limit": Limit}
_FORM: Mapping[str, object] = {"data": Data, "ledger": LedgerName, "as_role": AsRole, "json": AsJson}
_REACH: Mapping[str, object] = {"data": Data, "ledger": LedgerName, "as_role": AsRole, "lang": Lang, "json": AsJson}


def about_one(question: Callable[..., None]) -> Callable[..., None]:
    """Make a command of a question about one subject: its parameter `how` stands for the options of every question."""
    return _with(question, {**_TIMES, **_REACH})


def about_many(question: Callable[..., None]) -> Callable[..., None]:
    """Make a command of a question for a list: `how` stands for the same options, and for how many rows."""
    return _with(question, {**_TIMES, **_ROWS, **_REACH})


def an_act(act: Callable[..., None]) -> Callable[..., None]:
    """Make a command of an act, or of a question without times: `how` stands for the ledger, as whom, and the form."""
    return _with(act, _FORM)


def _with(question: Callable[..., None], options: Mapping[str, object]) -> Callable[..., None]:
    @wraps(question)
    def command(**given: Any) -> None:  # noqa: ANN401  # what typer has read by the signature below
        how = How(**{name: given.pop(name) for name in options})
        question(**given, how=how)

    defaults = signature(How).parameters
    own = [one for one in signature(question).parameters.values() if one.name != "how"]
    common = [
        Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, default=defaults[name].default, annotation=option)
        for name, option in options.items()
    ]
    given = Signature([*own, *common])
    vars(command)["__signature__"] = given  # by which typer reads the options
    command.__annotations__ = {one.name: one.annotation for one in given.parameters.values()}
    return command
