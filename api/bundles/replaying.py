"""Level 4: a bundle's answer made again from the bundle's own proven events, with the folds of this program."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from api.bundles.answers import FORMULAS, Question, answered
from api.bundles.report_questions import ASK
from api.bundles.report_replaying import Scratch, replay_report
from api.bundles.scratch import throw_away
from ledger.evidence import bundle as bundles
from ledger.evidence.bundle import ANSWER, Bundle
from ledger.evidence.faults import EvidenceError, LogFalse, Malformed, NotYetProvable, OtherRendering
from ledger.evidence.tiles import read_file
from ledger.evidence.verdict import Progress, Verdict, from_fault
from ledger.evidence.verify import Question as Asked
from ledger.evidence.verify import is_bundle, verify
from ledger.kernel.refusals import Refusal

LEVEL = 4


class BundleEvidence:
    """The events of a bundle (`api.bundles.answers.Evidence`); a stream it does not claim to hold whole is not used."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle, self.position = bundle, bundle.size
        self._decoded = [(json.loads(stored), stored) for stored in bundle.events.values()]

    def of(self, stream: str) -> Sequence[bytes]:
        """Return all events of a stream. Raises Malformed where the bundle does not hold it."""
        if stream not in self._bundle.streams:
            raise Malformed(zh=f"证据包不含流 {stream}", en=f"the bundle does not hold the stream {stream}")
        return [stored for event, stored in self._decoded if event["stream"] == stream]

    def about(self, subject: str) -> Sequence[bytes]:
        """Return the events about a subject, in order of position."""
        return [stored for event, stored in self._decoded if subject in event["subjects"]]


def verified(asked: Asked, progress: Progress | None = None, scratch: Scratch = throw_away) -> Verdict:
    """Return the verdict on files; of a bundle that is true so far, after its answer was replayed."""
    verdict = verify(asked, progress)
    if not is_bundle(asked.path) or not (verdict.ok or verdict.kind == OtherRendering.code):
        return verdict
    try:
        verdict = _with_report(verdict, replay(bundles.read(read_file(asked.path)), asked.log, scratch))
    except EvidenceError as fault:
        told = from_fault(fault, level=LEVEL, checked=verdict.checked)
        return replace(told, checkpoint_size=verdict.checkpoint_size, subjects=verdict.subjects)
    if not verdict.ok:
        return verdict
    zh, en = "答案已由事件重算，相符", "the answer was replayed from the events and is the same"
    return replace(verdict, level=max(verdict.level, LEVEL), zh=f"{verdict.zh}；{zh}", en=f"{verdict.en}; {en}")


def _with_report(verdict: Verdict, shown: dict[str, str]) -> Verdict:
    """Return the verdict with what was shown of a report as a whole: that no other line of it exists."""
    subjects = {**verdict.subjects, **shown}
    whole = bool(subjects) and all(said == "proven" for said in subjects.values())
    return replace(verdict, subjects=subjects, complete="proven" if whole else "not proven")


def replay(bundle: Bundle, log: Path | None = None, scratch: Scratch = throw_away) -> dict[str, str]:
    """Raise LogFalse unless the answer follows from the events; NotYetProvable where it can't be told.

    Returns what is shown of a report as a whole, nothing for other questions.
    """
    if bundle.question.get("ask") == ASK:
        return replay_report(bundle, log, scratch)
    _replay_answer(bundle)
    return {}


def _replay_answer(bundle: Bundle) -> None:
    formulas = bundle.about.get("formulas")
    if formulas != FORMULAS:
        raise NotYetProvable(
            zh=f"证据包的算法版本为 {formulas}，本程序为 {FORMULAS}",
            en=f"the bundle was computed by {formulas}, this program computes by {FORMULAS}",
        )
    try:
        again = answered(Question.from_json(bundle.question), BundleEvidence(bundle))
        said = json.loads(bundle.files[ANSWER])
    except (ValueError, KeyError, TypeError, LookupError, ValidationError, Refusal):
        raise Malformed(zh="证据包的问题无法重算", en="the bundle's question can't be answered again") from None
    if json.loads(json.dumps(again)) != said:
        names = sorted(name for name in {*again, *said} if again.get(name) != said.get(name))
        raise LogFalse(
            "answer_false",
            None,
            zh=f"重算的答案不同：{', '.join(names)}",
            en=f"the events give another answer: {', '.join(names)} differ",
        )
