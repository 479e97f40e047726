"""For whom the permit is, where it is not for the account itself: a body, or somebody who gave a power of attorney."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from api.asked import refuse_unkeepable
from api.pages.applying.dates import Boxes, boxes_of, day_of_boxes
from api.pages.forms import FormErrors, SentForm, errors_of
from api.pages.language import gettext as _
from permits.party import Party, PartyKind, Proxy

BODY = "badan"
PRINCIPAL = "pemberi-kuasa"


@dataclass(frozen=True)
class PartyForm:
    """The fields as they stand on the page."""

    kind: str = PartyKind.COMPANY.value
    name: str = ""
    registration: str = ""
    npwp: str = ""
    address: str = ""
    capacity: str = ""  # officer, proxy
    position: str = ""
    principal_name: str = ""
    principal_position: str = ""
    relation: str = ""
    letter_number: str = ""
    letter: Boxes = field(default_factory=Boxes)


def party_form_of(party: Party, kind: str) -> PartyForm:
    """The form with what was said before; empty where another kind is asked for now."""
    asked = kind if kind in [one.value for one in PartyKind] else PartyKind.COMPANY.value
    if party.kind.value != asked:
        return PartyForm(kind=asked)
    proxy = party.proxy
    capacity = "proxy" if proxy else "officer" if party.position else ""
    return PartyForm(
        kind=asked,
        name=party.name,
        registration=party.registration,
        npwp=party.npwp,
        address=party.address,
        capacity=capacity,
        position=party.position,
        principal_name=proxy.principal_name if proxy else "",
        principal_position=proxy.principal_position if proxy else "",
        relation=proxy.relation if proxy else "",
        letter_number=proxy.letter_number if proxy else "",
        letter=boxes_of(proxy.letter_date.isoformat()) if proxy and proxy.letter_date else Boxes(),
    )


def read_party(sent: SentForm, is_body: bool) -> tuple[PartyForm, Party | None, FormErrors]:
    """The form as it was sent, and the party; None and what to mend where it is none."""
    kind = sent.text("sebagai", 20)
    form = PartyForm(
        kind=kind if is_body and kind == PartyKind.INSTITUTION else PartyKind.COMPANY.value if is_body else "person",
        name=sent.text("nama", 300),
        registration=sent.text("nomor", 300),
        npwp="".join(each for each in sent.text("npwp", 60) if each not in ".- "),
        address=" ".join(sent.text("alamat", 400).split()),
        capacity=sent.text("bertindak", 20) if is_body else "proxy",
        position=sent.text("jabatan", 300),
        principal_name=sent.text("pemberi", 300),
        principal_position=sent.text("jabatan_pemberi", 300),
        relation=sent.text("hubungan", 300),
        letter_number=sent.text("nomor_kuasa", 300),
        letter=Boxes(sent.text("hari", 20), sent.text("bulan", 20), sent.text("tahun", 20)),
    )
    errors = _wrong(form, is_body)
    if errors:
        return form, None, errors
    try:
        return form, _party(form), []
    except ValidationError as wrong:
        named = {"registration": "nomor", "principal_name": "pemberi", "relation": "hubungan", "name": "nama"}
        return form, None, [(named.get(place, place), words) for place, words in errors_of(wrong, _labels())]
    except ValueError:
        return form, None, [("nama", _("Ada tanda yang tidak dapat kami simpan. Ketik lagi dengan huruf biasa."))]


def _wrong(form: PartyForm, is_body: bool) -> FormErrors:
    found: FormErrors = []
    if is_body and len(form.name) < 2:
        found.append(("nama", _("Namanya belum diisi.")))
    if form.npwp and not (form.npwp.isascii() and form.npwp.isdigit() and len(form.npwp) in (15, 16)):
        found.append(("npwp", _("NPWP terdiri dari 15 atau 16 angka. Kosongkan bila tidak ada.")))
    if is_body and form.capacity not in ("officer", "proxy"):
        found.append(("bertindak", _("Pilih sebagai apa Anda bertindak.")))
    if form.capacity == "officer" and not form.position:
        found.append(("jabatan", _("Jabatan Anda belum diisi.")))
    if form.capacity == "proxy":
        if len(form.principal_name) < 2:
            found.append(("pemberi", _("Nama pemberi kuasa belum diisi.")))
        if len(form.relation) < 2:
            found.append(("hubungan", _("Hubungan Anda dengan pemberi kuasa belum diisi.")))
        if not form.letter.is_empty and day_of_boxes(form.letter) is None:
            found.append(("hari", _("Tanggal surat kuasa bukan tanggal. Contoh: 8 12 2026.")))
    return found


def _party(form: PartyForm) -> Party:
    """Raises ValidationError, and ValueError for text that cannot be kept."""
    is_body = form.kind != PartyKind.PERSON.value
    body = {"name": form.name, "registration": form.registration, "npwp": form.npwp, "address": form.address}
    proxy = {
        "principal_name": form.principal_name,
        "principal_position": form.principal_position,
        "relation": form.relation,
        "letter_number": form.letter_number,
    }
    for text in (*body.values(), *proxy.values(), form.position):
        refuse_unkeepable(text)
    given: dict[str, Any] = body if is_body else {}
    if form.capacity == "officer":
        return Party.model_validate({"kind": form.kind, "position": form.position, **given})
    kept = Proxy.model_validate({**proxy, "letter_date": day_of_boxes(form.letter)})
    return Party.model_validate({"kind": form.kind, "proxy": kept, **given})


def _labels() -> dict[str, str]:
    return {
        "name": _("Nama"),
        "registration": _("Nomor"),
        "address": _("Alamat"),
        "position": _("Jabatan"),
        "principal_name": _("Nama pemberi kuasa"),
        "principal_position": _("Jabatan pemberi kuasa"),
        "relation": _("Hubungan"),
        "letter_number": _("Nomor surat kuasa"),
    }
