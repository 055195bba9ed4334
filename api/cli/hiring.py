"""`pledger requisitions`, and one of them, and `application`: how hiring goes, from the request to the probation."""

from typing import Annotated

import typer

from api.cli.asking import How, about_many, about_one
from api.cli.console import as_json, say, show_table
from api.cli.questions import moment
from api.cli.threads import Id, called, listed, name_of, one_of, show_thread

Unit = Annotated[str | None, typer.Option("--unit", help="Which asks for people.")]
Stage = Annotated[str | None, typer.Option("--stage", help="open, approved, refused or closed.")]
REQUISITION_COLUMNS = ("requisition", "unit", "stage", "headcount", "opener", "opened_at")
APPLICATION_COLUMNS = ("application", "candidate", "place", "since", "days", "assessed", "of")
DECISION_COLUMNS = ("decision", "decider", "decided_at", "reason", "unmet", "unscored", "dissents", "reversed")


@about_many
def requisitions(unit: Unit = None, stage: Stage = None, *, how: How) -> None:
    """List the requests for people by unit and stage."""
    asked = {"unit": unit, "stage": stage}
    rows = listed("/requisitions", asked, how)
    as_json({"rows": rows}) if how.json else show_table(
        "Requisitions", REQUISITION_COLUMNS, [called(row) for row in rows]
    )


@about_one
def requisition(id: Id, *, how: How) -> None:
    """Show one request with its pipeline: how many applications stand where, and for how long."""
    found = one_of("/requisitions", id, {}, how)
    if how.json:
        as_json(found)
        return
    say(
        f"Requisition {found['requisition']} of {name_of(found['unit'])}: {found['stage']}, {found['headcount']} wanted"
    )
    show_table("Pipeline", ("place", "number"), found["pipeline"])
    show_table("Applications", APPLICATION_COLUMNS, [called(row) for row in found["rows"]])
    show_thread(found)


@about_one
def application(id: Id, *, how: How) -> None:
    """Tell how one application went: stages with their time, scorecards, decisions, offer and what came of it."""
    found = one_of("/applications", id, {}, how)
    if how.json:
        as_json(found)
        return
    zone = str(found["on"]["zone"])
    say(f"Application {found['application']} of {name_of(found['candidate'])}: {found['place']}")
    times = [
        {**one, "since": moment(one["since"], zone), "until": moment(one["until"], zone)} for one in found["times"]
    ]
    show_table(f"Places (times in {zone})", ("place", "since", "until", "days"), times)
    if found["blind"]:
        say("Scorecards of others: shown once your own is in.")
    cards = [
        {"assessor": name_of(card["assessor"]), "amended": len(card["amendments"]), **_scores(card["scores"])}
        for card in found["scorecards"]
    ]
    competencies = dict.fromkeys(name for card in cards for name in card if name not in ("assessor", "amended"))
    show_table("Scorecards", ("assessor", *competencies, "amended"), cards)
    decisions = [
        {**one, "decider": name_of(one["decider"]), "dissents": len(one["dissents"]), "reversed": bool(one["reversed"])}
        for one in found["decisions"]
    ]
    show_table("Decisions", DECISION_COLUMNS, decisions)
    show_thread(found)


def _scores(scores: list[dict[str, str]]) -> dict[str, object]:
    return {one["competency"]: one["score"] for one in scores}
