"""Vectors published by others: each must be accepted or refused as they say."""

import json
import tarfile
from base64 import b64decode
from pathlib import Path
from typing import TypedDict

import pytest

from ledger.evidence import merkle
from ledger.evidence.faults import ProofFalse

ARCHIVE = Path(__file__).parents[3] / "shared/data/vectors/transparency-dev-merkle-testdata.tar.gz"


class Vector(TypedDict, total=False):
    """One published case; which fields it has depends on its kind."""

    leafIdx: int
    treeSize: int
    start: int
    end: int
    size: int
    size1: int
    size2: int
    root: str
    root1: str
    root2: str
    leafHash: str
    proof: list[str] | None
    wantErr: bool


def vectors(kind: str) -> dict[str, Vector]:
    if not ARCHIVE.exists():
        pytest.skip("the published vectors are not beside the project (../shared/data/vectors)")
    with tarfile.open(ARCHIVE) as archive:
        files = [member for member in archive if f"testdata/{kind}/" in member.name and member.name.endswith(".json")]
        return {member.name: json.load(archive.extractfile(member) or pytest.fail(member.name)) for member in files}


def check(kind: str, vector: Vector) -> None:
    path = [b64decode(hash_) for hash_ in vector["proof"] or []]
    if kind == "consistency":
        old, new = b64decode(vector["root1"]), b64decode(vector["root2"])
        merkle.verify_consistency(old, new, path, old_size=vector["size1"], new_size=vector["size2"])
    elif kind == "subtreeconsistency":
        old, new = b64decode(vector["root1"]), b64decode(vector["root2"])
        start, end, size = vector["start"], vector["end"], vector["size"]
        merkle.verify_subtree_consistency(old, new, path, start=start, end=end, size=size)
    elif kind == "inclusion":
        leaf, root = b64decode(vector["leafHash"]), b64decode(vector["root"])
        merkle.verify_inclusion(leaf, path, root, index=vector["leafIdx"], size=vector["treeSize"])
    else:
        leaf, root = b64decode(vector["leafHash"]), b64decode(vector["root"])
        index, start, end = vector["leafIdx"], vector["start"], vector["end"]
        merkle.verify_subtree_inclusion(leaf, path, root, index=index, start=start, end=end)


@pytest.mark.parametrize(
    ("kind", "count"), [("inclusion", 98), ("consistency", 98), ("subtreeinclusion", 204), ("subtreeconsistency", 118)]
)
def test_published_vectors_are_judged_as_their_authors_do(kind: str, count: int) -> None:
    cases = vectors(kind)
    assert len(cases) == count
    wrong = []
    for name, vector in cases.items():
        try:
            check(kind, vector)
        except ProofFalse:
            accepted = False
        else:
            accepted = True
        # A root that is not a hash proves nothing, even of itself: stricter than the vectors' authors.
        roots = [b64decode(root) for root in (vector.get("root1"), vector.get("root2")) if root is not None]
        short = any(len(root) != merkle.HASH_BYTES for root in roots)
        if accepted == vector["wantErr"] and not (short and not accepted):
            wrong.append(name)
    assert wrong == []
