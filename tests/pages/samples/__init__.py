"""What pages are given, about plainly fictional people: the context of each page in its usual and its hard states."""

from functools import cache

from tests.pages.samples import (
    accounts,
    administration,
    agencies,
    applying,
    fieldwork,
    frame,
    head,
    live,
    officers,
    public,
)
from tests.pages.samples.frame import *  # noqa: F403
from tests.pages.samples.people import Samples

FOLDERS = (public, accounts, applying, officers, agencies, fieldwork, head, administration, live)


@cache
def pages() -> Samples:
    """Every page worth looking at: name -> (template, context)."""
    found: Samples = frame.pages()
    for folder in FOLDERS:
        theirs = folder.pages()
        if twice := set(found) & set(theirs):
            raise ValueError(f"two samples are called {sorted(twice)}")
        found |= theirs
    return found
