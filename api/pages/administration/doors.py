"""Who may open which page of the administration, and the menu beside them."""

from __future__ import annotations

from api.dependencies import SignedIn
from api.pages.language import gettext as _
from permits.authority import Act, Actor, refusal
from permits.errors import Code, RuleError

SECTIONS: tuple[tuple[str, str, frozenset[Act]], ...] = (
    ("/kelola", "overview", frozenset({Act.READ_ENGINE, Act.DRAFT_DEFINITION})),
    ("/kelola/orang", "people", frozenset({Act.MANAGE_PEOPLE})),
    ("/kelola/izin", "definitions", frozenset({Act.DRAFT_DEFINITION})),
    ("/kelola/kalender", "calendar", frozenset({Act.DECLARE_DAY, Act.DRAFT_DEFINITION, Act.READ_ENGINE})),
    ("/kelola/tangga", "ladders", frozenset({Act.DRAFT_DEFINITION, Act.READ_ENGINE})),
    ("/kelola/kotak-keluar", "outbox", frozenset({Act.READ_OUTBOX})),
    ("/kelola/mesin", "engine", frozenset({Act.READ_ENGINE})),
)


def names() -> dict[str, str]:
    """What each section is called."""
    return {
        "overview": _("Keadaan"),
        "people": _("Orang dan peran"),
        "definitions": _("Jenis izin"),
        "calendar": _("Kalender"),
        "ladders": _("Tangga pengingat"),
        "outbox": _("Kotak keluar"),
        "engine": _("Mesin proses"),
    }


def purposes() -> dict[str, str]:
    """What each section is for, by its address."""
    words = {
        "people": _("Siapa bekerja di mana, dan siapa yang boleh apa."),
        "definitions": _("Syarat, langkah, dan naskah surat setiap jenis izin: susun, bandingkan, terbitkan."),
        "calendar": _("Hari libur dan cuti bersama, yang tidak dihitung sebagai hari kerja."),
        "ladders": _("Kapan pemegang berkas diingatkan, dan kepada siapa keterlambatan diteruskan."),
        "outbox": _("E-mail dan WhatsApp yang menunggu, terkirim, atau gagal."),
        "engine": _("Yang dipegang mesin proses tentang satu permohonan."),
    }
    return {address: words[name] for address, name, _acts in SECTIONS if name in words}


def may_any(person: Actor, acts: frozenset[Act]) -> bool:
    """Whether the person may do one of these."""
    return any(refusal(person, act) is None for act in acts)


def sections_of(person: Actor, here: str) -> list[tuple[str, str, None, bool]]:
    """The tabs of the administration that this person can open, as the macro `tabs` takes them."""
    words = names()
    return [
        (address, words[name], None, address == here) for address, name, acts in SECTIONS if may_any(person, acts)
    ]


async def overseer(login: SignedIn) -> Actor:
    """A dependency: whoever may see that the office runs. Raises RuleError(not-allowed)."""
    return _one_of(login.actor, SECTIONS[0][2])


async def calendar_reader(login: SignedIn) -> Actor:
    """A dependency: whoever works with the calendar. Raises RuleError(not-allowed)."""
    return _one_of(login.actor, SECTIONS[3][2])


async def ladder_reader(login: SignedIn) -> Actor:
    """A dependency: whoever works with the ladders. Raises RuleError(not-allowed)."""
    return _one_of(login.actor, SECTIONS[4][2])


def _one_of(person: Actor, acts: frozenset[Act]) -> Actor:
    if not may_any(person, acts):
        raise RuleError(Code.NOT_ALLOWED)
    return person
