"""What the pages of this folder are given, in their usual and their hard states."""

from tests.pages.samples.people import Samples, framed


def pages() -> Samples:
    """Every page worth looking at: name -> (template, context)."""
    return {"luring-tanpa-jaringan": ("live/luring.html", framed(None))}
