"""Policies (C2SP tlog-policy): which logs and witnesses count, and how many of the witnesses must have cosigned."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from . import checkpoint, note
from .checkpoint import Checkpoint, parse_decimal
from .faults import Malformed, PolicyNotMet, SignatureFalse
from .note import COSIGNATURE, ED25519, VerifierKey
from .succession import Keyring

NO_QUORUM = "none"


@dataclass(frozen=True, slots=True)
class Group:
    """Members, by name, of which at least `threshold` must have signed."""

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """Keys of logs, keys and addresses of witnesses by name, groups by name, and the name of the quorum."""

    logs: tuple[VerifierKey, ...]
    witnesses: dict[str, VerifierKey]
    groups: dict[str, Group]
    quorum: str
    urls: dict[str, str] = field(default_factory=dict)

    def met_by(self, signers: set[str], name: str | None = None) -> bool:
        """Whether the witnesses in `signers` reach the quorum."""
        name = self.quorum if name is None else name
        group = self.groups.get(name)
        if group is None:
            return name == NO_QUORUM or name in signers
        return sum(self.met_by(signers, member) for member in group.members) >= group.threshold

    def check(self, data: bytes, *, origin: str | None = None) -> Checkpoint:
        """The checkpoint in `data`, once its log and enough witnesses signed it; PolicyNotMet where too few did."""
        signed = checkpoint.verify(data, self.logs, origin=origin)
        signers = self.cosigners(data)
        if not self.met_by(signers):
            names = ", ".join(sorted(signers)) or "–"
            raise PolicyNotMet(
                zh=f"见证不足：策略要求 {self.quorum}，已有 {names}",
                en=f"too few witnesses: the policy asks for {self.quorum}, and {names} signed",
            )
        return signed

    def cosigners(self, data: bytes) -> set[str]:
        """Names of the policy's witnesses whose cosignature on the note is good; a wrong one rejects the note."""
        names = {key: name for name, key in self.witnesses.items()}
        found: set[str] = set()
        parsed = note.parse(data)
        for signature in parsed.signatures:
            for key, name in names.items():
                if (key.name, key.key_id) == (signature.name, signature.key_id):
                    key.check(parsed.text, signature)
                    found.add(name)
        return found


def parse(text: str) -> Policy:
    """Read a policy: lines `log`, `witness`, `group` and exactly one `quorum`; names are defined before their use."""
    reader = _Reader()
    for number, line in enumerate(text.splitlines(), 1):
        fields = line.split()
        if fields and not fields[0].startswith("#"):
            reader.take(number, fields[0], fields[1:])
    return reader.policy()


class _Reader:
    def __init__(self) -> None:
        self._logs: list[VerifierKey] = []
        self._witnesses: dict[str, VerifierKey] = {}
        self._urls: dict[str, str] = {}
        self._groups: dict[str, Group] = {}
        self._quorum: str | None = None
        self._keys: set[bytes] = set()

    def take(self, number: int, word: str, fields: Sequence[str]) -> None:
        """Read one line; Malformed names its number."""
        if word == "log" and len(fields) in (1, 2):
            self._logs.append(self._new_key(number, fields[0], ED25519))
        elif word == "witness" and len(fields) in (2, 3):
            self._new_name(number, fields[0])
            self._witnesses[fields[0]] = self._new_key(number, fields[1], COSIGNATURE)
            if len(fields) == 3:
                self._urls[fields[0]] = fields[2]
        elif word == "group" and len(fields) >= 3:
            self._new_name(number, fields[0])
            self._groups[fields[0]] = self._group(number, fields[1], tuple(fields[2:]))
        elif word == "quorum" and len(fields) == 1 and self._quorum is None:
            self._require_known(number, fields[0])
            self._quorum = fields[0]
        else:
            raise _malformed(number)

    def policy(self) -> Policy:
        """The policy that was read."""
        if self._quorum is None or not self._logs:
            raise Malformed(zh="策略缺少 log 或 quorum 行", en="the policy lacks a log or its quorum")
        return Policy(tuple(self._logs), self._witnesses, self._groups, self._quorum, self._urls)

    def _new_key(self, number: int, text: str, kind: int) -> VerifierKey:
        """A key that no line named before under any name, so that nobody counts twice."""
        key = VerifierKey.parse(text)
        if key.public in self._keys or key.kind != kind:
            raise _malformed(number)
        self._keys.add(key.public)
        return key

    def _new_name(self, number: int, name: str) -> None:
        if name in self._witnesses or name in self._groups or name == NO_QUORUM:
            raise _malformed(number)

    def _require_known(self, number: int, name: str) -> None:
        if name not in self._witnesses and name not in self._groups and name != NO_QUORUM:
            raise _malformed(number)

    def _group(self, number: int, threshold: str, members: tuple[str, ...]) -> Group:
        for member in members:
            self._require_known(number, member)
        count = {"any": 1, "all": len(members)}.get(threshold) or parse_decimal(threshold)
        if len(set(members)) != len(members) or NO_QUORUM in members or not 1 <= count <= len(members):
            raise _malformed(number)
        return Group(count, members)


def require_witnessed(
    data: bytes, policy: Policy | None, *, origin: str | None = None, successions: Sequence[bytes] = ()
) -> None:
    """PolicyNotMet unless a policy was given and the checkpoint in `data` meets it.

    A key that the policy names may have handed over to the one that signed, by `successions`.
    """
    if policy is None or policy.quorum == NO_QUORUM:
        raise PolicyNotMet(zh="没有给出要求见证的策略", en="no policy was given that asks for witnesses")
    try:
        ring = Keyring(policy.logs, successions)
        ring.verify(data)
        replace(policy, logs=tuple(ring.keys)).check(data, origin=origin)
    except SignatureFalse as fault:
        raise PolicyNotMet(zh=fault.zh, en=fault.en) from fault


def _malformed(number: int) -> Malformed:
    return Malformed(zh=f"策略第 {number} 行不对", en=f"line {number} of the policy is malformed")
