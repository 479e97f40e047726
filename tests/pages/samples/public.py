"""What the pages of this folder are given, in their usual and their hard states."""

from datetime import date
from functools import cache
from typing import Any

from api.pages.public.catalogue_view import CatalogueView, TypeView, catalogue_view, type_view
from api.pages.public.figures import FiguresView, figures_view
from api.pages.public.home import ClosedDay, HomeView, home_view
from api.pages.public.permit_map import MapView, map_view
from api.pages.public.problems import problem_view
from api.pages.public.qr_picture import qr_picture
from api.problems import ProblemTable
from permits.definition import PermitDefinition, Procedure, Variant
from permits.definition_loader import load_definitions
from store.queries.catalogue import PermitTypeLine, permit_type_page
from store.queries.catalogue_news import NewVersion
from store.queries.open_figures import AgencyFigures, Figures, MonthFigures, OpenFigures, TypeFigures
from store.queries.permit_map import MapFilter, MappedPermit, MappedType
from tests.pages.samples.people import APPLICANT, Samples, framed

KIOSK = MappedPermit(
    permit_type="izin-reklame-tetap", title="Izin Penyelenggaraan Reklame Tetap", holder=None, number_text=None,
    address=None, valid_until=date(2027, 3, 26), latitude=-6.8886, longitude=109.6753,
)  # fmt: skip
ADDRESS = "https://sakpore.contoh.example/izin/"


@cache
def definitions() -> dict[str, PermitDefinition]:
    """The office's own types, as their newest published versions."""
    published = [one for one in load_definitions() if one.status == "published"]
    return {one.code: one for one in sorted(published, key=lambda one: one.version)}


@cache
def types() -> list[PermitTypeLine]:
    """The same as lines of the catalogue."""
    lines = [
        PermitTypeLine.model_validate(permit_type_page(one).model_dump(include=set(PermitTypeLine.model_fields)))
        for one in definitions().values()
        if one.procedure is Procedure.PERMIT
    ]
    return sorted(lines, key=lambda line: line.title)


def searched(words: str) -> CatalogueView:
    """What the catalogue answers to a search."""
    return catalogue_view(types(), "need", words)


def home(news: bool = True) -> HomeView:
    """The front page."""
    version = NewVersion(code="izin-reklame-tetap", title="Izin Reklame Tetap", version=2, since=date(2026, 1, 1))
    days = [
        ClosedDay(date=date(2026, 12, 24), reason="cuti bersama: Hari Raya Natal"),
        ClosedDay(date=date(2026, 12, 25), reason="libur nasional: Hari Raya Natal"),
    ]
    return home_view(types(), [version] if news else [], days if news else [])


def a_type(code: str, variant: Variant | None = None) -> TypeView:
    """The view of one type."""
    return type_view(definitions()[code], variant)


def on_paper(template: str, code: str) -> tuple[str, dict[str, Any]]:
    """A page to print."""
    address = ADDRESS + code
    return template, framed(None, view=a_type(code), address=address, qr=qr_picture(address))


def mapped() -> list[MappedPermit]:
    """Permits of the map: of persons, of companies, with and without a position."""
    bodies = [
        ("PT Contoh Jaya Makmur Sentosa Perkasa Abadi Tbk", -6.8721, 109.6812), ("CV Contoh Batik", -6.9102, 109.6655),
        ("Yayasan Contoh Pendidikan", None, None),
    ]  # fmt: skip
    return [KIOSK] + [
        KIOSK.model_copy(
            update={
                "holder": name, "number_text": f"503/000{n}/CONTOH/III/2026", "latitude": latitude,
                "longitude": longitude, "address": f"Jalan Contoh Nomor {n}, Kota Pekalongan", "title": "Izin Klinik",
            }
        )
        for n, (name, latitude, longitude) in enumerate(bodies, 1)
    ]  # fmt: skip


def a_map(permits: list[MappedPermit], **wanted: str) -> MapView:
    """The map's page."""
    types = [MappedType(permit_type="izin-klinik", title="Izin Klinik", count=3)]
    return map_view(permits, len(permits), types, MapFilter(**wanted), ("", ""))


