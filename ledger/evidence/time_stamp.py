"""Time stamps (RFC 3161, RFC 5816): an authority's signed word that a checkpoint's text was there at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from . import der
from .der import INTEGER, OCTETS, SEQUENCE, SET, Value
from .faults import Malformed, SignatureFalse, StampFalse

SIGNED_DATA, TST_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE, MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_2 = "1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.47"
SHA256 = "2.16.840.1.101.3.4.2.1"
DIGESTS: dict[str, hashes.HashAlgorithm] = {
    SHA256: hashes.SHA256(),
    "2.16.840.1.101.3.4.2.2": hashes.SHA384(),
    "2.16.840.1.101.3.4.2.3": hashes.SHA512(),
}
GRANTED = {0, 1}
BROKEN = (  # what hostile bytes lead to
    ValueError,
    IndexError,
    TypeError,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    UnsupportedAlgorithm,
)
MAX_TOKEN_BYTES = 200_000
MAX_CHAIN = 8


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a verified token says: when, by whom (the certificate's subject), and under which serial number."""

    at: datetime
    authority: str
    serial: int


def request(message: bytes, *, nonce: int) -> bytes:
    """The request for a token on SHA-256 of `message`, asking for the authority's certificate (RFC 3161 §2.4.1)."""
    algorithm = der.write(SEQUENCE, der.identifier(SHA256) + der.write(der.NULL, b""))
    imprint = der.write(SEQUENCE, algorithm + der.write(OCTETS, sha256(message).digest()))
    body = der.integer(1) + imprint + der.integer(nonce) + der.write(der.BOOLEAN, b"\xff")
    return der.write(SEQUENCE, body)


def token_in(response: bytes, *, nonce: int) -> bytes:
    """The token in an authority's response; refused where it was not granted or answers another request."""
    status, *rest = _first_of(der.parse(response).of(SEQUENCE).children())
    if _first_of(status.of(SEQUENCE).children())[0].number() not in GRANTED or len(rest) != 1:
        raise StampFalse(zh="时间戳机构未予签发", en="the time-stamping authority did not grant the request")
    token = rest[0].encoded
    if _Token(token).nonce != nonce:
        raise StampFalse(zh="时间戳答复的是另一请求", en="the time stamp answers another request")
    return token


def verify(token: bytes, message: bytes, authorities: Sequence[x509.Certificate]) -> Stamp:
    """What the token says of `message`, once its signature leads to one of the trusted `authorities`.

    Raises StampFalse, SignatureFalse or Malformed.
    """
    try:
        return _verified(_Token(token), message, authorities)
    except BROKEN:
        raise Malformed(zh="时间戳无法读取", en="the time stamp can't be read") from None


def _verified(read: "_Token", message: bytes, authorities: Sequence[x509.Certificate]) -> Stamp:
    if (read.imprint_algorithm, read.imprint) != (SHA256, sha256(message).digest()):
        raise StampFalse(zh="时间戳属于另一内容", en="the time stamp is of something else")
    signer = read.signer()
    read.check_signature(signer)
    _check_purpose(signer)
    _check_chain(signer, read.certificates, authorities, read.at)
    return Stamp(read.at, signer.subject.rfc4514_string(), read.serial)


def parse_authorities(data: bytes) -> list[x509.Certificate]:
    """The certificates of a PEM file."""
    try:
        return x509.load_pem_x509_certificates(data)
    except ValueError:
        raise Malformed(zh="证书文件无法读取", en="the file of certificates can't be read") from None


