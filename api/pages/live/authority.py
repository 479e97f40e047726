"""The installation's own certificate authority, for phones that are to trust it; only where it signs our HTTPS."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.dependencies import Here
from api.pages.rendering import page
from api.problems import ApiCode, Problem
from api.services import Services

authority_pages = APIRouter()

FILE = "/ca.crt"


@dataclass(frozen=True)
class Authority:
    """What a person compares and a phone installs."""

    name: str
    fingerprint: str  # SHA-256, in pairs
    der: bytes


@authority_pages.get("/ca")
async def about_authority(request: Request, services: Here) -> Response:
    """How to trust it, with the fingerprint to compare. Raises Problem(not-found) where there is none."""
    return page(request, "live/ca.html", authority=_authority(services), file=FILE)


@authority_pages.get(FILE)
async def certificate(services: Here) -> Response:
    """The certificate (DER), in the form that Android and iOS offer to install."""
    headers = {"Content-Disposition": 'attachment; filename="sakpore-ca.crt"'}
    return Response(_authority(services).der, media_type="application/x-x509-ca-cert", headers=headers)


def _authority(services: Services) -> Authority:
    path = services.settings.api_tls_authority
    if path is None or not path.is_file():
        raise Problem(ApiCode.NOT_FOUND)
    return _read(path)


@cache
def _read(path: Path) -> Authority:
    found = x509.load_pem_x509_certificate(path.read_bytes())
    return Authority(
        name=str(found.subject.rfc4514_string()),
        fingerprint=found.fingerprint(hashes.SHA256()).hex(":").upper(),
        der=found.public_bytes(serialization.Encoding.DER),
    )
