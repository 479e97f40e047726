"""BSrE's esign client service, v1 and v2: a document signer of the Indonesian state's own certificates.

Follows "Petunjuk Teknis Penggunaan API Esign Client Service" (BSSN, v2.2.1), and for what it leaves open the answers
of a real service as published by those who measured it. The whole PDF travels with the officer's passphrase or
one-time code; what comes back has one approval signature more, PAdES B-T, in a field that the service names. The
letter draws its own QR block, so the signature is always invisible. What comes back is proven and brought to B-LTA by
the pipeline (`finish_returned`) before anybody sees it.

The service keeps no order that could be looked up: v2 has no such call, v1 gives a document's id in the headers of
the very answer, once to be downloaded. So silence after sending is `outcome_unknown` and a person decides.

A bare HTTP 500 (Spring's error page, without an application code) is `outcome_unknown` too. The service answers so to
PDFs that it cannot read, which is refused here before sending, and to anything that breaks in it, be that before,
during or after the use of the key; nothing in the answer tells these apart. A 500 that carries an application code is
an ordinary refusal.
"""

from __future__ import annotations

import asyncio
import base64
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import aiohttp
from asn1crypto import pem, x509
from pydantic import SecretStr

from signing.errors import (
    ArchivePending,
    CertificateExpired,
    CertificateNotFound,
    CertificateRevoked,
    CodeNotOffered,
    NotRegistered,
    OutcomeUnknown,
    ProviderRefused,
    ProviderUnavailable,
    SigningError,
    WrongFileCount,
    WrongPassphrase,
)
from signing.pipeline import Pipeline, check_signable
from signing.port import FILES_PER_CALL, CertificateStanding, ProviderKind, SigningOrder, Standing, Traits
from signing.remote import Answer, RemoteService, refusal_of_transport
from signing.standing import judge_certificate

SECONDS_A_FURTHER_FILE = 2.0  # a signature was measured to take the service about one

NOT_REGISTERED, NO_CERTIFICATE, WRONG_PASSPHRASE = 2011, 2021, 2031
_STANDINGS = {
    "ISSUE": Standing.USABLE,
    "EXPIRED": Standing.EXPIRED,
    "REVOKE": Standing.REVOKED,
    "REVOKED": Standing.REVOKED,
    "SUSPEND": Standing.REVOKED,
    "NOT_REGISTERED": Standing.NOT_REGISTERED,
    "NO_CERTIFICATE": Standing.NOT_REGISTERED,
    "NEW": Standing.NOT_REGISTERED,  # registered, and no certificate yet
    "WAITING_FOR_VERIFICATION": Standing.NOT_REGISTERED,
}
_V1_CODES = {1110: Standing.NOT_REGISTERED, 1111: Standing.USABLE}
_CODE_IN_TEXT = re.compile(r"\b(20[0-9]{2})\b")


