"""What became of each letter of a consent, as it comes: a page that asks again by itself until nothing is pending."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from api.consent import MOST_TASKS, TaskSeen
from api.dependencies import Here
from api.pages.formatting import clock_time
from api.pages.head.consenting import NUMBER
from api.pages.language import gettext as _
from api.pages.rendering import form_page, onward, words_of
from api.pages.words import letter_words
from api.problems import ApiCode, Problem
from api.routes.signing import Signer, order_again
from api.services import Services
from api.signing_words import service_in_words, why_in_words
from api.views import verification_url
from permits.errors import Code
from store.queries.waiting_letters import ConsentedLetter, ConsentRow, consent_with_letters

result_pages = APIRouter()

ActivationId = Annotated[str, Path(pattern=r"^[0-9a-zA-Z_-]{8,64}$")]
Refusals = Annotated[list[str], Query(alias="tidak", max_length=MOST_TASKS)]
PATIENCE = timedelta(seconds=10)
"""After this long without a word of a letter's order, it may be asked for again."""
RELEASE = timedelta(minutes=2)
"""A signed letter is judged and issued within moments; after this long the page waits for it no more."""

State = Literal["signed", "working", "waits", "unsure", "unknown", "failed", "expired", "refused"]
SHAPES: dict[State, str] = {
    "signed": "done", "working": "going", "waits": "paused", "unsure": "going", "unknown": "unknown", "failed": "bad",
    "expired": "bad", "refused": "bad",
}  # fmt: skip
COLOURS: dict[State, str] = {"signed": "daun", "working": "nila", "waits": "kunyit", "unsure": "nila"}


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class ResultLine(_View):
    """One letter: its state as a word and a shape, and what to do."""

    state: State
    word: str
    shape: str
    colour: str
    sentence: str
    number: str
    title: str
    kind: str
    holder_name: str
    letter_number: str
    verification: str | None


class ResultsView(_View):
    """What became of a consent."""

    activation: str
    lines: list[ResultLine]
    signed: int
    pending: int
    returned: int
    until: str
    may_ask_again: bool
    address: str


@result_pages.get("/tanda-tangan/hasil/{activation_id}")
async def results(
    activation_id: ActivationId, request: Request, actor: Signer, services: Here, refusals: Refusals = []  # noqa: B006
) -> Response:
    """Every letter of the consent, and those that were refused before it."""
    async with services.db.transaction() as session:
        found = await consent_with_letters(session, activation_id)
    if found is None or found[0].officer_id != actor.id:
        raise Problem(ApiCode.NOT_FOUND)
    address = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    view = results_view(services, *found, services.now(), address, _refused(request, refusals))
    return form_page(request, "head/hasil.html", view=view)


@result_pages.post("/tanda-tangan/hasil/{activation_id}")
async def ask_again(activation_id: ActivationId, request: Request, actor: Signer, services: Here) -> Response:
    """Orders once more what nobody has answered for; what has arrived is ordered once."""
    async with services.db.transaction() as session:
        found = await consent_with_letters(session, activation_id)
    if found is None or found[0].officer_id != actor.id:
        raise Problem(ApiCode.NOT_FOUND)
    open_ones = [one for one in found[1] if one.open_task is not None and one.claim is None]
    tasks = [TaskSeen(task=str(one.open_task), seen=one.sha256) for one in open_ones]
    await order_again(services, actor, activation_id, tasks)
    return onward(request, f"/tanda-tangan/hasil/{activation_id}", _("Perintahnya sudah kami kirim lagi."))


