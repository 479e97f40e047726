"""BSrE's esign client service when it does not do what it should: each failure has its name, and nothing is lost."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pydantic import SecretStr

from signing.bsre import BsreProvider, BsreV1Provider, BsreV2Provider
from signing.errors import (
    ArchivePending,
    CertificateExpired,
    CertificateRevoked,
    CodeNotOffered,
    NotRegistered,
    OutcomeUnknown,
    ProviderLoginRefused,
    ProviderRefused,
    ProviderUnavailable,
    Retry,
    RevocationUnavailable,
    Rewritten,
    SignatureNotProven,
    SigningError,
    WrongFileCount,
    WrongPassphrase,
    WrongSigner,
)
from signing.material import TrustMaterial
from signing.pipeline import Pipeline
from signing.port import ProviderKind, SigningOrder, Standing
from signing.remote import RemoteService
from signing.timestamps import TsaClient
from signing.verdict import Level
from tests.signing import fake_bsre
from tests.signing.bench import NIKS, OFFICERS, build_bsre, pipeline
from tests.signing.fake_bsre import CODE, FakeBsre, Fault
from tests.signing.served import served
from tests.signing.workshop import PASSPHRASE, Workshop

V1, V2 = ProviderKind.BSRE_V1, ProviderKind.BSRE_V2
BOTH = pytest.mark.parametrize("kind", [V1, V2], ids=str)


@pytest.fixture
def fake(office: Workshop) -> FakeBsre:
    return FakeBsre(office, {NIKS[officer]: officer for officer in OFFICERS}, PASSPHRASE)


@contextmanager
def reached(kind: ProviderKind, fake: FakeBsre, **more: float) -> Iterator[BsreProvider]:
    with served(fake.application()) as url:
        yield build_bsre(kind, fake.workshop, url, **more)


def order(fake: FakeBsre, officer: str = "kepala", secret: str = PASSPHRASE) -> SigningOrder:
    return SigningOrder(
        NIKS[officer], SecretStr(secret), location="Kota Contoh", certificate_sha256=fake.workshop.fingerprint(officer)
    )


async def failure_of(kind: ProviderKind, fake: FakeBsre, **more: float) -> SigningError:
    with reached(kind, fake, **more) as provider, pytest.raises(SigningError) as caught:
        await provider.sign(fake.workshop.plain, order(fake))
    return caught.value


@BOTH
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.REWRITTEN, Rewritten),
        (Fault.NOTHING_ADDED, Rewritten),
        (Fault.WRONG_SIGNER, WrongSigner),
        (Fault.TWO_SIGNATURES, SignatureNotProven),
    ],
    ids=str,
)
async def test_a_pdf_that_may_not_be_used_comes_with_the_error_for_quarantine(
    kind: ProviderKind, fake: FakeBsre, fault: Fault, error: type[SigningError]
) -> None:
    fake.fault = fault
    failed = await failure_of(kind, fake)
    assert type(failed) is error and failed.retry is Retry.NEVER
    assert failed.returned == fake.signed[0] and failed.returned_files == (fake.signed[0],)
    assert "%PDF" not in str(failed) + repr(failed)


@BOTH
@pytest.mark.parametrize("fault", [Fault.BARE_500, Fault.DROP_AFTER_SIGNING, Fault.GARBAGE], ids=str)
async def test_an_order_that_may_have_been_carried_out_is_unknown(
    kind: ProviderKind, fake: FakeBsre, fault: Fault
) -> None:
    fake.fault = fault
    failed = await failure_of(kind, fake)
    assert type(failed) is OutcomeUnknown or (kind is V1 and fault is Fault.GARBAGE)
    assert failed.retry is Retry.UNKNOWN
    assert len([path for path, _ in fake.asked if path.endswith("/sign/pdf")]) == 1, "never asked twice"


@BOTH
async def test_silence_after_sending_is_unknown_although_the_letter_was_signed(
    kind: ProviderKind, fake: FakeBsre
) -> None:
    fake.fault = Fault.HANG_AFTER_SIGNING
    failed = await failure_of(kind, fake, timeout_seconds=1.5)
    assert type(failed) is OutcomeUnknown
    assert len([path for path, _ in fake.asked if path.endswith("/sign/pdf")]) == 1


async def test_the_letter_whose_bytes_were_lost_is_downloaded_by_its_id(fake: FakeBsre) -> None:
    fake.fault = Fault.BODY_LOST
    with reached(V1, fake) as provider:
        signed = await provider.sign(fake.workshop.plain, order(fake))
    assert signed.startswith(fake.signed[0]) and len(fake.signed) == 1
    assert fake.asked[-1][0] == "/api/sign/download" and fake.documents == {}


async def test_a_letter_whose_bytes_were_lost_is_unknown_where_the_service_gives_no_id(fake: FakeBsre) -> None:
    fake.fault = Fault.BODY_LOST
    assert type(await failure_of(V2, fake)) is OutcomeUnknown


@BOTH
async def test_refused_connections_mean_that_nothing_was_sent(kind: ProviderKind, fake: FakeBsre) -> None:
    provider = build_bsre(kind, fake.workshop, "http://127.0.0.1:9")
    with pytest.raises(ProviderUnavailable) as caught:
        await provider.sign(fake.workshop.plain, order(fake))
    assert caught.value.retry is Retry.LATER
    assert (await provider.standing(NIKS["kepala"])).standing is Standing.UNKNOWN


@BOTH
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.TOO_BUSY, ProviderUnavailable),
        (Fault.CODED_500, WrongPassphrase),
        (Fault.UNKNOWN_REFUSAL, ProviderRefused),
    ],
    ids=str,
)
async def test_a_refusal_leaves_nothing_signed(
    kind: ProviderKind, fake: FakeBsre, fault: Fault, error: type[SigningError]
) -> None:
    fake.fault = fault
    assert type(await failure_of(kind, fake)) is error
    assert fake.signed == []


@BOTH
@pytest.mark.parametrize(("status", "error"), [("REVOKE", CertificateRevoked), ("EXPIRED", CertificateExpired)])
async def test_a_refusal_with_an_unknown_code_is_explained_by_the_officers_status(
    kind: ProviderKind, fake: FakeBsre, status: str, error: type[SigningError]
) -> None:
    fake.status[NIKS["kepala"]] = status
    assert type(await failure_of(kind, fake)) is error


@BOTH
async def test_an_unregistered_officer_is_named_so(kind: ProviderKind, fake: FakeBsre) -> None:
    del fake.officers[NIKS["kepala"]]
    assert type(await failure_of(kind, fake)) is NotRegistered


@BOTH
async def test_the_installations_own_log_in_is_not_the_officers_fault(kind: ProviderKind, fake: FakeBsre) -> None:
    version = BsreV1Provider if kind is V1 else BsreV2Provider
    with served(fake.application()) as url:
        service = RemoteService(url, 30.0)
        provider = version(service, fake_bsre.USERNAME, SecretStr("bukan-itu"), pipeline(fake.workshop))
        with pytest.raises(ProviderLoginRefused) as caught:
            await provider.sign(fake.workshop.plain, order(fake))
    assert caught.value.retry is Retry.LATER and "bukan-itu" not in repr(vars(caught.value))


async def test_a_wrong_number_of_files_keeps_all_of_them(fake: FakeBsre) -> None:
    fake.fault = Fault.WRONG_COUNT
    failed = await failure_of(V2, fake)
    assert type(failed) is WrongFileCount and failed.retry is Retry.UNKNOWN
    assert failed.returned_files == (fake.signed[0], fake.signed[0])


async def test_one_bad_file_of_several_keeps_all_of_them(fake: FakeBsre) -> None:
    fake.fault = Fault.WRONG_SIGNER
    with reached(V2, fake) as provider, pytest.raises(WrongSigner) as caught:
        await provider.sign_many([fake.workshop.plain] * 3, order(fake))
    assert caught.value.returned_files == tuple(fake.signed) and len(fake.signed) == 3


async def test_several_letters_travel_in_one_call_and_one_signature_is_asked_for_each(fake: FakeBsre) -> None:
    with reached(V2, fake) as provider:
        await provider.sign_many([fake.workshop.plain] * 3, order(fake))
    ((_, asked),) = fake.asked
    assert asked["files"] == 3 and asked["by"] == ["file", "nik", "passphrase", "signatureProperties"]
    assert asked["properties"] == [
        {"tampilan": "INVISIBLE", "location": "Kota Contoh", "reason": "Penandatanganan surat izin"}
    ]


async def test_a_code_signs_as_many_letters_as_it_was_asked_for(fake: FakeBsre) -> None:
    by_code = dataclasses.replace(order(fake, secret=CODE), secret_kind="totp")
    with reached(V2, fake) as provider:
        await provider.send_code(NIKS["kepala"], 2)
        assert fake.codes == {NIKS["kepala"]: 2}
        assert len(await provider.sign_many([fake.workshop.plain] * 2, by_code)) == 2
        assert fake.asked[-1][1]["by"] == ["file", "nik", "signatureProperties", "totp"]
        with pytest.raises(WrongPassphrase):
            await provider.sign(fake.workshop.plain, by_code)
        with pytest.raises(NotRegistered):
            await provider.send_code(NIKS["asing"])


async def test_v1_takes_no_codes(fake: FakeBsre) -> None:
    with reached(V1, fake) as provider, pytest.raises(CodeNotOffered):
        await provider.sign(fake.workshop.plain, dataclasses.replace(order(fake), secret_kind="totp"))
    assert fake.asked == []


async def test_an_officer_may_be_named_by_e_mail(fake: FakeBsre) -> None:
    fake.officers["kepala@contoh.test"] = "kepala"
    by_mail = dataclasses.replace(order(fake), signer_id="kepala@contoh.test")
    with reached(V2, fake) as provider:
        await provider.sign(fake.workshop.plain, by_mail)
        assert (await provider.standing("kepala@contoh.test")).standing is Standing.USABLE
    assert fake.asked[0][1]["by"] == ["email", "file", "passphrase", "signatureProperties"]


async def test_the_services_word_stands_where_it_shows_no_certificate(fake: FakeBsre) -> None:
    fake.shows_chain = False
    with reached(V2, fake) as provider:
        told = await provider.standing(NIKS["kepala"])
    assert told.standing is Standing.USABLE and told.certificate_sha256 is None


async def test_our_revocation_list_outweighs_the_services_word(fake: FakeBsre) -> None:
    fake.status = {}
    with reached(V2, fake) as provider:
        assert (await provider.standing(NIKS["dicabut"])).standing is Standing.REVOKED


async def test_an_officer_without_certificate_cannot_sign_yet(fake: FakeBsre) -> None:
    fake.status[NIKS["kepala"]] = "NO_CERTIFICATE"
    with reached(V2, fake) as provider:
        assert (await provider.standing(NIKS["kepala"])).standing is Standing.NOT_REGISTERED


class _TsaThatStops(TsaClient):
    """Answers the first request, that of the look before sending, and is away until told otherwise."""

    away = False
    answers = 0

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> object:
        self.answers += 1
        if self.away or self.answers == 2:
            self.away = True
            raise ConnectionError("away")
        return await super().async_timestamp(message_digest, md_algorithm)


@BOTH
async def test_a_letter_that_was_signed_before_the_timestamp_service_went_away_is_completed_later(
    kind: ProviderKind, fake: FakeBsre
) -> None:
    version = BsreV1Provider if kind is V1 else BsreV2Provider
    tsa = _TsaThatStops(fake.workshop.tsa_url)
    with served(fake.application()) as url:
        service = RemoteService(url, 30.0)
        whole = Pipeline(fake.workshop.material(), tsa)
        provider = version(service, fake_bsre.USERNAME, SecretStr(fake_bsre.PASSWORD), whole)
        with pytest.raises(ArchivePending) as caught:
            await provider.sign(fake.workshop.plain, order(fake))
    assert caught.value.retry is Retry.UNKNOWN, "to sign again would make a second signature"
    assert caught.value.returned_files == (fake.signed[0],)
    with pytest.raises(ArchivePending):
        await provider.complete(fake.workshop.plain, fake.signed[0], order(fake))
    tsa.away = False
    signed = await provider.complete(fake.workshop.plain, fake.signed[0], order(fake))
    assert signed.startswith(fake.signed[0]) and len(fake.signed) == 1


async def test_lapsed_revocation_lists_stop_the_order_before_it_is_sent(
    fake: FakeBsre, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("tanpa-crl")
    for name in ("root.pem", "intermediates.pem"):
        (folder / name).write_bytes((fake.workshop.pki.folder / name).read_bytes())
    (folder / "crls.pem").write_bytes(b"")
    whole = Pipeline(TrustMaterial(folder), TsaClient(fake.workshop.tsa_url))
    with served(fake.application()) as url:
        provider = BsreV2Provider(RemoteService(url, 30.0), fake_bsre.USERNAME, SecretStr(fake_bsre.PASSWORD), whole)
        with pytest.raises(RevocationUnavailable):
            await provider.sign(fake.workshop.plain, order(fake))
    assert fake.asked == []


async def test_a_passphrase_is_not_carried_along_a_redirection(fake: FakeBsre) -> None:
    from aiohttp import web

    seen: list[str] = []

    async def elsewhere(request: web.Request) -> web.Response:
        seen.append(request.path)
        if request.path == "/lain":
            return web.Response(text=await request.text())
        raise web.HTTPTemporaryRedirect("/lain")

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", elsewhere)
    with served(app) as url, pytest.raises(ProviderUnavailable):
        await build_bsre(V2, fake.workshop, url).sign(fake.workshop.plain, order(fake))
    assert seen == ["/api/v2/sign/pdf"]


async def test_a_b_lta_letter_from_the_provider_is_taken_as_it_is(fake: FakeBsre) -> None:
    """A provider that goes all the way needs no archive layer of ours."""
    whole = pipeline(fake.workshop)
    made = await fake.workshop.sign(fake.workshop.plain, Level.B_LTA)
    assert await whole.finish_returned(fake.workshop.plain, made, order(fake)) == made


@pytest.mark.parametrize("returned", ["empty", "cut", "text", "damaged"])
async def test_returned_bytes_that_are_no_signed_pdf_are_an_error_of_ours(fake: FakeBsre, returned: str) -> None:
    plain = fake.workshop.plain
    made = await fake.workshop.sign(plain, Level.B_T)
    damaged = bytearray(made)
    damaged[made.index(b"/ByteRange", len(plain)) + 14] ^= 1
    files = {"empty": b"", "cut": made[:-200], "text": plain + b"\nsalah", "damaged": bytes(damaged)}
    with pytest.raises((Rewritten, SignatureNotProven)) as caught:
        await pipeline(fake.workshop).finish_returned(plain, files[returned], order(fake))
    assert caught.value.returned == files[returned]
