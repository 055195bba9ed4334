"""Signed notes: what must be accepted, and each way in which one must be refused."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from ledger.evidence import note
from ledger.evidence.base64_text import decode, encode
from ledger.evidence.faults import Malformed, SignatureFalse
from ledger.evidence.note import COSIGNATURE, SigningKey, VerifierKey

KEY = SigningKey("ledger.example/acme", bytes(range(32)))
OTHER = SigningKey("ledger.example/acme", bytes(32))
TEXT = "first\n\nafter a blank line\n"
SIGNED = note.sign(TEXT, [KEY])

# The poem of the C2SP specification, with the key that its reference implementation publishes for it.
POEM = (
    "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n"
    "— quasimodo.example/salvatore "
    "NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n"
)


def test_a_published_note_is_read_and_written_back_byte_for_byte() -> None:
    read = note.parse(POEM.encode())
    assert read.text.endswith("ed è subito sera.\n")
    assert [(one.name, one.key_id.hex(), len(one.blob)) for one in read.signatures] == [
        ("quasimodo.example/salvatore", "367ba04b", 64)
    ]
    assert read.to_bytes() == POEM.encode()


def test_a_note_is_signed_over_its_text_without_the_blank_line() -> None:
    read = note.verify(SIGNED, [KEY.verifier_key])
    assert read.text == TEXT
    public = Ed25519PublicKey.from_public_bytes(KEY.verifier_key.public)
    public.verify(read.signatures[0].blob, TEXT.encode())


def test_key_strings_come_back_as_the_same_keys() -> None:
    assert VerifierKey.parse(str(KEY.verifier_key)) == KEY.verifier_key
    assert SigningKey.parse(KEY.private_text()) == KEY
    assert str(KEY.verifier_key).startswith("ledger.example/acme+")
    assert KEY.private_text().startswith("PRIVATE+KEY+ledger.example/acme+")
    assert encode(KEY.seed) not in repr(KEY)


def test_a_known_public_key_has_its_known_id() -> None:
    key = VerifierKey.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    assert (key.name, key.key_id.hex()) == ("PeterNeumann", "c74f20a3")
    signed = (
        "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    note.verify(signed.encode(), [key])


@pytest.mark.parametrize(
    "text",
    [
        "", "name", "name+00000000", "name+0000000+AA==", "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T",
        "PeterNeumann+c74f20a3+AhpcQcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW=",
    ],
)  # fmt: skip
def test_malformed_key_strings_are_refused(text: str) -> None:
    with pytest.raises(Malformed):
        VerifierKey.parse(text)
    with pytest.raises(Malformed):
        SigningKey.parse(text)
    with pytest.raises(Malformed):
        SigningKey.parse("PRIVATE+KEY+" + text)


@pytest.mark.parametrize(
    "name", ["", "with space", "with+plus", "no\u00a0break", "wide\u3000space", "line\u2028end", "a\tb"]
)
def test_names_with_spaces_or_plus_are_refused(name: str) -> None:
    with pytest.raises(Malformed):
        SigningKey(name, bytes(32))
    with pytest.raises(Malformed):
        note.parse(TEXT.encode() + f"\n— {name} {encode(bytes(68))}\n".encode())


LINE = SIGNED.decode().split("\n\n")[-1]


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\n", b"text\n", TEXT.encode(), TEXT.encode() + b"\n", SIGNED[:-1], SIGNED + b"\n", SIGNED + b"more",
        SIGNED.replace("— ".encode(), b"-- "), SIGNED.replace("— ".encode(), "—  ".encode()),
        SIGNED.replace(b"\n\nafter", b"\r\n\nafter"), SIGNED.replace(b"first", b"fi\0st"),
        SIGNED.replace(b"first", b"\t"),
        SIGNED.replace(b"first", b"\xff"), SIGNED[:-2] + b"\n", SIGNED[:-1] + b" \n",
        f"{TEXT}\n— name {encode(bytes(4))}\n".encode(), f"{TEXT}\n— name AA=A\n".encode(),
        f"{TEXT}\n— name {encode(bytes(68)).rstrip('=')}\n".encode(), f"{TEXT}\n— name \n".encode(),
        f"{TEXT}\n{LINE * 101}".encode(), f"{TEXT}\n{LINE}extra\n".encode(), b"x" * 1_000_001,
    ],
)  # fmt: skip
def test_malformed_notes_are_refused(data: bytes) -> None:
    with pytest.raises(Malformed) as refused:
        note.verify(data, [KEY.verifier_key])
    assert refused.value.text("zh-CN") != refused.value.text("en")


def test_base64_in_a_second_spelling_is_refused() -> None:
    for text in ("AB==", "A", "A===", "AA", "AA==\n", "_w==", "AA=="[:3], "é"):
        with pytest.raises(Malformed):
            decode(text)


def test_unknown_keys_are_ignored_but_one_known_key_must_have_signed() -> None:
    both = note.sign(TEXT, [OTHER, KEY, SigningKey("witness.example", bytes(32))])
    assert len(note.verify(both, [KEY.verifier_key]).signatures) == 1
    with pytest.raises(SignatureFalse, match="no known key"):
        note.verify(SIGNED, [OTHER.verifier_key])
    with pytest.raises(SignatureFalse, match="no known key"):
        note.verify(SIGNED, [])


def test_one_wrong_signature_of_a_known_key_rejects_the_whole_note() -> None:
    forged = note.Signature(OTHER.name, OTHER.verifier_key.key_id, bytes(64))
    mixed = note.Note(TEXT, (*note.parse(SIGNED).signatures, forged)).to_bytes()
    note.verify(mixed, [KEY.verifier_key])
    with pytest.raises(SignatureFalse, match="wrong"):
        note.verify(mixed, [KEY.verifier_key, OTHER.verifier_key])
    for blob in (b"short", bytes(63), bytes(65)):
        bad = note.Note(TEXT, (note.Signature(KEY.name, KEY.verifier_key.key_id, blob),)).to_bytes()
        with pytest.raises(SignatureFalse):
            note.verify(bad, [KEY.verifier_key])


def test_a_second_signature_of_the_same_key_is_checked_and_counts_once() -> None:
    good = note.parse(SIGNED).signatures[0]
    twice = note.Note(TEXT, (good, good)).to_bytes()
    assert len(note.verify(twice, [KEY.verifier_key]).signatures) == 1
    spoilt = note.Note(TEXT, (good, note.Signature(good.name, good.key_id, bytes(64)))).to_bytes()
    with pytest.raises(SignatureFalse):
        note.verify(spoilt, [KEY.verifier_key])


def test_sixteen_and_up_to_a_hundred_signatures_are_read() -> None:
    keys = [SigningKey(f"witness-{number}", bytes([number]) * 32) for number in range(100)]
    assert len(note.verify(note.sign(TEXT, keys), [key.verifier_key for key in keys]).signatures) == 100


def test_two_known_keys_with_one_name_and_id_are_ambiguous() -> None:
    class Colliding(VerifierKey):
        @property
        def key_id(self) -> bytes:
            return b"same"

    with pytest.raises(Malformed, match="share"):
        note.verify(SIGNED, [Colliding("a", bytes(32)), Colliding("a", bytes(31) + b"\1")])
    assert note.verify(SIGNED, [KEY.verifier_key, KEY.verifier_key]).text == TEXT


def test_a_cosignature_signs_its_time_and_has_its_own_key_id() -> None:
    witness = SigningKey(KEY.name, KEY.seed, COSIGNATURE)
    assert witness.verifier_key.key_id != KEY.verifier_key.key_id
    signature = witness.sign(TEXT, time=1_700_000_000)
    witness.verifier_key.check(TEXT, signature)
    assert int.from_bytes(signature.blob[:8], "big") == 1_700_000_000
    later = note.Signature(signature.name, signature.key_id, (1_700_000_001).to_bytes(8, "big") + signature.blob[8:])
    with pytest.raises(SignatureFalse):
        witness.verifier_key.check(TEXT, later)
    assert SigningKey.parse(witness.private_text()) == witness


@pytest.mark.parametrize("text", ["", "no newline", "tab\t\n", "nul\0\n"])
def test_text_that_a_note_cannot_hold_is_not_signed(text: str) -> None:
    with pytest.raises(Malformed):
        note.sign(text, [KEY])
    with pytest.raises(Malformed):
        note.sign(TEXT, [])


@given(st.integers(0, len(SIGNED) - 1), st.integers(1, 255))
def test_no_changed_byte_passes(at: int, change: int) -> None:
    data = bytearray(SIGNED)
    data[at] ^= change
    with pytest.raises((Malformed, SignatureFalse)):
        note.verify(bytes(data), [KEY.verifier_key])


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=50).map(lambda text: text + "\n"))
def test_any_text_survives_signing(text: str) -> None:
    assert note.verify(note.sign(text, [KEY]), [KEY.verifier_key]).text == text
