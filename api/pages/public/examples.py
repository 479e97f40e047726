"""How a required document is accepted at once, in one sentence, by its code.

It says what has to be seen on the file and adds no requirement of its own: those are the definition's alone.
"""

from __future__ import annotations

from api.pages.language import gettext as _


def example_of(requirement: str) -> str:
    """What to upload so that it is accepted at once; "" where the title says enough."""
    return _examples().get(requirement, "")


def _examples() -> dict[str, str]:
    photo = _("Wajah dari depan, terang, tanpa bayangan, dengan warna latar yang diminta.")
    old = _("Semua halaman, juga bila masa berlakunya sudah lewat. Nomornya harus terbaca.")
    statement = _("Seluruh halaman, sudah ditandatangani, tulisannya terbaca.")
    deed = _("Seluruh halaman dalam satu berkas, tulisannya terbaca.")
    plan = _("Ukuran, batas, dan jalan di sekitarnya terbaca.")
    place = _("Memuat nama Anda dan alamat tempat praktik, sudah ditandatangani pimpinannya.")
    return {
        "ktp": _("Foto atau hasil pindai KTP: seluruh kartu terlihat dan NIK terbaca."),
        "pas-foto": photo,
        "surat-pernyataan": statement,
        "pernyataan-pertama": statement,
        "pernyataan-kedua": statement,
        "pernyataan-tempat-praktik": statement,
        "surat-permohonan": _("Sudah ditandatangani, memuat tanggal dan maksud permohonan."),
        "proposal": _("Satu berkas PDF yang memuat semua bagian yang disebut di atas."),
        "ijazah": _("Seluruh lembar terlihat, nama dan nomornya terbaca."),
        "surat-sehat": _("Nama Anda, tanggal, tanda tangan, dan capnya terbaca."),
        "str": _("Semua halaman. Nomor STR dan masa berlakunya terbaca."),
        "skp": _("Nama Anda dan jumlah kreditnya terbaca."),
        "sip-lama": old,
        "izin-lama": old,
        "sip-pertama": old,
        "sip-sebelumnya": old,
        "surat-tempat-praktik": place,
        "surat-pimpinan-fasilitas": place,
        "nib": _("Lembar NIB dari OSS; nomor dan KBLI-nya terbaca."),
        "denah": plan,
        "site-plan": plan,
        "foto-gambar-lokasi": _("Foto dari dekat dan dari seberang jalan; gambar konstruksi dengan ukurannya."),
        "desain-reklame": _("Gambar berwarna dengan naskah dan ukurannya, seperti yang akan dipasang."),
        "npwp": _("Kartu atau lembar NPWP; nomor dan namanya terbaca."),
        "akta": deed,
        "stnk": _("Nomor kendaraan dan masa berlakunya terbaca."),
        "buku-kir": _("Nomor kendaraan dan masa berlakunya terbaca."),
        "bukti-tanah": deed,
        "sertifikat-tanah": deed,
        "bukti-retribusi": _("Jumlah dan tanggal pembayarannya terbaca."),
        "sppl": _("Lembar yang sudah divalidasi; capnya terbaca."),
    }
