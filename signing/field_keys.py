"""The installation's key for offline field codes (ES256 on P-256), and the published set of its public halves.

The private half is one PEM file of mode 0600 that the process which writes letters reads; it signs field codes and
nothing else, and no letter's validity rests on it. The public set is a JWK set (RFC 7517), served under
`/.well-known/`: each key with the time from which it signed (`nbf`), the time until which it did (`exp`, once it is
retired), and `revoked` where its private half may be in other hands. A retired key is published for as long as a letter
that it marked may be shown; a revoked one too, so that what it signed is refused by name.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from signing.errors import ProviderUnavailable

KID_BYTES = 8
_COORDINATE_BYTES = 32


@dataclass(frozen=True)
class PublicFieldKey:
    """One published key."""

    kid: bytes  # the first 8 bytes of its JWK thumbprint (RFC 7638)
    x: bytes
    y: bytes
    not_before: datetime  # aware UTC
    not_after: datetime | None = None  # when it was retired
    revoked_at: datetime | None = None  # from then on nothing that it signed is believed

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Raises ValueError for a point that is not on the curve."""
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + self.x + self.y)

    def as_jwk(self) -> dict[str, Any]:
        """RFC 7517, with `nbf` and `exp` as seconds since 1970."""
        jwk: dict[str, Any] = {"kty": "EC", "crv": "P-256", "x": _b64(self.x), "y": _b64(self.y), "alg": "ES256"}
        jwk |= {"use": "sig", "kid": self.kid.hex(), "nbf": int(self.not_before.timestamp())}
        if self.not_after is not None:
            jwk["exp"] = int(self.not_after.timestamp())
        if self.revoked_at is not None:
            jwk["revoked"] = {"revoked_at": int(self.revoked_at.timestamp())}
        return jwk

    @classmethod
    def from_jwk(cls, jwk: dict[str, Any]) -> PublicFieldKey:
        """Raises KeyError, TypeError, ValueError."""
        return cls(
            kid=bytes.fromhex(jwk["kid"]),
            x=_unb64(jwk["x"]),
            y=_unb64(jwk["y"]),
            not_before=datetime.fromtimestamp(jwk["nbf"], UTC),
            not_after=datetime.fromtimestamp(jwk["exp"], UTC) if "exp" in jwk else None,
            revoked_at=datetime.fromtimestamp(jwk["revoked"]["revoked_at"], UTC) if "revoked" in jwk else None,
        )


@dataclass(frozen=True)
class FieldKey:
    """The private half that signs now."""

    kid: bytes
    private_key: ec.EllipticCurvePrivateKey
    since: datetime  # aware UTC; what it signs was made from then on


@dataclass(frozen=True)
class FieldKeys:
    """Where the two files are."""

    private_path: Path
    public_path: Path

    @classmethod
    def create(cls, private_path: Path, public_path: Path, now: datetime) -> FieldKeys:
        """The keys that are there, or a first one. Raises ProviderUnavailable where the files cannot be used."""
        keys = cls(private_path, public_path)
        try:
            if not private_path.exists():
                private_path.parent.mkdir(parents=True, exist_ok=True)
                _write(private_path, _pem(ec.generate_private_key(ec.SECP256R1())), 0o600)
            public = _public(keys._private_key(), now)
            known = published_keys(public_path) if public_path.exists() else ()
            if all(one.kid != public.kid for one in known):
                keys._publish((*known, public))
        except OSError as failure:
            raise ProviderUnavailable("Kunci kode pemeriksaan lapangan tidak dapat disimpan.") from failure
        return keys

    def signing_key(self) -> FieldKey:
        """The key that signs now, read at each use so that a rotation needs no restart.

        Raises ProviderUnavailable; also for a key that is not published, since nobody could check what it signs.
        """
        key = self._private_key()
        kid = _public(key, datetime.now(UTC)).kid
        for public in published_keys(self.public_path):
            if public.kid == kid and public.not_after is None:
                return FieldKey(kid, key, public.not_before)
        raise ProviderUnavailable("Kunci kode pemeriksaan lapangan tidak ada dalam daftar kunci yang diumumkan.")

    def _private_key(self) -> ec.EllipticCurvePrivateKey:
        try:
            if self.private_path.stat().st_mode & 0o077:
                raise ProviderUnavailable(
                    "Kunci kode pemeriksaan lapangan dapat dibaca pengguna lain; ubah izinnya menjadi 0600."
                )
            key = load_pem_private_key(self.private_path.read_bytes(), password=None)
        except (OSError, ValueError, TypeError) as failure:
            raise ProviderUnavailable("Kunci kode pemeriksaan lapangan tidak terbaca.") from failure
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise ProviderUnavailable("Kunci kode pemeriksaan lapangan bukan kunci P-256.")
        return key

    def rotate(self, now: datetime, *, revoke: bool = False) -> PublicFieldKey:
        """A new key signs from now on; the old one stays published with its end, or as revoked.

        The new key is published before it signs, and the old one is closed last: a stop in between leaves every code
        readable. Raises ProviderUnavailable.
        """
        old = self.signing_key()
        fresh = ec.generate_private_key(ec.SECP256R1())
        public = _public(fresh, now)
        known = published_keys(self.public_path)
        self._publish((*known, public))
        _write(self.private_path, _pem(fresh), 0o600)
        ended = max(now, datetime.now(UTC))  # whoever read the old key just before may still be signing
        revoked = ended if revoke else None
        closed = (replace(one, not_after=ended, revoked_at=revoked) if one.kid == old.kid else one for one in known)
        self._publish((*closed, public))
        return public

    def _publish(self, keys: tuple[PublicFieldKey, ...]) -> None:
        content = json.dumps({"keys": [one.as_jwk() for one in keys]}, indent=1) + "\n"
        _write(self.public_path, content.encode(), 0o644)


def published_keys(path: Path) -> tuple[PublicFieldKey, ...]:
    """The published set, oldest first. Raises ProviderUnavailable."""
    try:
        return tuple(PublicFieldKey.from_jwk(jwk) for jwk in json.loads(path.read_text())["keys"])
    except (OSError, ValueError, KeyError, TypeError) as failure:
        raise ProviderUnavailable("Daftar kunci kode pemeriksaan lapangan tidak terbaca.") from failure


def _public(key: ec.EllipticCurvePrivateKey, now: datetime) -> PublicFieldKey:
    numbers = key.public_key().public_numbers()
    x, y = (number.to_bytes(_COORDINATE_BYTES) for number in (numbers.x, numbers.y))
    members = {"crv": "P-256", "kty": "EC", "x": _b64(x), "y": _b64(y)}
    thumbprint = hashlib.sha256(json.dumps(members, separators=(",", ":"), sort_keys=True).encode()).digest()
    return PublicFieldKey(thumbprint[:KID_BYTES], x, y, now.replace(microsecond=0))


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, content: bytes, mode: int) -> None:
    """Replace a file in one step, with its mode from the first byte on."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.chmod(mode)
    partial.replace(path)


def _b64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
