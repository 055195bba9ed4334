"""Reports: what each asks and how it answers, line by line, each line with the events that it rests on."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from api.answers import After, Keyset, Limit, MinPosition, answer, table, wants_csv
from api.labels import Labels, labels_for
from api.paths import PathId
from api.reading import Asking
from api.reporting import Wanted, answered, found_json, given_for, plain, report_json, texts_in, visible
from api.routes.ownership import Fields, moment_json
from api.snapshots import at_least, known_position
from api.times import Known, On
from ledger.kernel.ids import stream_name
from ledger.kernel.refusals import NotFound
from projections.accountability.report import Line, Report
from projections.reports import REPORTS

router = APIRouter(tags=["reports"])
Unit = Annotated[str | None, Query(min_length=1, max_length=128, description="Of a unit and those below it.")]
From = Annotated[str | None, Query(alias="from", max_length=40, description="The period's first day or instant.")]
Until = Annotated[str | None, Query(max_length=40, description="Its last day, or the instant before which it ends.")]
SubjectKey = Annotated[str | None, Query(min_length=3, max_length=170, description="Of one subject: kind/id.")]
EventId = Annotated[str | None, Query(min_length=36, max_length=36, description="When this event happened.")]
ThanOn = Annotated[str | None, Query(max_length=40, description="Compare with this day.")]
ThanKnown = Annotated[str | None, Query(max_length=40, description="Compare with what was known then.")]


def wanted_by(
    on: On = None,
    unit: Unit = None,
    since: From = None,
    until: Until = None,
    subject: SubjectKey = None,
    event: EventId = None,
    than_on: ThanOn = None,
    than_known: ThanKnown = None,
) -> Wanted:
    """Return what the query asks a report about."""
    return Wanted(on, since, until, unit, subject, event, than_on, than_known)


def report_named(name: str) -> Report:
    """Return a report. Raises NotFound."""
    chosen = REPORTS.get(name)
    if chosen is None:
        raise NotFound()
    return chosen


Wanting = Annotated[Wanted, Depends(wanted_by)]


@router.get("/reports", response_class=Response)
async def reports(asked: Asking) -> Response:
    """Return every report: its name, question, definition, parameters, thresholds and version of the formula."""
    rows = [report_json(report, asked.language) for report in REPORTS.values()]
    return table(asked, rows, asked.served.watch.size, next=None)


@router.get("/reports/{name}", response_class=Response)
async def report(
    asked: Asking,
    name: str,
    wanted: Wanting,
    known: Known = None,
    limit: Limit = 1000,
    after: After = None,
    min_position: MinPosition = None,
) -> Response:
    """Return the lines of a report that the caller may see, what is missing, and how the figures come about."""
    chosen = report_named(name)
    keyset = Keyset(asked, f"report {name} {known} {wanted}")
    start, at = _place(keyset.read(after), await known_position(asked, known))
    moment, given = await given_for(asked, chosen, wanted, at)
    found = await visible(asked, await answered(asked, chosen, given, at_least(min_position, at)))
    lines, upto = found.answer.lines, found.told.known
    page = lines[start : start + limit]
    following = keyset.make((start + limit, upto)) if len(lines) > start + limit else None
    await asked.note_shown(key for key in _keys(page) if key.startswith("person/"))
    if wants_csv(asked.asker.headers.get("accept", "")):
        return table(asked, [_row(line, asked.language) for line in page], upto, next=following)
    labels = await labels_for(asked, _keys(page), moment, upto)
    value: Fields = {
        **report_json(chosen, asked.language),
        "on": moment_json(moment),
        **found_json(chosen, found, page, asked.language),
        "labels": _labels_json(labels, page),
        "next": following,
    }
    return answer(asked, value, upto)


@router.get("/goals/{id}/map", response_class=Response)
async def goal_map(
    asked: Asking, id: PathId, on: On = None, known: Known = None, min_position: MinPosition = None
) -> Response:
    """Return the strategy map around a goal: all above and all below it, with amounts, coverage and remainder."""
    subject = stream_name("goal", id)
    return await report(asked, "strategy-map", Wanted(on, subject=subject), known=known, min_position=min_position)


@router.get("/units/{id}/map", response_class=Response)
async def unit_map(
    asked: Asking, id: PathId, on: On = None, known: Known = None, min_position: MinPosition = None
) -> Response:
    """Return the strategy map around the goals of a unit."""
    subject = stream_name("unit", id)
    return await report(asked, "strategy-map", Wanted(on, subject=subject), known=known, min_position=min_position)


def _place(key: list[str | int] | None, known: int | None) -> tuple[int, int | None]:
    """Return where a page starts and at which position: that of the first page, for lines do not move between."""
    return (0, known) if key is None else (int(key[0]), int(key[1]))


def _row(line: Line, language: str) -> Fields:
    """Return a line as a row of a table: its events by id."""
    ids = " ".join(one.event_id for one in line.events)
    return {"subject": line.about[0] if line.about else None, **plain(line.values, language), "events": ids}


def _keys(lines: Iterable[Line]) -> set[str]:
    """Return the persons and units that lines name."""
    named = {text for line in lines for text in (*line.about, *texts_in(list(line.values.values())))}
    return {key for key in named if key.startswith(("person/", "unit/"))}


def _labels_json(labels: Labels, lines: Iterable[Line]) -> Fields:
    return {key: label for key in sorted(_keys(lines)) if (label := labels.known.get(key)) is not None}
