"""The register of seals: the first object of a sealing stands, and an agency's certificate is never the head's."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from permits.authority import Role
from permits.errors import Code, RuleError
from permits.events import Event, Tag
from permits.sealing import SealedDocument, sealing_id
from store.database import Database
from store.queries.verification import agency_certificates, mandated_certificates
from store.records import Mandate, Records
from tests.store.builders import a_case, an_account

NOW = datetime(2026, 3, 13, 3, tzinfo=UTC)
TODAY = date(2026, 3, 13)


def a_sealed_letter(number: str | None, sealed: str = "d", **fields: object) -> SealedDocument:
    original = "a" * 64
    values: dict[str, object] = {
        "id": sealing_id("wet_letter", number, original),
        "purpose": "wet_letter",
        "number": number,
        "opd": "dlh",
        "original_sha256": original,
        "form": "as_is",
        "pdf_sha256": original,
        "sealed_sha256": sealed * 64,
        "certificate_sha256": "c" * 64,
        "level": "B-LTA",
        "sealed_at": NOW,
    }
    return SealedDocument.model_validate(values | fields)


def sealed_event(key: str = "segel-1") -> Event:
    return Event(key=key, tag=Tag.OPD_LETTER_SEALED, at=NOW, office_at=NOW)


async def test_the_first_sealed_object_stands_and_is_told_once(records: Records) -> None:
    case = await a_case(records)
    first = await records.register_sealed(a_sealed_letter(case), sealed_event())
    second = await records.register_sealed(a_sealed_letter(case, "e"), sealed_event("segel-2"))
    assert first == second
    assert await records.sealed_by_sha256("e" * 64) is None
    told = [event for event in await records.events_of(case) if event.tag == Tag.OPD_LETTER_SEALED]
    assert len(told) == 1
    assert await records.event_chain_is_whole(case)


async def test_a_report_is_known_after_its_bytes_are_gone(records: Records) -> None:
    report = a_sealed_letter(
        None, "f", id="laporan", purpose="validation_report", opd=None, expires_at=NOW + timedelta(days=30)
    )
    await records.register_sealed(report)
    assert await records.outdated_seals(NOW + timedelta(days=29)) == []
    assert await records.outdated_seals(NOW + timedelta(days=31)) == [report]
    await records.mark_seals_discarded([report.id], NOW + timedelta(days=31))
    assert await records.outdated_seals(NOW + timedelta(days=31)) == []
    assert await records.sealed_by_sha256("f" * 64) is not None
    assert await records.seal_certificates() == ("c" * 64,)


async def test_an_agency_officers_certificate_is_never_the_heads(records: Records, db: Database) -> None:
    await records.ensure_account(an_account("dlh", Role.OPD, opd="dlh"))
    agency = a_mandate("opd-1", "dlh", certificate_sha256="b" * 64, capacity="opd", opd="dlh")
    await records.give_mandate(agency)
    assert await records.mandate_for("dlh", TODAY) is None
    assert await records.signatory_on(TODAY) is None
    assert await records.agency_mandate_for("dlh", TODAY, "dlh") == agency
    assert await records.agency_mandate_for("dlh", TODAY, "dinkes") is None
    assert [one.role.value for one in await records.capacities_of("dlh", TODAY)] == ["opd"]
    async with db.transaction() as session:
        assert await mandated_certificates(session) == ()
        assert await agency_certificates(session) == ("b" * 64,)


async def test_each_officer_of_an_agency_has_one_mandate_a_day(records: Records) -> None:
    for account in ("dlh", "dlh-2"):
        await records.ensure_account(an_account(account, Role.OPD, opd="dlh"))
    await records.give_mandate(a_mandate("opd-1", "dlh", capacity="opd", opd="dlh"))
    await records.give_mandate(a_mandate("opd-2", "dlh-2", capacity="opd", opd="dlh"))
    with pytest.raises(RuleError) as refused:
        await records.give_mandate(a_mandate("opd-3", "dlh", capacity="opd", opd="dlh"))
    assert refused.value.code is Code.MANDATE_OVERLAPS


def a_mandate(mandate_id: str, account_id: str, **fields: object) -> Mandate:
    values: dict[str, object] = {"certificate_sha256": "b" * 64, "valid_from": date(2026, 1, 1), "decree": "contoh"}
    values |= {"id": mandate_id, "account_id": account_id, "capacity": "definitive"}
    return Mandate.model_validate(values | fields)
