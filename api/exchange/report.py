"""Reports of imports: what was recorded, what was there already, what carries a mark, what was refused and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from rich.console import Console
from rich.table import Table as Grid

from api.exchange.faults import RowFault
from api.exchange.plan import Question
from ledger.kernel.refusals import REFUSALS

ROWS_SHOWN = 20
Language = Literal["zh", "en"]
State = Literal["dry_run", "proposed", "recorded"]
_WORDS: Mapping[str, tuple[str, str]] = {
    "rows": ("rows in the table", "表中行数"),
    "recorded": ("facts recorded", "已记录事实"),
    "persons": ("people registered", "新登记人员"),
    "subjects": ("units and subjects registered", "新登记单位与事项"),
    "unchanged": ("facts there already", "已有事实"),
    "spelling_only": ("rows that only change a spelling", "仅书写不同的行"),
    "marked": ("facts with a mark", "带标记的事实"),
    "refused": ("refused", "被拒绝"),
}
_STATES: Mapping[str, tuple[str, str]] = {
    "dry_run": ("Nothing is recorded: this was a dry run.", "试运行：未作任何记录。"),
    "proposed": (
        "Proposed. Another HR administrator confirms it with the same file.",
        "已提议；须由另一位人事管理员以同一文件确认。",
    ),
    "recorded": ("Recorded as testimony.", "已作为历史导入记录。"),
}


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The outcome of an import, or of its dry run. Rows are those of the file, the header being row 1."""

    state: State
    digest: str
    rows: int
    import_id: str | None = None
    recorded: int = 0
    persons: int = 0
    subjects: int = 0
    unchanged: int = 0
    spelling_only: tuple[int, ...] = ()
    marked: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    refused: tuple[RowFault, ...] = ()
    questions: tuple[Question, ...] = ()
    first_position: int | None = None
    last_position: int | None = None
    understood: Mapping[str, object] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """Return every count by its name."""
        return {
            "rows": self.rows,
            "recorded": self.recorded,
            "persons": self.persons,
            "subjects": self.subjects,
            "unchanged": self.unchanged,
            "spelling_only": len(self.spelling_only),
            "marked": sum(len(rows) for rows in self.marked.values()),
            "refused": len(self.refused),
        }

    def as_json(self, language: Language = "en") -> dict[str, object]:
        """Return the report as plain values; sentences are in `language`."""
        return {
            "state": self.state,
            "import_id": self.import_id,
            "digest": self.digest,
            "counts": self.counts(),
            "spelling_only": list(self.spelling_only),
            "marked": [
                {"code": code, "text": mark_text(code, language), "rows": list(rows)}
                for code, rows in self.marked.items()
            ],
            "refused": [_refused(fault, language) for fault in self.refused],
            "questions": [
                {"code": q.code, "text": q.zh if language == "zh" else q.en, "rows": list(q.rows)}
                for q in self.questions
            ],
            "first_position": self.first_position,
            "last_position": self.last_position,
            "understood": dict(self.understood),
        }


def mark_text(code: str, language: Language) -> str:
    """Return the sentence of a mark: that of the refusal which a live act would have met."""
    refusal = REFUSALS.get(code)
    sentence = code if refusal is None else (refusal.zh if language == "zh" else refusal.en)
    return code if "{" in sentence else sentence


def _refused(fault: RowFault, language: Language) -> dict[str, object]:
    refusal = fault.refusal
    said: dict[str, object] = {"row": fault.row, "column": fault.column, "code": refusal.code}
    said["text"] = refusal.text(language)
    accepted = refusal.accepted(language)
    return {**said, "accepted": accepted} if accepted else said


def show(report: ImportReport, console: Console, language: Language = "en") -> None:
    """Print the report for a person; at most 20 rows of each kind, the rest is counted."""
    show_fields(report.as_json(language), console, language)


def show_fields(body: Mapping[str, object], console: Console, language: Language = "en") -> None:
    """Print a report given as the plain values of `ImportReport.as_json` in the same language."""
    index = 1 if language == "zh" else 0
    console.print(_STATES[str(body["state"])][index], markup=False)
    if body["import_id"]:
        console.print(f"import {body['import_id']}", markup=False)
    counts = Grid(show_header=False, box=None)
    counted = body["counts"]
    assert isinstance(counted, Mapping)
    for name, count in counted.items():
        counts.add_row(_WORDS[str(name)][index], str(count))
    console.print(counts)
    for name in ("refused", "marked", "questions"):
        rows = body[name]
        assert isinstance(rows, list)
        if rows:
            console.print(_grid(name, rows))


def _grid(name: str, rows: list[dict[str, object]]) -> Grid:
    grid = Grid(title=f"{name} ({len(rows)})", title_justify="left")
    columns = [column for column in ("row", "rows", "column", "code", "text") if column in rows[0]]
    for column in columns:
        grid.add_column(column)
    for row in rows[:ROWS_SHOWN]:
        grid.add_row(*(_plain(row[column]) for column in columns))
    if len(rows) > ROWS_SHOWN:
        grid.add_row(*("…" for _ in columns))
    return grid


def _plain(value: object) -> str:
    """Return a cell's text; brackets are escaped so that a table can't style the terminal."""
    if isinstance(value, list):
        shown = ", ".join(str(row) for row in value[:8])
        return shown + (f" … ({len(value)})" if len(value) > 8 else "")
    return "" if value is None else str(value).replace("[", r"\[")
