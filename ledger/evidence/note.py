"""Signed notes (C2SP signed-note): text with Ed25519 signature lines; keys, signing, and strict verification."""

import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from . import base64_text
from .faults import Malformed, SignatureFalse

ED25519 = 0x01
COSIGNATURE = 0x04
MAX_NOTE_BYTES = 1_000_000
MAX_SIGNATURES = 100
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_SIGNATURE_LINE = re.compile(r"— (\S+) (\S+)")
_KEY_ID = re.compile(r"[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: who claims to have signed, the 4-byte key id, and the signature's bytes."""

    name: str
    key_id: bytes
    blob: bytes

    def line(self) -> str:
        """The line as it stands in the note, with its newline."""
        return f"— {self.name} {base64_text.encode(self.key_id + self.blob)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A note as read: nothing in it is to be trusted before `verify`."""

    text: str
    signatures: tuple[Signature, ...]

    def to_bytes(self) -> bytes:
        """The note's bytes: text, blank line, signature lines."""
        return (self.text + "\n" + "".join(signature.line() for signature in self.signatures)).encode()


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key under a name; kind 0x01 signs text, 0x04 cosigns checkpoints with a time (tlog-cosignature)."""

    name: str
    public: bytes
    kind: int = ED25519

    def __post_init__(self) -> None:
        require_name(self.name)
        if self.kind not in (ED25519, COSIGNATURE) or len(self.public) != 32:
            raise Malformed(zh="只支持 32 字节的 Ed25519 公钥", en="only Ed25519 public keys of 32 bytes are supported")

    @property
    def key_id(self) -> bytes:
        """First four bytes of SHA-256(name ‖ newline ‖ kind ‖ public key)."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """Read a verifier key string: name + key id + base64(kind ‖ key)."""
        name, key_id, data = _key_fields(text)
        key = cls(name, data[1:], data[0])
        if key.key_id.hex() != key_id:
            raise Malformed(zh="公钥编号与公钥不符", en="the key id does not belong to this key")
        return key

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64_text.encode(bytes([self.kind]) + self.public)}"

    def check(self, text: str, signature: Signature) -> None:
        """Raise SignatureFalse unless `signature` is this key's over `text`."""
        message, blob = text.encode(), signature.blob
        if self.kind == COSIGNATURE:
            time, blob = int.from_bytes(blob[:8], "big"), blob[8:]
            message = f"cosignature/v1\ntime {time}\n".encode() + message
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(blob, message)
        except InvalidSignature:
            raise SignatureFalse(zh=f"{self.name} 的签名不对", en=f"the signature of {self.name} is wrong") from None


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey:
    """A private Ed25519 key under a name; its text form is a secret."""

    name: str
    seed: bytes
    kind: int = ED25519

    def __post_init__(self) -> None:
        require_name(self.name)
        if self.kind not in (ED25519, COSIGNATURE) or len(self.seed) != 32:
            raise Malformed(zh="私钥种子必须是 32 字节", en="the private key's seed must have 32 bytes")

    @classmethod
    def generate(cls, name: str) -> "SigningKey":
        """A new random key."""
        return cls(name, secrets.token_bytes(32))

    @classmethod
    def parse(cls, text: str) -> "SigningKey":
        """Read the private form: PRIVATE+KEY + name + key id + base64(kind ‖ seed)."""
        if not text.startswith("PRIVATE+KEY+"):
            raise Malformed(zh="不是私钥文本", en="not the text of a private key")
        name, key_id, data = _key_fields(text.removeprefix("PRIVATE+KEY+"))
        key = cls(name, data[1:], data[0])
        if key.verifier_key.key_id.hex() != key_id:
            raise Malformed(zh="私钥编号与私钥不符", en="the key id does not belong to this private key")
        return key

    def private_text(self) -> str:
        """The private form; keep it in a file that only its owner can read."""
        key_id = self.verifier_key.key_id.hex()
        return f"PRIVATE+KEY+{self.name}+{key_id}+{base64_text.encode(bytes([self.kind]) + self.seed)}"

    @property
    def verifier_key(self) -> VerifierKey:
        """The public half."""
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()
        return VerifierKey(self.name, public, self.kind)

    def sign(self, text: str, *, time: int = 0) -> Signature:
        """Sign `text`; `time` in POSIX seconds is used by cosignatures only."""
        message, prefix = text.encode(), b""
        if self.kind == COSIGNATURE:
            message, prefix = f"cosignature/v1\ntime {time}\n".encode() + message, time.to_bytes(8, "big")
        blob = Ed25519PrivateKey.from_private_bytes(self.seed).sign(message)
        return Signature(self.name, self.verifier_key.key_id, prefix + blob)


def require_name(name: str) -> None:
    """Refuse a key name that is empty or holds a space, a plus or a control character."""
    if (
        not name
        or "+" in name
        or any(letter.isspace() or letter < " " or "\ud800" <= letter <= "\udfff" for letter in name)
    ):
        raise Malformed(zh="密钥名不能为空，也不能含空格或加号", en="a key name is not empty and has no space or plus")


def parse(data: bytes) -> Note:
    """Read a note strictly; signatures are not checked."""
    if len(data) > MAX_NOTE_BYTES:
        raise Malformed(zh="签名文本过大", en="the note is too large")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed(zh="签名文本不是 UTF-8", en="the note is not UTF-8") from None
    if _CONTROL.search(whole):
        raise Malformed(zh="签名文本含控制字符", en="the note holds a control character")
    split = whole.rfind("\n\n")
    if split < 0 or not whole.endswith("\n"):
        raise Malformed(zh="签名文本缺少空行或结尾换行", en="the note lacks its blank line or final newline")
    lines = whole[split + 2 :].split("\n")[:-1]
    if not 0 < len(lines) <= MAX_SIGNATURES:
        raise Malformed(zh="签名行数不对", en=f"a note has 1 to {MAX_SIGNATURES} signature lines")
    return Note(whole[: split + 1], tuple(_parse_signature(line) for line in lines))


def sign(text: str, keys: Iterable[SigningKey]) -> bytes:
    """A note over `text`, which must end in a newline, signed by each of `keys`."""
    if not text.endswith("\n") or _CONTROL.search(text):
        raise Malformed(
            zh="待签文本必须以换行结尾且无控制字符", en="text to sign ends in a newline and has no controls"
        )
    note = Note(text, tuple(key.sign(text) for key in keys))
    return parse(note.to_bytes()).to_bytes()


def verify(data: bytes, keys: Sequence[VerifierKey]) -> Note:
    """Read a note and check it against known `keys`; the result holds only their signatures, one for each key.

    Unknown keys are ignored; one wrong signature of a known key, or none at all, raises SignatureFalse.
    """
    known = {(key.name, key.key_id): key for key in keys}
    if len(known) != len(set(keys)):
        raise Malformed(zh="两个已知公钥同名同编号", en="two known keys share a name and an id")
    note, good = parse(data), dict[tuple[str, bytes], Signature]()
    for signature in note.signatures:
        key = known.get((signature.name, signature.key_id))
        if key is not None:
            key.check(note.text, signature)
            good.setdefault((signature.name, signature.key_id), signature)
    if not good:
        raise SignatureFalse(zh="没有已知公钥的签名", en="no known key signed this note")
    return Note(note.text, tuple(good.values()))


def _parse_signature(line: str) -> Signature:
    match = _SIGNATURE_LINE.fullmatch(line)
    if match is None:
        raise Malformed(zh="签名行格式不对", en="a signature line is malformed")
    name, data = match[1], base64_text.decode(match[2])
    require_name(name)
    if len(data) < 5:
        raise Malformed(zh="签名过短", en="a signature is too short")
    return Signature(name, data[:4], data[4:])


def _key_fields(text: str) -> tuple[str, str, bytes]:
    """Name, hexadecimal key id, and kind ‖ key; base64 may hold plus signs, names may not."""
    fields = text.split("+", 2)
    if len(fields) != 3 or not _KEY_ID.fullmatch(fields[1]):
        raise Malformed(zh="不是公钥文本", en="not the text of a key")
    data = base64_text.decode(fields[2])
    if len(data) != 33:
        raise Malformed(zh="密钥长度不对", en="the key has a wrong length")
    return fields[0], fields[1], data
