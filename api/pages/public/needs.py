"""What people come for, in their own words: the catalogue by need, and the words that a search understands.

A type that no need names stands under the last one, so that a type published tomorrow is found as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from api.pages.language import gettext as _


@dataclass(frozen=True)
class Need:
    """Something that people want to do."""

    code: str
    title: str
    words: str
    types: tuple[str, ...]
    """Codes of permit types; one that ends in `*` stands for all that begin so."""

    def holds(self, permit_type: str) -> bool:
        """Whether that type serves this need."""
        return any(
            permit_type.startswith(one[:-1]) if one.endswith("*") else permit_type == one for one in self.types
        )


OTHER = "lain"


def needs() -> tuple[Need, ...]:
    """All needs, the most asked for first, in the language of the request."""
    return (
        Need(
            "praktik",
            _("Praktik tenaga kesehatan"),
            _("Dokter, perawat, bidan, apoteker, fisioterapis, dan tenaga kesehatan lain"),
            ("sip-*", "stpt-penyehat-tradisional", "izin-tukang-gigi"),
        ),
        Need(
            "penelitian",
            _("Penelitian, magang, dan kuliah kerja"),
            _("Mahasiswa, dosen, dan lembaga yang meneliti atau magang di kota ini"),
            ("izin-penelitian", "izin-magang"),
        ),
        Need(
            "sarana-kesehatan",
            _("Apotek, klinik, dan sarana kesehatan"),
            _("Membuka atau mengubah tempat layanan kesehatan"),
            (
                "izin-apotek", "izin-toko-obat", "izin-optik", "izin-klinik", "izin-laboratorium",
                "izin-griya-sehat",
            ),
        ),
        Need(
            "reklame",
            _("Papan nama dan reklame"),
            _("Papan, baliho, spanduk, dan umbul-umbul"),
            ("izin-reklame-tetap", "izin-reklame-insidentil"),
        ),
        Need(
            "usaha",
            _("Usaha, makanan, dan rumah kos"),
            _("Warung, katering, industri rumahan, gudang, dan kos"),
            ("spp-irt", "laik-higiene-sanitasi", "izin-rumah-kos", "siup", "tdp", "tdg", "iui"),
        ),
        Need(
            "sekolah",
            _("Sekolah, PAUD, dan tempat kursus"),
            _("Mendirikan, mengubah, atau menutup satuan pendidikan"),
            (
                "satuan-pendidikan-dasar", "penutupan-satuan-pendidikan-dasar", "izin-paud-tk", "izin-pkbm",
                "izin-lkp",
            ),
        ),
        Need(
            "tanah",
            _("Tanah, bangunan, dan jalan masuk"),
            _("Mengubah penggunaan tanah, kesesuaian ruang, pertelaan, trotoar"),
            ("ippt", "kkpr", "pertelaan", "bongkar-trotoar"),
        ),
        Need(
            "acara",
            _("Acara dan pemakaian tempat milik kota"),
            _("Keramaian, lapangan, gedung, dan aset kota"),
            ("izin-keramaian", "izin-penggunaan-lapangan", "pemakaian-kekayaan-daerah"),
        ),
        Need(
            "angkutan",
            _("Angkutan dan parkir"),
            _("Trayek, kartu pengawas, dan tempat parkir"),
            ("izin-trayek", "kartu-pengawas-trayek", "izin-parkir"),
        ),
        Need(
            "sosial",
            _("Kegiatan sosial dan pemakaman"),
            _("Organisasi sosial, pengumpulan uang atau barang, makam"),
            ("izin-organisasi-sosial", "izin-pengumpulan-uang-barang", "izin-pemakaman"),
        ),
    )


def field_title(field: str) -> str:
    """What people call the field of a back office."""
    known = {
        "kesehatan": _("Kesehatan"),
        "penelitian": _("Penelitian"),
        "pendidikan": _("Pendidikan"),
        "ekonomi": _("Ekonomi, pembangunan, dan lingkungan"),
    }
    return known.get(field, field.replace("-", " ").capitalize())


def other_need() -> Need:
    """Where a type stands that no need names."""
    return Need(OTHER, _("Izin lain"), _("Jenis izin yang belum kami kelompokkan"), ())


SAME = {
    "ijin": "izin", "praktek": "praktik", "apotik": "apotek", "kost": "kos", "kosan": "kos", "photo": "foto",
    "reklam": "reklame", "skripsi": "penelitian", "tesis": "penelitian", "riset": "penelitian",
    "research": "penelitian",
    "kkn": "magang", "pkl": "magang", "internship": "magang", "doctor": "dokter", "nurse": "perawat",
    "midwife": "bidan", "pharmacist": "apoteker", "pharmacy": "apotek", "clinic": "klinik", "school": "sekolah",
    "event": "acara", "parking": "parkir", "billboard": "reklame", "advertising": "reklame", "dentist": "gigi",
    "baleho": "baliho", "perpanjang": "", "mengurus": "", "urus": "", "buat": "", "bikin": "", "cara": "", "mau": "",
}  # fmt: skip
"""Words that people type for others; those without a meaning of their own are left out."""

MORE_WORDS = {
    "izin-penelitian": "survei data mahasiswa kampus universitas",
    "izin-magang": "magang pkl kkn kuliah kerja praktik industri siswa mahasiswa",
    "izin-reklame-tetap": "iklan papan nama neon billboard",
    "izin-reklame-insidentil": "iklan spanduk baliho umbul-umbul banner",
    "spp-irt": "pirt makanan kue keripik rumahan",
    "laik-higiene-sanitasi": "restoran rumah makan katering warung depot air",
    "izin-rumah-kos": "kamar sewa indekos",
    "izin-keramaian": "konser pentas hajatan pasar malam karnaval",
    "izin-penggunaan-lapangan": "olahraga lomba alun-alun",
    "bongkar-trotoar": "jalan masuk kabel galian",
    "ippt": "pengeringan sawah alih fungsi lahan",
    "kkpr": "tata ruang",
    "izin-pemakaman": "makam kubur",
    "izin-pengumpulan-uang-barang": "donasi amal sumbangan",
    "izin-lkp": "kursus les bimbingan belajar",
    "izin-paud-tk": "taman kanak-kanak",
    "izin-tukang-gigi": "gigi palsu",
    "sip-atlm": "analis laboratorium",
    "sip-tenaga-vokasi-farmasi": "asisten apoteker ttk",
    "tdp": "nib oss perusahaan",
    "siup": "nib oss dagang toko",
    "tdg": "nib oss gudang",
    "iui": "nib oss industri pabrik",
}
"""What a type is looked for by, beside its title and its need."""


def search_words(typed: str) -> tuple[str, ...]:
    """The words that count of what somebody typed."""
    found = (SAME.get(word, word) for word in re.findall(r"[a-z0-9]+", typed.lower()))
    return tuple(dict.fromkeys(word for word in found if word))


def answers(words: tuple[str, ...], permit_type: str, *texts: str) -> bool:
    """Whether a type with these texts answers a search: every word begins one of its own."""
    own = search_words(" ".join((permit_type, MORE_WORDS.get(permit_type, ""), *texts)))
    return all(any(one.startswith(word) for one in own) for word in words)
