"""Accounts for every byte that no digest covers: the hole in a ByteRange and the CMS container in it.

A signature covers the file except the hole that holds it. What lies in the hole is a hex string, a DER structure
(RFC 5652) and padding; inside it only the signed attributes, the signature value and, for a timestamp token, the
TSTInfo are bound to each other. The rest (wrappers, versions, algorithm lists, certificates, unsigned attributes) is
checked here piece by piece against the only value it may have, so that no byte of it can be changed unnoticed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from asn1crypto import cms, crl, x509
from cryptography.exceptions import InvalidSignature
from pyhanko_certvalidator.sig_validate import DefaultSignatureValidator, SignatureValidationContext

SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
DATA = bytes.fromhex("06092a864886f70d010701")
TST_INFO = bytes.fromhex("060b2a864886f70d0109100104")
SIGNATURE_TIMESTAMP = bytes.fromhex("060b2a864886f70d010910020e")
SHAKE256_LEN = bytes.fromhex("0609608648016503040212")
BITS_512 = bytes.fromhex("02020200")
NULL = b"\x05\x00"
SEQUENCE, SET, INTEGER, OCTET_STRING, BIT_STRING, OID = 0x30, 0x31, 0x02, 0x04, 0x03, 0x06


class Unaccounted(Exception):
    """A byte outside every digest has a value it need not have."""


class Unreadable(Exception):
    """The hole holds no DER at all."""


@dataclass(frozen=True)
class Node:
    """One DER element: its tag byte, its value, and the whole of it."""

    tag: int
    value: bytes
    raw: bytes

    def children(self) -> list[Node]:
        """The elements inside; raises Unaccounted when the value is not a sequence of minimal DER."""
        found, at = [], 0
        while at < len(self.value):
            node = read_node(self.value, at)
            found.append(node)
            at += len(node.raw)
        return found


def read_node(data: bytes, at: int = 0) -> Node:
    """Read one element with a low tag number and a minimal definite length. Raises Unaccounted."""
    if at + 2 > len(data) or data[at] & 0x1F == 0x1F:
        raise Unaccounted("truncated element or high tag")
    length, start = data[at + 1], at + 2
    if length & 0x80:
        count = length & 0x7F
        if not 1 <= count <= 4 or start + count > len(data):
            raise Unaccounted("length form")
        length = int.from_bytes(data[start : start + count], "big")
        start += count
        if length < 0x80 or length >> (8 * (count - 1)) == 0:
            raise Unaccounted("length not minimal")
    if start + length > len(data):
        raise Unaccounted("element runs over its end")
    return Node(data[at], data[start : start + length], data[at : start + length])


def der_in_hole(hole: bytes, contents: bytes) -> bytes:
    """The CMS inside a ByteRange hole (`<...>` included), after checking delimiters, hex digits and padding.

    Raises Unreadable when there is no DER, Unaccounted when something else is wrong.
    """
    if hole[:1] != b"<" or hole[-1:] != b">":
        raise Unaccounted("hole is not exactly one hex string")
    digits = hole[1:-1]
    if digits != digits.lower() and digits != digits.upper():
        raise Unaccounted("hex digits of both cases")
    try:
        decoded = bytes.fromhex(digits.decode("ascii"))
    except ValueError as failure:
        raise Unaccounted("not hex digits") from failure
    if len(digits) != 2 * len(decoded) or decoded != contents:
        raise Unaccounted("hole and /Contents differ")
    try:
        node = read_node(decoded)
    except Unaccounted as failure:
        raise Unreadable(str(failure)) from failure
    if decoded[len(node.raw) :].strip(b"\0"):
        raise Unaccounted("padding is not zero")
    return node.raw


class Pool:
    """Certificates by which other certificates and lists may be checked."""

    def __init__(self, certificates: Iterable[x509.Certificate]) -> None:
        self._by_subject: dict[bytes, list[x509.Certificate]] = {}
        self._anchors: frozenset[bytes] = frozenset()
        for certificate in certificates:
            self._by_subject.setdefault(certificate.subject.dump(), []).append(certificate)

    @classmethod
    def rooted(cls, anchors: Iterable[x509.Certificate], candidates: Iterable[x509.Certificate]) -> Pool:
        """The anchors, and those authorities among the candidates whose chain of signatures ends at one of them.

        Those above an anchor that issued it are known by its signature: files bring them along with the chain.
        """
        anchors, candidates = list(anchors), list(candidates)
        pool = cls(anchors)
        pool._anchors = frozenset(anchor.dump() for anchor in anchors)
        waiting = {one.dump(): one for one in candidates if one.ca and one.dump() not in pool._anchors}
        while found := [der for der in waiting if _is_accounted_for(der, pool)]:
            pool = pool.extended([waiting.pop(der) for der in found])
        below = anchors
        while below := [one for one in waiting.values() if any(_issued(one, other) for other in below)]:
            pool = pool.extended([waiting.pop(one.dump()) for one in below])
        return pool

    def is_anchor(self, certificate: x509.Certificate) -> bool:
        """True for an anchor of a rooted pool; an anchor needs nobody to vouch for it."""
        return certificate.dump() in self._anchors

    def extended(self, certificates: Iterable[x509.Certificate]) -> Pool:
        """A pool that holds these as well."""
        pool = Pool([*(one for same in self._by_subject.values() for one in same), *certificates])
        pool._anchors = self._anchors
        return pool

    def names_by_key_hash(self, digest: bytes) -> list[x509.Name]:
        """Subjects whose public key has this SHA-1 (how OCSP names a responder by key)."""
        return [one.subject for same in self._by_subject.values() for one in same if one.public_key.sha1 == digest]

    def vouches(self, issuer: x509.Name, tbs: bytes, algorithm: cms.SignedDigestAlgorithm, signature: bytes) -> bool:
        """True when a certificate with this name verifies the signature over `tbs`."""
        for candidate in self._by_subject.get(issuer.dump(), ()):
            try:
                DefaultSignatureValidator().validate_signature(
                    signature=signature,
                    signed_data=tbs,
                    public_key_info=candidate.public_key,
                    signature_algorithm=algorithm,
                    context=SignatureValidationContext(contextual_md_algorithm=None, prehashed=False),
                )
                return True
            except (InvalidSignature, ValueError, TypeError, KeyError):
                continue
        return False


def account_for_certificate(der: bytes, pool: Pool) -> None:
    """A certificate is accounted for when its issuer's signature holds and its wrapper says the same as its body."""
    body, algorithm, signature = _signed_object(der)
    certificate = x509.Certificate.load(der, strict=True)
    inner = certificate["tbs_certificate"]["signature"].dump()
    if inner != algorithm.raw or not pool.vouches(
        certificate.issuer, body.raw, certificate["signature_algorithm"], signature
    ):
        raise Unaccounted("certificate without a checked signature")


