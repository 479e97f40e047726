"""A provider may name the head's field; what that freedom does not open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from signing.judging import letter_policy
from signing.policy import Policy
from signing.verdict import Level, Report, Verdict
from signing.verify import verify_pdf_async
from tests.signing.workshop import Workshop, list_that_revokes


async def judged(workshop: Workshop, pdf: bytes, policy: Policy | None = None) -> Report:
    return await verify_pdf_async(pdf, policy or letter_policy(workshop.material(), workshop.fingerprint("kepala")))


def codes(report: Report) -> set[str]:
    return {reason.code for reason in report.reasons}


async def test_a_lone_signature_is_the_heads_whatever_its_field_is_called(workshop: Workshop) -> None:
    signed = await workshop.sign(workshop.plain, Level.B_LTA, field_name="sig_1717554118238")
    report = await judged(workshop, signed)
    assert (report.verdict, report.level) == (Verdict.SAH, Level.B_LTA)


async def test_a_policy_that_names_the_field_keeps_to_it(workshop: Workshop) -> None:
    signed = await workshop.sign(workshop.plain, Level.B_LTA, field_name="sig_1")
    report = await judged(workshop, signed, workshop.policy())
    assert report.verdict is Verdict.TIDAK_SAH and codes(report) == {"unknown_field"}


async def test_a_strangers_lone_signature_is_still_a_strangers(workshop: Workshop) -> None:
    signed = await workshop.sign(workshop.plain, Level.B_LTA, signer_id="kabid", field_name="sig_1")
    report = await judged(workshop, signed)
    assert report.verdict is Verdict.TIDAK_SAH and codes(report) == {"wrong_signer"}


async def test_two_signatures_have_no_freedom(workshop: Workshop) -> None:
    first = await workshop.sign(workshop.plain, Level.B_T, field_name="sig_1")
    report = await judged(workshop, await workshop.sign(first, Level.B_LTA, field_name="sig_2"))
    assert report.verdict is not Verdict.SAH and "unknown_field" in codes(report)


async def test_a_field_that_belongs_to_somebody_else_does_not_become_the_heads(workshop: Workshop) -> None:
    material = workshop.material()
    policy = Policy.of_parts(
        material.roots,
        material.intermediates,
        material.crls,
        signers={"Kepala": workshop.fingerprint("kepala"), "Kabid": workshop.fingerprint("kepala")},
        head_field_free=True,
    )
    signed = await workshop.sign(workshop.plain, Level.B_T, field_name="Kabid")
    assert (await judged(workshop, signed, policy)).verdict is Verdict.BELUM_TERBIT


async def test_nothing_but_archive_updates_follows_a_signature_in_a_free_field(workshop: Workshop) -> None:
    signed = await workshop.sign(workshop.plain, Level.B_LTA, field_name="sig_1")
    report = await judged(workshop, signed + b"\n% tambahan")
    assert report.verdict is Verdict.TIDAK_SAH


def test_a_lapsed_list_beside_a_current_one_stops_nobody(workshop: Workshop) -> None:
    material, now = workshop.material(), datetime.now(UTC)
    assert material.lists_are_current(now)
    ends = [each["tbs_cert_list"]["next_update"].native for each in material.crls]
    old = list_that_revokes(workshop, 1, now - timedelta(days=900), "superseded").copy()
    old["tbs_cert_list"]["next_update"] = old["tbs_cert_list"]["this_update"]
    material.crls.append(old)
    assert material.lists_are_current(now)
    assert not material.lists_are_current(min(ends) + timedelta(days=1))
    material.crls[:] = [old]
    assert not material.lists_are_current(now)


@pytest.mark.parametrize("free", [True, False])
def test_the_freedom_travels_in_a_policy_file(workshop: Workshop, free: bool) -> None:
    """The verifying process of the office reads its policy from a file."""
    policy = Policy.model_validate({"signers": {"Kepala": workshop.fingerprint("kepala")}, "head_field_free": free})
    assert policy.for_fields(["sig_1"]).head_field == ("sig_1" if free else "Kepala")
