"""The product reaches its owner: over the counter by name, or by post until it arrives; only then the case closes."""

from __future__ import annotations

import pytest

from permits.application import Delivery
from permits.decisions import CameBack, HandedOver, MinutesSigned, Posted, PresentSigned
from permits.events import Tag
from tests.workflows.builders import a_definition, compressed, inspection
from tests.workflows.case_file import Refusal
from tests.workflows.office import Office

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_product_that_is_fetched_is_handed_over_by_name_before_the_case_closes(office: Office) -> None:
    case = await office.begin(a_definition(), delivery=Delivery.PICKUP)
    task = await case.go_on("hand_over")
    row = await case.row()
    assert (row.status, row.closed_at, task.role) == ("in_delivery", None, "front_office")
    assert row.net_working_days is not None, "the promise ends with the release"
    with pytest.raises(Refusal) as refused:
        await case.decide(task, HandedOver(to_name="", relation="pemohon", identity_seen="KTP"))

    await case.decide(task, HandedOver(to_name="Contoh Kurir", relation="penerima kuasa", identity_seen="KTP"))

    assert refused.value.code == "reason-missing"
    assert (await case.closed()).status == "issued"
    handed = await case.event(Tag.PRODUCT_HANDED_OVER)
    assert (handed.actor_id, handed.facts["to_name"]) == ("depan", "Contoh Kurir")


async def test_a_parcel_is_tracked_until_it_arrives(office: Office) -> None:
    case = await office.begin(a_definition(), delivery=Delivery.POST, pace=compressed(0.2))
    await case.decide(await case.go_on("posting"), Posted(receipt_number="CONTOH-12345"))
    on_its_way = await case.event(Tag.PRODUCT_POSTED)
    assert on_its_way.facts["receipt_number"] == "CONTOH-12345"

    row = await case.closed()

    assert row.status == "issued"
    arrived = await case.event(Tag.PRODUCT_ARRIVED)
    assert arrived.sequence > on_its_way.sequence


async def test_a_product_that_the_counter_posts_instead_is_tracked_until_it_arrives(office: Office) -> None:
    case = await office.begin(a_definition(), delivery=Delivery.PICKUP, pace=compressed(0.2))
    await case.decide(await case.go_on("hand_over"), Posted(receipt_number="CONTOH-12345"))

    row = await case.closed()

    assert row.status == "issued"
    arrived = await case.event(Tag.PRODUCT_ARRIVED)
    assert arrived.sequence > (await case.event(Tag.PRODUCT_POSTED)).sequence


async def test_a_parcel_that_comes_back_is_fetched_at_the_counter(office: Office) -> None:
    case = await office.begin(a_definition(), delivery=Delivery.POST, pace=compressed(0.2))
    await case.decide(await case.go_on("posting"), Posted(receipt_number="RETUR-12345"))
    task = await case.task("hand_over")
    await case.event(Tag.PRODUCT_CAME_BACK)

    await case.decide(task)

    assert (await case.closed()).status == "issued"


async def test_where_tracking_knows_nothing_a_person_asks(office: Office) -> None:
    case = await office.begin(a_definition(), delivery=Delivery.POST, pace=compressed(0.2))
    await case.decide(await case.go_on("posting"), Posted(receipt_number="TIDAKADA-12345"))
    await case.decide(await case.task("post_arrival"), CameBack(reason="Alamat tidak dikenal"))
    await case.decide(await case.task("hand_over"))
    assert (await case.closed()).status == "issued"


async def test_those_present_sign_the_minutes_or_refuse_with_a_reason(office: Office) -> None:
    case = await office.begin(a_definition(inspection()))
    task = await case.go_on("sign_minutes")
    assert task.people == ["Tim Teknis Contoh"]
    assert task.subject_sha256 == (await case.letter("minutes-inspection")).sha256
    with pytest.raises(Refusal) as nobody:
        await case.decide(task, MinutesSigned())
    with pytest.raises(Refusal) as stranger:
        signed = PresentSigned(name="Orang Lain Contoh", way="paper", image="c" * 64)
        await case.decide(task, MinutesSigned(signatures=(signed,)))
    await case.decide(task, MinutesSigned(refused={"Tim Teknis Contoh": "Tidak setuju dengan temuan"}))

    assert (nobody.value.code, stranger.value.code) == ("signature-missing", "signature-missing")
    signed_event = await case.event(Tag.MINUTES_SIGNED)
    assert signed_event.facts["refused"] == {"Tim Teknis Contoh": "Tidak setuju dengan temuan"}
