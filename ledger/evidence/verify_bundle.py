"""Checking an evidence bundle: every event under one checkpoint, whole streams, disclosed parts, and completeness."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from . import bundle as bundles
from . import policy, time_stamp
from .bundle import STAMP_NOTE, STAMP_TOKEN, WITHHELD_WHY, Bundle
from .bundle_report import RENDERINGS, reports
from .checkpoint import Checkpoint, read_unverified
from .faults import EvidenceError, Inconsistent, LogFalse, Malformed, NotYetProvable, OtherRendering, Unusable
from .merkle import verify_consistency
from .note import VerifierKey
from .proofs import TILE_WIDTH, consistency_path, tile_width
from .succession import Keyring
from .tiles import LogFolder, read_file
from .tlog_proof import parse as parse_proof
from .verdict import Verdict, from_fault
from .verify_log import LogCheck
from .verify_proof import verify_disclosed, verify_event


class BundleCheck:
    """One pass over a bundle; `checked` counts the events found good so far, `subjects` tells what is complete."""

    def __init__(self, bundle: Bundle, keys: Sequence[VerifierKey], origin: str | None) -> None:
        self.bundle, self._origin = bundle, origin
        self.ring: Keyring = bundle.keyring(keys)
        self.checked = 0
        self.subjects = dict.fromkeys(bundle.subjects, "not proven")
        self.stamped = ""

    def run(self) -> Checkpoint:
        """Check everything that the bundle itself holds; gives the checkpoint that all of it is proven under."""
        bundle = self.bundle
        head = self.ring.verify(bundle.signed, origin=self._origin)
        if head.size != bundle.size or bundle.origin not in self.ring.line_of(head.origin):
            raise Malformed(zh="证据包的签点不是它所称的", en="the bundle's checkpoint is not the one it claims")
        events = bundle.events
        for position, entry in events.items():
            if parse_proof(bundle.proof(position)).index != position - 1:
                raise Malformed(
                    zh=f"位置 {position} 的证明属于别处", en=f"the proof of position {position} is of another"
                )
            self._require_same_head(verify_event(bundle.proof(position), entry, self.ring), head, position)
            self.checked += 1
        self._refuse_unproven_claims(events)
        decoded = {position: json.loads(entry) for position, entry in events.items()}
        self._check_streams(decoded)
        self._check_parts(events, decoded)
        self._check_reports(events)
        return head

    def _check_reports(self, events: dict[int, bytes]) -> None:
        """The pages for people are those that the proven events and the files beside them give, and no others."""
        if self.bundle.rendering not in RENDERINGS:
            return  # told at the end, see `require_known_rendering`: what is false comes before what is unknown
        files = self.bundle.files
        answer = json.loads(files[bundles.ANSWER])
        expected = reports(self.bundle.about, answer, events, self.bundle.disclosed)
        there = {name: data for name, data in files.items() if name.startswith(bundles.REPORT)}
        false = sorted(name for name in {*expected, *there} if expected.get(name) != there.get(name))
        if false:
            named = ", ".join(false[:3])
            raise LogFalse(
                "report_false",
                None,
                zh=f"报告与证据包的内容不符：{named}",
                en=f"the report is not what the bundle's content gives: {named}",
            )

    def require_known_rendering(self) -> None:
        """Raise OtherRendering where the pages could not be made again: nothing then says that they are untouched."""
        made_by, known = self.bundle.rendering, ", ".join(map(str, sorted(RENDERINGS)))
        if made_by not in RENDERINGS:
            raise OtherRendering(
                zh=f"报告由版式 {made_by} 生成，本程序只会 {known}：其余均已证明，报告页未经比对",
                en=f"the pages were made by rendering {made_by} and this program makes {known}: "
                "all else is proven, the pages were not compared",
            )

    def _require_same_head(self, proven: Checkpoint, head: Checkpoint, position: int) -> None:
        if proven != head:
            raise Inconsistent(
                zh=f"位置 {position} 的证明在另一签点之下", en=f"position {position} is proven under another checkpoint"
            )

    def _refuse_unproven_claims(self, events: dict[int, bytes]) -> None:
        if not events:
            raise Unusable(zh="证据包中没有事件", en="the bundle holds no event: nothing is proven")
        proofs = sum(name.endswith(bundles.PROOF_SUFFIX) for name in self.bundle.files)
        missing = sorted(set(self.bundle.rests_on) - set(events))
        if missing or proofs != len(events):
            at = missing[0] if missing else None
            raise LogFalse("dropped", at, zh=f"缺少位置 {at} 的事件", en=f"the event at position {at} is missing")

    def _check_streams(self, decoded: dict[int, dict[str, object]]) -> None:
        """Within each stream that is claimed whole, versions go from 1 to the claimed one without a gap."""
        for stream, count in self.bundle.streams.items():
            found = [(event["version"], at) for at, event in decoded.items() if event.get("stream") == stream]
            expected = 1
            for version, at in found:
                if version != expected:
                    raise LogFalse(
                        "version_gap",
                        at,
                        zh=f"位置 {at}：流 {stream} 缺少版本 {expected}",
                        en=f"position {at}: version {expected} of stream {stream} is missing",
                    )
                expected += 1
            if expected != count + 1:
                raise LogFalse(
                    "dropped",
                    None,
                    zh=f"流 {stream} 应有 {count} 个事件，只有 {len(found)} 个",
                    en=f"stream {stream} is said to have {count} events and {len(found)} are there",
                )

    def _check_parts(self, events: dict[int, bytes], decoded: dict[int, dict[str, object]]) -> None:
        """Each sealed part is disclosed and fits, or is said to be withheld and why."""
        told = {(one.position, one.part): one.why for one in self.bundle.withheld}
        disclosed = self.bundle.disclosed
        for one in disclosed:
            if one.position not in events:
                raise Malformed(
                    zh=f"披露的位置 {one.position} 没有证明",
                    en=f"there is no proof for the disclosed position {one.position}",
                )
            verify_disclosed(events[one.position], one)
        shown = {(one.position, one.part) for one in disclosed}
        for position, event in decoded.items():
            sealed = event.get("sealed")
            for part in sealed if isinstance(sealed, dict) else ():
                if ((position, part) in shown) == (told.get((position, part)) in WITHHELD_WHY):
                    raise Malformed(
                        zh=f"位置 {position} 的密封字段 {part} 既未披露也未说明",
                        en=f"the sealed part {part} of position {position} is neither disclosed nor accounted for",
                    )

    def against_log(self, folder: Path) -> None:
        """Find in an exported log, itself checked, whether any event of the subjects is missing from the bundle."""
        log, bundle = LogFolder(folder), self.bundle
        signed = self.ring.verify(log.signed_checkpoint())
        mine = self.ring.verify(bundle.signed)
        if signed.size < mine.size:
            raise NotYetProvable(zh="导出的账本比证据包旧", en="the exported log is older than the bundle")
        check = LogCheck(log, signed, [mine] if mine.size < signed.size else [])
        check.run()
        if signed.size == mine.size and signed.root != mine.root:
            raise Inconsistent(zh="账本与证据包的签点不符", en="log and bundle have different roots at one size")
        held, wanted = set(bundle.events), set(bundle.subjects)
        missing: dict[str, list[int]] = {}
        for position, entry in log_entries(folder, mine.size):
            subjects = () if position in held else json.loads(entry).get("subjects", ())
            for subject in wanted.intersection(subjects):
                missing.setdefault(subject, []).append(position)
        for subject in wanted:
            lacking = missing.get(subject)
            self.subjects[subject] = "proven" if lacking is None else f"not proven: {_named(lacking)} not in the bundle"
            if lacking is None and check.withheld:
                self.subjects[subject] = f"not proven: {check.withheld} events of the log were retired"

    def continues(self, head: Checkpoint, earlier: Iterable[Checkpoint], log: Path | None) -> None:
        """Check that the bundle's tree continues each earlier one, by its own proofs or those of an exported log."""
        for one in earlier:
            if one.size > head.size:
                raise Inconsistent(
                    zh=f"先前的签点有 {one.size} 个事件，证据包只有 {head.size} 个",
                    en=f"an earlier checkpoint has {one.size} events and the bundle's only {head.size}",
                )
            path = [] if one.size == head.size else self._path_from(one.size, head.size, log)
            verify_consistency(one.root, head.root, path, old_size=one.size, new_size=head.size)

    def _path_from(self, old: int, new: int, log: Path | None) -> list[bytes]:
        path = self.bundle.consistency(old)
        if path is None and log is not None and self.ring.verify(LogFolder(log).signed_checkpoint()).size == new:
            path = consistency_path(old, new, LogFolder(log))
        if path is None:
            raise NotYetProvable(
                zh=f"证据包没有从大小 {old} 起的一致性证明；请给出导出的账本，或要求带上该证明",
                en=f"the bundle holds no consistency proof from size {old}: give the exported log, or ask for it",
            )
        return path

    def check_stamp(self, head: Checkpoint, authorities: Path | None) -> None:
        """Check the time stamp where there is one and authorities are trusted: the tree was there at its time."""
        token = self.bundle.files.get(STAMP_TOKEN)
        if authorities is None:
            return
        if token is None:
            raise NotYetProvable(zh="证据包没有时间戳", en="the bundle holds no time stamp")
        stamped = self.ring.verify(self.bundle.files.get(STAMP_NOTE, b""))
        trusted = time_stamp.parse_authorities(read_file(authorities))
        stamp = time_stamp.verify(token, stamped.text().encode(), trusted)
        self.continues(head, [stamped], None)
        self.stamped = f"{stamp.at.isoformat()} ({stamped.size}, {stamp.authority})"


