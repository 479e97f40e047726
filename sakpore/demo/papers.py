"""Papers that the demonstration uploads: real PDFs and images that say on their face that they are examples."""

from __future__ import annotations

import io
import json
from functools import cache

import typst
from PIL import Image, ImageDraw

_PAGE = b"""
#let paper = json(bytes(sys.inputs.paper))
#set page(paper: "a4", margin: 3cm)
#set text(size: 12pt, lang: "id")
#align(center, text(16pt, weight: "bold", upper(paper.title)))
#v(1cm)
Atas nama: *#paper.name*
#v(5mm)
Berkas ini dibuat untuk peragaan. Tidak ada orang, ijazah, atau surat yang sebenarnya di balik berkas ini.
#v(2cm)
#align(center, rotate(-20deg, text(44pt, fill: rgb("#c0392b40"), weight: "bold")[CONTOH]))
"""


@cache
def pdf_paper(title: str, name: str) -> bytes:
    """A one-page PDF with a title and a name."""
    paper = json.dumps({"title": title, "name": name})
    compiled = typst.compile(_PAGE, sys_inputs={"paper": paper}, ignore_system_fonts=True)
    assert isinstance(compiled, bytes)
    return compiled


@cache
def picture(title: str, name: str, colour: str = "#a3231b") -> bytes:
    """A JPEG with a title and a name; red ground by default, as a passport photo asks."""
    image = Image.new("RGB", (480, 640), colour)
    draw = ImageDraw.Draw(image)
    draw.ellipse((150, 120, 330, 320), fill="#e8d3c0")
    draw.rectangle((110, 340, 370, 560), fill="#1f3a68")
    for line, text in enumerate((title, name, "CONTOH - bukan orang nyata")):
        draw.text((20, 575 + 20 * line), text, fill="white")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


def paper_for(formats: list[str], title: str, name: str) -> tuple[str, bytes, str]:
    """File name, content and type of a paper in one of the accepted formats."""
    if "pdf" in formats:
        return "berkas.pdf", pdf_paper(title, name), "application/pdf"
    return "foto.jpg", picture(title, name), "image/jpeg"
