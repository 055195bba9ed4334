"""The running service as a command meets it: where it listens, as whom to ask, and what a refusal means."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import httpx2
import orjson
import typer

from api.cli.console import NOT_YET, REFUSED, UNUSABLE, Fields, as_json, say_error, stop
from api.cli.options import settings_of
from api.settings import SERVICE_FILE
from api.token_text import ledger_in

TOKEN_VARIABLE = "PLEDGER_TOKEN"  # noqa: S105  # the name of a variable is no secret
TIMEOUT_S = 60.0
FOUNDED = ("demo", "trial")  # the only ledgers whose tokens lie in the data folder


@dataclass(frozen=True, slots=True)
class Way:
    """Where the service of a data folder listens, the ledger asked for, and the token to ask with."""

    data: Path
    address: str
    ledger: str
    token: str


class NotRunning(Exception):
    """No service answers for this data folder."""


def address_in(data: Path) -> str:
    """Return where the service of a data folder listens. Raises NotRunning where none has said so."""
    try:
        said = json.loads((data / SERVICE_FILE).read_text("utf-8"))
    except (OSError, ValueError):
        raise NotRunning() from None
    address, pid = (said.get("address"), said.get("pid")) if isinstance(said, dict) else (None, None)
    if not isinstance(address, str) or not isinstance(pid, int) or not _lives(pid):
        raise NotRunning()
    return address


def _lives(pid: int) -> bool:
    """Tell whether a process is there: after a kill its port may be another program's, which must not see a token."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True  # somebody else's
    except OSError:
        return False
    return True


def way(data: Path | None, ledger: str | None, role: str) -> Way:
    """Return the way to a ledger of the running service, asking as `role` where tokens lie in the data folder."""
    settings = settings_of(data=data, ledger=ledger)
    try:
        address = address_in(settings.data)
    except NotRunning:
        stop(_not_running(settings.data))
    token = token_for(settings.data, settings.ledger, role)
    return Way(settings.data, address, ledger_in(token), token)


def _not_running(data: Path) -> str:
    return f"No service runs on the data folder {data}. Start one: pledger serve, or pledger demo for a look around."


def token_for(data: Path, ledger: str | None, role: str) -> str:
    """Return PLEDGER_TOKEN; without it, only for the demonstration and the trial, the token of a role."""
    given = os.environ.get(TOKEN_VARIABLE, "").strip()
    if given:
        if ledger is not None and ledger_in(given) != ledger:
            stop(f"{TOKEN_VARIABLE} holds a token of another ledger than {ledger}.")
        return given
    tokens = tokens_of(data, ledger or FOUNDED[0])
    if tokens is None:
        stop(f"Set {TOKEN_VARIABLE}: only the demonstration and the trial keep tokens in the data folder.")
    if role not in tokens:
        stop(f"There is no token for {role}; there are: {', '.join(tokens)}.")
    return tokens[role]


def tokens_file(data: Path, ledger: str) -> Path:
    """Return where the tokens of the demonstration or the trial lie."""
    return data / f"{ledger}-tokens.json"


def tokens_of(data: Path, ledger: str) -> dict[str, str] | None:
    """Return role -> token of the demonstration or the trial; None for other ledgers, and where there are none."""
    if ledger not in FOUNDED:
        return None
    try:
        held = json.loads(tokens_file(data, ledger).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return {str(role): str(token) for role, token in held.items()} if isinstance(held, dict) else None


def opened(way: Way, *, language: str = "en", timeout_s: float | None = TIMEOUT_S) -> httpx2.Client:
    """Return a client of the service, to be closed; it raises what httpx2 raises."""
    headers = {"authorization": f"Bearer {way.token}", "accept-language": language, "accept": "application/json"}
    # A proxy of the environment must not see tokens: the service stands where its own file says.
    return httpx2.Client(base_url=way.address, headers=headers, timeout=timeout_s, trust_env=False)


@contextmanager
def client(way: Way, *, language: str = "en", timeout_s: float | None = TIMEOUT_S) -> Iterator[httpx2.Client]:
    """Yield a client of the service. Where it doesn't answer, the command ends with a sentence."""
    with opened(way, language=language, timeout_s=timeout_s) as service:
        try:
            yield service
        except httpx2.ConnectError:
            stop(_not_running(way.data))
        except httpx2.TransportError as error:
            stop(f"The service at {way.address} broke off: {type(error).__name__}.")


def answered(response: httpx2.Response, *, machine: bool = False) -> Fields:
    """Return the JSON object of an answer. A problem ends the command with its sentence and the fitting exit code."""
    if not response.is_success:
        refuse(response, machine=machine)
    return object_in(response)


def object_in(response: httpx2.Response) -> Fields:
    """Return the JSON object in a body, an empty one where there is none."""
    try:
        value = orjson.loads(response.content)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def refuse(response: httpx2.Response, *, machine: bool = False) -> NoReturn:
    """End the command with what the service answered instead of what was asked for."""
    problem = object_in(response)
    if machine:
        as_json(problem or {"status": response.status_code})
    else:
        say_error(_explained(response.status_code, problem))
    raise typer.Exit({503: NOT_YET, 400: UNUSABLE, 413: UNUSABLE, 422: UNUSABLE}.get(response.status_code, REFUSED))


def _explained(status: int, problem: Mapping[str, object]) -> str:
    sentence = str(problem.get("detail") or f"The service answered {status}.")
    accepted = problem.get("accepted")
    errors = problem.get("errors")
    places = [f"{e.get('at')}: {e.get('code')}" for e in errors] if isinstance(errors, list) else []
    return " ".join([f"{sentence} [{problem.get('code', status)}]", *([str(accepted)] if accepted else []), *places])
