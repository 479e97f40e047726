"""A stand-in for BSrE's esign client service, v1 and v2, on the loopback. It is not BSrE.

It behaves as published measurements say the real one does: HTTP Basic, application codes 2011, 2021 and 2031, the two
shapes of `sign/pdf`, Spring's page for a bare 500 (also for a PDF it cannot read), a document's id in v1's headers that
can be downloaded once. Its signatures are real ones, made with the demonstration authority's certificates as BSrE
makes them: an approval signature at B-T in a field of its own naming, appended. The code with which the real service
refuses an ended certificate is not published; the stand-in takes one that the client cannot know.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import pikepdf
from aiohttp import encode_basic_auth, web
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner

from signing.timestamps import TsaClient
from tests.signing.workshop import Workshop

MARK = "CONTOH - bukan BSrE"
USERNAME, PASSWORD = "instalasi-contoh", "kata-sandi-instalasi"
ENDED_CERTIFICATE = 2999
CODE = "246810"


class Fault(StrEnum):
    """What the stand-in does wrong when told to."""

    BARE_500 = "bare 500"
    CODED_500 = "500 with an application code"
    HANG_AFTER_SIGNING = "timeout after it has signed"
    DROP_AFTER_SIGNING = "connection lost after it has signed"
    BODY_LOST = "connection lost within the answer"
    REWRITTEN = "rewritten instead of appended"
    WRONG_SIGNER = "wrong signer"
    NOTHING_ADDED = "the same file, unsigned"
    TWO_SIGNATURES = "two signatures"
    GARBAGE = "garbage"
    WRONG_COUNT = "wrong number of files"
    TOO_BUSY = "503"
    UNKNOWN_REFUSAL = "a refusal with an unknown code"


@dataclass
class FakeBsre:
    """The service and what it has seen."""

    workshop: Workshop
    officers: dict[str, str]  # signer id of the demonstration authority by NIK or e-mail
    passphrase: str
    status: dict[str, str] = field(default_factory=dict)  # by NIK; ISSUE where nothing is said
    fault: Fault | None = None
    shows_chain: bool = True
    signed: list[bytes] = field(default_factory=list)  # everything it ever signed, handed out or not
    asked: list[tuple[str, Any]] = field(default_factory=list)  # path, and body without files and secrets
    codes: dict[str, int] = field(default_factory=dict)  # files that the last code of an officer is for
    documents: dict[str, bytes] = field(default_factory=dict)  # v1, until downloaded

    def application(self) -> web.Application:
        app = web.Application(client_max_size=1 << 28, middlewares=[self._guard])
        app.router.add_post("/api/v2/sign/pdf", self._sign_v2)
        app.router.add_post("/api/v2/sign/get/totp", self._code_v2)
        app.router.add_post("/api/v2/user/check/status", self._status_v2)
        app.router.add_get("/api/v2/user/certificate/chain/{id}", self._chain_v2)
        app.router.add_post("/api/sign/pdf", self._sign_v1)
        app.router.add_get("/api/sign/download/{id}", self._download_v1)
        app.router.add_get("/api/user/status/{nik}", self._status_v1)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.headers.get("Authorization") != encode_basic_auth(USERNAME, PASSWORD, "utf-8"):
            return _spring(request, 401, "Unauthorized")
        answer: web.StreamResponse = await handler(request)
        answer.headers["X-Stand-In"] = MARK
        return answer

    # v2

    async def _sign_v2(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        files = [base64.b64decode(each) for each in body["file"]]
        secret = body.get("passphrase", body.get("totp"))
        properties = body["signatureProperties"]
        self.asked.append((request.path, {"properties": properties, "files": len(files), "by": sorted(body)}))
        if properties[0].get("tampilan") != "INVISIBLE":
            return _refused(2004, "Tampilan tidak dikenal")
        nik = body.get("nik", body.get("email", ""))
        is_code = "totp" in body
        if refused := self._refusal(nik, secret, is_code, len(files)):
            return refused
        if is_code:
            self.codes.pop(nik, None)
        return await self._answer(request, nik, files, self._json_of)

    async def _code_v2(self, request: web.Request) -> web.Response:
        body = await request.json()
        nik = body.get("nik", body.get("email", ""))
        if nik not in self.officers:
            return _refused(2011, "User tidak terdaftar")
        self.codes[nik] = int(body["data"])
        return web.json_response({"success": True, "message": "TOTP dibuat melalui BeSign Mobile"})

    async def _status_v2(self, request: web.Request) -> web.Response:
        body = await request.json()
        nik = body.get("nik", body.get("email", ""))
        if nik not in self.officers:
            told = {"status_code": "2011", "message": "User tidak terdaftar", "status": "NOT_REGISTERED"}
            return web.json_response(told)
        status = self.status.get(nik, "ISSUE")
        return web.json_response({"status_code": "1111", "message": f"Sertifikat {status}", "status": status})

    async def _chain_v2(self, request: web.Request) -> web.Response:
        nik = request.match_info["id"]
        if nik not in self.officers or not self.shows_chain:
            return web.Response(status=400, text="ID tidak sah", content_type="application/json")
        material = self.workshop.material()
        above = [*material.intermediates, *material.roots]
        chain = [self.workshop.pki.certificate(self.officers[nik]), *(each.dump() for each in above)]
        return web.json_response({"success": True, "data": [base64.b64encode(each).decode() for each in chain]})

    # v1

    async def _sign_v1(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        upload = form["file"]
        assert isinstance(upload, web.FileField)
        shown = {name: value for name, value in form.items() if name not in ("file", "passphrase")}
        self.asked.append((request.path, shown))
        if form.get("tampilan") != "invisible":
            return _refused(2004, "Tampilan tidak dikenal")
        nik = str(form["nik"])
        if refused := self._refusal(nik, form["passphrase"], False, 1):
            return refused
        return await self._answer(request, nik, [upload.file.read()], self._pdf_of)

    async def _download_v1(self, request: web.Request) -> web.Response:
        self.asked.append((request.path.rsplit("/", 1)[0], None))
        found = self.documents.pop(request.match_info["id"], None)
        if found is None:
            return web.json_response({"error": "Dokumen telah didownload sebelumnya"}, status=400)
        return web.Response(body=found, content_type="application/pdf")

    async def _status_v1(self, request: web.Request) -> web.Response:
        nik = request.match_info["nik"]
        if nik not in self.officers:
            return web.json_response({"status_code": 1110, "message": "User belum terdaftar"})
        status = self.status.get(nik, "ISSUE")
        if status == "ISSUE":
            return web.json_response({"status_code": 1111, "message": "User memiliki sertifikat aktif"})
        return web.json_response({"status_code": 1112, "message": f"Sertifikat {status}", "status": status})

    # both

    def _refusal(self, nik: str, secret: Any, is_code: bool, files: int) -> web.Response | None:
        if nik not in self.officers:
            return _refused(2011, "User tidak terdaftar")
        if is_code:
            if secret != CODE or self.codes.get(nik) != files:
                return _refused(2031, "TOTP salah")
        elif secret != self.passphrase:
            return _refused(2031, "Passphrase anda salah")
        if self.status.get(nik, "ISSUE") != "ISSUE":
            return _refused(ENDED_CERTIFICATE, "Proses signing gagal")
        if self.fault is Fault.UNKNOWN_REFUSAL:
            return _refused(ENDED_CERTIFICATE, "Proses signing gagal")
        return None

    async def _answer(self, request: web.Request, nik: str, files: list[bytes], shape: Any) -> web.StreamResponse:
        if self.fault is Fault.BARE_500:
            return _spring(request, 500, "Internal Server Error")
        if self.fault is Fault.CODED_500:
            return web.json_response({"error": "Passphrase anda salah", "status_code": 2031}, status=500)
        if self.fault is Fault.TOO_BUSY:
            return _spring(request, 503, "Service Unavailable")
        try:
            returned = [await self._signed(nik, each) for each in files]
        except Exception:
            return _spring(request, 500, "Internal Server Error")
        self.signed += returned
        if self.fault is Fault.HANG_AFTER_SIGNING:
            await asyncio.sleep(60)
        if self.fault is Fault.DROP_AFTER_SIGNING:
            assert request.transport is not None
            request.transport.close()
        if self.fault is Fault.WRONG_COUNT:
            returned = [*returned, returned[0]]
        if self.fault is Fault.GARBAGE:
            return web.Response(text='{"time": 862, "file": [', content_type="application/json")
        answer: web.Response = shape(returned)
        if self.fault is Fault.BODY_LOST:
            return await _cut(request, answer)
        return answer

    def _json_of(self, returned: list[bytes]) -> web.Response:
        files = [base64.b64encode(each).decode() for each in returned]
        return web.Response(text=json.dumps({"time": 862, "file": files}), content_type="application/json")

    def _pdf_of(self, returned: list[bytes]) -> web.Response:
        document = f"{time.time_ns():x}"
        self.documents[document] = returned[0]
        return web.Response(body=returned[0], content_type="application/pdf", headers={"id_dokumen": document})

    async def _signed(self, nik: str, pdf: bytes) -> bytes:
        signer_id = "lain" if self.fault is Fault.WRONG_SIGNER else self.officers[nik]
        if self.fault is Fault.NOTHING_ADDED:
            return pdf
        if self.fault is Fault.REWRITTEN:
            out = io.BytesIO()
            with pikepdf.open(io.BytesIO(pdf)) as opened:
                opened.save(out)
            pdf = out.getvalue()
        signed = await self._append(pdf, signer_id)
        return await self._append(signed, signer_id) if self.fault is Fault.TWO_SIGNATURES else signed

    async def _append(self, pdf: bytes, signer_id: str) -> bytes:
        metadata = PdfSignatureMetadata(
            field_name=f"sig_{time.time_ns() // 1000}",
            md_algorithm="sha256",
            subfilter=SigSeedSubFilter.PADES,
            reason="Dokumen ditandatangani secara elektronik",
        )
        out = io.BytesIO()
        signing = PdfSigner(
            metadata, signer=self.workshop.signer(signer_id), timestamper=TsaClient(self.workshop.tsa_url)
        )
        await signing.async_sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), output=out)
        return out.getvalue()


def _refused(code: int, sentence: str) -> web.Response:
    return web.json_response({"error": sentence, "status_code": code}, status=400)


def _spring(request: web.Request, status: int, error: str) -> web.Response:
    told = {"timestamp": "2026-11-26T01:00:00.000+00:00", "status": status, "error": error, "path": request.path}
    return web.json_response(told, status=status)


async def _cut(request: web.Request, answer: web.Response) -> web.StreamResponse:
    """Sends the head of `answer` and half of its body, and breaks the connection."""
    assert isinstance(answer.body, bytes)
    response = web.StreamResponse(headers={**answer.headers, "Content-Length": str(len(answer.body))})
    await response.prepare(request)
    await response.write(answer.body[: len(answer.body) // 2])
    assert request.transport is not None
    request.transport.close()
    return response
