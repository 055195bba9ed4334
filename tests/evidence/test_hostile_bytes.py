"""Whatever bytes are laid before the readers, they answer with a value or with `Unusable`, never with another error."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.evidence import checkpoint, note, policy, tiles, tlog_proof, verify_proof
from ledger.evidence.base64_text import encode
from ledger.evidence.faults import EvidenceError, Malformed, Unusable
from ledger.evidence.merkle import Frontier
from ledger.evidence.note import SigningKey, VerifierKey
from ledger.evidence.order import claimed_position
from ledger.evidence.signer_files import SignerState
from tests.evidence import a_ledger

READERS: dict[str, Callable[[bytes], object]] = {
    "note": note.parse,
    "checkpoint": checkpoint.read_unverified,
    "proof": tlog_proof.parse,
    "bundle": tiles.unpack_entries,
    "keys": tiles.parse_keys,
    "disclosures": verify_proof.parse_disclosures,
    "state": SignerState.from_bytes,
    "policy": lambda data: policy.parse(data.decode("utf-8", "replace")),
    "path": lambda data: tiles.parse_path(data.decode("utf-8", "replace")),
    "signing key": lambda data: SigningKey.parse("PRIVATE+KEY+" + data.decode("utf-8", "surrogateescape")),
    "verifier key": lambda data: VerifierKey.parse(data.decode("utf-8", "surrogateescape")),
    "event": claimed_position,
}
SEEDS = {
    "note": a_ledger.signed(a_ledger.events(3)),
    "checkpoint": a_ledger.signed(a_ledger.events(3)),
    "proof": tlog_proof.TlogProof(1, (bytes(32),), a_ledger.signed(a_ledger.events(3)), b"x").marshal(),
    "bundle": tiles.pack_entries([b"a", b"bc"]),
    "keys": f"{a_ledger.KEY.verifier_key}\n".encode(),
    "disclosures": verify_proof.marshal_disclosures([verify_proof.Disclosure(1, "0", bytes(32), b"x")]),
    "state": SignerState("ledger.example/x", Frontier(1, [bytes(32)])).to_bytes(),
    "policy": f"log {a_ledger.KEY.verifier_key}\ngroup g 1 a\nquorum none\n".encode(),
    "path": b"tile/0/x001/000.p/7",
    "signing key": a_ledger.KEY.private_text().removeprefix("PRIVATE+KEY+").encode(),
    "verifier key": str(a_ledger.KEY.verifier_key).encode(),
    "event": a_ledger.stored(1),
}


@st.composite
def harmed(draw: st.DrawFn, seed: bytes) -> bytes:
    """Bytes that almost are what is expected: pieces taken out, doubled, replaced."""
    start = draw(st.integers(0, len(seed)))
    end = draw(st.integers(start, min(len(seed), start + 40)))
    return seed[:start] + draw(st.binary(max_size=12) | st.just(seed[start:end] * 2)) + seed[end:]


@pytest.mark.parametrize("kind", READERS)
@given(data=st.data())
def test_harmed_and_random_bytes_never_break_a_reader(kind: str, data: st.DataObject) -> None:
    given_bytes = data.draw(harmed(SEEDS[kind]) | st.binary(max_size=200))
    with suppress(Unusable):
        READERS[kind](given_bytes)


def test_nesting_past_reason_is_refused() -> None:
    with pytest.raises(Malformed):
        verify_proof.parse_disclosures(b"[" * 100_000)
    deep = b'{"sealed":' + b"[" * 100_000
    with pytest.raises(EvidenceError):
        verify_proof.verify_disclosed(deep, verify_proof.Disclosure(1, "0", bytes(32), b""))


def test_lone_surrogates_make_no_key_name() -> None:
    with pytest.raises(Malformed):
        VerifierKey.parse(f"\udc80+00000000+{encode(bytes([1]) + bytes(32))}")
