"""`pledger reviews`, `cycles` and `goals`, and one of each: how performance stands, line by line."""

from typing import Annotated

import typer

from api.cli.asking import How, about_many, about_one
from api.cli.console import Fields, as_json, say, show_table
from api.cli.threads import Id, called, listed, name_of, one_of, show_thread

Person = Annotated[str | None, typer.Option("--person", help="Whose reviews: p-….")]
Cycle = Annotated[str | None, typer.Option("--cycle", help="Reviews of one cycle.")]
Assessor = Annotated[
    str | None, typer.Option("--assessor", help="Who has to assess, judge, calibrate or decide: p-…, or me.")
]
State = Annotated[str | None, typer.Option("--state", help="In which state.")]
Owner = Annotated[str | None, typer.Option("--owner", help="Whose goals: person/… or unit/….")]
Unit = Annotated[str | None, typer.Option("--unit", help="Of a unit's members.")]
REVIEW_COLUMNS = ("review", "person", "cycle", "state", "grade", "published", "starts_on", "ends_on")
CYCLE_COLUMNS = ("cycle", "label", "phase", "starts_on", "ends_on", "running")
GOAL_COLUMNS = ("goal", "owner", "stage", "actual", "target", "progress", "expected", "health", "derived_health", "why")
STAGE_COLUMNS = ("stage", "opens_on", "closes_on", "running", "done", "of", "late", "done_late")
LATE_COLUMNS = ("stage", "person", "seat", "holder", "done_at")


@about_many
def reviews(
    person: Person = None, cycle: Cycle = None, state: State = None, assessor: Assessor = None, *, how: How
) -> None:
    """List reviews by person, cycle, state and who has to assess."""
    asked = {"person": person, "cycle": cycle, "state": state, "assessor": assessor}
    rows = listed("/reviews", asked, how)
    as_json({"rows": rows}) if how.json else show_table("Reviews", REVIEW_COLUMNS, [called(row) for row in rows])


@about_one
def review(id: Id, *, how: How) -> None:
    """Tell how one review came to its result, line by line."""
    found = one_of("/reviews", id, {}, how)
    if how.json:
        as_json(found)
        return
    result = found["result"]
    say(
        f"Review {found['id']} of {name_of(found['person'])}: {found['state']}, {found['starts_on']}–{found['ends_on']}"
    )
    say("Not published." if result is None else f"Published: {result['grade']}, content {result['content']}")
    missing = [{"seat": one["seat"], "person": name_of(one["person"])} for one in found["missing"]]
    show_table("Who has not assessed", ("seat", "person"), missing)
    show_thread(found)


@about_many
def cycles(*, how: How) -> None:
    """List the performance cycles."""
    rows = listed("/cycles", {}, how)
    as_json({"rows": rows}) if how.json else show_table("Cycles", CYCLE_COLUMNS, rows)


@about_one
def cycle(id: Id, unit: Unit = None, *, how: How) -> None:
    """Show the board of a cycle: stages, how complete each is, who is late, how the grades are spread."""
    found = one_of("/cycles", id, {"unit": unit}, how)
    if how.json:
        as_json(found)
        return
    say(f"Cycle {found['cycle']} {found['label']}: {found['phase']}, {found['reviews']['of']} reviews to be completed")
    show_table("Stages", STAGE_COLUMNS, found["rows"])
    show_table("Late", LATE_COLUMNS, [called(row) for row in found["late"]])
    spread = found["spread"]
    if spread["withheld"] is None:
        show_table("Grades", ("grade", "count"), spread["grades"])
    else:
        say(f"Grades: withheld, for fewer than {spread['limit']} are rated or open to you.")


@about_many
def goals(owner: Owner = None, unit: Unit = None, state: State = None, *, how: How) -> None:
    """List goals by owner, unit and state, with how far each is."""
    asked = {"owner": owner, "unit": unit, "state": state}
    rows = listed("/goals", asked, how)
    as_json({"rows": rows}) if how.json else show_table("Goals", GOAL_COLUMNS, [called(row) for row in rows])


@about_one
def goal(id: Id, *, how: How) -> None:
    """Tell how one goal stands: claim and measurement, path, health, and what the figures rest on."""
    found = one_of("/goals", id, {}, how)
    if how.json:
        as_json(found)
        return
    path, health = found["path"], found["health"]
    say(f"Goal {found['id']} of {name_of(found['owner'])}: {found['stage']}, {found['starts_on']}–{found['ends_on']}")
    say(f"Progress {_figure(found['progress'])} of expected {path['expected']} by {path['by']}; {found['formula']}.")
    say(f"Health declared {health['declared'] or 'not'}, derived {health['derived'] or health['why']}.")
    if path["paused"] or path["away"]:
        say(f"{'Paused' if path['paused'] else 'The owner is away'}: nothing is expected meanwhile.")
    values = [{"what": name, **found[name]} for name in ("claim", "measurement") if found[name] is not None]
    show_table("Values", ("what", "value", "day", "source", "entry"), values)
    show_table("Milestones", ("milestone", "due_on", "share", "reached_on"), found["milestones"])
    show_table("Open calls", ("kind", "concern", "since"), found["calls"])
    show_thread(found)


def _figure(figure: Fields) -> str:
    return str(figure["value"] if figure["value"] is not None else figure["why"])
