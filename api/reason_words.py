"""What each reason of a verdict means for the person with the file in hand, and what to do about it.

The reason itself (`signing.verdict.REASONS`) says what was found; here stands what follows from it. Four things can
follow: the file is not to be trusted, the file was damaged on its way, the answer is open for now, or it is no signed
letter at all. English stands in `web/sentences/reasons.en.yaml`.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from api.pages.language import language

ENGLISH = Path(__file__).resolve().parent.parent / "web" / "sentences" / "reasons.en.yaml"

_DISTRUST = "Jangan terima berkas ini sebagai surat kami. Minta berkas aslinya, atau periksa lewat kode QR di suratnya."
_DAMAGED = "Berkas mungkin rusak saat dikirim atau disimpan. Minta atau unduh lagi berkas aslinya, lalu periksa lagi."
_NOT_OURS = "Surat kami selalu ditandatangani secara elektronik. Berkas ini tidak dapat membuktikan apa pun."
_LATER = "Jawabannya belum pasti. Periksa lewat kode QR di suratnya, atau ulangi nanti."
_RESAVED = (
    "Berkas yang disimpan ulang, digabung, atau dikompres dengan aplikasi lain kehilangan keasliannya. "
    "Minta atau unduh berkas aslinya."
)
_WRONG_PERSON = "Tanda tangan ini bukan milik kepala dinas kami. Jangan terima berkas ini sebagai surat kami."

ADVICE: dict[str, str] = {
    "not_a_pdf": "Pilih berkas PDF suratnya. Foto dan hasil pindai diperiksa lewat kode QR-nya.",
    "empty": _DAMAGED,
    "unparsable": _DAMAGED,
    "encrypted": "Surat kami tidak pernah dikunci dengan kata sandi. Minta berkas aslinya.",
    "cut_off": _DAMAGED,
    "too_large": "Surat kami kecil. Minta atau unduh berkas aslinya.",
    "verifier_stopped": _DISTRUST,
    "signature_unparsable": _DISTRUST,
    "no_signature": _NOT_OURS + " Hasil pindai surat diperiksa lewat kode QR-nya.",
    "head_unsigned": "Tunggu sampai surat ini terbit; sampai saat itu surat ini belum berlaku.",
    "trailing_bytes": _RESAVED,
    "irregular_structure": _DISTRUST,
    "signature_removed": _DISTRUST,
    "page_damaged": _DAMAGED,
    "digest_mismatch": "Isi berkas ini bukan lagi isi yang ditandatangani. " + _DISTRUST,
    "signature_invalid": _DISTRUST,
    "signer_certificate_missing": _DISTRUST,
    "signer_not_named": _DISTRUST,
    "signature_unsupported": _DISTRUST,
    "untrusted": "Siapa pun dapat membuat tanda tangan seperti ini. " + _DISTRUST,
    "certificate_expired": _DISTRUST,
    "revoked": _DISTRUST,
    "revocation_unknown": _LATER,
    "algorithm_weak": _DISTRUST,
    "wrong_signer": _WRONG_PERSON,
    "unknown_field": _DISTRUST,
    "not_whole_revision": _DISTRUST,
    "changed_after_signing": _RESAVED,
    "unaccounted_bytes": _DISTRUST,
    "timestamp_missing": "Waktu tanda tangannya tidak dapat dibuktikan. " + _DISTRUST,
    "timestamp_invalid": _DISTRUST,
    "timestamp_order": _DISTRUST,
    "level_too_low": "Semua surat kami bertanda tangan tingkat arsip. " + _DISTRUST,
    "certification_broken": _DISTRUST,
    "verification_failed": _LATER,
}


def advice_on(code: str) -> str:
    """What to do about a reason; of one that is not known here, not to trust the file."""
    if language() == "en":
        return english_reasons().get(code, english_reasons()["untrusted"])[1]
    return ADVICE.get(code, _DISTRUST)


def found_in_words(code: str, text: str) -> str:
    """What was found, in the language of the request; `text` is Indonesian and may name a field at its end."""
    if language() != "en" or code not in english_reasons():
        return text
    english = english_reasons()[code][0]
    field = re.search(r" \(kolom ([^)]*)\)\.$", text)
    return f"{english[:-1]} (field {field.group(1)})." if field else english


@cache
def english_reasons(path: Path = ENGLISH) -> dict[str, tuple[str, str]]:
    """What was found and what follows from it, by code."""
    raw: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    common: dict[str, str] = raw.pop("_advice")
    return {
        code: (
            words["text"],
            " ".join(filter(None, [words.get("say"), *(common[name] for name in words.get("advice", []))])),
        )
        for code, words in raw.items()
    }
