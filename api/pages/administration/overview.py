"""`/kelola`: whether each part of the house answers, and what waits to be sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from sqlalchemy import text
from starlette.responses import Response

from api.dependencies import Here
from api.pages.administration.doors import overseer, purposes, sections_of
from api.pages.language import gettext as _
from api.pages.language import ngettext
from api.pages.rendering import page
from api.services import Services
from permits.authority import Act, Actor, refusal
from store.queries.outbox import outbox_page
from workflows.messages import QueueNames

overview_pages = APIRouter()

ASKED_SECONDS = 4.0


@dataclass(frozen=True)
class Part:
    """One part of the house; `kind` is a shape: done, soon, bad."""

    name: str
    kind: str
    word: str
    sentence: str


@overview_pages.get("/kelola")
async def overview(request: Request, services: Here, person: Annotated[Actor, Depends(overseer)]) -> Response:
    """The state of every part, for those who keep it running; for others, the ways to what they keep."""
    watches = refusal(person, Act.READ_ENGINE) is None
    parts = await parts_of(services) if watches else []
    return page(
        request,
        "administration/overview.html",
        parts=parts,
        sections=sections_of(person, "/kelola"),
        purposes=purposes(),
        engine_ui=services.settings.temporal_ui_url if watches else None,
    )


async def parts_of(services: Services) -> list[Part]:
    """Every part is asked at the same time; one that does not answer within ASKED_SECONDS is away."""
    asked: list[tuple[str, Callable[[Services], Awaitable[Part]]]] = [
        (_("Basis data"), _database),
        (_("Penyimpanan berkas"), _objects),
        (_("Mesin proses"), _engine),
        (_("Petugas proses"), _workers),
        (_("Petugas tanda tangan"), _signing),
        (_("Kotak keluar"), _outbox),
        (_("Segel dan kepercayaan"), _trust),
    ]
    return list(await asyncio.gather(*(_patiently(name, ask, services) for name, ask in asked)))


async def _patiently(name: str, ask: Callable[[Services], Awaitable[Part]], services: Services) -> Part:
    try:
        return await asyncio.wait_for(ask(services), ASKED_SECONDS)
    except Exception:
        # Whatever went wrong, the page has to say that this part is away, and show the others.
        sentence = _("Bagian ini tidak menjawab. Periksa catatannya, lalu muat ulang halaman ini.")
        return Part(name, "bad", _("Tidak menjawab"), sentence)


async def _database(services: Services) -> Part:
    async with services.db.engine.connect() as connection:
        await connection.execute(text("select 1"))
    return Part(_("Basis data"), "done", _("Menjawab"), _("Permohonan, tugas, dan catatan dapat dibaca dan ditulis."))


async def _objects(services: Services) -> Part:
    await services.documents.exists_document("0" * 64)
    return Part(_("Penyimpanan berkas"), "done", _("Menjawab"), _("Berkas dan surat dapat dibaca."))


async def _engine(services: Services) -> Part:
    await services.engine.pollers(QueueNames.MAIN)
    return Part(_("Mesin proses"), "done", _("Menjawab"), _("Setiap permohonan berjalan, juga yang sedang menunggu."))


async def _workers(services: Services) -> Part:
    return _polled(_("Petugas proses"), await services.engine.pollers(QueueNames.MAIN))


async def _signing(services: Services) -> Part:
    return _polled(_("Petugas tanda tangan"), await services.engine.pollers(QueueNames.SIGNING))


def _polled(name: str, count: int) -> Part:
    if count == 0:
        sentence = _("Tidak ada yang bekerja. Pekerjaan menunggu dan tidak hilang; jalankan bagian ini lagi.")
        return Part(name, "bad", _("Berhenti"), sentence)
    words = ngettext("%(num)s proses bekerja.", "%(num)s proses bekerja.", count) % {"num": count}
    return Part(name, "done", _("Bekerja"), words)


async def _outbox(services: Services) -> Part:
    async with services.db.transaction() as session:
        counts = (await outbox_page(session, limit=1)).counts
    about = {"pending": counts["pending"], "failed": counts["failed"]}
    if counts["failed"]:
        sentence = _("%(failed)s pesan gagal dikirim dan %(pending)s menunggu. Buka kotak keluar untuk mengirim lagi.")
        return Part(_("Kotak keluar"), "soon", _("Ada yang gagal"), sentence % about)
    return Part(_("Kotak keluar"), "done", _("Lancar"), _("%(pending)s pesan menunggu dikirim.") % about)


async def _trust(services: Services) -> Part:
    name = _("Segel dan kepercayaan")
    if services.settings.signing_seal_public_key is None:
        return Part(name, "bad", _("Belum dipasang"), _("Kunci untuk memesan tanda tangan belum dipasang."))
    if not services.verifying.anchors():
        return Part(name, "bad", _("Belum dipasang"), _("Jangkar kepercayaan untuk memeriksa surat belum dipasang."))
    if services.verifying.is_demo():
        sentence = _("Sertifikat yang dipakai hanya untuk peragaan. Surat yang terbit tidak berlaku di luar peragaan.")
        return Part(name, "soon", _("Peragaan"), sentence)
    return Part(name, "done", _("Terpasang"), _("Surat dapat ditandatangani dan diperiksa."))
