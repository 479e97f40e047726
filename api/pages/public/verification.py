"""Is this letter ours? By the QR code with a camera, a photo or typed by hand, and by the PDF itself; no log-in.

A QR code is a stranger's text: only one that begins with our own address leads anywhere, and only to our own page.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Path, Query, Request
from starlette.responses import RedirectResponse, Response

from api.code_reader import PHOTO_LIMIT_BYTES, Found, Reading, is_picture
from api.dependencies import Here
from api.looking import verify_by_code
from api.pages.language import gettext as _
from api.pages.rendering import check_form, form_page, page, who_is_here
from api.problems import ApiCode, Problem
from api.reporting import MOST_ORDER_CHARACTERS, order_report, report_content
from api.routes.documents import download
from api.routes.sessions import client_address
from api.services import Services
from api.uploads import Upload, read_form_file
from api.views import PermitView, report_view

verification_pages = APIRouter(include_in_schema=False, dependencies=[Depends(who_is_here)])

_FOREIGN = _(
    "Kode QR ini bukan dari kantor kami. Jangan membuka alamat di dalamnya, dan jangan percaya surat yang memuatnya; "
    "beri tahu kantor kami."
)
# Said in the language of the request: `_` finds these words again when they are shown.
TYPED_WORDS: dict[Found, str] = {
    Found.NOTHING: _(
        "Kode ini bukan kode kami. Kode berada di bawah kode QR, sesudah garis miring terakhir; periksa "
        "tiap huruf dan angkanya."
    ),
    Found.FOREIGN: _(
        "Alamat ini bukan alamat kantor kami. Jangan membukanya, dan jangan percaya surat yang memuatnya; "
        "beri tahu kantor kami."
    ),
}
PHOTO_WORDS: dict[Found, str] = {
    Found.FOREIGN: _FOREIGN,
    Found.FORGED: _(
        "Kode pemeriksaan lapangan itu tidak ditandatangani kantor kami. Jangan terima kartunya, dan beri "
        "tahu kantor kami."
    ),
    Found.SEVERAL: _("Ada lebih dari satu kode surat di foto itu. Foto satu kode QR saja."),
    Found.NOTHING: _(
        "Tidak ada kode QR yang terbaca di foto itu. Foto lebih dekat, di tempat terang, sampai seluruh "
        "kotaknya terlihat tajam."
    ),
    Found.NOT_A_PICTURE: _(
        "Berkas itu bukan foto JPEG, PNG, atau WebP. Pilih foto kode QR-nya; berkas PDF diunggah di bagian PDF."
    ),
    Found.HEIC: _(
        "Foto HEIC belum dapat kami baca. Kirim sebagai JPEG: di iPhone, pilih Pengaturan, Kamera, Format, "
        "Paling Kompatibel; atau foto layar gambarnya."
    ),
    Found.TOO_LARGE: _(
        "Foto itu terlalu besar ukurannya. Foto lagi dengan ukuran yang lebih kecil, atau potong di "
        "sekitar kode QR-nya."
    ),
    Found.UNREADABLE: _("Foto itu tidak dapat dibuka. Foto lagi, lalu coba lagi."),
}


@verification_pages.get("/v/{code}")
async def verification(code: str, request: Request, services: Here) -> Response:
    """Where the QR code lands."""
    view = await verify_by_code(services, code, client_address(request))
    return page(request, "public/verifikasi.html", 404 if view.state == "TIDAK_DIKENAL" else 200, permit=view)


@verification_pages.get("/v")
async def ways_to_verify(
    request: Request, services: Here, kode: Annotated[str | None, Query(max_length=500)] = None
) -> Response:
    """The ways to check a letter; a typed code leads on to its page."""
    if kode is None:
        return _verify_page(request, services)
    address = client_address(request)
    await services.attempts.check_looking(address, services.now())
    reading = services.code_reader.typed(kode)
    if reading.found is Found.NOTHING:
        await services.attempts.looked_in_vain(address, services.now())
    return _onward(reading) or _verify_page(request, services, ("kode", _(TYPED_WORDS[reading.found])))


@verification_pages.post("/v")
async def upload(request: Request, services: Here) -> Response:
    """The verdict on an uploaded PDF; a photo given in its place is read as one."""
    with services.verifying.row.place():
        given = await _given(request, services, "pdf", services.settings.verification_limit_bytes)
        if isinstance(given, Response):
            return given
        if is_picture(given.content):
            return await _read_photo(request, services, given.content)
        report = await report_view(services, given.content, given.sha256)
        return _verify_page(request, services, report=report)


@verification_pages.post("/v/foto")
async def photo(request: Request, services: Here) -> Response:
    """On to the letter whose QR code is on the photo, or a sentence why not."""
    with services.verifying.row.place():
        given = await _given(request, services, "foto", PHOTO_LIMIT_BYTES)
        return given if isinstance(given, Response) else await _read_photo(request, services, given.content)


@verification_pages.post("/v/laporan")
async def order_report_page(
    request: Request,
    services: Here,
    order: Annotated[str, Form(max_length=MOST_ORDER_CHARACTERS)] = "",
    csrf_token: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """On to the sealed report, or a page to ask again from while it is being sealed."""
    check_form(request, csrf_token)
    ordered = await order_report(services, order)
    if ordered.ready:
        return RedirectResponse(f"/v/laporan/{ordered.id}", 303)
    return form_page(request, "public/laporan-menunggu.html", 202, order=order)


@verification_pages.get("/v/laporan/{report_id}")
async def report_page(report_id: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")], services: Here) -> Response:
    """The sealed report as a file."""
    content, found = await report_content(services, report_id)
    return download(content, "application/pdf", f"laporan-pemeriksaan-{found.sealed_sha256[:12]}")


async def _given(request: Request, services: Services, name: str, limit: int) -> Upload | Response:
    """The file of the form, or the page that asks for it again."""
    try:
        given = await read_form_file(request, limit, name)
        check_form(request, given.fields.get("csrf_token", ""))
    except Problem as problem:
        if problem.code not in (ApiCode.FILE_EMPTY, ApiCode.FILE_MISSING):
            raise
        return _verify_page(request, services, (name, services.problems.body(problem, "-")["detail"]))
    return given


async def _read_photo(request: Request, services: Services, picture: bytes) -> Response:
    reading = await services.code_reader.read(picture)
    if reading.found is Found.FIELD:
        # Whoever can send a photo is online, and the register knows more than the card.
        claims = services.field_codes.read(reading.code)
        code = claims and services.code_reader.typed(claims.verification_code).code
        reading = Reading(Found.LETTER, code) if code else Reading(Found.FORGED)
    if onward := _onward(reading):
        return onward
    words = _(PHOTO_WORDS[reading.found])
    if reading.found in (Found.FOREIGN, Found.FORGED):
        # That is an answer about the letter, and no mistake of whoever asked.
        return page(request, "public/verifikasi.html", 422, permit=PermitView(state="KODE_ASING"), words=words)
    return _verify_page(request, services, ("foto", words))


def _onward(reading: Reading) -> Response | None:
    """To our own page, by a path: whatever host the code named was compared and is not repeated."""
    if reading.found is Found.LETTER:
        return RedirectResponse(f"/v/{reading.code}", 303)
    return None


def _verify_page(
    request: Request, services: Services, error: tuple[str, str] | None = None, *, report: Any = None
) -> Response:
    settings = services.settings
    return form_page(
        request,
        "public/verifikasi-unggah.html",
        422 if error else 200,
        report=report,
        errors=[error] if error else [],
        limit_bytes=settings.verification_limit_bytes,
        photo_limit_bytes=PHOTO_LIMIT_BYTES,
        public_address=settings.public_base_url,
    )
