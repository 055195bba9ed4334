"""Level 4 for reports: found again on the bundle's own events, and on the whole exported log where it is given."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from api.bundles.report_questions import POLICIES, ReportQuestion, SealedAway, differing, is_part_of
from api.bundles.scratch import throw_away
from ledger.evidence.bundle import ANSWER, Bundle
from ledger.evidence.faults import EvidenceError, LogFalse, Malformed, NotYetProvable
from ledger.evidence.verify_bundle import log_entries
from ledger.kernel.refusals import Refusal
from projections.engine.following import BadEvents
from projections.engine.projection import Connection

DECIDED_BY, BUNDLE = "decided_by", "bundle"
Scratch = Callable[[], AbstractContextManager[Connection]]  # opens a connection for scratch tables
UNREADABLE = (ValueError, KeyError, TypeError, LookupError, Refusal, BadEvents)


def replay_report(bundle: Bundle, log: Path | None, scratch: Scratch = throw_away) -> dict[str, str]:
    """Return whether the report as a whole is proven to lack nothing; raises LogFalse where it is not what is found.

    Raises NotYetProvable where that cannot be told: by another formula, or without the log that the bundle asks for.
    `scratch` opens the database that the events are folded in.
    """
    try:
        question, said = ReportQuestion.from_json(bundle.question), orjson.loads(bundle.files[ANSWER])
        mine = question.formulas()
    except UNREADABLE:
        raise _strange() from None
    _require_formula(bundle, mine["report"])
    _check_period(question, bundle.events)
    alone = bundle.about.get(DECIDED_BY) == BUNDLE and POLICIES in bundle.streams
    if not alone and log is None:
        raise NotYetProvable(
            zh="报告所依据的多于证据包所含：请用 --log 给出导出的账本",
            en="the report rests on more than this bundle holds: give the exported log with --log",
        )
    with scratch() as connection:
        if alone:
            _require(bundle, lambda again: not differing(said, again), question, connection, bundle.events.values())
        if log is None:
            return {f"report/{question.report}": "not proven"}
        entries = _Entries(log, bundle.size)
        again = _require(bundle, lambda again: is_part_of(said, again), question, connection, entries)
    more, whole = len(again["lines"]) - len(said["lines"]), not differing(said, again)
    if entries.retired:
        return {f"report/{question.report}": f"not proven: {entries.retired} events of the log were retired"}
    return {f"report/{question.report}": "proven" if whole else f"not proven: the whole log gives {more} more lines"}


class _Entries:
    """The events of an exported log up to a position; `retired` counts those whose bytes are there no more."""

    def __init__(self, log: Path, upto: int) -> None:
        self._log, self._upto = log, upto
        self.retired = upto

    def __iter__(self) -> Iterator[bytes]:
        self.retired = self._upto
        for _, entry in log_entries(self._log, self._upto):
            self.retired -= 1
            yield entry


def _require_formula(bundle: Bundle, mine: str) -> None:
    formulas = bundle.about.get("formulas")
    theirs = formulas.get("report") if isinstance(formulas, Mapping) else None
    if theirs != mine:
        raise NotYetProvable(
            zh=f"报告的算法为 {theirs}，本程序为 {mine}",
            en=f"the report was computed by {theirs}, this program computes by {mine}",
        )


def _check_period(question: ReportQuestion, events: Mapping[int, bytes]) -> None:
    """Hold against the events what the bundle says of positions: what was recorded by then lies at or before them."""
    for position, stored in events.items():
        at = datetime.fromisoformat(orjson.loads(stored)["recorded_at"])
        for upto, instant in zip(question.recorded, (question.since, question.until), strict=True):
            if (position <= upto) != (at <= instant):
                raise LogFalse(
                    "answer_false",
                    position,
                    zh=f"位置 {position} 的记录时间与所述期间不符",
                    en=f"position {position} was recorded on the other side of {instant.isoformat()} than is said",
                )


def _require(
    bundle: Bundle,
    is_so: Callable[[Mapping[str, Any]], bool],
    question: ReportQuestion,
    connection: Connection,
    events: Iterable[bytes],
) -> Mapping[str, Any]:
    """Return what the report finds on these events. Raises where that is not what the bundle says."""
    try:
        again = question.answered(connection, events, bundle.size)
    except EvidenceError:
        raise
    except SealedAway:
        raise NotYetProvable(
            zh="报告打开了密封内容，仅凭事件无法重新得出",
            en="the report opens sealed parts, and can't be found again from the events alone",
        ) from None
    except UNREADABLE:
        raise _strange() from None
    if is_so(again):
        return again
    if isinstance(events, _Entries) and events.retired:
        raise NotYetProvable(
            zh=f"账本中 {events.retired} 个事件的字节已到期销毁，报告无法由其余事件重算",
            en=f"{events.retired} events of the log were retired, and the rest gives another report",
        )
    names = ", ".join(differing(orjson.loads(bundle.files[ANSWER]), again))
    theirs = dict(bundle.about["formulas"]).get("projections") if isinstance(bundle.about["formulas"], dict) else None
    if theirs != question.formulas()["projections"]:
        raise NotYetProvable(
            zh=f"重算的报告不同（{names}），但由其他版本的投影得出：{theirs}",
            en=f"the events give another report ({names}), but it was made by other projections: {theirs}",
        )
    raise LogFalse(
        "answer_false", None, zh=f"重算的报告不同：{names}", en=f"the events give another report: {names} differ"
    )


def _strange() -> Malformed:
    return Malformed(zh="证据包中的报告无法重算", en="the bundle's report can't be found again")
