"""Verdicts: what a verification found, how far it got, and what it does not show."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace

from .faults import EvidenceError, ExitCode, LogFalse

Progress = Callable[[int, int], None]  # events done, events in all


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one verification, in numbers for machines and in one sentence in each language for people.

    level: 1 one proof · 2 a whole log · 3 with disclosed parts · 4 with the answer replayed ·
        5 with continuity to earlier checkpoints.
    checked: events whose bytes were hashed and found good before the end or the first fault.
    tail: events past the last checkpoint: recomputed, but under no signature yet.
    withheld: events whose bytes were retired, and of which only the leaf hash was checked.
    complete: "proven" where every event up to the checkpoint was seen, so that none of a subject can be missing; of
        retired events nobody can tell any more whose they were.
    subjects: of a bundle, the same for each subject.
    """

    ok: bool
    level: int
    checked: int
    kind: str
    zh: str
    en: str
    first_bad: int | None = None
    checkpoint_size: int = 0
    tail: int = 0
    withheld: int = 0
    complete: str = "not proven"
    exit_code: ExitCode = ExitCode.OK
    subjects: Mapping[str, str] = field(default_factory=dict)

    def text(self, language: str) -> str:
        """The sentence in `language`: anything that begins with "zh" is Chinese, all else English."""
        return self.zh if language.lower().startswith("zh") else self.en

    def as_json(self) -> dict[str, object]:
        """All fields, for machines."""
        return {**asdict(self), "exit_code": int(self.exit_code)}


def from_fault(fault: EvidenceError, *, level: int, checked: int = 0) -> Verdict:
    """The verdict that a check which raised leads to: what differs, where first, and how much was good before."""
    kind, first_bad = (fault.kind, fault.position) if isinstance(fault, LogFalse) else (fault.code, None)
    return Verdict(
        ok=False,
        level=level,
        checked=checked,
        kind=kind,
        zh=f"{fault.zh}（此前已查 {checked} 个事件）",
        en=f"{fault.en} ({checked} events checked before)",
        first_bad=first_bad,
        exit_code=fault.exit_code,
    )


def told_withheld(verdict: Verdict, count: int) -> Verdict:
    """The verdict, with how many events were there by their leaf hash alone: then none is proven to be all there is."""
    if not count:
        return verdict
    return replace(
        verdict,
        zh=f"{verdict.zh}；其中 {count} 个的字节已到期销毁，只查了叶哈希",
        en=f"{verdict.en}; of {count} whose bytes were retired only the leaf hash was checked",
        withheld=count,
        complete="not proven",
    )
