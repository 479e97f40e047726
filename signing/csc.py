"""A remote signing service by the Cloud Signature Consortium's API, 1.0.4 and 2.x: hashes travel, the letter stays.

The service holds the officer's key; the officer authorises by PIN or by one-time code, bound to the very hashes that
are to be signed (SCAL2), several at once where the credential allows it (`multisign`). Section numbers are those of
the API's version 2. A broken signHash is `outcome_unknown`, although a signature value that never arrived is in no
letter: the service may count it, and the officer's code is spent.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from asn1crypto import x509
from pydantic import SecretStr
from pyhanko.sign.signers.pdf_cms import Signer
from pyhanko_certvalidator.registry import SimpleCertificateStore

from signing.csc_answers import Credential, read_credential, refusal
from signing.errors import (
    AuthorizationExpired,
    CertificateExpired,
    CertificateNotFound,
    CertificateRevoked,
    CertificateUnsuitable,
    CodeNotOffered,
    CredentialDisabled,
    NotRegistered,
    OutcomeUnknown,
    ProviderLoginRefused,
    ProviderRefused,
    ProviderUnavailable,
    SigningError,
)
from signing.pipeline import Pipeline, check_signable
from signing.port import FILES_PER_CALL, CertificateStanding, ProviderKind, SigningOrder, Standing, Traits
from signing.remote import Answer, RemoteService
from signing.standing import judge_certificate

SHA256_OID = "2.16.840.1.101.3.4.2.1"
SHA256_RSA_OID, RSA_OID = "1.2.840.113549.1.1.11", "1.2.840.113549.1.1.1"
CONFIRM_SECONDS = 60.0  # how long an officer has to confirm on another device
CONFIRM_PAUSE_SECONDS = 1.0

_DEAD = {"revoked": CertificateRevoked, "suspended": CertificateRevoked, "expired": CertificateExpired}


@dataclass
class CscLogin:
    """How the installation logs in to the service: a fixed bearer token, or OAuth 2.0 client credentials (8.4.4)."""

    token: SecretStr | None = None
    client_id: str = ""
    client_secret: SecretStr | None = None
    _held: tuple[str, float] | None = field(default=None, repr=False)

    async def bearer(self, service: RemoteService) -> str:
        """The access token, asked for when there is none or it nears its end. Raises SigningError."""
        if self.token is not None:
            return self.token.get_secret_value()
        if self._held is None or self._held[1] < time.monotonic():
            self._held = await self._granted(service)
        return self._held[0]

    def forget(self) -> None:
        """Drop a token that the service no longer takes."""
        self._held = None

    async def _granted(self, service: RemoteService) -> tuple[str, float]:
        secret = self.client_secret.get_secret_value() if self.client_secret is not None else ""
        form = aiohttp.FormData({"grant_type": "client_credentials", "scope": "service"})
        login = aiohttp.encode_basic_auth(self.client_id, secret, "utf-8")
        answer = await service.call("POST", "/oauth2/token", headers={"Authorization": login}, form=form)
        told = answer.fields()
        if answer.status != 200 or not isinstance(told.get("access_token"), str):
            raise ProviderLoginRefused("Layanan tanda tangan menolak akun instalasi ini.")
        life = told.get("expires_in", 3600)
        return told["access_token"], time.monotonic() + (life * 0.9 if isinstance(life, int | float) else 0.0)


class CscProvider:
    """Signs with credentials of one service. The officer is named by the service's user id (`credentials/list`)."""

    def __init__(self, kind: ProviderKind, service: RemoteService, login: CscLogin, pipeline: Pipeline) -> None:
        self.traits = Traits(kind, own_key=False, files_per_call=FILES_PER_CALL[kind])
        self._is_v1 = kind is ProviderKind.CSC_V1
        self._service, self._login, self._pipeline = service, login, pipeline

    async def sign(self, pdf: bytes, order: SigningOrder) -> bytes:
        """Sign as `SignatureProvider` says.

        Raises WrongPassphrase, PassphraseLocked, NotRegistered, CertificateNotFound, CertificateExpired,
        CertificateRevoked, CertificateUnsuitable, CredentialDisabled, AuthorizationExpired, ProviderRefused,
        ProviderLoginRefused, ProviderUnavailable, OutcomeUnknown and what the pipeline raises.
        """
        (signed,) = await self.sign_many([pdf], order)
        return signed

    async def sign_many(self, pdfs: Sequence[bytes], order: SigningOrder) -> list[bytes]:
        """As `sign`, with one authorisation over all hashes, as far as the credential's `multisign` goes."""
        if not pdfs:
            return []
        for pdf in pdfs:
            check_signable(pdf, order.field_name)
        credential = await self._usable(order)
        most = min(credential.most, self.traits.files_per_call)
        if order.secret_kind == "totp" and len(pdfs) > most:  # noqa: S105
            raise ProviderRefused(f"Satu kode hanya berlaku untuk {most} surat pada layanan ini.")
        await self._pipeline.check_services()  # before a code is spent
        signed: list[bytes] = []
        for start in range(0, len(pdfs), most):
            signed += await self._sign_together(pdfs[start : start + most], credential, order)
        return signed

    async def standing(self, signer_id: str) -> CertificateStanding:
        """By the service's own word on the credential, then by its certificate and our revocation lists."""
        try:
            credential = await self._credential(signer_id)
        except (NotRegistered, CertificateNotFound):
            return CertificateStanding(Standing.NOT_REGISTERED)
        except SigningError:
            return CertificateStanding(Standing.UNKNOWN)
        judged = await judge_certificate(credential.certificate, self._pipeline.material, credential.chain)
        if credential.status in ("revoked", "suspended") or not credential.enabled:
            return CertificateStanding(Standing.REVOKED, judged.certificate_sha256, judged.valid_until)
        if credential.status == "expired":
            return CertificateStanding(Standing.EXPIRED, judged.certificate_sha256, judged.valid_until)
        return judged

    async def send_code(self, signer_id: str, files: int = 1) -> None:
        """Start the credential's one-time code (v1 `sendOTP`, v2 `getChallenge`). Raises CodeNotOffered and others."""
        credential = await self._credential(signer_id)
        if credential.code_factor is None:
            raise CodeNotOffered("Kredensial ini tidak memakai kode.")
        body: dict[str, Any] = {"credentialID": credential.id}
        if self._is_v1:
            answer = await self._call("/credentials/sendOTP", body)
        else:
            answer = await self._call("/credentials/getChallenge", {**body, "authObjectID": credential.code_factor})
        if answer.status not in (200, 201, 204):
            raise refusal(answer)

    async def _sign_together(self, pdfs: Sequence[bytes], credential: Credential, order: SigningOrder) -> list[bytes]:
        batch = _HashBatch(len(pdfs), lambda digests: self._sign_hashes(digests, credential, order))
        signer = _BatchSigner(credential, batch)
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._pipeline.sign_letter(pdf, signer, order)) for pdf in pdfs]
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        return [task.result() for task in tasks]

    async def _usable(self, order: SigningOrder) -> Credential:
        credential = await self._credential(order.signer_id, order.certificate_sha256)
        if dead := _DEAD.get(credential.status):
            raise dead("Sertifikat pejabat pada layanan tanda tangan tidak berlaku lagi.")
        if not credential.enabled:
            raise CredentialDisabled("Kunci pejabat dinonaktifkan pada layanan tanda tangan.")
        if not {SHA256_RSA_OID, RSA_OID} & credential.algorithms:
            raise CertificateUnsuitable("Kunci pejabat pada layanan tanda tangan bukan RSA.")
        return credential

    async def _credential(self, signer_id: str, certificate_sha256: str | None = None) -> Credential:
        """The officer's credential: that of the mandated certificate, else the only one that is alive."""
        answer = await self._call("/credentials/list", {"userID": signer_id})
        ids = answer.fields().get("credentialIDs")
        if answer.status != 200 or not isinstance(ids, list):
            raise refusal(answer)
        found = [await self._info(each) for each in ids if isinstance(each, str)]
        named = [each for each in found if each.sha256 == certificate_sha256]
        alive = [each for each in found if each.enabled and each.status not in _DEAD]
        for choice in (named, alive, found):
            if len(choice) == 1:
                return choice[0]
        raise CertificateNotFound("Layanan tanda tangan tidak menunjuk tepat satu sertifikat untuk pejabat ini.")

    async def _info(self, credential_id: str) -> Credential:
        wanted = {"credentialID": credential_id, "certificates": "chain", "certInfo": True, "authInfo": True}
        answer = await self._call("/credentials/info", wanted)
        if answer.status != 200:
            raise refusal(answer)
        return read_credential(credential_id, answer.fields())

    async def _sign_hashes(self, digests: Sequence[bytes], credential: Credential, order: SigningOrder) -> list[bytes]:
        hashes = [base64.b64encode(digest).decode("ascii") for digest in digests]
        try:
            return await self._sign_authorised(hashes, credential, await self._authorise(hashes, credential, order))
        except AuthorizationExpired:
            if order.secret_kind == "totp":  # noqa: S105
                raise
        # Nothing was signed, and a PIN may be shown twice.
        return await self._sign_authorised(hashes, credential, await self._authorise(hashes, credential, order))

    async def _authorise(self, hashes: Sequence[str], credential: Credential, order: SigningOrder) -> str:
        """The signature activation data for these hashes (11.6)."""
        body: dict[str, Any] = {"credentialID": credential.id, "numSignatures": len(hashes)}
        secret = order.secret.get_secret_value()
        is_code = order.secret_kind == "totp"  # noqa: S105
        factor = credential.code_factor if is_code else credential.pin_factor
        if factor is None:
            raise CodeNotOffered("Kredensial ini tidak menerima rahasia jenis itu.")
        if self._is_v1:
            body |= {"hash": list(hashes), "OTP" if is_code else "PIN": secret}
        else:
            body |= {"hashes": list(hashes), "hashAlgorithmOID": SHA256_OID}
            body["authData"] = [{"id": factor, "value": secret}]
        answer = await self._call("/credentials/authorize", body)
        until = time.monotonic() + CONFIRM_SECONDS
        while answer.status == 202 and time.monotonic() < until:
            await asyncio.sleep(CONFIRM_PAUSE_SECONDS)
            answer = await self._call("/credentials/authorizeCheck", {"handle": answer.fields().get("handle")})
        activation = answer.fields().get("SAD")
        if answer.status != 200 or not isinstance(activation, str):
            raise refusal(answer)
        return activation

    async def _sign_authorised(self, hashes: Sequence[str], credential: Credential, activation: str) -> list[bytes]:
        body: dict[str, Any] = {
            "credentialID": credential.id,
            "SAD": activation,
            "hash" if self._is_v1 else "hashes": list(hashes),
            "hashAlgo" if self._is_v1 else "hashAlgorithmOID": SHA256_OID,
            "signAlgo": SHA256_RSA_OID if SHA256_RSA_OID in credential.algorithms else RSA_OID,
        }
        answer = await self._call("/signatures/signHash", body, is_order=True)
        if answer.status != 200 and answer.complete:
            raise refusal(answer, is_order=True)
        listed = answer.fields().get("signatures")
        try:
            signatures = [base64.b64decode(each, validate=True) for each in listed or ()]
        except (TypeError, ValueError):
            signatures = []
        if len(signatures) != len(hashes):
            raise OutcomeUnknown("Jawaban layanan tanda tangan tidak memuat semua tanda tangan.")
        return signatures

    async def _call(self, path: str, body: Mapping[str, Any], *, is_order: bool = False) -> Answer:
        """Asks with the installation's token; one that has ended is renewed once: a 401 means that nothing was done."""
        for attempt in (1, 2):
            bearer = await self._login.bearer(self._service)
            headers = {"Authorization": f"Bearer {bearer}"}
            answer = await self._service.call("POST", path, headers=headers, body=body, is_order=is_order)
            if answer.status != 401 or attempt == 2 or self._login.token is not None:
                break
            self._login.forget()
        if not answer.complete and not is_order:
            raise ProviderUnavailable("Jawaban layanan tanda tangan terputus.")
        return answer