class _Token:
    """The parts of a token (CMS SignedData around TSTInfo), read strictly; nothing is trusted yet."""

    def __init__(self, token: bytes) -> None:
        if len(token) > MAX_TOKEN_BYTES:
            raise Malformed(zh="时间戳过大", en="the time stamp is too large")
        try:
            self._read(token)
        except BROKEN:
            raise Malformed(zh="不是时间戳", en="not a time stamp") from None

    def _read(self, token: bytes) -> None:
        kind, wrapped = der.parse(token).of(SEQUENCE).children()
        _, _, content, *optional, signers = wrapped.of(0xA0).children()[0].of(SEQUENCE).children()
        content_kind, octets = content.of(SEQUENCE).children()
        if (kind.dotted(), content_kind.dotted()) != (SIGNED_DATA, TST_INFO):
            raise ValueError("another kind of content")
        self._content = octets.of(0xA0).children()[0].of(OCTETS).content
        [self._signer] = signers.of(SET).children()
        held = [one for group in optional if group.tag == 0xA0 for one in group.children()]
        self.certificates = [x509.load_der_x509_certificate(one.encoded) for one in held]
        self._read_info(der.parse(self._content).of(SEQUENCE).children())

    def _read_info(self, info: list[Value]) -> None:
        version, _, imprint, serial, at, *rest = info
        algorithm, digest = imprint.of(SEQUENCE).children()
        if version.number() != 1:
            raise ValueError("another version")
        self.imprint_algorithm = algorithm.children()[0].dotted()
        self.imprint, self.serial = digest.of(OCTETS).content, serial.number()
        self.at = _instant(at)
        self.nonce = next((one.number() for one in rest if one.tag == INTEGER), None)

    def signer(self) -> x509.Certificate:
        """The certificate that the signer's identifier and the signed attribute name."""
        digests = self._named_certificates()
        for certificate in self.certificates:
            encoded = certificate.public_bytes(serialization.Encoding.DER)
            if sha256(encoded).digest() in digests or _sha1(encoded) in digests:
                return certificate
        raise SignatureFalse(zh="时间戳缺少签发者的证书", en="the time stamp lacks its signer's certificate")

    def _named_certificates(self) -> set[bytes]:
        """The digests in the attribute signing-certificate (RFC 5035): the first names the signer."""
        found: set[bytes] = set()
        for kind in (SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_2):
            value = self._attribute(kind)
            if value is not None:
                first = value.of(SEQUENCE).children()[0].of(SEQUENCE).children()[0].of(SEQUENCE).children()
                found |= {one.content for one in first if one.tag == OCTETS}
        return found

    def _attribute(self, kind: str) -> Value | None:
        for attribute in self._signed_attributes().children():
            name, values = attribute.of(SEQUENCE).children()
            if name.dotted() == kind:
                [value] = values.of(SET).children()
                return value
        return None

    def _signed_attributes(self) -> Value:
        return self._signer.children()[3].of(0xA0)

    def check_signature(self, signer: x509.Certificate) -> None:
        """Raise SignatureFalse unless the certificate's key signed the attributes, and they bind the content."""
        try:
            self._check(signer)
        except (InvalidSignature, ValueError, IndexError, KeyError):
            raise SignatureFalse(zh="时间戳的签名不对", en="the signature of the time stamp is wrong") from None

    def _check(self, signer: x509.Certificate) -> None:
        parts = self._signer.children()
        algorithm = DIGESTS[parts[2].children()[0].dotted()]
        kind, bound = self._attribute(CONTENT_TYPE), self._attribute(MESSAGE_DIGEST)
        digest = hashes.Hash(algorithm)
        digest.update(self._content)
        if kind is None or bound is None or kind.dotted() != TST_INFO or bound.of(OCTETS).content != digest.finalize():
            raise InvalidSignature
        signed, signature = der.write(SET, self._signed_attributes().content), parts[5].of(OCTETS).content
        key = signer.public_key()
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, signed, ec.ECDSA(algorithm))
        else:
            raise InvalidSignature


def _check_purpose(signer: x509.Certificate) -> None:
    """The signer's key is for time stamps and nothing else (RFC 3161 §2.3)."""
    try:
        usage = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        usage = None
    if usage is None or not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise SignatureFalse(zh="签发者的证书不是用于时间戳的", en="the signer's certificate is not for time stamps")


def _check_chain(
    signer: x509.Certificate,
    held: Sequence[x509.Certificate],
    authorities: Sequence[x509.Certificate],
    at: datetime,
) -> None:
    """Walk from the signer up to a trusted certificate; each must have been valid at the time of the stamp."""
    current = signer
    for _ in range(MAX_CHAIN):
        if not current.not_valid_before_utc <= at <= current.not_valid_after_utc:
            break
        if current in authorities:
            return
        above = [one for one in (*authorities, *held) if _issued(one, current)]
        if not above or above[0] == current:
            break
        current = above[0]
    raise SignatureFalse(
        zh="时间戳的证书链没有通向受信任的机构", en="the time stamp's certificates do not lead to a trusted authority"
    )


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
        return issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (*BROKEN, InvalidSignature, x509.ExtensionNotFound):
        return False


def _instant(value: Value) -> datetime:
    text = value.of(der.GENERALIZED_TIME).content.decode("ascii")
    whole, _, fraction = text.removesuffix("Z").partition(".")
    if not text.endswith("Z") or (fraction and not fraction.isdigit()):
        raise ValueError("a time that is not in UTC")
    seconds = datetime.strptime(whole, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return seconds.replace(microsecond=int(fraction[:6].ljust(6, "0"))) if fraction else seconds


def _first_of(values: list[Value]) -> list[Value]:
    """The values, of which there must be some."""
    if not values:
        raise Malformed(zh="不是时间戳答复", en="not the response of a time-stamping authority")
    return values


def _sha1(data: bytes) -> bytes:
    digest = hashes.Hash(hashes.SHA1())  # noqa: S303  # names a certificate in old tokens; the signature itself is not by it
    digest.update(data)
    return digest.finalize()
