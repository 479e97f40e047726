"""What a form of our pages sent: read once, checked against its secret, asked for by name.

Every form carries `csrf_token` and, where it writes, `kunci`, the key under which the same form may be sent twice.
The file of an upload form is called `file`.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from pydantic import ValidationError

from api.cookies import FORM_COOKIE, read_cookie
from api.pages.language import gettext as _
from api.problems import ApiCode, Problem
from api.uploads import SentFile, read_sent

MOST_FIELDS = 1000
TOKEN = "csrf_token"  # noqa: S105 - the name of the field
KEY = "kunci"


@dataclass(frozen=True)
class SentForm:
    """The fields of a form, and its file where it has one."""

    fields: dict[str, list[str]]
    sent: SentFile | None = field(default=None, repr=False)

    def text(self, name: str, most: int = 5000) -> str:
        """One field without blanks around it; "" where it is missing. Longer text is cut, and models refuse what is."""
        return self.raw(name)[: most + 1].strip()

    def raw(self, name: str) -> str:
        """One field as it came, for passwords."""
        return self.fields.get(name, [""])[0]

    def all(self, name: str) -> list[str]:
        """Every value of a field, of check boxes."""
        return self.fields.get(name, [])

    def under(self, prefix: str) -> dict[str, str]:
        """Fields whose name begins so, without the prefix: {"ktp": "accept"} of "putusan.ktp"."""
        return {name.removeprefix(prefix): self.text(name) for name in self.fields if name.startswith(prefix)}

    @property
    def has_file(self) -> bool:
        """Whether a file with something in it came."""
        return self.sent is not None and bool(self.sent.content)


async def sent_form(request: Request) -> SentForm:
    """The form of this request, parsed once. Raises Problem: file-too-large, invalid-request."""
    known: SentForm | None = getattr(request.state, "form", None)
    if known is not None:
        return known
    kind = request.headers.get("content-type", "").lower()
    if kind.startswith("multipart/form-data"):
        sent = await read_sent(request, request.app.state.services.settings.upload_limit_bytes)
        form = SentForm(sent.lists, sent)
    elif kind.startswith("application/x-www-form-urlencoded"):
        parsed = await request.form(max_fields=MOST_FIELDS)
        lists: dict[str, list[str]] = {}
        for name, value in parsed.multi_items():
            if isinstance(value, str):
                lists.setdefault(name, []).append(value)
        form = SentForm(lists)
    else:
        form = SentForm({})
    request.state.form = form
    return form


Sent = Annotated[SentForm, Depends(sent_form)]


def agrees(expected: str, given: str) -> bool:
    """Whether a form's secret is the one that was given out."""
    return bool(expected) and hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogatepass"))


def check_form(request: Request, given: str) -> None:
    """For pages that are also there without a log-in. Raises Problem(csrf-failed) for a form that is not ours."""
    login = getattr(request.state, "login", None)
    if not agrees(login.csrf_token if login else read_cookie(request, FORM_COOKIE), given):
        raise Problem(ApiCode.CSRF_FAILED)


async def our_form(request: Request, form: Sent) -> SentForm:
    """A dependency of writes that need no log-in: the form, if it is ours. Raises Problem(csrf-failed)."""
    check_form(request, form.text(TOKEN))
    return form


OurForm = Annotated[SentForm, Depends(our_form)]
FormErrors = list[tuple[str, str]]
"""What to mend: (id of the field, a sentence), in the order of the page."""


def errors_of(wrong: ValidationError, labels: dict[str, str]) -> FormErrors:
    """A model's complaints as sentences about the fields of a page.

    Args:
        wrong: what pydantic found.
        labels: the label of each field, by its name in the model; others are named together.
    """
    found: dict[str, str] = {}
    for fault in wrong.errors(include_input=False, include_url=False, include_context=True):
        name = _named(fault["loc"], labels)
        found.setdefault(name, _sentence(fault["type"], fault.get("ctx", {}), labels.get(name, _("Isian ini"))))
    return list(found.items())


def _named(place: Sequence[int | str], labels: dict[str, str]) -> str:
    return next((str(part) for part in reversed(place) if str(part) in labels), str(place[0]) if place else "")


def _sentence(kind: str, about: dict[str, object], label: str) -> str:
    words = {
        "missing": _("%(label)s belum diisi."),
        "string_too_short": _("%(label)s belum diisi atau terlalu pendek."),
        "string_too_long": _("%(label)s terlalu panjang; paling banyak %(most)s huruf."),
        "date_from_datetime_parsing": _("%(label)s bukan tanggal. Contoh: 8 Desember 2026."),
        "date_parsing": _("%(label)s bukan tanggal. Contoh: 8 Desember 2026."),
        "int_parsing": _("%(label)s harus angka."),
        "enum": _("Pilih salah satu untuk %(label)s."),
        "literal_error": _("Pilih salah satu untuk %(label)s."),
    }
    return words.get(kind, _("%(label)s belum benar. Periksa, lalu kirim lagi.")) % {
        "label": label,
        "most": about.get("max_length", ""),
    }
