"""The policy a PDF is judged by: whom to trust, who must have signed where, and how well.

A policy file is JSON beside the files it names; every path in it is relative to it.
{"trust":["root.pem"],"intermediates":["interm.pem"],"crls":["crls.pem"],"signers":{"Kepala":"<sha256>"},
 "head_field":"Kepala","min_level":"B-T"}
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Self

from asn1crypto import crl, x509
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, ValidationError

from signing.errors import PolicyUnreadable
from signing.material import read_certificates, read_crls
from signing.port import HEAD_FIELD
from signing.verdict import Level

_FINGERPRINT = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def _fingerprints(value: Any) -> Any:
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):
        return value
    return tuple(item.replace(":", "").strip().lower() for item in items)


class Policy(BaseModel):
    """A loaded policy. Build with `from_file` or `of_parts`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    trust: tuple[str, ...] = ()  # PEM files of trust anchors
    intermediates: tuple[str, ...] = ()  # PEM files of further CA certificates, not trusted in themselves
    crls: tuple[str, ...] = ()  # PEM or DER files of revocation lists
    signers: dict[str, Annotated[tuple[_FINGERPRINT, ...], BeforeValidator(_fingerprints)]] = {}  # by field
    head_field: str = HEAD_FIELD  # the field whose signature issues the letter
    head_field_free: bool = False  # a lone signature is judged as the head's, whatever its field is called
    min_level: Level = Level.B_T  # the head's signature must reach it

    _trust: list[x509.Certificate] = PrivateAttr(default_factory=list)
    _intermediates: list[x509.Certificate] = PrivateAttr(default_factory=list)
    _files: list[Path] = PrivateAttr(default_factory=list)
    _crls: list[crl.CertificateList] = PrivateAttr(default_factory=list)

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read a policy and the files it names. Raises PolicyUnreadable."""
        try:
            policy = cls.model_validate(json.loads(path.read_bytes()))
            if not policy.trust:
                raise PolicyUnreadable("Kebijakan verifikasi tidak menyebut jangkar kepercayaan.")
            beside = path.resolve().parent
            policy._files = [path, *(beside / name for name in (*policy.trust, *policy.intermediates, *policy.crls))]
            policy._trust = read_certificates(beside / name for name in policy.trust)
            policy._intermediates = read_certificates(beside / name for name in policy.intermediates)
            policy._crls = read_crls(beside / name for name in policy.crls)
        except (OSError, ValueError, TypeError, RecursionError, ValidationError) as failure:
            raise PolicyUnreadable(f"Kebijakan verifikasi {path.name} tidak terbaca: {_brief(failure)}.") from failure
        return policy

    @classmethod
    def of_parts(
        cls,
        trust: Sequence[x509.Certificate],
        intermediates: Sequence[x509.Certificate],
        crls: Sequence[crl.CertificateList],
        *,
        signers: Mapping[str, str | Sequence[str]],
        head_field: str = HEAD_FIELD,
        head_field_free: bool = False,
        min_level: Level = Level.B_T,
    ) -> Self:
        """A policy from loaded certificates and lists."""
        policy = cls.model_validate(
            {
                "signers": dict(signers),
                "head_field": head_field,
                "head_field_free": head_field_free,
                "min_level": min_level,
            }
        )
        policy._trust, policy._intermediates, policy._crls = list(trust), list(intermediates), list(crls)
        return policy

    def for_fields(self, fields: Sequence[str]) -> Self:
        """The policy for a PDF that is signed in these fields.

        A document signer names its field itself (BSrE: `sig_` and a number). Where the head's field is free and the
        PDF has one signature, that field takes the place of the head's, with the same mandated certificates.
        """
        if not self.head_field_free or len(fields) != 1 or fields[0] in {self.head_field, *self.signers}:
            return self
        signers = {name: allowed for name, allowed in self.signers.items() if name != self.head_field}
        signers[fields[0]] = self.signers.get(self.head_field, ())
        return self.model_copy(update={"signers": signers, "head_field": fields[0]})

    @property
    def stamp(self) -> tuple[int, ...]:
        """Modification times of the files it was read from, to see when it is out of date. Raises OSError."""
        return tuple(path.stat().st_mtime_ns for path in self._files)

    @property
    def anchors(self) -> list[x509.Certificate]:
        """Trust anchors."""
        return self._trust

    @property
    def others(self) -> list[x509.Certificate]:
        """Intermediates of the policy."""
        return self._intermediates

    @property
    def revocation_lists(self) -> list[crl.CertificateList]:
        """The policy's CRLs."""
        return self._crls


def _brief(failure: Exception) -> str:
    if isinstance(failure, OSError):
        return failure.strerror or type(failure).__name__
    if isinstance(failure, ValidationError):
        return ", ".join(".".join(map(str, error["loc"])) for error in failure.errors(include_input=False))
    return type(failure).__name__
