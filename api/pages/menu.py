"""Where each role can go from the header, and where it begins after logging in."""

from __future__ import annotations

from typing import NamedTuple

from api.pages.language import gettext as _
from permits.authority import LEADERS, STAFF, Act, Actor, Role, refusal


class Way(NamedTuple):
    """One word of the menu."""

    address: str
    words: str


def home_of(person: Actor) -> str:
    """The page that a person begins at."""
    match person.role:
        case Role.APPLICANT:
            return "/permohonan"
        case Role.OPS:
            return "/kelola"
        case Role.HEAD_OF_OFFICE:
            return "/tanda-tangan"
        case Role.INSPECTORATE:
            return "/keterlambatan"
        case _:
            return "/tugas"


def menu_of(person: Actor | None, is_acting_head: bool = False) -> list[Way]:
    """The ways of the header, the most used first; log-in and log-out are the frame's own.

    `is_acting_head`: whether the person signs today as Plh or Plt of the head of office.
    """
    if person is None:
        return [
            Way("/izin", _("Jenis izin")), Way("/lacak", _("Lacak")), Way("/v", _("Periksa surat")),
            Way("/peta", _("Peta izin")),
        ]  # fmt: skip
    match person.role:
        case Role.APPLICANT:
            return [
                Way("/permohonan", _("Permohonan saya")), Way("/izin", _("Jenis izin")), Way("/bantuan", _("Bantuan")),
                Way("/akun", _("Akun saya")),
            ]  # fmt: skip
        case Role.OPS:
            return [
                Way("/kelola", _("Keadaan sistem")), Way("/kelola/orang", _("Orang")),
                Way("/kelola/kotak-keluar", _("Kotak keluar")), Way("/plh", _("Mandat")),
                Way("/akun", _("Akun saya")),
            ]  # fmt: skip
        case Role.OPD:
            ways = [Way("/tugas", _("Permintaan")), Way("/jawaban", _("Jawaban kami"))]
        case Role.HEAD_OF_OFFICE:
            ways = [Way("/tanda-tangan", _("Tanda tangan")), Way("/tugas", _("Tugas"))]
        case _:
            ways = [Way("/tugas", _("Tugas"))] if refusal(person, Act.LIST_TASKS) is None else []
    if is_acting_head:
        ways.insert(0, Way("/tanda-tangan", _("Tanda tangan")))
    if person.role is Role.TECHNICAL_TEAM:
        ways.append(Way("/lapangan", _("Lapangan")))
    if person.role in STAFF:
        ways.append(Way("/kasus", _("Permohonan")))
    if person.role is Role.FRONT_OFFICE:
        ways += [Way("/loket", _("Loket")), Way("/bantuan", _("Bantuan"))]
    if person.role in LEADERS:
        ways.append(Way("/macet", _("Yang macet")))
    if refusal(person, Act.READ_EVALUATION) is None:
        ways.append(Way("/keterlambatan", _("Keterlambatan")))
    if person.role is Role.HEAD_OF_OFFICE:
        ways.append(Way("/plh", _("Mandat")))
    if refusal(person, Act.DRAFT_DEFINITION) is None:
        ways.append(Way("/kelola", _("Kelola")))
    return [*ways, Way("/akun", _("Akun saya"))]
