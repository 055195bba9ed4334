"""Time stamps of a real authority, made with OpenSSL in the test: good ones pass, all others are refused."""

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ledger.evidence import time_stamp
from ledger.evidence.faults import EvidenceError, SignatureFalse, StampFalse

MESSAGE = b"ledger.example/acme\n7\nroot\n"
NONCE = 0x00FE_DCBA_9876_5432
CONFIG = """
[ca]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign
[tsa]
basicConstraints = critical,CA:false
extendedKeyUsage = critical,timeStamping
[other]
basicConstraints = critical,CA:false
extendedKeyUsage = critical,serverAuth
[ts]
default_tsa = authority
[authority]
dir = .
serial = serial
crypto_device = builtin
signer_cert = tsa.pem
signer_key = tsa.key
certs = ca.pem
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256,sha384,sha512
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make an authority with")


def openssl(folder: Path, *arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


class Authority:
    """A time-stamping authority with a certificate of its own below a root."""

    def __init__(self, folder: Path, algorithm: str = "rsa:2048") -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "conf").write_text(CONFIG)
        (folder / "serial").write_text("01\n")
        kind = ["-newkey", algorithm]
        if algorithm == "ec":
            kind += ["-pkeyopt", "ec_paramgen_curve:prime256v1"]
        root = ["-x509", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Root", "-days", "30"]
        openssl(folder, "req", *kind, "-nodes", *root, "-config", "conf", "-extensions", "ca", "-section", "ca")
        openssl(folder, "req", *kind, "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=Stamps",
                "-config", "conf", "-section", "ca")  # fmt: skip
        self.certify("tsa")

    def certify(self, purpose: str) -> None:
        openssl(self.folder, "x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "20",
                "-set_serial", "7", "-extfile", "conf", "-extensions", purpose, "-out", "tsa.pem")  # fmt: skip

    def answer(self, request: bytes) -> bytes:
        (self.folder / "request").write_bytes(request)
        openssl(self.folder, "ts", "-reply", "-config", "conf", "-section", "authority", "-queryfile", "request",
                "-out", "answer")  # fmt: skip
        return (self.folder / "answer").read_bytes()

    def stamp(self, message: bytes = MESSAGE) -> bytes:
        return time_stamp.token_in(self.answer(time_stamp.request(message, nonce=NONCE)), nonce=NONCE)

    @property
    def trusted(self) -> list:
        return time_stamp.parse_authorities((self.folder / "ca.pem").read_bytes())


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority") / "one")


def test_a_token_says_when_the_checkpoint_was_there(authority: Authority):
    stamp = time_stamp.verify(authority.stamp(), MESSAGE, authority.trusted)
    assert abs(stamp.at - datetime.now(UTC)) < timedelta(minutes=5)
    assert (stamp.authority, stamp.serial > 0) == ("CN=Stamps", True)


def test_openssl_reads_the_request_and_takes_the_same_token_for_good(authority: Authority):
    token = authority.stamp()
    (authority.folder / "token").write_bytes(token)
    (authority.folder / "message").write_bytes(MESSAGE)
    openssl(authority.folder, "ts", "-verify", "-data", "message", "-in", "token", "-token_in", "-CAfile", "ca.pem")


def test_elliptic_curves_stamp_too(tmp_path: Path):
    other = Authority(tmp_path / "ec", "ec")
    assert time_stamp.verify(other.stamp(), MESSAGE, other.trusted).authority == "CN=Stamps"


def test_a_token_of_something_else_or_of_somebody_else_is_refused(authority: Authority, tmp_path: Path):
    token, other = authority.stamp(), Authority(tmp_path / "other")
    with pytest.raises(StampFalse, match="something else"):
        time_stamp.verify(token, MESSAGE + b" ", authority.trusted)
    for trusted in ([], other.trusted):
        with pytest.raises(SignatureFalse, match="trusted"):
            time_stamp.verify(token, MESSAGE, trusted)


def test_a_response_to_another_request_or_a_rejection_is_refused(authority: Authority):
    response = authority.answer(time_stamp.request(MESSAGE, nonce=NONCE))
    with pytest.raises(StampFalse, match="another request"):
        time_stamp.token_in(response, nonce=NONCE + 1)
    with pytest.raises(StampFalse, match="did not grant"):
        time_stamp.token_in(bytes.fromhex("30053003020102"), nonce=NONCE)


def test_a_certificate_for_other_purposes_is_refused(tmp_path: Path):
    authority = Authority(tmp_path / "purpose")
    token = authority.stamp()
    signer = time_stamp._Token(token).signer()
    time_stamp._check_purpose(signer)
    authority.certify("other")
    wrong = time_stamp.parse_authorities((authority.folder / "tsa.pem").read_bytes())[0]
    with pytest.raises(SignatureFalse, match="not for time stamps"):
        time_stamp._check_purpose(wrong)


def test_any_changed_byte_that_matters_is_found(authority: Authority):
    """Outside the signature's reach lie only the certificates that nobody used and their own signatures."""
    token, passed = authority.stamp(), 0
    original = time_stamp.verify(token, MESSAGE, authority.trusted)
    for at in range(0, len(token), 3):
        spoilt = token[:at] + bytes([token[at] ^ 1]) + token[at + 1 :]
        try:
            assert time_stamp.verify(spoilt, MESSAGE, authority.trusted) == original
            passed += 1
        except EvidenceError:
            continue
    assert passed < len(token) // 3 / 2


@pytest.mark.parametrize(
    "data", [b"", b"0", b"0\x80", b"\x30\x03\x02\x01\x01", bytes(100), b"\x30\x84\xff\xff\xff\xff"]
)
def test_what_is_no_token_is_unusable(data: bytes):
    with pytest.raises(EvidenceError):
        time_stamp.verify(data, MESSAGE, [])
    with pytest.raises(EvidenceError):
        time_stamp.token_in(data, nonce=1)
