"""What is costly is done once for a batch: the key is derived once, the same bytes are judged once."""

from __future__ import annotations

import asyncio
import os

import pytest
from pydantic import SecretStr

import signing.judging
from signing.errors import WrongPassphrase
from signing.judging import judge_signed
from signing.pipeline import HeldKeySigner
from signing.pkcs12 import Pkcs12Provider
from signing.verdict import Verdict
from tests.signing.workshop import Workshop


@pytest.fixture
def openings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    opened: list[str] = []
    really = Pkcs12Provider.open_signer

    def counted(self: Pkcs12Provider, signer_id: str, secret: SecretStr) -> HeldKeySigner:
        opened.append(signer_id)
        return really(self, signer_id, secret)

    monkeypatch.setattr(Pkcs12Provider, "open_signer", counted)
    return opened


@pytest.fixture
def judgements(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    judged: list[int] = []
    really = signing.judging.verify_pdf_async

    async def counted(pdf: bytes, policy: object) -> object:
        judged.append(len(pdf))
        return await really(pdf, policy)  # type: ignore[arg-type]

    monkeypatch.setattr(signing.judging, "verify_pdf_async", counted)
    return judged


async def test_letters_signed_side_by_side_derive_the_key_once(workshop: Workshop, openings: list[str]) -> None:
    provider = workshop.provider()
    signed = await asyncio.gather(*(provider.sign(workshop.plain, workshop.order()) for _ in range(3)))
    assert all(letter.startswith(workshop.plain) for letter in signed)
    assert openings == ["kepala"]


async def test_letters_signed_one_after_the_other_open_the_key_once(workshop: Workshop, openings: list[str]) -> None:
    provider = workshop.provider()
    for _ in range(2):
        await provider.sign(workshop.plain, workshop.order())
    assert openings == ["kepala"]


async def test_a_key_is_dropped_when_nobody_signs(
    workshop: Workshop, openings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signing.pkcs12.KEPT_SECONDS", 0.0)
    provider = workshop.provider()
    for _ in range(2):
        await provider.sign(workshop.plain, workshop.order())
        await asyncio.sleep(0.01)
    assert openings == ["kepala", "kepala"]


async def test_an_open_key_is_nobodys_who_shows_another_passphrase(workshop: Workshop) -> None:
    provider = workshop.provider()
    await provider.sign(workshop.plain, workshop.order())
    with pytest.raises(WrongPassphrase):
        await provider.sign(workshop.plain, workshop.order(passphrase="frasa-yang-salah"))


async def test_a_wrong_passphrase_beside_a_right_one_signs_nothing(workshop: Workshop) -> None:
    provider = workshop.provider()
    right, wrong = await asyncio.gather(
        provider.sign(workshop.plain, workshop.order()),
        provider.sign(workshop.plain, workshop.order(passphrase="frasa-yang-salah")),
        return_exceptions=True,
    )
    assert isinstance(right, bytes)
    assert isinstance(wrong, WrongPassphrase)


async def test_the_same_bytes_are_judged_once(workshop: Workshop, judgements: list[int]) -> None:
    material = workshop.material()
    signed = await workshop.provider().sign(workshop.plain, workshop.order())
    judgements.clear()
    for _ in range(2):
        assert (await judge_signed(material, signed, workshop.fingerprint("kepala"))).verdict is Verdict.SAH
    assert len(judgements) == 1


async def test_a_flipped_byte_is_judged_afresh(workshop: Workshop) -> None:
    material = workshop.material()
    signed = await workshop.provider().sign(workshop.plain, workshop.order())
    await judge_signed(material, signed, workshop.fingerprint("kepala"))
    middle = len(workshop.plain) // 2
    flipped = signed[:middle] + bytes([signed[middle] ^ 1]) + signed[middle + 1 :]
    report = await judge_signed(material, flipped, workshop.fingerprint("kepala"))
    assert report.verdict is not Verdict.SAH


async def test_another_certificate_is_judged_afresh(workshop: Workshop) -> None:
    material = workshop.material()
    signed = await workshop.provider().sign(workshop.plain, workshop.order())
    await judge_signed(material, signed, workshop.fingerprint("kepala"))
    assert (await judge_signed(material, signed, "0" * 64)).verdict is Verdict.TIDAK_SAH


async def test_changed_trust_material_forgets_what_was_judged(workshop: Workshop, judgements: list[int]) -> None:
    material = workshop.material()
    signed = await workshop.provider().sign(workshop.plain, workshop.order())
    await judge_signed(material, signed, workshop.fingerprint("kepala"))
    judgements.clear()
    crls = material.folder / "crls.pem"
    before = crls.stat()
    os.utime(crls, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    await judge_signed(material, signed, workshop.fingerprint("kepala"))
    assert len(judgements) == 1
