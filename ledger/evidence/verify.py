"""Verification of files by anyone, offline, with a public key: one proof, a folder of proofs, or a whole log."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from . import policy
from .archive import MAX_ARCHIVE_BYTES
from .bundle import MAGIC
from .checkpoint import Checkpoint
from .faults import EvidenceError, Malformed, NotComplete, NotYetProvable, Unusable
from .note import VerifierKey
from .proofs import TILE_WIDTH, tile_width
from .succession import Keyring
from .tiles import VERIFIER_KEY_FILE, LogFolder, parse_keys, read_file, read_successions
from .tlog_proof import FILE_SUFFIX
from .tlog_proof import parse as parse_proof
from .verdict import Progress, Verdict, from_fault, told_withheld
from .verify_bundle import verify_bundle
from .verify_log import LogCheck
from .verify_proof import Disclosure, parse_disclosures, verify_disclosed, verify_event

EVENT_SUFFIX = ".event"
BUNDLE_SUFFIX = ".zip"


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be verified, and what the verifier holds to do so.

    path: an exported log, a folder of proof files, or one proof file. event: the stored bytes of that one proof (else
    the file of the same name with the suffix `.event`). keys: the log's public keys (else those that lie beside, which
    show that things fit together, not who signed). earlier: a checkpoint, or a folder of them, kept from before. log:
    of a bundle, the exported log to find omissions with. authorities: PEM file of trusted time-stamping authorities.
    complete: that nothing is missing must be shown, too.
    """

    path: Path
    event: Path | None = None
    keys: tuple[VerifierKey, ...] = ()
    origin: str | None = None
    earlier: Path | None = None
    disclosed: Path | None = None
    policy: Path | None = None
    witnessed: bool = False
    log: Path | None = None
    authorities: Path | None = None
    complete: bool = False


def verify(question: Question, progress: Progress | None = None) -> Verdict:
    """The verdict on files; never raises for what it finds in them."""
    if is_bundle(question.path):
        return _verify_bundle(question)
    if question.path.is_dir() and not any(question.path.glob(f"*{FILE_SUFFIX}")):
        return _FolderCheck(question).verdict(progress)
    return _verify_proofs(question)


def demanded(question: Question, verdict: Verdict) -> Verdict:
    """The verdict, or not yet provable where completeness was asked for and is not shown."""
    if not question.complete or not verdict.ok or verdict.complete == "proven":
        return verdict
    lacking = ", ".join(subject for subject, said in verdict.subjects.items() if said != "proven")
    fault = NotComplete(
        zh=f"未证明没有遗漏：{lacking or question.path.name}",
        en=f"that nothing is missing is not proven: {lacking or question.path.name}",
    )
    told = from_fault(fault, level=verdict.level, checked=verdict.checked)
    return replace(told, checkpoint_size=verdict.checkpoint_size, subjects=verdict.subjects)


