"""Job analyses: what was put on record of a job, how it stands, and whether the report still gives the same figures."""

from dataclasses import dataclass

from fastapi import APIRouter, Response
from pydantic import ValidationError

from api.answers import MinPosition, answer, table
from api.paths import PathId
from api.reading import Asked, Asking
from api.reporting import answered
from api.routes.ownership import Fields
from api.snapshots import put
from ledger.domain.hiring.analyses import AnalyseJob, AnalysisState, JobAnalysed
from ledger.facts import LedgerFacts
from ledger.kernel.moments import begins, last_instant
from ledger.kernel.refusals import NotFound
from projections.accountability.acts import Act, read_acts
from projections.accountability.report import Circumstances
from projections.engine import View
from projections.suggestions.gathering import EARLY
from projections.suggestions.job_analysis import NAME, REPORT, VERSION

ANALYSED = "hiring.JobAnalysed"
KEPT = "statistics"  # the projection that keeps what is recorded of hiring
COMPARED = ("persons", "metrics", "competencies")
router = APIRouter(tags=["hiring"])


@dataclass(frozen=True, slots=True)
class _Standing:
    """An analysis as it stands."""

    analysed: JobAnalysed
    standing: str


@router.get("/job-analyses", response_class=Response)
async def job_analyses(asked: Asking, min_position: MinPosition = None) -> Response:
    """Return the analyses of jobs that the caller may see, the latest first, and how each stands."""
    now = asked.ledger.clock.now()

    def question(view: View) -> list[Act]:
        period = {"since": EARLY, "until": now, "known": view.position, "topics": [ANALYSED]}
        return read_acts(view, period, view.position)

    found = await put(asked, KEPT, question, min_position)
    seen = [act.id for act in reversed(found) if await asked.sees("job-analysis", act.id)]
    rows = [_row(id, await _standing(asked, id)) for id in seen]
    return table(asked, rows, asked.served.runner.positions.get(KEPT), next=None)


@router.get("/job-analyses/{id}", response_class=Response)
async def job_analysis(asked: Asking, id: PathId) -> Response:
    """Return one analysis with its figures; `agrees` tells whether the report gives the same at its position.

    `differs` names what does not agree. Both are absent where the report's formula has another version by now.
    """
    found = await _standing(asked, id)
    differs = await _differing(asked, found.analysed)
    figures = found.analysed.model_dump(mode="json", exclude_none=True)
    value: Fields = {
        **_row(id, found),
        **figures,
        "agrees": None if differs is None else not differs,
        "differs": differs,
    }
    return answer(asked, value, asked.served.watch.size)


async def _standing(asked: Asked, id: str) -> _Standing:
    def question(facts: LedgerFacts) -> _Standing:
        state: AnalysisState = facts.state("job-analysis", id)
        if state.analysed is None:
            raise NotFound()
        adopted: bool = facts.state("job-profile", state.analysed.profile).has_adopted(id)
        return _Standing(state.analysed, "adopted" if adopted else "declined" if state.declined else "proposed")

    return await asked.ledger.judged(question)


def _row(id: str, found: _Standing) -> Fields:
    one = found.analysed
    named = {"profile": one.profile, "job": one.job, "unit": one.unit, "analyst": f"person/{one.analyst}"}
    rests = {"formula": one.formula, "rests_on": one.position, "since": str(one.since), "until": str(one.until)}
    return {"analysis": id, "standing": found.standing, **named, **rests}


async def _differing(asked: Asked, analysed: JobAnalysed) -> list[str] | None:
    """Return what the report, asked again, gives otherwise than was recorded; None for another formula."""
    if analysed.formula != f"{NAME}@{VERSION}":
        return None
    zone = asked.ledger.zone
    until = last_instant(analysed.until, zone)
    given = Circumstances(
        until, analysed.position, begins(analysed.since, zone), until, zone, subject=f"job-profile/{analysed.profile}"
    )
    found = await answered(asked, REPORT, given, analysed.position)
    told = next((line.values["command"] for line in found.answer.lines if line.values["line"] == "proposal"), None)
    try:
        again = AnalyseJob.model_validate(told)
    except ValidationError:
        return list(COMPARED)
    return [name for name in COMPARED if getattr(again, name) != getattr(analysed, name)]
