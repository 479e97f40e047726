"""Whatever keeps a letter unsigned, the head reads in words what to do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from signing import errors
from signing.errors import SigningError
from workflows.stages.signing_words import why

ELSEWHERE = {
    # Before any letter is sent, or of a command; and the general ones, whose general words fit.
    *("signing_failed", "activation_refused", "code_unreadable", "policy_unreadable", "demo_pki_failed"),
    *("envelope_unreadable", "letter_not_named"),
}


def _kinds(kind: type[SigningError] = SigningError) -> Iterator[type[SigningError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _kinds(each)


CODES = sorted({kind.code for kind in _kinds() if kind.__module__ == errors.__name__} - ELSEWHERE)


@pytest.mark.parametrize("code", CODES)
def test_the_head_reads_why_a_letter_came_back(code: str) -> None:
    assert why(code) != why("no such code")
