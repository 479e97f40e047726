"""A QR code as a drawing within a page: one path, in the page's own colours, printed as sharp as the printer can."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict

from signing.qr import qr_svg


class QrPicture(BaseModel):
    """What the template draws."""

    model_config = ConfigDict(frozen=True)

    path: str
    view_box: str


def qr_picture(address: str) -> QrPicture:
    """The QR of an address of ours, with its quiet zone."""
    drawn = qr_svg(address)
    path, box = re.search(r'\sd="([^"]+)"', drawn), re.search(r'viewBox="([\d. ]+)"', drawn)
    if path is None or box is None:
        raise ValueError("the QR was drawn in a form that is not known here")
    return QrPicture(path=path.group(1), view_box=box.group(1))
