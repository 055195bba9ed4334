"""Bringing in who owned what: proposed by one HR administrator, confirmed by another, recorded as testimony."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from api.exchange.commands import RowCommand, commands
from api.exchange.faults import RowFault
from api.exchange.mapping import TableMapping, digest, recognised
from api.exchange.plan import Plan, plan
from api.exchange.report import ImportReport
from api.exchange.table import read_table
from ledger.application import Ask, Caller, Idempotency, Ledger, Receipt, Refused, Testimony
from ledger.domain.ledgers import ConfirmImport, ImportConfirmed, ImportProposed, ProposeImport
from ledger.kernel.event import decode
from ledger.kernel.ids import pseudonym, split_stream, stream_name
from ledger.kernel.refusals import AlreadyExists, AlreadyRecorded

Progress = Callable[[int, int], None]
DRY_RUN = "dry-run"


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
    return await asyncio.to_thread(_prepared, ledger, data, mapping)


def _prepared(ledger: Ledger, data: bytes, mapping: TableMapping | None) -> Prepared:
    table = read_table(data, None if mapping is None else mapping.table.layout())
    meant = recognised(table.columns) if mapping is None else mapping
    planned = plan(table, meant, zone=ledger.zone, cut_over=ledger.cut_over)
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
    asks = [_ask(row, batch, caller, trial=dry_run) for row in wanted]
    results = await ledger.record_batch(asks, mode="each", batch_id=batch, dry_run=dry_run, progress=progress)
    report = _counted(prepared.report(), wanted, results)
    return report if dry_run else replace(report, state="recorded", import_id=batch)


async def _people(ledger: Ledger, plan: Plan) -> tuple[dict[str, str], frozenset[str]]:
    """Return the id of everybody the plan names, new ones for those the ledger does not know, and who is known."""
    schemes = {person.scheme for person in plan.persons}
    found = {s: await ledger.find_all(s, [p.key for p in plan.persons if p.scheme == s]) for s in schemes}
    subjects = {p.key: found[p.scheme].get(p.key) for p in plan.persons}
    known = {key: split_stream(s)[1] for key, s in subjects.items() if s is not None and s.startswith("person/")}
    return {key: known.get(key) or pseudonym("p") for key in subjects}, frozenset(known)


def _ask(row: RowCommand, batch: str, caller: Caller, *, trial: bool) -> Ask:
    testimony = Testimony(batch=batch, row=row.row, trial=trial)
    return Ask(command=row.command, kind=row.kind, id=row.id, caller=caller, testimony=testimony)


def _counted(report: ImportReport, wanted: Sequence[RowCommand], results: Iterable[Receipt | Refused]) -> ImportReport:
    """Return the report with what became of each command."""
    receipts: list[tuple[RowCommand, Receipt]] = []
    unchanged, refused = 0, list(report.refused)
    for row, result in zip(wanted, results, strict=True):
        if isinstance(result, Receipt):
            receipts.append((row, result))
        elif not isinstance(result.refusal, AlreadyRecorded):
            refused.append(RowFault(row.row, row.column, result.refusal))
        elif row.about == "fact":
            unchanged += 1
    about = Counter(row.about for row, _ in receipts)
    positions = [receipt.position for _, receipt in receipts if receipt.position]
    return replace(
        report,
        recorded=about["fact"],
        persons=about["person"],
        subjects=about["subject"],
        unchanged=unchanged,
        marked=_marks(receipts),
        refused=tuple(sorted(refused, key=lambda fault: fault.row)),
        first_position=min(positions, default=None),
        last_position=max(positions, default=None),
    )


def _marks(receipts: Iterable[tuple[RowCommand, Receipt]]) -> dict[str, tuple[int, ...]]:
    """Return the rows that carry each mark."""
    found: dict[str, list[int]] = {}
    for row, receipt in receipts:
        for code in receipt.marks:
            found.setdefault(code, []).append(row.row)
    return {code: tuple(rows) for code, rows in sorted(found.items())}
