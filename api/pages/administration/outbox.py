"""`/kelola/kotak-keluar`: what waits, went out or failed; and the page of every text that the office sends.

A message names its case and its template. Its text and address are shown on an installation for demonstration alone,
where everybody is fictional: operators see flows, not citizens (UU 27/2022, art. 16: no more than the purpose needs).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.dependencies import Here
from api.idempotency import OnlyOnce
from api.pages.administration.doors import sections_of
from api.pages.administration.samples import sample_facts
from api.pages.forms import Sent
from api.pages.language import gettext as _
from api.pages.rendering import form_page, onward, page
from api.pages.words import carrier_names
from api.problems import ApiCode, Problem
from api.routes.outbox import After, Key, Operator, list_outbox, retry_notice
from api.services import Services
from permits.escalation import Channel
from store.notice_facts import Told
from store.notice_texts import NOTICES, Texts
from store.queries.outbox import OutboxLine, outbox_line, outbox_row
from store.tables import OutboxRow

outbox_pages = APIRouter()

LINES = 50


@dataclass(frozen=True)
class Text:
    """What a message says."""

    subject: str
    body: str
    short: str | None
    """For WhatsApp, where that has a text of its own."""


def state_names() -> dict[str, str]:
    """What can have become of a message."""
    return {"pending": _("Menunggu"), "sent": _("Terkirim"), "failed": _("Gagal")}


@outbox_pages.get("/kelola/kotak-keluar")
async def outbox(
    request: Request,
    actor: Operator,
    services: Here,
    state: Literal["", "pending", "sent", "failed"] = "",
    channel: Literal["", "email", "whatsapp", "inbox", "digest"] = "",
    template: Annotated[str, Query(max_length=64, pattern=r"^[a-z0-9-]*$")] = "",
    after: After = None,
) -> Response:
    """Messages, the newest first."""
    wanted: Channel | None = channel or None
    lines = await list_outbox(actor, services, state or None, wanted, template or None, after, LINES)
    asked = {"state": state, "channel": channel, "template": template}
    more = f"/kelola/kotak-keluar?{urlencode({**asked, 'after': lines.next})}" if lines.next else ""
    return form_page(
        request, "administration/outbox.html", lines=lines.lines, counts=lines.counts, more=more, states=state_names(),
        channels=carrier_names(), asked=asked, titles=titles(),
        sections=sections_of(actor, "/kelola/kotak-keluar"),
    )  # fmt: skip


@outbox_pages.get("/kelola/kotak-keluar/naskah")
async def texts(request: Request, actor: Operator, services: Here) -> Response:
    """Every text that the office can send, by its template."""
    shown = [(name, text_of_sample(name, services.settings.public_base_url)) for name in sorted(templates())]
    return page(
        request, "administration/texts.html", texts=shown, sections=sections_of(actor, "/kelola/kotak-keluar")
    )


@outbox_pages.get("/kelola/kotak-keluar/pesan/{notice:path}")
async def message(request: Request, notice: Key, actor: Operator, services: Here) -> Response:
    """One message: what became of it, and what it says where everybody is fictional."""
    async with services.db.transaction() as session:
        row = await outbox_row(session, notice)
    if row is None:
        raise Problem(ApiCode.NOT_FOUND)
    fictional = services.settings.sakpore_env != "production"
    return form_page(
        request, "administration/message.html", line=outbox_line(row), titles=titles(), states=state_names(),
        channels=carrier_names(), text=await text_of(services, row) if fictional else None,
        to=row.recipient if fictional else "",
        retry=f"/kelola/kotak-keluar/kirim/{quote(row.key, safe='')}",
        sections=sections_of(actor, "/kelola/kotak-keluar"),
    )  # fmt: skip


@outbox_pages.post("/kelola/kotak-keluar/kirim/{notice:path}")
async def send_again(
    request: Request, notice: Key, form: Sent, actor: Operator, services: Here, only_once: OnlyOnce
) -> Response:
    """Makes a message due now."""
    await retry_notice(notice, actor, services, only_once)
    address = f"/kelola/kotak-keluar/pesan/{quote(notice, safe='')}"
    return onward(request, address, _("Pesan akan dikirim lagi sekarang."))


def address_of(line: OutboxLine) -> str:
    """The page of a message."""
    return f"/kelola/kotak-keluar/pesan/{quote(line.key, safe='')}"


def templates(folder: Path = NOTICES) -> frozenset[str]:
    """The texts of this release."""
    return frozenset(path.stem for path in folder.glob("*.txt"))


@cache
def titles(folder: Path = NOTICES) -> dict[str, str]:
    """What each text is about: its subject without the facts of a case."""
    subjects = {name: (folder / f"{name}.txt").read_text().partition("\n")[0] for name in sorted(templates(folder))}
    return {name: _titled(subject) for name, subject in subjects.items()}


def _titled(subject: str) -> str:
    plain = re.sub(r"{%.*?%}.*?{% endif %}|\(?{{.*?}}\)?", "", subject)
    return re.sub(r"\s+", " ", plain).strip(" :,")


def text_of_sample(template: str, base_url: str) -> Text:
    """A text as it reads, about fictional people."""
    facts = sample_facts(base_url)
    texts = Texts()
    subject, body = texts.notice(template, **facts)
    short = texts.short(template, **facts)
    return Text(subject, body, short.text if short else None)


async def text_of(services: Services, row: OutboxRow) -> Text:
    """What a message says now: facts are read when it is made."""
    if row.subject is not None and row.body is not None:
        return Text(row.subject, row.body, None)
    if row.template is None:
        return Text("", _("Isinya sudah dihapus setelah tautannya dipakai."), None)
    facts = await Told(services.records, services.settings.public_base_url).facts(row)
    texts = Texts()
    subject, body = texts.notice(row.template, **facts)
    short = texts.short(row.template, **facts)
    return Text(subject, body, short.text if short else None)