def a_year(empty: bool = False) -> FiguresView:
    """The open figures of a year."""
    if empty:
        months = [MonthFigures(month=n) for n in range(1, 13)]
        nothing = OpenFigures(total=Figures(), types=[], months=months, agencies=[])
        return figures_view(2026, [2026], nothing)
    whole = Figures(
        received=2437, issued=2301, rejected=48, ended=31, served=2349, in_time=2190, median_days=3, promised_days=5
    )
    months = [
        MonthFigures(month=n, received=180 + 9 * n, issued=170 + 8 * n, served=174 + 8 * n, in_time=150 + 8 * n)
        for n in range(1, 13)
    ]
    codes = ("sip-fisioterapis", "izin-penelitian", "penutupan-satuan-pendidikan-dasar")
    types = [
        TypeFigures(
            permit_type=code, title=definitions()[code].title, received=120, issued=101, rejected=4, served=105,
            in_time=96, median_days=3.5, promised_days=5,
        )
        for code in codes
    ]  # fmt: skip
    agencies = [
        AgencyFigures(name=name, asked=40, answered=answered, in_time=in_time, late_open=2, median_days=2, late_days=31)
        for name, answered, in_time in (
            ("Badan Perencanaan Pembangunan Daerah (Bappeda)", 38, 21), ("Dinas Kesehatan", 30, 30),
            ("Satpol P3KP", 0, 0),
        )
    ]  # fmt: skip
    return figures_view(2026, [2026, 2025], OpenFigures(total=whole, types=types, months=months, agencies=agencies))


def pages() -> Samples:
    """Every page worth looking at: name -> (template, context)."""
    table = ProblemTable()
    wrong_code = [("kode", "Kode lacak terdiri dari 16 huruf dan angka. Periksa tanda terima Anda, lalu ketik lagi.")]
    return {
        "beranda": ("public/beranda.html", framed(None, view=home())),
        "beranda-sepi": ("public/beranda.html", framed(None, view=home(news=False))),
        "beranda-masuk": ("public/beranda.html", framed(APPLICANT, view=home())),
        **{
            f"katalog-{by}": ("public/katalog.html", framed(None, view=catalogue_view(types(), by, "")))
            for by in ("need", "field", "title")
        },
        "katalog-perlu": ("public/katalog.html", framed(None, view=catalogue_view(types(), "need", "", "praktik"))),
        "katalog-cari": ("public/katalog.html", framed(None, view=searched("praktek gigi"))),
        "katalog-nihil": ("public/katalog.html", framed(None, view=searched("kapal selam"))),
        **{
            f"izin-{name}": ("public/izin.html", framed(None, view=view, limit_bytes=10_000_000))
            for name, view in {
                "fisioterapis": a_type("sip-fisioterapis"),
                "perpanjangan": a_type("sip-fisioterapis", Variant.RENEWAL),
                "reklame": a_type("izin-reklame-tetap"),
                "belum": a_type("izin-penelitian"),
                "dirujuk": a_type("tdp"),
                "panjang": a_type("satuan-pendidikan-dasar"),
            }.items()
        },
        "panduan": on_paper("public/panduan.html", "izin-reklame-tetap"),
        "kartu": on_paper("public/kartu.html", "satuan-pendidikan-dasar"),
        "lacak-cari": ("public/lacak-cari.html", framed(None, errors=[])),
        "lacak-salah": ("public/lacak-cari.html", framed(None, errors=wrong_code)),
        **{
            f"masalah-{code}": ("public/masalah.html", framed(None, view=problem_view(code, words)))
            for code in ("too-many-attempts", "file-too-large", "stale-version", "code-not-found", "document-missing")
            if (words := table.words(code))
        },
        "masalah-daftar": (
            "public/masalah-daftar.html",
            framed(None, problems=[problem_view(code, words) for code in table.codes if (words := table.words(code))]),
        ),
        "peta": ("public/peta.html", framed(None, view=a_map(mapped()))),
        "peta-cari": ("public/peta.html", framed(None, view=a_map([], permit_type="izin-klinik", holder="tidak ada"))),
        "peta-kosong": ("public/peta.html", framed(None, view=a_map([]))),
        "statistik": ("public/statistik.html", framed(None, view=a_year())),
        "statistik-kosong": ("public/statistik.html", framed(None, view=a_year(empty=True))),
        "privasi": ("public/privasi.html", framed(None)),
        "aksesibilitas": ("public/aksesibilitas.html", framed(None)),
    }
