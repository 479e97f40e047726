"""What the pages of this folder are given, in their usual and their hard states."""

from datetime import date
from functools import cache
from typing import Any

from api.pages.public.catalogue_view import CatalogueView, TypeView, catalogue_view, type_view
from api.pages.public.home import ClosedDay, HomeView, home_view
from api.pages.public.problems import problem_view
from api.pages.public.qr_picture import qr_picture
from api.problems import ProblemTable
from permits.definition import PermitDefinition, Procedure, Variant
from permits.definition_loader import load_definitions
from store.queries.catalogue import PermitTypeLine, permit_type_page
from store.queries.catalogue_news import NewVersion
from tests.pages.samples.people import APPLICANT, Samples, framed

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
            f"izin-{name}": ("public/izin.html", framed(None, view=view))
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
        "privasi": ("public/privasi.html", framed(None)),
        "aksesibilitas": ("public/aksesibilitas.html", framed(None)),
    }