class BsreProvider(ABC):
    """What v1 and v2 share. The officer is named by NIK (16 digits) or e-mail."""

    traits: Traits

    def __init__(self, service: RemoteService, username: str, password: SecretStr, pipeline: Pipeline) -> None:
        self._service = service
        self._pipeline = pipeline
        self._login = SecretStr(aiohttp.encode_basic_auth(username, password.get_secret_value(), "utf-8"))

    async def sign(self, pdf: bytes, order: SigningOrder) -> bytes:
        """Sign as `SignatureProvider` says.

        Raises DocumentRefused and what `check_services` raises before anything is sent; NotRegistered, WrongPassphrase,
        CertificateNotFound, CertificateExpired, CertificateRevoked, ProviderRefused, ProviderUnavailable;
        OutcomeUnknown; and what `Pipeline.finish_returned` raises.
        """
        (signed,) = await self.sign_many([pdf], order)
        return signed

    async def sign_many(self, pdfs: Sequence[bytes], order: SigningOrder) -> list[bytes]:
        """As `sign`, in one call of the service where it takes several files; an error carries all that came back."""
        if not pdfs:
            return []
        for pdf in pdfs:
            check_signable(pdf, order.field_name)
        await self._pipeline.check_services()
        return await self._finish(pdfs, await self._send(pdfs, order), order)

    async def complete(self, pdf: bytes, returned: bytes, order: SigningOrder) -> bytes:
        """As `DocumentSigner` says; raises what `Pipeline.finish_returned` raises."""
        return await self._pipeline.finish_returned(pdf, returned, order)

    async def standing(self, signer_id: str) -> CertificateStanding:
        """As the service says, and where it shows the certificate, as the certificate and our revocation lists say."""
        try:
            standing = await self._status(signer_id)
        except SigningError:
            return CertificateStanding(Standing.UNKNOWN)
        chain = await self._chain(signer_id) if standing is Standing.USABLE else []
        if not chain:
            return CertificateStanding(standing)
        judged = await judge_certificate(chain[0], self._pipeline.material, chain[1:])
        if judged.standing is Standing.UNKNOWN:  # the service's word stands where our lists are silent
            return CertificateStanding(standing, judged.certificate_sha256, judged.valid_until)
        return judged

    async def send_code(self, signer_id: str, files: int = 1) -> None:
        """Raises CodeNotOffered."""
        raise CodeNotOffered("Layanan BSrE versi ini tidak mengirim kode.")

    @abstractmethod
    async def _send(self, pdfs: Sequence[bytes], order: SigningOrder) -> list[bytes]: ...

    @abstractmethod
    async def _status(self, signer_id: str) -> Standing: ...

    async def _chain(self, signer_id: str) -> list[x509.Certificate]:
        """The officer's certificate and those above it, where the service shows them."""
        return []

    async def _finish(self, pdfs: Sequence[bytes], returned: Sequence[bytes], order: SigningOrder) -> list[bytes]:
        finishing = (self.complete(pdf, each, order) for pdf, each in zip(pdfs, returned, strict=True))
        finished = await asyncio.gather(*finishing, return_exceptions=True)
        failures = [failure for failure in finished if isinstance(failure, BaseException)]
        if not failures:
            return [signed for signed in finished if isinstance(signed, bytes)]
        # A letter that may not be used weighs more than one that only waits for its archive.
        failures.sort(key=lambda failure: isinstance(failure, ArchivePending))
        if isinstance(failures[0], SigningError):
            failures[0].returned_files = tuple(returned)
        raise failures[0]

    async def _call(self, method: str, path: str, **more: Any) -> Answer:
        headers = {"Authorization": self._login.get_secret_value()}
        return await self._service.call(method, path, headers=headers, **more)

    async def _refusal(self, answer: Answer, order: SigningOrder) -> SigningError:
        """The error behind an answer that holds no signed file."""
        code = _code(answer)
        if code == WRONG_PASSPHRASE:
            return WrongPassphrase("Frasa sandi atau kode salah.")
        if code == NOT_REGISTERED:
            return NotRegistered("Pejabat belum terdaftar pada BSrE.")
        if code == NO_CERTIFICATE:
            return CertificateNotFound("Pejabat belum memiliki sertifikat BSrE yang aktif.")
        if code is None and (transport := refusal_of_transport(answer.status)):
            return transport
        if code is None and (answer.status >= 500 or answer.status < 300):
            return OutcomeUnknown(f"Layanan BSrE menjawab HTTP {answer.status} tanpa keterangan.")
        return await self._refusal_by_standing(order.signer_id, code or answer.status)

    async def _refusal_by_standing(self, signer_id: str, code: int) -> SigningError:
        """A code that we do not know may stand for a certificate that has ended: the service says so when asked."""
        try:
            standing = await self._status(signer_id)
        except SigningError:
            standing = Standing.UNKNOWN
        if standing is Standing.REVOKED:
            return CertificateRevoked("Sertifikat pejabat pada BSrE telah dicabut.")
        if standing is Standing.EXPIRED:
            return CertificateExpired("Sertifikat pejabat pada BSrE sudah tidak berlaku.")
        return ProviderRefused(f"Layanan BSrE menolak permintaan (kode {code}).")


class BsreV2Provider(BsreProvider):
    """API v2: JSON, several files a call, passphrase or one-time code."""

    traits = Traits(ProviderKind.BSRE_V2, own_key=False, files_per_call=FILES_PER_CALL[ProviderKind.BSRE_V2])

    async def send_code(self, signer_id: str, files: int = 1) -> None:
        """Ask for a code for that many files. Raises NotRegistered, ProviderRefused, ProviderUnavailable."""
        answer = await self._call("POST", "/api/v2/sign/get/totp", body={**_identity(signer_id), "data": files})
        told = answer.fields()
        if answer.status == 200 and told.get("success", True) is not False and _code(answer) is None:
            return
        if _code(answer) == NOT_REGISTERED:
            raise NotRegistered("Pejabat belum terdaftar pada BSrE.")
        raise refusal_of_transport(answer.status) or ProviderRefused("Layanan BSrE tidak mengirim kode.")

    async def _send(self, pdfs: Sequence[bytes], order: SigningOrder) -> list[bytes]:
        appearance = {"tampilan": "INVISIBLE", "location": order.location, "reason": order.reason}
        body = {
            **_identity(order.signer_id),
            order.secret_kind: order.secret.get_secret_value(),
            "signatureProperties": [{name: value for name, value in appearance.items() if value}],
            "file": [base64.b64encode(pdf).decode("ascii") for pdf in pdfs],
        }
        more_seconds = SECONDS_A_FURTHER_FILE * (len(pdfs) - 1)
        answer = await self._call("POST", "/api/v2/sign/pdf", body=body, is_order=True, more_seconds=more_seconds)
        if not answer.complete:
            raise OutcomeUnknown("Jawaban layanan BSrE terputus.")
        files = answer.fields().get("file")
        if answer.status != 200 or not isinstance(files, list):
            raise await self._refusal(answer, order)
        returned = [_decoded(file) for file in files]
        if len(returned) != len(pdfs):
            raise WrongFileCount("Jumlah berkas yang kembali dari BSrE tidak sama dengan yang dikirim.", returned)
        return returned

    async def _status(self, signer_id: str) -> Standing:
        answer = await self._call("POST", "/api/v2/user/check/status", body=_identity(signer_id))
        return _standing(answer, {NOT_REGISTERED: Standing.NOT_REGISTERED, NO_CERTIFICATE: Standing.NOT_REGISTERED})

    async def _chain(self, signer_id: str) -> list[x509.Certificate]:
        try:
            answer = await self._call("GET", f"/api/v2/user/certificate/chain/{quote(signer_id, safe='')}")
        except SigningError:
            return []
        listed = answer.fields().get("data")
        if answer.status != 200 or not isinstance(listed, list):
            return []
        return _officer_first([found for entry in listed if (found := _certificate(entry)) is not None])