def _issued(issuer: x509.Certificate, subject: x509.Certificate) -> bool:
    """True when the issuer's key signed the subject, and itself, so that no byte of it can be anybody else's."""
    return _is_accounted_for(subject.dump(), Pool([issuer])) and _is_accounted_for(issuer.dump(), Pool([issuer]))


def _is_accounted_for(der: bytes, pool: Pool) -> bool:
    try:
        account_for_certificate(der, pool)
    except (Unaccounted, ValueError, TypeError, KeyError):
        return False
    return True


def account_for_crl(der: bytes, pool: Pool) -> None:
    """A revocation list is accounted for in the same way."""
    body, algorithm, signature = _signed_object(der)
    found = crl.CertificateList.load(der, strict=True)
    inner = found["tbs_cert_list"]["signature"].dump()
    if inner != algorithm.raw or not pool.vouches(found.issuer, body.raw, found["signature_algorithm"], signature):
        raise Unaccounted("revocation list without a checked signature")


def _signed_object(der: bytes) -> tuple[Node, Node, bytes]:
    node = read_node(der)
    parts = node.children()
    if node.tag != SEQUENCE or len(node.raw) != len(der) or [part.tag for part in parts] != [0x30, 0x30, BIT_STRING]:
        raise Unaccounted("not a signed object")
    if parts[2].value[:1] != b"\0":
        raise Unaccounted("bit string with unused bits")
    return parts[0], parts[1], parts[2].value[1:]


def account_for_cms(der: bytes, pool: Pool, *, timestamp: bool) -> None:
    """Check all of a CMS SignedData that its own signature does not bind. Raises Unaccounted.

    `timestamp` says that it is an RFC 3161 token. That digest, signature and trust hold is checked elsewhere.
    """
    outer = read_node(der)
    wrapper = outer.children()
    if outer.tag != SEQUENCE or len(wrapper) != 2 or wrapper[0].raw != SIGNED_DATA or wrapper[1].tag != 0xA0:
        raise Unaccounted("ContentInfo")
    (signed,) = _exactly(wrapper[1].children(), 1)
    parts = signed.children()
    version, digests, encapsulated = _exactly(parts[:3], 3)
    rest = {part.tag: part for part in parts[3:]}
    if len(rest) != len(parts) - 3 or set(rest) - {0xA0, 0xA1} != {SET} or [p.tag for p in parts[3:]][-1] != SET:
        raise Unaccounted("SignedData fields")
    (signer,) = _exactly(rest[SET].children(), 1)
    signer_certificate = _account_for_certificates(rest.get(0xA0), signer, pool)
    for revoked in rest[0xA1].children() if 0xA1 in rest else ():
        account_for_crl(revoked.raw, pool)
    signer_version = _account_for_signer(signer, digests, signer_certificate, pool, allow_token=not timestamp)
    _account_for_content(encapsulated, timestamp)
    if version.raw != bytes([INTEGER, 1, 3 if timestamp or signer_version == 3 else 1]):
        raise Unaccounted("SignedData version")