class _HashBatch:
    """Gathers the hashes of letters that are prepared side by side, and has them signed at once.

    The last letter to arrive submits for all. A letter that fails before takes the others down with it, and nothing
    is submitted: the officer agreed to all of them or to none.
    """

    def __init__(self, expected: int, submit: Callable[[Sequence[bytes]], Awaitable[list[bytes]]]) -> None:
        self._expected, self._submit = expected, submit
        self._digests: list[bytes] = []
        self._signatures: asyncio.Future[list[bytes]] = asyncio.get_running_loop().create_future()

    async def sign(self, digest: bytes) -> bytes:
        place = len(self._digests)
        self._digests.append(digest)
        if len(self._digests) == self._expected:
            self._signatures.set_result(await self._submit(self._digests))
        return (await asyncio.shield(self._signatures))[place]


class _BatchSigner(Signer):
    """A pyHanko signer that sends its hash along with its neighbours'."""

    def __init__(self, credential: Credential, batch: _HashBatch) -> None:
        store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        certificates: list[x509.Certificate] = [credential.certificate, *credential.chain]
        store.register_multiple(certificates)
        self._batch = batch
        self._length = (credential.certificate.public_key.bit_size + 7) // 8
        super().__init__(signing_cert=credential.certificate, cert_registry=store, embed_roots=False)

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        """Sign `data`; a dry run gets zeros of the right length."""
        if dry_run:
            return bytes(self._length)
        return await self._batch.sign(hashlib.new(digest_algorithm, data).digest())
