"""Refusals about accounts as a form says them: in the language of the page, and a wait in the words of a clock."""

from __future__ import annotations

from fastapi import Request

from api.pages.forms import FormErrors
from api.pages.language import gettext as _
from api.pages.language import ngettext
from api.pages.rendering import refused
from api.passwords import SHORTEST
from api.problems import ApiCode, Problem
from permits.errors import Code, RuleError


def said(request: Request, error: Problem | RuleError, **fields: str) -> tuple[int, FormErrors]:
    """The status and the line of a refusal.

    Args:
        request: whose words these are.
        error: the refusal.
        fields: by the code's name (`login_failed`), which field of the form it is about; others lead to the top.
    """
    field = fields.get(error.code.name.lower(), "isi")
    status, lines = refused(request, error, field)
    words = _words(error)
    return status, [(field, words)] if words else lines


def _words(error: Problem | RuleError) -> str:
    match error.code:
        case ApiCode.LOGIN_FAILED:
            return _("Alamat e-mail atau kata sandi tidak cocok. Periksa keduanya, lalu coba lagi.")
        case ApiCode.KEY_LOG_IN_FAILED:
            return _("Kunci sandi ini tidak terdaftar untuk masuk. Masuklah dengan kata sandi, atau pilih kunci lain.")
        case ApiCode.CHALLENGE_EXPIRED:
            return _("Waktunya sudah lewat: permintaan berlaku lima menit. Coba lagi dari awal.")
        case ApiCode.EMAIL_UNCONFIRMED:
            return _("Alamat e-mail Anda belum dikonfirmasi. Buka tautan di e-mail dari kami, lalu masuk lagi.")
        case ApiCode.GUESSABLE:
            return _(
                "Kata sandi ini mudah ditebak. Pakai paling sedikit %(least)s huruf atau angka, bukan kata yang umum "
                "dan bukan nama atau data Anda."
            ) % {"least": SHORTEST}
        case ApiCode.TOO_MANY_ATTEMPTS:
            return _("Terlalu banyak percobaan. Tunggu %(wait)s, lalu coba lagi.") % {"wait": _wait(error)}
        case ApiCode.LINK_INVALID:
            return _("Tautan ini sudah dipakai atau sudah lewat 48 jam. Minta tautan baru.")
        case Code.NIK_INVALID:
            return _("NIK terdiri atas 16 angka seperti di KTP. Periksa, lalu ketik lagi.")
        case _:
            return ""


def _wait(error: Problem | RuleError) -> str:
    seconds = int(error.facts.get("retry_after_seconds") or 300)
    if seconds <= 90:
        return ngettext("%(num)s detik", "%(num)s detik", seconds) % {"num": seconds}
    minutes = -(-seconds // 60)
    return ngettext("%(num)s menit", "%(num)s menit", minutes) % {"num": minutes}


def said_to_owner(request: Request, error: Problem | RuleError, **fields: str) -> tuple[int, FormErrors]:
    """As `said`, where somebody who is logged in has typed the own password once more."""
    status, lines = said(request, error, **{"login_failed": "password", **fields})
    if error.code == ApiCode.LOGIN_FAILED:
        return 422, [(lines[0][0], _("Kata sandi ini tidak cocok. Periksa, lalu ketik lagi."))]
    return status, lines
