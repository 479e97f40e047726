"""What a document is and what a good one looks like, for those that many types ask for; words of the office itself."""

from __future__ import annotations

from api.pages.language import gettext as _


def what_it_is(code: str) -> str:
    """A sentence about a document by its code; "" for one that its own title explains."""
    words = {
        "ktp": _("Kartu Tanda Penduduk Anda yang masih terbaca jelas: NIK, nama, dan foto."),
        "pas-foto": _("Foto wajah Anda dari depan, dengan latar sesuai judulnya. Tanpa kacamata hitam atau topi."),
        "ijazah": _("Ijazah pendidikan yang menjadi dasar izin ini, semua halamannya."),
        "str": _("Surat Tanda Registrasi dari konsil atau kementerian, yang masih berlaku."),
        "surat-sehat": _("Surat keterangan sehat dari dokter, lengkap dengan tanda tangan dan nomor izin dokternya."),
        "surat-kuasa": _("Surat dari yang memberi kuasa, bermeterai dan ditandatangani kedua pihak."),
        "nib": _("Nomor Induk Berusaha yang dicetak dari OSS."),
        "denah": _("Gambar letak lokasi dengan jalan di sekitarnya, dan foto tempatnya."),
        "surat-permohonan": _("Surat kepada kepala dinas, ditandatangani pemohon atau pimpinan lembaganya."),
        "surat-pernyataan": _("Surat pernyataan yang Anda tandatangani di atas meterai."),
        "sip-lama": _("Surat izin praktik Anda yang lama, semua halamannya."),
        "izin-lama": _("Surat izin Anda yang lama, semua halamannya."),
        "proposal": _("Satu berkas PDF dengan seluruh isi proposal."),
    }
    return words.get(code, "")


def what_is_good(formats: tuple[str, ...]) -> list[str]:
    """What to see to before the file is sent."""
    if "pdf" not in formats:
        return [
            _("Gambarnya tajam dan terang, tidak terpotong."),
            _("Satu foto saja dalam satu berkas."),
        ]
    pages = [_("Semua halaman ada dalam satu berkas, berurutan.")] if formats == ("pdf",) else []
    return [
        _("Semua tulisan, cap, dan tanda tangan terbaca."),
        *pages,
        _("Tidak miring, tidak terpotong, tidak tertutup jari atau pantulan cahaya."),
    ]


def formats_in_words(formats: tuple[str, ...]) -> str:
    """"PDF, JPG, atau PNG"."""
    names = [each.upper() for each in formats]
    if len(names) == 1:
        return names[0]
    if len(names) == 2:
        return _("%(first)s atau %(last)s") % {"first": names[0], "last": names[1]}
    return _("%(first)s, atau %(last)s") % {"first": ", ".join(names[:-1]), "last": names[-1]}


def accepted(formats: tuple[str, ...]) -> str:
    """The `accept` attribute of a file field; pictures by type, so that phones offer the camera and make JPEG."""
    kinds = {"pdf": "application/pdf,.pdf", "jpg": "image/jpeg", "png": "image/png"}
    return ",".join(kinds[each] for each in formats)
