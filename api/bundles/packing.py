"""Packing a bundle: an answer with its events, a proof for each, the checkpoint, and what it says of itself."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path

from api.log_tiles import consistency_of, tiles_of
from api.reading import Asked
from api.signing import Signed
from api.witnesses import stamps_in
from ledger.evidence import bundle as bundles
from ledger.evidence.bundle import ABOUT, ANSWER, DISCLOSED, FORM, STAMP_NOTE, STAMP_TOKEN
from ledger.evidence.bundle_report import RENDERING, reports
from ledger.evidence.checkpoint import read_unverified
from ledger.evidence.proofs import StoredTiles, inclusion_path
from ledger.evidence.succession import marshal
from ledger.evidence.tiles import CHECKPOINT_FILE, SUCCESSIONS_FILE, VERIFIER_KEY_FILE
from ledger.evidence.tlog_proof import TlogProof
from ledger.evidence.verify_proof import Disclosure, marshal_disclosures


@dataclass(frozen=True, slots=True)
class Parts:
    """The sealed parts of a bundle's events: those disclosed, and those that are not, with the reason."""

    disclosed: list[Disclosure]
    withheld: list[dict[str, object]]


@dataclass(frozen=True, slots=True)
class Content:
    """What a bundle is to hold.

    question, answer: as JSON. subjects: those of which it holds every event that the asker may see. streams: those it
    holds whole, stream → number of events. events: position → stored bytes; rests_on: the positions that count.
    formulas: by which versions the answer was computed. more: what else the bundle says of itself.
    """

    question: Mapping[str, object]
    answer: Mapping[str, object]
    subjects: Sequence[str]
    streams: Mapping[str, int]
    events: Mapping[int, bytes]
    rests_on: Collection[int]
    parts: Parts
    formulas: Mapping[str, str]
    more: Mapping[str, object] = field(default_factory=dict)


class _KeptTiles:
    """Tiles that are read once for all proofs of a bundle."""

    def __init__(self, source: StoredTiles) -> None:
        self.tile = cache(source.tile)


def packed(asked: Asked, signed: Signed, content: Content, earlier: Sequence[int]) -> bytes:
    """Return the bundle. `earlier` are sizes of checkpoints from which it carries consistency proofs."""
    signing, reader, size = asked.served.signing, asked.ledger.reader, signed.head.size
    said, told = _json(_about(asked, signed, content)), _json(content.answer)
    files = {
        ABOUT: said,
        ANSWER: told,
        CHECKPOINT_FILE: signed.note,
        VERIFIER_KEY_FILE: "".join(f"{key}\n" for key in signing.keys).encode(),
        **reports(json.loads(said), json.loads(told), content.events, content.parts.disclosed),
    }
    if signing.successions:
        files[SUCCESSIONS_FILE] = marshal(signing.successions)
    if content.parts.disclosed:
        files[DISCLOSED] = marshal_disclosures(content.parts.disclosed)
    tiles = _KeptTiles(tiles_of(reader))
    for position, stored in content.events.items():
        path = bundles.event_path(position)
        hashes = tuple(inclusion_path(position - 1, size, tiles))
        files[path + bundles.EVENT_SUFFIX] = stored
        files[path + bundles.PROOF_SUFFIX] = TlogProof(position - 1, hashes, signed.note).marshal()
    stamped = _stamp(asked, size)
    files |= stamped
    sizes = {*earlier, *([read_unverified(stamped[STAMP_NOTE]).size] if stamped else [])}
    for old in sizes:
        hashes_text = consistency_of(reader, old_size=old, new_size=size)
        files[f"consistency/{old}"] = "".join(f"{line}\n" for line in hashes_text).encode()
    return bundles.pack(files)


def _stamp(asked: Asked, size: int) -> dict[str, bytes]:
    witnessing = asked.served.witnessing
    folder: Path | None = None if witnessing is None else witnessing.folder
    found = None if folder is None else stamps_in(folder, size)
    return {} if found is None else {STAMP_NOTE: found[0], STAMP_TOKEN: found[1]}


def _about(asked: Asked, signed: Signed, content: Content) -> dict[str, object]:
    """Return what the bundle says of itself."""
    return {
        "form": FORM,
        "rendering": RENDERING,
        "origin": asked.ledger.origin,
        "size": signed.head.size,
        "question": content.question,
        "subjects": list(content.subjects),
        "streams": dict(sorted(content.streams.items())),
        "rests_on": sorted(content.rests_on),
        "withheld": {
            "events": "Events in streams that the asker may not see are left out; how many is not told.",
            "parts": content.parts.withheld,
        },
        "asked_by": asked.caller.id,
        "made_at": asked.ledger.clock.now().isoformat(),
        "clock": asked.ledger.clock_kind,
        "signer": "separate" if asked.served.signing.separate else "not separate",
        "formulas": dict(content.formulas),
        "program": version("performance-ledger"),
        **content.more,
    }


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"
