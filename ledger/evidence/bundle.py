"""Evidence bundles: one answer with every event it rests on, their proofs, and what was disclosed and withheld.

Files of the archive: `MANIFEST` (SHA-256 of all others), `bundle.json` (what was asked, and what the bundle claims to
hold), `answer.json`, `checkpoint`, `verifier-key`, `successions`, `events/<position>.event` with its `.tlog-proof`,
`disclosed.json`, `consistency/<size>`, `stamp/…`, and the reports for people.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from . import archive, base64_text
from .faults import LogFalse, Malformed
from .note import VerifierKey
from .succession import Keyring, split
from .tiles import CHECKPOINT_FILE, SUCCESSIONS_FILE, VERIFIER_KEY_FILE, parse_keys
from .verify_proof import Disclosure, parse_disclosures

FORM = "pledger/bundle/v1"
MANIFEST, ABOUT, ANSWER, DISCLOSED = "MANIFEST", "bundle.json", "answer.json", "disclosed.json"
STAMP_NOTE, STAMP_TOKEN = "stamp/checkpoint", "stamp/token.tsr"
EVENT_SUFFIX, PROOF_SUFFIX = ".event", ".tlog-proof"
REPORT = "report."  # begins the name of a page for people
MAGIC = b"PK\x03\x04"
WITHHELD_WHY = frozenset({"not_visible", "erased", "not_needed"})


def event_path(position: int) -> str:
    """Where the stored bytes of the event at a position lie, without the suffix."""
    return f"events/{position:012}"


def pack(files: Mapping[str, bytes]) -> bytes:
    """The bundle of these files, with their manifest."""
    return archive.pack({**files, MANIFEST: _manifest(files)})


def _manifest(files: Mapping[str, bytes]) -> bytes:
    return "".join(f"{sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items())).encode()


@dataclass(frozen=True, slots=True)
class Withheld:
    """A sealed part that is not in the bundle: of which event, which part, and why, one of WITHHELD_WHY."""

    position: int
    part: str
    why: str


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle as read: its manifest fits, nothing else is checked.

    origin, size: the checkpoint it claims. subjects: those of which it claims to hold every event that the asker may
    see. streams: those it claims to hold whole, stream → number of events. rests_on: positions.
    """

    files: Mapping[str, bytes]
    origin: str
    size: int
    question: Mapping[str, object]
    subjects: tuple[str, ...]
    streams: Mapping[str, int]
    rests_on: tuple[int, ...]
    withheld: tuple[Withheld, ...] = ()
    about: Mapping[str, object] = field(default_factory=dict)

    @property
    def rendering(self) -> object:
        """The version by which its pages for people were made; bundles without a word of it are of the first."""
        return self.about.get("rendering", 1)

    @property
    def events(self) -> dict[int, bytes]:
        """Position → stored bytes, in order."""
        names = sorted(name for name in self.files if name.startswith("events/") and name.endswith(EVENT_SUFFIX))
        return {int(name[7 : -len(EVENT_SUFFIX)]): self.files[name] for name in names}

    def proof(self, position: int) -> bytes:
        """The proof file of an event."""
        data = self.files.get(event_path(position) + PROOF_SUFFIX)
        if data is None:
            raise Malformed(zh=f"位置 {position} 没有证明", en=f"there is no proof for position {position}")
        return data

    @property
    def disclosed(self) -> list[Disclosure]:
        """The sealed parts that were opened."""
        return parse_disclosures(self.files[DISCLOSED]) if DISCLOSED in self.files else []

    @property
    def signed(self) -> bytes:
        """The checkpoint, unchecked."""
        return self.files[CHECKPOINT_FILE]

    def consistency(self, size: int) -> list[bytes] | None:
        """The hashes that lead from the tree of a size to the bundle's, where they are in the bundle."""
        data = self.files.get(f"consistency/{size}")
        return None if data is None else [base64_text.decode(line) for line in data.decode("ascii").split()]

    def keyring(self, keys: Sequence[VerifierKey]) -> Keyring:
        """The keys given, else the bundle's own, with its successions."""
        return Keyring(keys or parse_keys(self.files[VERIFIER_KEY_FILE]), split(self.files.get(SUCCESSIONS_FILE, b"")))


def read(data: bytes) -> Bundle:
    """Read a bundle; refused where any byte is not what the manifest and the one way of writing say."""
    files = archive.unpack(data)
    manifest = files.pop(MANIFEST, b"")
    expected = _manifest(files)
    if manifest != expected:
        changed = _changed(manifest, expected)
        raise LogFalse("changed", None, zh=f"证据包中的文件被改动：{changed}", en=f"the bundle was changed: {changed}")
    missing = {ABOUT, ANSWER, CHECKPOINT_FILE, VERIFIER_KEY_FILE} - set(files)
    if missing:
        raise Malformed(zh=f"证据包缺少 {sorted(missing)}", en=f"the bundle lacks {sorted(missing)}")
    _refuse_strangers(files)
    return _bundle(files)


def _changed(manifest: bytes, expected: bytes) -> str:
    claimed = set(manifest.decode("utf-8", "replace").splitlines())
    odd = sorted(line[66:] for line in expected.decode().splitlines() if line not in claimed)
    return ", ".join(odd[:3]) or MANIFEST


def _refuse_strangers(files: Mapping[str, bytes]) -> None:
    """A file that no reader knows would be shown as part of the evidence and proven by nothing."""
    known = {ABOUT, ANSWER, CHECKPOINT_FILE, VERIFIER_KEY_FILE, SUCCESSIONS_FILE, DISCLOSED, STAMP_NOTE, STAMP_TOKEN}
    for name in files:
        folder, _, rest = name.rpartition("/")
        number = rest.partition(".")[0]
        is_event = folder == "events" and rest in {number + EVENT_SUFFIX, number + PROOF_SUFFIX}
        if is_event and number.isdigit() and name.startswith(event_path(int(number))):
            continue
        if (folder == "consistency" and rest.isdigit()) or name in known or name.startswith(REPORT):
            continue
        raise Malformed(zh=f"证据包中有未知文件：{name}", en=f"the bundle holds an unknown file: {name}")


def _bundle(files: Mapping[str, bytes]) -> Bundle:
    try:
        about = json.loads(files[ABOUT])
        form = about["form"]
        if form != FORM:
            raise Malformed(
                zh=f"证据包的格式为 {form}，本程序读取 {FORM}", en=f"the bundle's form is {form}, this reads {FORM}"
            )
        return Bundle(
            files=files,
            origin=str(about["origin"]),
            size=int(about["size"]),
            question=dict(about["question"]),
            subjects=tuple(str(one) for one in about["subjects"]),
            streams={str(name): int(count) for name, count in about["streams"].items()},
            rests_on=tuple(int(one) for one in about["rests_on"]),
            withheld=tuple(
                Withheld(int(one["position"]), str(one["part"]), str(one["why"])) for one in about["withheld"]["parts"]
            ),
            about=about,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Malformed(zh="bundle.json 无法读取", en="bundle.json can't be read") from None
