"""What the sealing process answers where it cannot seal: what waits, what a page mends, what is not installed."""

from __future__ import annotations

from typing import Any, cast

import pytest
from temporalio.exceptions import ApplicationError

from activities.sealing import NO_SEAL, NOT_SEALABLE, SealDesk, SealDocument
from signing.errors import CertificateExpired, DocumentRefused, SignatureNotProven, SigningError, TimestampUnavailable
from signing.seal import OfficeSeal, SealedPdf
from store.documents import DocumentStore
from store.records import Records

ORDER = SealDocument(
    id="contoh", purpose="wet_letter", original_sha256="a" * 64, pdf_sha256="a" * 64, form="as_is", number="PRM-2026-1"
)


class NothingRegistered:
    async def sealed_document(self, sealing_id: str) -> None:
        return None


class OneDocument:
    async def get_document(self, sha256: str) -> bytes:
        return b"%PDF-1.7"


class FailingSeal:
    def __init__(self, failure: SigningError) -> None:
        self._failure = failure

    async def seal(self, pdf: bytes, reason: str) -> SealedPdf:
        raise self._failure


def a_desk(seal: Any) -> SealDesk:
    records, documents = cast(Records, NothingRegistered()), cast(DocumentStore, OneDocument())
    return SealDesk(records, documents, cast("OfficeSeal | None", seal))


async def test_an_office_without_a_seal_says_so_and_waits_for_nothing() -> None:
    assert (await a_desk(None).seal_document(ORDER)).failure == NO_SEAL


@pytest.mark.parametrize("failure", [DocumentRefused("Sudah bertanda tangan."), SignatureNotProven("Tidak lolos.")])
async def test_a_pdf_that_cannot_be_sealed_is_an_answer(failure: SigningError) -> None:
    assert (await a_desk(FailingSeal(failure)).seal_document(ORDER)).failure == NOT_SEALABLE


@pytest.mark.parametrize("failure", [TimestampUnavailable("Layanan tidak menjawab."), CertificateExpired("Lewat.")])
async def test_what_passes_or_operators_mend_is_tried_again(failure: SigningError) -> None:
    with pytest.raises(ApplicationError) as raised:
        await a_desk(FailingSeal(failure)).seal_document(ORDER)
    assert (raised.value.type, raised.value.non_retryable) == (failure.code, False)