def is_bundle(path: Path) -> bool:
    """Whether a path is that of an evidence bundle, by its name or its first bytes."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return path.suffix == BUNDLE_SUFFIX or file.read(len(MAGIC)) == MAGIC


def _verify_bundle(question: Question) -> Verdict:
    try:
        if question.path.stat().st_size > 2 * MAX_ARCHIVE_BYTES:
            raise Unusable(zh="证据包过大", en="the bundle is too large")
        files = [] if question.earlier is None else _files_of(question.earlier)
        return verify_bundle(
            read_file(question.path),
            keys=question.keys,
            origin=question.origin,
            log=question.log,
            earlier=[read_file(file) for file in files],
            asked=_policy(question),
            witnessed=question.witnessed,
            authorities=question.authorities,
        )
    except EvidenceError as fault:
        return from_fault(fault, level=0)


class _FolderCheck:
    """Levels 2, 3 and 5 on an exported log."""

    def __init__(self, question: Question) -> None:
        self._question, self._log = question, LogFolder(question.path)
        self._level = 5 if question.earlier else 3 if question.disclosed else 2
        self._check: LogCheck | None = None

    def verdict(self, progress: Progress | None) -> Verdict:
        """Check everything that was asked for."""
        try:
            return self._run(progress)
        except EvidenceError as fault:
            return from_fault(fault, level=self._level, checked=self._check.checked if self._check else 0)

    def _run(self, progress: Progress | None) -> Verdict:
        question, signed = self._question, self._log.signed_checkpoint()
        ring = Keyring(question.keys or self._log.verifier_keys(), read_successions(question.path))
        head = ring.verify(signed, origin=question.origin)
        earlier = read_earlier(question.earlier, ring, head.origin)
        self._check = LogCheck(self._log, head, earlier)
        self._check.run(progress)
        disclosed = _disclosures(question)
        for one in disclosed:
            verify_disclosed(self._entry(one.position, head.size), one)
        if question.witnessed:
            successions = read_successions(question.path)
            policy.require_witnessed(signed, _policy(question), origin=head.origin, successions=successions)
        good = _good(self._level, self._check.checked, head, len(earlier), len(disclosed), given=bool(question.keys))
        return told_withheld(good, self._check.withheld)

    def _entry(self, position: int, size: int) -> bytes:
        if not 1 <= position <= size:
            raise Malformed(
                zh=f"披露的位置 {position} 不在账本内", en=f"the disclosed position {position} is not in the log"
            )
        index, at = divmod(position - 1, TILE_WIDTH)
        entry = self._log.bundle(index, tile_width(0, index, size=size))[at]
        if not entry:
            raise Malformed(
                zh=f"位置 {position} 的字节已到期，无从核对披露",
                en=f"the bytes at position {position} were retired: nothing can be disclosed of them",
            )
        return entry


def _verify_proofs(question: Question) -> Verdict:
    """Levels 1 and 3 on one proof file or a folder of them."""
    level, checked = 3 if question.disclosed else 1, 0
    try:
        files = sorted(question.path.glob(f"*{FILE_SUFFIX}")) if question.path.is_dir() else [question.path]
        keys = _ring_of(question)
        disclosed, heads, seen = _disclosures(question), list[Checkpoint](), set[int]()
        for path in files:
            data, entry = read_file(path), read_file(question.event or path.with_suffix(EVENT_SUFFIX))
            heads.append(verify_event(data, entry, keys, origin=question.origin))
            seen.add(position := parse_proof(data).index + 1)
            for one in disclosed:
                if one.position == position:
                    verify_disclosed(entry, one)
            if question.witnessed:
                policy.require_witnessed(parse_proof(data).checkpoint, _policy(question), origin=question.origin)
            checked += 1
        _refuse_unproven(disclosed, seen)
        earlier = read_earlier(question.earlier, keys, heads[0].origin)
        _refuse_unlinked(earlier, heads)
    except EvidenceError as fault:
        return from_fault(fault, level=level, checked=checked)
    return _good(level, checked, heads[-1], len(earlier), len(disclosed), given=bool(question.keys), whole=False)


def _refuse_unproven(disclosed: Iterable[Disclosure], seen: set[int]) -> None:
    for one in disclosed:
        if one.position not in seen:
            raise Malformed(
                zh=f"披露的位置 {one.position} 没有证明",
                en=f"there is no proof for the disclosed position {one.position}",
            )


def _refuse_unlinked(earlier: Iterable[Checkpoint], heads: Sequence[Checkpoint]) -> None:
    """Single proofs show no continuity; an earlier checkpoint must be one that they were proven under."""
    for one in earlier:
        if one not in heads:
            raise NotYetProvable(
                zh="连续性需要导出的完整账本", en="continuity to earlier checkpoints needs the exported log"
            )


def read_earlier(path: Path | None, keys: Keyring, origin: str) -> list[Checkpoint]:
    """The signed checkpoints in a file, or in all files of a folder; each must be of this ledger and well signed."""
    if path is None:
        return []
    files = _files_of(path)
    found = [keys.verify(read_file(file), origin=origin) for file in files]
    if not found:
        raise Unusable(zh="没有找到先前的签点", en="no earlier checkpoints were found")
    return [one for one in found if one.size]


def _files_of(path: Path) -> list[Path]:
    return sorted(one for one in path.iterdir() if one.is_file()) if path.is_dir() else [path]


def _ring_of(question: Question) -> Keyring:
    """The keys given, else those that lie beside the files, with the successions that lie there."""
    folder = question.path if question.path.is_dir() else question.path.parent
    keys = question.keys or parse_keys(read_file(folder / VERIFIER_KEY_FILE))
    return Keyring(keys, read_successions(folder))


def _disclosures(question: Question) -> list[Disclosure]:
    return parse_disclosures(read_file(question.disclosed)) if question.disclosed else []


def _policy(question: Question) -> policy.Policy | None:
    if question.policy is None:
        return None
    return policy.parse(read_file(question.policy).decode("utf-8", "replace"))


def _good(
    level: int, checked: int, head: Checkpoint, earlier: int, disclosed: int, *, given: bool, whole: bool = True
) -> Verdict:
    zh = [f"已查 {checked} 个事件，全部相符；签点大小 {head.size}"]
    en = [f"{checked} events checked, all as recorded; the checkpoint has size {head.size}"]
    if earlier:
        zh.append(f"与 {earlier} 个先前签点连续")
        en.append(f"continuous with {earlier} earlier checkpoints")
    if disclosed:
        zh.append(f"{disclosed} 个披露字段相符")
        en.append(f"{disclosed} disclosed parts match")
    if not given:
        zh.append("公钥取自同一文件夹：只说明完整，不说明由谁签")
        en.append("the key lay beside the files: this shows that they fit together, not who signed")
    complete = "proven" if whole else "not proven"
    return Verdict(True, level, checked, "ok", "；".join(zh), "; ".join(en), None, head.size, complete=complete)
