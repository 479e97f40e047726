"""The icons of the installed app, drawn from our own star: PNG, since that is what launchers take."""

from __future__ import annotations

import tempfile
from pathlib import Path

import typst

GROUND = "#14213D"
"""`nila-900`, the ground of the header."""
ICONS = {"ikon-192.png": (192, 1.0, False), "ikon-512.png": (512, 1.0, False), "ikon-penuh-512.png": (512, 0.8, True)}
"""Name -> (pixels, part of the width that the star takes, whether the ground goes to the edge).

A launcher cuts what is "maskable" to a shape of its own and keeps a circle of four fifths whole (W3C, Web Application
Manifest).
"""


def draw(star: bytes, pixels: int, part: float, is_full: bool) -> bytes:
    """The star as a square PNG of that many pixels."""
    fill = f'rgb("{GROUND}")' if is_full else "none"
    page = f"#set page(width: {pixels}pt, height: {pixels}pt, margin: 0pt, fill: {fill})\n"
    image = f'#place(center + horizon, image("star.svg", width: {pixels * part}pt))\n'
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "star.svg").write_bytes(star)
        (Path(folder) / "icon.typ").write_text(page + image)
        png: bytes = typst.compile(str(Path(folder) / "icon.typ"), root=folder, format="png", ppi=72)
    return png
