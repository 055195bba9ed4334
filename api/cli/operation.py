"""`pledger projections` and `pledger rebuild`: where projections stand, and building them anew beside the live ones."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.console import REFUSED, Fields, as_json, progress, say, say_error, show_table, stop
from api.cli.options import AsJson, AsRole, Data, LedgerName

if TYPE_CHECKING:
    import httpx2

OPERATOR = "operator"
LOOK_S = 0.1
ENDED = ("done", "failed", "cancelled")


def projections(data: Data = None, ledger: LedgerName = None, as_role: AsRole = None, json: AsJson = False) -> None:
    """List every projection: the question it answers, where it stands, and any rebuild."""
    from api.cli.service import answered, client, way

    with client(way(data, ledger, as_role or OPERATOR)) as service:
        listed = answered(service.get("/projections"), machine=json)
    if json:
        as_json(listed)
        return
    columns = ("name", "version", "state", "position", "head", "parked", "question")
    show_table("Projections", columns, listed["projections"])


def rebuild(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Which; none: all of them.")] = None,
    wait: Annotated[bool, typer.Option(help="Wait until they are live.")] = True,
    data: Data = None,
    ledger: LedgerName = None,
    as_role: AsRole = None,
    json: AsJson = False,
) -> None:
    """Build projections anew from the first event, all at once; questions are answered all the while."""
    from api.cli.service import answered, client, way

    with client(way(data, ledger, as_role or OPERATOR)) as service:
        known = [str(p["name"]) for p in answered(service.get("/projections"), machine=json)["projections"]]
        unknown = sorted(set(names or ()) - set(known))
        if unknown:
            stop(f"There is no projection {', '.join(unknown)}; there are: {', '.join(known)}.")
        begun = [service.post(f"/projections/{name}/rebuild") for name in names or known]
        ended = [answered(one, machine=json)["progress"] for one in begun]
        if wait:
            ended = [_awaited(service, job, quiet=json) for job in ended]
    if json:
        as_json({"rebuilds": ended})
    for job in [] if json else ended:
        say(f"{job['name']}: {job['state']}, {job['done']} of {job['total']} events")
    failed = [str(job["name"]) for job in ended if job["state"] in ("failed", "cancelled")]
    if failed:
        say_error(f"Not rebuilt: {', '.join(failed)}. The live ones go on as before.")
        raise typer.Exit(REFUSED)


def _awaited(service: "httpx2.Client", job: Fields, *, quiet: bool) -> Fields:
    """Follow a rebuild until it is live or given up; return its last progress."""
    from api.cli.service import answered

    with progress(f"Rebuilding {job['name']}", total=job["total"], quiet=quiet) as advance:
        while job["state"] not in ENDED:
            time.sleep(LOOK_S)
            listed = answered(service.get("/projections"), machine=quiet)["projections"]
            job = _progress_of(listed, job)
            advance(job["done"], job["total"])
    return job


def _progress_of(listed: list[Fields], job: Fields) -> Fields:
    """Return how far the rebuild is. One that is no longer listed is over: live where its build answers now."""
    status = next(one for one in listed if one["name"] == job["name"])
    found = status["rebuild"]
    if found is not None and found["build"] == job["build"]:
        return dict(found)
    state = "done" if status["build"] == job["build"] else "failed"
    return {**job, "state": state, "done": status["position"], "total": status["head"]}
