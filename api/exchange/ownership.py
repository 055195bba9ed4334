"""Bringing in who owned what: proposed by one HR administrator, confirmed by another, recorded as testimony."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from api.exchange.commands import RowCommand, commands
from api.exchange.faults import RowFault
from api.exchange.mapping import TableMapping, digest, recognised
from api.exchange.plan import Plan, plan
from api.exchange.report import ImportReport
from api.exchange.table import read_table
from ledger.application import Ask, Caller, Idempotency, Ledger, Receipt, Refused, Testimony
from ledger.domain.ledgers import ConfirmImport, ImportConfirmed, ImportProposed, LedgerOpened, ProposeImport
from ledger.kernel.event import decode, decode_raw
from ledger.kernel.ids import pseudonym, split_stream, stream_name
from ledger.kernel.refusals import AlreadyExists, AlreadyRecorded, NotFound

Progress = Callable[[int, int], None]
DRY_RUN = "dry-run"
PAGE = 5_000


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file read by its mapping and planned for one ledger: nothing of it is recorded yet."""

    plan: Plan
    mapping: TableMapping
    digest: str

    def report(self) -> ImportReport:
        """Return the part of the report that is known from the file alone."""
        return ImportReport(
            state="dry_run",
            digest=self.digest,
            rows=self.plan.rows,
            spelling_only=self.plan.spelling_only,
            refused=self.plan.refused,
            questions=self.plan.questions,
            understood=self.mapping.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        )


