"""`pledger erase` and `pledger hold`: what two persons decide about somebody's data, and how far it has come."""

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import typer

from api.cli.asking import How, an_act
from api.cli.console import NOT_YET, Fields, as_json, progress, say, say_error, show_table, stop
from api.cli.questions import moment

if TYPE_CHECKING:
    import httpx2

ADMINISTRATOR = "hr_administrator"
LOOK_S = 0.1
STEPS = ("restricted", "destroyed", "purged", "recorded", "deleted", "done")
KINDS = {"p-": "person", "c-": "candidate"}
HOLD_COLUMNS = ("subject", "hold", "ground", "matter", "placed_by", "placed_at", "release_asked_by", "released_at")
erase = typer.Typer(
    help="Erase a person's data: one asks, another confirms; there is no way back.", no_args_is_help=True
)
hold = typer.Typer(help="Hold data against erasure; two persons release it.", no_args_is_help=True)
Whose = Annotated[
    str, typer.Argument(metavar="SUBJECT", help="Whose data: person/p-…, candidate/c-…, or the id alone.")
]
HoldId = Annotated[str, typer.Argument(metavar="HOLD", help="Id of the hold, as `hold list` shows it.")]


@erase.command()
@an_act
def ask(
    subject: Whose,
    basis: Annotated[str, typer.Option("--basis", help="request, retention, objection or unlawful.")] = "request",
    *,
    how: How,
) -> None:
    """Ask for everything about somebody to be erased; another person confirms it."""
    receipt = _given(subject, "ask-erasure", {"basis": basis}, how)
    as_json(receipt) if how.json else say(f"Asked (position {receipt['position']}): another person confirms it.")


@erase.command()
@an_act
def confirm(
    subject: Whose,
    patience_s: Annotated[int, typer.Option("--wait", min=0, help="Seconds to follow it to its end.")] = 60,
    *,
    how: How,
) -> None:
    """Confirm an erasure that another person asked for, and follow it to its end. What is erased never comes back."""
    from api.cli.service import client, way

    _given(subject, "confirm-erasure", {}, how)
    with client(way(how.data, how.ledger, how.as_role or ADMINISTRATOR)) as service:
        told = _followed(service, _key(subject), patience_s, quiet=how.json)
    as_json(told) if how.json else _show(told)
    if told["step"] != STEPS[-1]:
        say_error("It is not done yet, and goes on by itself: see `pledger erase show`.")
        raise typer.Exit(NOT_YET)


@erase.command("show")
@an_act
def show_erasure(subject: Whose, how: How) -> None:
    """Show the receipt of an erasure: its last step, what was erased, and which subscribers have confirmed."""
    from api.cli.service import answered, client, way

    with client(way(how.data, how.ledger, how.as_role or ADMINISTRATOR)) as service:
        told = answered(service.get(_receipt_path(_key(subject))), machine=how.json)
    as_json(told) if how.json else _show(told)


@hold.command()
@an_act
def place(
    subject: Whose,
    matter: Annotated[str, typer.Option("--matter", help="Code of the case or of the law.")],
    ground: Annotated[str, typer.Option("--ground", help="litigation or statute.")] = "litigation",
    *,
    how: How,
) -> None:
    """Hold everything about somebody: nothing of it is erased while the hold stands."""
    body = {"ground": ground, "matter": matter}
    receipt = _given(subject, "place-hold", body, how)
    as_json(receipt) if how.json else say(f"Held: {receipt['event_id']} (position {receipt['position']}).")


@hold.command("ask-release")
@an_act
def ask_release(subject: Whose, hold: HoldId, how: How) -> None:
    """Ask for a hold to end; another person agrees with `hold release`."""
    receipt = _given(subject, "ask-hold-release", {"hold": hold}, how)
    as_json(receipt) if how.json else say(f"Asked (position {receipt['position']}): another person releases it.")


@hold.command()
@an_act
def release(subject: Whose, hold: HoldId, how: How) -> None:
    """Agree, as another person than the one who asked, that a hold ends."""
    receipt = _given(subject, "release-hold", {"hold": hold}, how)
    as_json(receipt) if how.json else say(f"Released (position {receipt['position']}).")


@hold.command("list")
@an_act
def list_holds(
    all: Annotated[bool, typer.Option("--all", help="Also those that were released.")] = False,
    *,
    how: How,
) -> None:
    """List what is held, by whom and why, and who wants it released."""
    from api.cli.service import answered, client, way

    rows: list[Fields] = []
    asked: Fields = {"released": all, "limit": 1000}
    with client(way(how.data, how.ledger, how.as_role or ADMINISTRATOR)) as service:
        while True:
            page = answered(service.get("/holds", params=asked), machine=how.json)
            rows += page["rows"]
            if page["next"] is None:
                break
            asked["after"] = page["next"]
    times = ("placed_at", "released_at")
    shown = [{**row, **{name: moment(row[name]) for name in times}} for row in rows]
    as_json({"rows": rows}) if how.json else show_table("Holds", HOLD_COLUMNS, shown)


def _key(subject: str) -> str:
    """Return `kind/id` of what was typed; ends the command where the kind can't be told."""
    kind, slash, id = subject.partition("/")
    if slash:
        if kind not in KINDS.values() or not id:
            stop(f"{subject} is no data subject: name person/p-… or candidate/c-….")
        return subject
    found = KINDS.get(subject[:2])
    if found is None:
        stop(f"{subject} may be anything: name person/p-… or candidate/c-….")
    return f"{found}/{subject}"


def _given(subject: str, verb: str, body: Fields, how: How) -> Fields:
    """Give a command to a personal record; return its receipt. A refusal ends the command."""
    from api.cli.service import answered, client, way

    kind, _, id = _key(subject).partition("/")
    path = f"/personal-records/{kind}/{quote(id, safe='')}/{verb}"
    with client(way(how.data, how.ledger, how.as_role or ADMINISTRATOR)) as service:
        return answered(service.post(path, json=body), machine=how.json)


def _receipt_path(key: str) -> str:
    kind, _, id = key.partition("/")
    return f"/{'people' if kind == 'person' else 'candidates'}/{quote(id, safe='')}/erasure"


def _followed(service: "httpx2.Client", key: str, patience_s: float, *, quiet: bool) -> Fields:
    """Follow an erasure until it is done or patience ends; return its receipt as it stands."""
    from api.cli.service import answered

    ends_at = time.monotonic() + patience_s
    with progress(f"Erasing {key}", total=len(STEPS), quiet=quiet) as advance:
        while True:
            response = service.get(_receipt_path(key))
            begun = response.status_code != 404
            told = answered(response, machine=quiet) if begun else {"subject": key, "step": "confirmed"}
            done = STEPS.index(told["step"]) + 1 if begun else 0
            advance(done, len(STEPS))
            if done == len(STEPS) or time.monotonic() >= ends_at:
                return told
            time.sleep(LOOK_S)


def _show(told: Fields) -> None:
    say(f"Erasure of {told['subject']}: {told['step']} ({datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC)")
    if "ids" not in told:
        return
    say(f"Ids {', '.join(told['ids'])}; classes {', '.join(told['classes']) or 'none'}.")
    say(f"{told['parts']} sealed parts and {told['identifiers']} outside identifiers.")
    say(f"Copies erased, as subscribers have confirmed: {', '.join(told['copies_erased']) or 'none'}.")