def log_entries(folder: Path, upto: int) -> Iterable[tuple[int, bytes]]:
    """Yield (position, stored bytes) of an exported log up to a position, in order; it is checked elsewhere."""
    log = LogFolder(folder)
    size = read_unverified(log.signed_checkpoint()).size
    for index in range(-(-upto // TILE_WIDTH)):
        for at, entry in enumerate(log.bundle(index, tile_width(0, index, size=size)), index * TILE_WIDTH + 1):
            if at <= upto and entry:
                yield at, entry


def _named(positions: Sequence[int]) -> str:
    more = f" … ({len(positions)})" if len(positions) > 5 else ""
    return ", ".join(map(str, positions[:5])) + more


def verify_bundle(
    data: bytes,
    *,
    keys: Sequence[VerifierKey] = (),
    origin: str | None = None,
    log: Path | None = None,
    earlier: Sequence[bytes] = (),
    asked: policy.Policy | None = None,
    witnessed: bool = False,
    authorities: Path | None = None,
) -> Verdict:
    """The verdict on a bundle at levels 1, 3 and 5; never raises for what it finds. Level 4 is the product's own."""
    level = 5 if earlier or asked is not None or authorities is not None else 3
    check = None
    try:
        check = BundleCheck(bundles.read(data), keys, origin)
        head = check.run()
        if log is not None:
            check.against_log(log)
        known = [one for one in (check.ring.verify(note) for note in earlier) if one.size]
        check.continues(head, known, log)
        check.check_stamp(head, authorities)
        if witnessed:
            policy.require_witnessed(check.bundle.signed, asked)
        elif asked is not None:
            asked.check(check.bundle.signed)
        check.require_known_rendering()
    except EvidenceError as fault:
        return from_fault(fault, level=level, checked=check.checked if check else 0)
    except (ValueError, KeyError, TypeError, RecursionError):
        broken = Malformed(zh="证据包无法读取", en="the bundle can't be read")
        return from_fault(broken, level=level, checked=check.checked if check else 0)
    return _good(check, head, level, len(known), given=bool(keys))


def _good(check: BundleCheck, head: Checkpoint, level: int, earlier: int, *, given: bool) -> Verdict:
    disclosed, withheld = len(check.bundle.disclosed), len(check.bundle.withheld)
    zh = [
        f"已查 {check.checked} 个事件，全部在大小 {head.size} 的签点之下",
        f"披露 {disclosed} 个密封字段，保留 {withheld} 个",
    ]
    en = [
        f"{check.checked} events checked, all under the checkpoint of size {head.size}",
        f"{disclosed} sealed parts disclosed and true, {withheld} withheld and named",
    ]
    if earlier:
        zh.append(f"与 {earlier} 个先前签点连续")
        en.append(f"continuous with {earlier} earlier checkpoints")
    if check.stamped:
        zh.append(f"时间戳 {check.stamped}")
        en.append(f"time stamp {check.stamped}")
    if not given:
        zh.append("公钥取自证据包自身：只说明完整，不说明由谁签")
        en.append("the key is the bundle's own: this shows that it fits together, not who signed")
    whole = bool(check.subjects) and all(said == "proven" for said in check.subjects.values())
    verdict = Verdict(True, level, check.checked, "ok", "；".join(zh), "; ".join(en), None, head.size)
    return replace(verdict, complete="proven" if whole else "not proven", subjects=check.subjects)