def _account_for_certificates(holder: Node | None, signer: Node, pool: Pool) -> x509.Certificate:
    children = holder.children() if holder else []
    for child in children:
        if child.tag != SEQUENCE:
            raise Unaccounted("certificate form")
        account_for_certificate(child.raw, pool)
    identifier = signer.children()[1]
    for child in children:
        certificate = x509.Certificate.load(child.raw)
        if identifier.tag == 0x80 and certificate.key_identifier == identifier.value:
            return certificate
        serial = certificate["tbs_certificate"]["serial_number"].dump()
        if identifier.tag == SEQUENCE and identifier.value == certificate.issuer.dump() + serial:
            return certificate
    raise Unaccounted("signer certificate")


def _account_for_content(encapsulated: Node, timestamp: bool) -> None:
    parts = encapsulated.children()
    if encapsulated.tag != SEQUENCE:
        raise Unaccounted("EncapsulatedContentInfo")
    if not timestamp:
        if [part.raw for part in parts] != [DATA]:
            raise Unaccounted("detached content")
        return
    if len(parts) != 2 or parts[0].raw != TST_INFO or parts[1].tag != 0xA0:
        raise Unaccounted("timestamp content")
    (octets,) = _exactly(parts[1].children(), 1)
    if octets.tag != OCTET_STRING:
        raise Unaccounted("timestamp content form")


def _account_for_signer(
    signer: Node, digests: Node, certificate: x509.Certificate, pool: Pool, *, allow_token: bool
) -> int:
    parts = signer.children()
    if signer.tag != SEQUENCE or len(parts) not in (6, 7):
        raise Unaccounted("SignerInfo fields")
    version, identifier, digest, signed_attributes, algorithm, signature = parts[:6]
    number = 3 if identifier.tag == 0x80 else 1
    if version.raw != bytes([INTEGER, 1, number]) or signed_attributes.tag != 0xA0 or signature.tag != OCTET_STRING:
        raise Unaccounted("SignerInfo")
    (listed,) = _exactly(digests.children(), 1)
    if digests.tag != SET or _algorithm(listed) != _algorithm(digest):
        raise Unaccounted("digest algorithms")
    _account_for_signature_algorithm(algorithm, certificate)
    if len(parts) == 7:
        if parts[6].tag != 0xA1 or not allow_token:
            raise Unaccounted("unsigned attributes")
        _account_for_token(parts[6], pool)
    return number


def _account_for_token(attributes: Node, pool: Pool) -> None:
    (attribute,) = _exactly(attributes.children(), 1)
    kind, values = _exactly(attribute.children(), 2)
    if attribute.tag != SEQUENCE or kind.raw != SIGNATURE_TIMESTAMP or values.tag != SET:
        raise Unaccounted("unsigned attribute other than a timestamp")
    (token,) = _exactly(values.children(), 1)
    account_for_cms(token.raw, pool, timestamp=True)


def _algorithm(node: Node) -> bytes:
    """An AlgorithmIdentifier: its OID, for parameters that are absent, NULL, or the one length of SHAKE256 in Ed448."""
    parts = node.children()
    if node.tag != SEQUENCE or not parts or parts[0].tag != OID:
        raise Unaccounted("algorithm")
    if (parts[0].raw, [part.raw for part in parts[1:]]) == (SHAKE256_LEN, [BITS_512]):
        return parts[0].raw
    if [part.raw for part in parts[1:]] not in ([], [NULL]):
        raise Unaccounted("algorithm parameters")
    return parts[0].raw


def _account_for_signature_algorithm(node: Node, certificate: x509.Certificate) -> None:
    found = cms.SignedDigestAlgorithm.load(node.raw, strict=True)
    if found["algorithm"].native == "rsassa_pss":
        if cms.SignedDigestAlgorithm(found.native).dump() != node.raw and found.dump(force=True) != node.raw:
            raise Unaccounted("PSS parameters")
        return
    _algorithm(node)
    family = {"rsassa_pkcs1v15": ("rsa", "rsassa_pss"), "ecdsa": ("ec",), "dsa": ("dsa",)}
    expected = family.get(found.signature_algo, (found.signature_algo,))
    if certificate.public_key.algorithm not in expected:
        raise Unaccounted("signature algorithm of another kind of key")


def _exactly(nodes: list[Node], count: int) -> list[Node]:
    if len(nodes) != count:
        raise Unaccounted("number of elements")
    return nodes
