"""A remote signing service by the CSC API when it refuses, breaks or answers oddly; and what it is asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pydantic import SecretStr

from signing.csc import CscLogin, CscProvider
from signing.errors import (
    AuthorizationExpired,
    CertificateUnsuitable,
    CredentialDisabled,
    DocumentRefused,
    OutcomeUnknown,
    PassphraseLocked,
    ProviderLoginRefused,
    ProviderRefused,
    ProviderUnavailable,
    Retry,
    SignatureNotProven,
    SigningError,
    WrongPassphrase,
)
from signing.port import ProviderKind, SigningOrder, Standing
from signing.remote import RemoteService
from tests.signing.bench import OFFICERS, build_csc, pipeline
from tests.signing.fake_csc import CODE, FakeCsc, Fault
from tests.signing.served import served
from tests.signing.workshop import PASSPHRASE, Workshop

KINDS = (ProviderKind.CSC_V1, ProviderKind.CSC_V2)
BOTH = pytest.mark.parametrize("kind", KINDS, ids=str)


@pytest.fixture
def fake(office: Workshop) -> FakeCsc:
    return FakeCsc(office, {officer: officer for officer in OFFICERS}, PASSPHRASE)


@contextmanager
def reached(kind: ProviderKind, fake: FakeCsc, **more: Any) -> Iterator[CscProvider]:
    with served(fake.application()) as url:
        yield build_csc(kind, fake.workshop, url, **more)


def order(fake: FakeCsc, secret: str = PASSPHRASE) -> SigningOrder:
    return SigningOrder("kepala", SecretStr(secret), certificate_sha256=fake.workshop.fingerprint("kepala"))


def by_code(fake: FakeCsc) -> SigningOrder:
    return dataclasses.replace(order(fake, CODE), secret_kind="totp")


@BOTH
@pytest.mark.parametrize(
    ("fault", "error", "retry"),
    [
        (Fault.LOCKED, PassphraseLocked, Retry.NEVER),
        (Fault.AUTHORIZE_500, ProviderUnavailable, Retry.LATER),
        (Fault.SIGN_500, OutcomeUnknown, Retry.UNKNOWN),
        (Fault.DROP_AT_SIGN, OutcomeUnknown, Retry.UNKNOWN),
        (Fault.GARBAGE, OutcomeUnknown, Retry.UNKNOWN),
        (Fault.TOO_FEW, OutcomeUnknown, Retry.UNKNOWN),
        (Fault.SAD_ALWAYS_EXPIRED, AuthorizationExpired, Retry.NEVER),
        (Fault.WRONG_HASH, SignatureNotProven, Retry.NEVER),
    ],
    ids=str,
)
async def test_every_failure_of_the_service_has_its_name(
    kind: ProviderKind, fake: FakeCsc, fault: Fault, error: type[SigningError], retry: Retry
) -> None:
    fake.fault = fault
    with reached(kind, fake) as provider, pytest.raises(SigningError) as caught:
        await provider.sign(fake.workshop.plain, order(fake))
    assert type(caught.value) is error and caught.value.retry is retry
    assert fake.asked.count(("signHash", 1)) <= (2 if fault is Fault.SAD_ALWAYS_EXPIRED else 1)


@BOTH
async def test_silence_at_the_signature_is_unknown(kind: ProviderKind, fake: FakeCsc) -> None:
    fake.fault = Fault.HANG_AT_SIGN
    with reached(kind, fake, timeout_seconds=1.5) as provider, pytest.raises(OutcomeUnknown):
        await provider.sign(fake.workshop.plain, order(fake))


@BOTH
async def test_an_authorisation_that_ended_is_renewed_with_a_pin(kind: ProviderKind, fake: FakeCsc) -> None:
    fake.fault = Fault.SAD_EXPIRED
    with reached(kind, fake) as provider:
        await provider.sign(fake.workshop.plain, order(fake))
    assert [path for path, _ in fake.asked] == ["authorize", "signHash", "authorize", "signHash"]


@BOTH
async def test_an_authorisation_that_ended_needs_another_code(kind: ProviderKind, fake: FakeCsc) -> None:
    with reached(kind, fake) as provider:
        await provider.send_code("kepala")
        fake.fault = Fault.SAD_EXPIRED
        with pytest.raises(AuthorizationExpired):
            await provider.sign(fake.workshop.plain, by_code(fake))
    assert [path for path, _ in fake.asked] == ["authorize", "signHash"]


@BOTH
async def test_one_code_authorises_all_letters_of_a_call(kind: ProviderKind, fake: FakeCsc) -> None:
    with reached(kind, fake) as provider:
        await provider.send_code("kepala", 3)
        assert len(await provider.sign_many([fake.workshop.plain] * 3, by_code(fake))) == 3
        assert fake.asked == [("authorize", 3), ("signHash", 3)]
        with pytest.raises(WrongPassphrase):
            await provider.sign(fake.workshop.plain, by_code(fake))


@BOTH
async def test_a_pin_authorises_as_many_letters_at_once_as_the_credential_allows(
    kind: ProviderKind, fake: FakeCsc
) -> None:
    fake.multisign = 2
    with reached(kind, fake) as provider:
        assert len(await provider.sign_many([fake.workshop.plain] * 3, order(fake))) == 3
        assert [number for path, number in fake.asked if path == "signHash"] == [2, 1]
        with pytest.raises(ProviderRefused):
            await provider.sign_many([fake.workshop.plain] * 3, by_code(fake))


@BOTH
async def test_a_letter_that_fails_before_the_signature_takes_its_neighbours_with_it(
    kind: ProviderKind, fake: FakeCsc
) -> None:
    """The officer agreed to all of them: nothing is authorised for some."""
    with reached(kind, fake) as provider:
        elsewhere = dataclasses.replace(order(fake), certificate_sha256="0" * 64)
        with pytest.raises(SigningError):
            await provider.sign_many([fake.workshop.plain] * 3, elsewhere)
    assert fake.asked == []


@BOTH
async def test_a_letter_that_cannot_be_signed_is_seen_before_the_first_of_its_neighbours_is(
    kind: ProviderKind, fake: FakeCsc
) -> None:
    fake.multisign = 1
    with reached(kind, fake) as provider, pytest.raises(DocumentRefused):
        await provider.sign_many([fake.workshop.plain, b"bukan pdf"], order(fake))
    assert fake.asked == []


@BOTH
async def test_a_disabled_key_is_seen_before_anything_is_authorised(kind: ProviderKind, fake: FakeCsc) -> None:
    fake.key_status = "disabled"
    with reached(kind, fake) as provider:
        with pytest.raises(CredentialDisabled):
            await provider.sign(fake.workshop.plain, order(fake))
        assert (await provider.standing("kepala")).standing is Standing.REVOKED
    assert fake.asked == []


@BOTH
async def test_a_key_that_is_not_rsa_would_break_pdf_a(kind: ProviderKind, fake: FakeCsc) -> None:
    fake.algorithms = ("1.2.840.10045.4.3.2",)
    with reached(kind, fake) as provider, pytest.raises(CertificateUnsuitable):
        await provider.sign(fake.workshop.plain, order(fake))


@BOTH
async def test_a_service_that_knows_only_bare_rsa_is_told_the_hash(kind: ProviderKind, fake: FakeCsc) -> None:
    fake.algorithms = ("1.2.840.113549.1.1.1",)
    with reached(kind, fake) as provider:
        signed = await provider.sign(fake.workshop.plain, order(fake))
    assert signed.startswith(fake.workshop.plain) and len(signed) > len(fake.workshop.plain)


@BOTH
async def test_an_access_token_that_ended_is_renewed(kind: ProviderKind, fake: FakeCsc) -> None:
    with reached(kind, fake) as provider:
        await provider.standing("kepala")
        fake.fault = Fault.TOKEN_ENDED
        assert (await provider.standing("kepala")).standing is Standing.USABLE


@BOTH
async def test_the_installations_own_log_in_is_not_the_officers_fault(kind: ProviderKind, fake: FakeCsc) -> None:
    with served(fake.application()) as url:
        for login in (CscLogin(SecretStr("bukan-itu")), CscLogin(client_id="a", client_secret=SecretStr("bukan-itu"))):
            service = RemoteService(f"{url}/csc/{kind.value.removeprefix('csc-')}", 30.0)
            provider = CscProvider(kind, service, login, pipeline(fake.workshop))
            with pytest.raises(ProviderLoginRefused) as caught:
                await provider.sign(fake.workshop.plain, order(fake))
            assert caught.value.retry is Retry.LATER and "bukan-itu" not in repr(login) + repr(vars(provider))


async def test_the_officer_may_confirm_on_another_device(fake: FakeCsc) -> None:
    fake.fault = Fault.CONFIRM
    with reached(ProviderKind.CSC_V2, fake) as provider:
        assert (await provider.sign(fake.workshop.plain, order(fake))).startswith(fake.workshop.plain)


@BOTH
async def test_a_service_that_is_away_says_nothing_of_a_certificate(kind: ProviderKind, fake: FakeCsc) -> None:
    provider = build_csc(kind, fake.workshop, "http://127.0.0.1:9")
    assert (await provider.standing("kepala")).standing is Standing.UNKNOWN
    with pytest.raises(ProviderUnavailable):
        await provider.send_code("kepala")