class BsreV1Provider(BsreProvider):
    """API v1: a form, one file a call, passphrase only, officers by NIK."""

    traits = Traits(ProviderKind.BSRE_V1, own_key=False)

    async def _send(self, pdfs: Sequence[bytes], order: SigningOrder) -> list[bytes]:
        if order.secret_kind == "totp":  # noqa: S105
            raise CodeNotOffered("Layanan BSrE versi ini hanya menerima frasa sandi.")
        returned: list[bytes] = []
        for pdf in pdfs:
            try:
                returned.append(await self._send_one(pdf, order))
            except SigningError as failure:
                failure.returned_files = (*returned, *failure.returned_files)
                raise
        return returned

    async def _send_one(self, pdf: bytes, order: SigningOrder) -> bytes:
        form = aiohttp.FormData()
        form.add_field("file", pdf, filename="surat.pdf", content_type="application/pdf")
        parts = {"nik": order.signer_id, "passphrase": order.secret.get_secret_value(), "tampilan": "invisible"}
        for name, value in {**parts, "location": order.location, "reason": order.reason}.items():
            if value:
                form.add_field(name, value)
        answer = await self._call("POST", "/api/sign/pdf", form=form, is_order=True)
        if answer.status == 200 and answer.complete and answer.body.startswith(b"%PDF-"):
            return answer.body
        if answer.status == 200 and (document := answer.headers.get("id_dokumen")):
            return await self._download(document)
        if not answer.complete:
            raise OutcomeUnknown("Jawaban layanan BSrE terputus.")
        raise await self._refusal(answer, order)

    async def _download(self, document: str) -> bytes:
        """The signed letter by the id in the headers, where its own bytes did not arrive; the service gives it once."""
        try:
            answer = await self._call("GET", f"/api/sign/download/{quote(document, safe='')}")
        except ProviderUnavailable:
            raise OutcomeUnknown("Surat sudah ditandatangani BSrE, tetapi belum dapat diunduh.") from None
        if answer.status == 200 and answer.complete and answer.body.startswith(b"%PDF-"):
            return answer.body
        raise OutcomeUnknown("Surat sudah ditandatangani BSrE, tetapi tidak dapat diunduh.")

    async def _status(self, signer_id: str) -> Standing:
        answer = await self._call("GET", f"/api/user/status/{quote(signer_id, safe='')}")
        return _standing(answer, _V1_CODES)


def _identity(signer_id: str) -> dict[str, str]:
    return {"email" if "@" in signer_id else "nik": signer_id}


def _code(answer: Answer) -> int | None:
    """The application code of an answer: its own field, or, as older services write it, a number in the sentence."""
    told = answer.fields()
    code = told.get("status_code")
    if isinstance(code, str | int) and str(code).isdigit():
        return int(code) if int(code) >= 1000 else None
    found = _CODE_IN_TEXT.search(f"{told.get('error', '')} {told.get('message', '')}")
    return int(found[1]) if found else None


def _standing(answer: Answer, by_code: Mapping[int, Standing]) -> Standing:
    """Raises ProviderUnavailable where the answer says nothing of an officer."""
    told = answer.fields()
    named = _STANDINGS.get(str(told.get("status", "")).upper())
    if named is None:
        named = by_code.get(_code(answer) or 0)
    if named is None:
        raise refusal_of_transport(answer.status) or ProviderUnavailable("Layanan BSrE tidak menjawab jelas.")
    return named


def _decoded(file: Any) -> bytes:
    """One returned file; what is no base64 is kept as it came, to be refused as rewritten and quarantined."""
    text = file if isinstance(file, str) else ""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return text.encode("utf-8", "replace")


def _certificate(entry: Any) -> x509.Certificate | None:
    """One element of a certificate chain: PEM or base64 of DER, bare or in a field `certificate`."""
    text = entry.get("certificate") if isinstance(entry, dict) else entry
    if not isinstance(text, str):
        return None
    try:
        der = pem.unarmor(text.encode())[2] if "BEGIN CERTIFICATE" in text else base64.b64decode(text)
        return x509.Certificate.load(der, strict=True)
    except ValueError:
        return None


def _officer_first(chain: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """Leaf first, whatever order the service lists them in."""
    return sorted(chain, key=lambda certificate: bool(certificate.ca))
