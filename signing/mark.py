"""Whether a letter that names BSrE as its certificate's issuer is signed by a certificate that BSrE issued.

The letter is frozen before it is signed, so what it says is decided from the installation's provider; here it is held
against the signature itself. BSrE (Balai Sertifikasi Elektronik) is the certificate authority of the Badan Siber dan
Sandi Negara; its issuing certificates name one or the other. Whether the certificate is trusted is the policy's matter:
a name alone proves nothing, a name under a trusted root does.
"""

from __future__ import annotations

import io

from asn1crypto import x509
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader

from signing.errors import MarkNotTrue
from signing.port import HEAD_FIELD

BSRE_NAMES = ("balai sertifikasi elektronik", "badan siber dan sandi negara", "bsre")
NOT_BSRE = "bukan bsre"
"""Stands in the names of the stand-in authority's certificates."""


def is_bsre(issuer: x509.Name) -> bool:
    """Whether an issuer's name says BSrE or its agency, and is not the stand-in's."""
    said = " ".join(str(issuer.human_friendly).lower().split())
    return NOT_BSRE not in said and any(name in said for name in BSRE_NAMES)


def check_mark(signed: bytes, *, says_bsre: bool, field_name: str = HEAD_FIELD) -> None:
    """Returns where the letter does not name BSrE, or BSrE issued the certificate in that field.

    Raises MarkNotTrue: it names BSrE and another signed, or no signature is there.
    """
    if says_bsre and not is_bsre(_signer(signed, field_name).issuer):
        raise MarkNotTrue("Surat menyebut BSrE, tetapi sertifikat penanda tangannya bukan terbitan BSrE.")


def _signer(signed: bytes, field_name: str) -> x509.Certificate:
    try:
        found = {one.field_name: one for one in PdfFileReader(io.BytesIO(signed)).embedded_regular_signatures}
        certificate = found[field_name].signer_cert
    except (KeyError, ValueError, PdfError) as failure:
        raise MarkNotTrue("Tanda tangan kepala tidak ditemukan di surat.") from failure
    assert isinstance(certificate, x509.Certificate)
    return certificate
