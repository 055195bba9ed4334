"""`pledger feedback` and `coaching`: what was told, what is still asked for, and when members were last coached."""

from typing import Annotated

import typer

from api.cli.asking import How, about_many
from api.cli.console import as_json, say, show_table
from api.cli.threads import called, listed

Person = Annotated[str | None, typer.Option("--person", help="Whom it is for: p-….")]
AskedOf = Annotated[str | None, typer.Option("--asked-of", help="Of whom it was asked: p-….")]
State = Annotated[str | None, typer.Option("--state", help="requested, given, acknowledged or withdrawn.")]
Lead = Annotated[str | None, typer.Option("--lead", help="Whose members: p-….")]
Unit = Annotated[str | None, typer.Option("--unit", help="Whose members.")]
Since = Annotated[str | None, typer.Option("--since", help="Count sessions from this day on.")]
FEEDBACK_COLUMNS = ("feedback", "recipient", "giver", "asked", "state", "kind", "visibility", "given_at")
COACHING_COLUMNS = (
    "member",
    "lead",
    "last_at",
    "days",
    "coach",
    "sessions",
    "open_actions",
    "overdue_actions",
    "withheld",
)


@about_many
def feedback(person: Person = None, asked_of: AskedOf = None, state: State = None, *, how: How) -> None:
    """List feedback, and with `--state requested` what was asked for and is not answered."""
    asked = {"person": person, "asked_of": asked_of, "state": state}
    rows = listed("/feedback", asked, how)
    as_json({"rows": rows}) if how.json else show_table("Feedback", FEEDBACK_COLUMNS, [called(row) for row in rows])


@about_many
def coaching(lead: Lead = None, unit: Unit = None, since: Since = None, *, how: How) -> None:
    """Tell for each member of a lead or unit when they were last coached, and by whom."""
    asked = {"lead": lead, "unit": unit, "since": since}
    rows = listed("/coaching", asked, how)
    if how.json:
        as_json({"rows": rows})
        return
    show_table("Coaching", COACHING_COLUMNS, [called(row) for row in rows])
    never = sum(row["last_at"] is None and not row["withheld"] for row in rows)
    say(f"{never} of {len(rows)} never coached; of {sum(row['withheld'] for row in rows)} it is withheld.")