def results_view(
    services: Services,
    consent: ConsentRow,
    letters: list[ConsentedLetter],
    now: datetime,
    address: str,
    refusals: list[ResultLine],
) -> ResultsView:
    """The lines with their sums; `now`: real time."""
    lines = [_line(services, consent, one, now) for one in letters]
    pending = sum(is_pending(line.state, one, now) for line, one in zip(lines, letters, strict=True))
    silent = any(one.open_task is not None and one.claim is None for one in letters)
    every = [*lines, *refusals]
    return ResultsView(
        activation=consent.id,
        lines=every,
        signed=sum(line.state == "signed" for line in every),
        pending=pending,
        returned=sum(line.state in ("failed", "expired", "refused", "unknown") for line in every),
        until=clock_time(consent.expires_at),
        may_ask_again=silent and consent.created_at + PATIENCE < now < consent.expires_at,
        address=address,
    )


def is_pending(state: State, letter: ConsentedLetter, now: datetime) -> bool:
    """Whether looking again soon may show something new."""
    if state == "signed":
        return not letter.released and letter.signed_at is not None and now - letter.signed_at < RELEASE
    return state in ("working", "waits", "unsure")


def _line(services: Services, consent: ConsentRow, letter: ConsentedLetter, now: datetime) -> ResultLine:
    state, word, sentence = state_of(consent, letter, now)
    url = verification_url(services, letter.verification_id) if letter.released else None
    return ResultLine(
        state=state,
        word=word,
        shape=SHAPES[state],
        colour=COLOURS.get(state, "merah"),
        sentence=sentence,
        number=letter.number or "",
        title=letter.permit_name or _("Surat yang sudah ditulis ulang"),
        kind=letter_words(letter.purpose),
        holder_name=letter.holder_name,
        letter_number=letter.letter_number,
        verification=url.removeprefix(services.settings.public_base_url) if url else None,
    )


def state_of(consent: ConsentRow, letter: ConsentedLetter, now: datetime) -> tuple[State, str, str]:
    """The state of one letter, its word, and what it means."""
    if letter.signed_at is not None:
        done = _("Surat sudah terbit.") if letter.released else _("Sedang diperiksa sekali lagi sebelum terbit.")
        return "signed", _("Ditandatangani"), done
    match letter.claim:
        case "FAILED":
            return "failed", _("Tidak ditandatangani"), why_in_words(letter.error or "")
        case "UNKNOWN":
            words = _(
                "Penyedia tidak menjawab, jadi hasilnya belum diketahui. Pengelola sistem sudah diberi tahu. Surat ini"
                " kembali ke daftar; tandatangani lagi setelah mereka memeriksanya."
            )
            return "unknown", _("Belum diketahui"), words
        case "CLAIMED" | "SENT" if letter.error:
            words = _("Menunggu %(service)s. Dilanjutkan sendiri begitu pulih, paling lambat %(until)s.")
            told = {"service": service_in_words(letter.error), "until": clock_time(consent.expires_at)}
            return "waits", _("Menunggu"), words % told
    if now >= consent.expires_at:
        words = _("Waktu persetujuan habis sebelum surat ini sempat ditandatangani. Tandatangani lagi dari daftar.")
        return "expired", _("Tidak ditandatangani"), words
    if letter.claim is None and letter.open_task is not None:
        return "unsure", _("Belum dijawab"), _("Perintahnya sudah kami terima; sistem belum menjawab.")
    return "working", _("Sedang ditandatangani"), _("Tidak perlu menunggu di sini; hasilnya tetap tercatat.")


def _refused(request: Request, refusals: list[str]) -> list[ResultLine]:
    """What the door has refused, as the address tells it: numbers and codes that we know."""
    lines = []
    for one in refusals:
        number, _mark, code = one.partition(":")
        known = _known(code)
        if known is None or not NUMBER.fullmatch(number):
            continue
        lines.append(
            ResultLine(
                state="refused",
                word=_("Tidak ikut"),
                shape="bad",
                colour="merah",
                sentence=words_of(request, known),
                number=number,
                title="",
                kind="",
                holder_name="",
                letter_number="",
                verification=None,
            )
        )
    return lines


def _known(code: str) -> Code | ApiCode | None:
    for kind in (Code, ApiCode):
        if code in set(kind):
            return kind(code)
    return None