async def run_import(
    ledger: Ledger,
    data: bytes,
    mapping: TableMapping | None,
    *,
    proposer: Caller,
    confirmer: Caller | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Bring in a table: try it (`dry_run`), propose it, or with a confirmer propose, confirm and record it.

    Raises TableFault for a file or mapping that can't be taken, and whatever refuses proposing or confirming.
    """
    prepared = await prepare(ledger, data, mapping)
    if dry_run:
        return await try_out(ledger, prepared, proposer, progress=progress)
    proposed = await propose(ledger, prepared, proposer)
    if confirmer is None:
        return proposed
    assert proposed.import_id is not None, "a proposed import has an id"
    return await confirm(ledger, prepared, proposed.import_id, confirmer, progress=progress)


async def prepare(ledger: Ledger, data: bytes, mapping: TableMapping | None) -> Prepared:
    """Read and plan a file; without a mapping its headers must be documented ones. Raises TableFault."""
    cut_over = await asyncio.to_thread(cut_over_of, ledger)
    return await asyncio.to_thread(_prepared, ledger, data, mapping, cut_over)


def cut_over_of(ledger: Ledger) -> date:
    """Return the day from which on the ledger keeps its own acts and takes no history."""
    for stored in ledger.reader.events_of(stream_name("ledger", ledger.name)):
        event = decode(stored).event
        if isinstance(event, LedgerOpened):
            return event.cut_over
    raise NotFound()


def _prepared(ledger: Ledger, data: bytes, mapping: TableMapping | None, cut_over: date) -> Prepared:
    table = read_table(data, None if mapping is None else mapping.table.layout())
    meant = recognised(table.columns) if mapping is None else mapping
    planned = plan(table, meant, zone=ledger.zone, cut_over=cut_over)
    return Prepared(planned, meant, digest(data, meant))


async def try_out(
    ledger: Ledger, prepared: Prepared, caller: Caller, *, progress: Progress | None = None
) -> ImportReport:
    """Return what recording would give, with every rule applied; record nothing."""
    return await _run(ledger, prepared, DRY_RUN, caller, dry_run=True, progress=progress)


async def propose(
    ledger: Ledger, prepared: Prepared, caller: Caller, *, idempotency: Idempotency | None = None
) -> ImportReport:
    """Record that somebody wants to bring in this file with this mapping; its rows wait for another to confirm."""
    command = ProposeImport(digest=prepared.digest, form=prepared.mapping.form, rows=prepared.plan.rows)
    receipt = await ledger.record(Ask(command=command, kind="import", id=None, caller=caller), idempotency=idempotency)
    return replace(prepared.report(), state="proposed", import_id=split_stream(receipt.stream)[1])


async def confirm(
    ledger: Ledger,
    prepared: Prepared,
    import_id: str,
    caller: Caller,
    *,
    idempotency: Idempotency | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Confirm a proposed import with the same file and record its rows. Repeating it records what is still missing.

    Raises OwnProposal, OtherTable, NotFound, and AlreadyExists where somebody else has confirmed it.
    """
    ask = Ask(command=ConfirmImport(digest=prepared.digest), kind="import", id=import_id, caller=caller)
    try:
        await ledger.record(ask, idempotency=idempotency)
    except AlreadyExists:
        if not await asyncio.to_thread(_confirmed_by, ledger, import_id, caller, prepared.digest):
            raise
    return await _run(ledger, prepared, import_id, caller, dry_run=False, progress=progress)


def _confirmed_by(ledger: Ledger, import_id: str, caller: Caller, digest: str) -> bool:
    """Tell whether the caller confirmed this very table before: then the rows that an interruption left out follow."""
    entries = [decode(stored) for stored in ledger.reader.events_of(stream_name("import", import_id))]
    proposed = any(isinstance(e.event, ImportProposed) and e.event.digest == digest for e in entries)
    return proposed and any(isinstance(e.event, ImportConfirmed) and e.actor == caller.id for e in entries)


async def _run(
    ledger: Ledger, prepared: Prepared, batch: str, caller: Caller, *, dry_run: bool, progress: Progress | None
) -> ImportReport:
    people, known = await _people(ledger, prepared.plan)
    wanted = list(commands(prepared.plan, people=people, known=known, assignment=prepared.mapping.assignment))
    asks = [_ask(row, batch, caller) for row in wanted]
    results = await ledger.record_batch(asks, mode="each", batch_id=batch, dry_run=dry_run, progress=progress)
    report = _counted(prepared.report(), wanted, results)
    if dry_run:
        return report
    positions = [result.position for result in results if isinstance(result, Receipt)]
    if not positions:
        return replace(report, state="recorded", import_id=batch)
    first, last = min(positions), max(positions)
    marked = await asyncio.to_thread(_marks, ledger, batch, first=first, last=last)
    return replace(report, state="recorded", import_id=batch, first_position=first, last_position=last, marked=marked)


async def _people(ledger: Ledger, plan: Plan) -> tuple[dict[str, str], frozenset[str]]:
    """Return the id of everybody the plan names, new ones for those the ledger does not know, and who is known."""
    people: dict[str, str] = {}
    known: set[str] = set()
    for person in plan.persons:
        subject = await ledger.find(person.scheme, person.spellings[0])
        if subject is not None and split_stream(subject)[0] == "person":
            known.add(person.key)
            people[person.key] = split_stream(subject)[1]
        else:
            people[person.key] = pseudonym("p")
    return people, frozenset(known)


def _ask(row: RowCommand, batch: str, caller: Caller) -> Ask:
    testimony = Testimony(batch=batch, row=row.row)
    return Ask(command=row.command, kind=row.kind, id=row.id, caller=caller, testimony=testimony)


def _counted(report: ImportReport, wanted: Sequence[RowCommand], results: Iterable[Receipt | Refused]) -> ImportReport:
    """Return the report with what became of each command."""
    recorded = dict.fromkeys(("person", "subject", "fact"), 0)
    unchanged, refused = 0, list(report.refused)
    for row, result in zip(wanted, results, strict=True):
        if isinstance(result, Receipt):
            recorded[row.about] += 1
        elif not isinstance(result.refusal, AlreadyRecorded):
            refused.append(RowFault(row.row, row.column, result.refusal))
        elif row.about == "fact":
            unchanged += 1
    return replace(
        report,
        recorded=recorded["fact"],
        persons=recorded["person"],
        subjects=recorded["subject"],
        unchanged=unchanged,
        refused=tuple(sorted(refused, key=lambda fault: fault.row)),
    )


def _marks(ledger: Ledger, batch: str, *, first: int, last: int) -> dict[str, tuple[int, ...]]:
    """Return the rows of each mark, read from the events as recorded."""
    found: dict[str, list[int]] = {}
    after = first - 1
    while after < last and (page := ledger.reader.page(after, PAGE, upto=last)):
        for _, stored in page:
            raw = decode_raw(stored)
            if raw.get("batch") == batch:
                for code in raw.get("marks", ()):
                    found.setdefault(code, []).append(int(raw["source"].rpartition("#")[2]))
        after = page[-1][0]
    return {code: tuple(rows) for code, rows in sorted(found.items())}
