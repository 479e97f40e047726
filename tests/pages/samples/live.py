"""What the pages of this folder are given, in their usual and their hard states."""

from tests.pages.samples.people import Samples, framed


def pages() -> Samples:
    """Every page worth looking at: name -> (template, context)."""
    authority = {"name": "CN=Sakpore kantor-contoh,O=Sakpore", "fingerprint": ":".join(["3F", "A0"] * 16)}
    return {
        "luring-tanpa-jaringan": ("live/luring.html", framed(None)),
        "ca": ("live/ca.html", framed(None, authority=authority, file="/ca.crt")),
    }
