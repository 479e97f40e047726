"""Keys in a token, with SoftHSM2: what a token refuses, and whose log-in signs."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pkcs11
import pytest
from pkcs11 import Attribute, Mechanism, ObjectClass
from pydantic import SecretStr

from signing.errors import (
    CertificateNotFound,
    NotRegistered,
    PassphraseLocked,
    ProviderUnavailable,
    SigningError,
    WrongPassphrase,
)
from signing.pkcs11 import Pkcs11Provider, _named
from signing.port import SigningOrder, Standing
from tests.signing.bench import TOKEN, pipeline
from tests.signing.softhsm import SoftHsm
from tests.signing.workshop import PASSPHRASE, Workshop

OWN_PIN = "pin-milik-sendiri"


def provider(office: Workshop, hsm: SoftHsm, token_label: str | None = TOKEN) -> Pkcs11Provider:
    return Pkcs11Provider(hsm.module, pipeline(office), token_label)


def order(officer: str = "kepala", pin: str = PASSPHRASE, certificate_sha256: str | None = None) -> SigningOrder:
    return SigningOrder(officer, SecretStr(pin), certificate_sha256=certificate_sha256)


async def test_a_key_cannot_leave_its_token(office: Workshop, hsm: SoftHsm) -> None:
    with pkcs11.lib(str(hsm.module)).get_token(token_label=TOKEN).open(user_pin=PASSPHRASE) as session:
        (key,) = session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.LABEL: "kepala"})
        with pytest.raises(pkcs11.AttributeSensitive):
            key[Attribute.PRIVATE_EXPONENT]


async def test_an_officer_may_have_a_token_of_his_own(office: Workshop, hsm: SoftHsm) -> None:
    hsm.add_token("lain", OWN_PIN, office, ["lain"])
    own = provider(office, hsm, token_label=None)
    signed = await own.sign(office.plain, order("lain", OWN_PIN, office.fingerprint("lain")))
    assert signed.startswith(office.plain)
    with pytest.raises(WrongPassphrase):
        await own.sign(office.plain, order("lain", PASSPHRASE))
    assert (await own.standing("lain")).standing is Standing.USABLE
    assert (await own.standing("kepala")).standing is Standing.UNKNOWN, "a token that is not there says nothing"
    with pytest.raises(ProviderUnavailable):
        await own.sign(office.plain, order("kepala"))


async def test_a_renewed_certificate_is_found_by_its_sha256(office: Workshop, hsm: SoftHsm) -> None:
    """Old and new lie under one label; the mandate names the one that counts."""
    hsm.add_token("ganda", OWN_PIN, office, ["kepala", "segera"])
    with pkcs11.lib(str(hsm.module)).get_token(token_label="ganda").open(rw=True, user_pin=OWN_PIN) as session:
        for entry in list(session.get_objects({Attribute.LABEL: "segera"})):
            entry[Attribute.LABEL] = "kepala"
    both = provider(office, hsm, "ganda")
    with pytest.raises(CertificateNotFound):
        await both.sign(office.plain, order(pin=OWN_PIN))
    for officer in ("kepala", "segera"):
        named = order(pin=OWN_PIN, certificate_sha256=office.fingerprint(officer))
        assert (await both.sign(office.plain, named)).startswith(office.plain)


async def test_a_pin_that_the_token_refused_is_not_shown_to_it_again(
    office: Workshop, hsm: SoftHsm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The letters of one batch would use up the token's own limit."""
    shown: list[str] = []
    token = provider(office, hsm)._token
    real = token._token

    class Counting:
        def __init__(self, inner: pkcs11.Token) -> None:
            self.inner = inner

        def open(self, user_pin: str | None = None) -> pkcs11.Session:
            if user_pin is not None:
                shown.append(user_pin)
            return self.inner.open(user_pin=user_pin)

    monkeypatch.setattr(token, "_token", lambda signer_id: Counting(real(signer_id)))
    one = provider(office, hsm)
    one._token = token
    results = await asyncio.gather(
        *(one.sign(office.plain, order(pin="salah-sekali")) for _ in range(4)), return_exceptions=True
    )
    assert [type(result) for result in results] == [WrongPassphrase] * 4 and shown == ["salah-sekali"]
    await one.sign(office.plain, order())
    assert shown == ["salah-sekali", PASSPHRASE]
    assert "salah-sekali" not in repr(token)


async def test_somebody_elses_log_in_is_not_borrowed(office: Workshop, hsm: SoftHsm) -> None:
    """Another program part that is logged in would let any PIN pass; the token is then not usable at all."""
    with pkcs11.lib(str(hsm.module)).get_token(token_label=TOKEN).open(user_pin=PASSPHRASE):
        for pin in (PASSPHRASE, "salah-lagi"):
            with pytest.raises(SigningError) as caught:
                await provider(office, hsm).sign(office.plain, order(pin=pin))
            assert isinstance(caught.value, ProviderUnavailable | WrongPassphrase)


def test_a_wrong_pin_waits_until_nobody_is_logged_in_and_is_then_refused(office: Workshop, hsm: SoftHsm) -> None:
    """A log-in belongs to the process: beside somebody who is logged in, a token does not even look at a PIN."""
    busy, other = provider(office, hsm)._token, provider(office, hsm)._token
    logged_in, release = threading.Event(), threading.Event()
    real = busy._token

    class Holding:
        def __init__(self, inner: pkcs11.Token) -> None:
            self.inner = inner

        def open(self, user_pin: str | None = None) -> pkcs11.Session:
            session = self.inner.open(user_pin=user_pin)
            logged_in.set()
            release.wait(30)
            return session

    held = busy.find("kepala")
    busy._token = lambda signer_id: Holding(real(signer_id))  # type: ignore[method-assign, assignment, return-value]
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(busy.sign, "kepala", PASSPHRASE, held, b"0" * 51)
        assert logged_in.wait(30)
        second = threads.submit(other.sign, "kepala", "salah-bersamaan", held, b"0" * 51)
        wait([second], timeout=0.5)
        release.set()
        assert len(first.result(30)) == 384
        assert type(second.exception(30)) is WrongPassphrase


async def test_a_module_that_is_no_module_is_the_providers_absence(office: Workshop, tmp_path: Path) -> None:
    (tmp_path / "palsu.so").write_bytes(b"bukan modul")
    for module in (tmp_path / "tidak-ada.so", tmp_path / "palsu.so"):
        broken = Pkcs11Provider(module, pipeline(office), TOKEN)
        with pytest.raises(ProviderUnavailable):
            await broken.sign(office.plain, order())
        assert (await broken.standing("kepala")).standing is Standing.UNKNOWN


async def test_a_certificate_without_its_key_does_not_sign(office: Workshop, hsm: SoftHsm) -> None:
    hsm.add_token("tanpa-kunci", OWN_PIN, office, ["kepala"])
    with pkcs11.lib(str(hsm.module)).get_token(token_label="tanpa-kunci").open(rw=True, user_pin=OWN_PIN) as session:
        for key in list(session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY})):
            key.destroy()
    with pytest.raises(CertificateNotFound):
        await provider(office, hsm, "tanpa-kunci").sign(office.plain, order(pin=OWN_PIN))


async def test_the_loop_goes_on_while_the_token_works(office: Workshop, hsm: SoftHsm) -> None:
    """A token may take seconds, or wait for its other user: other letters and heartbeats must not."""
    one = provider(office, hsm)
    entered, release = threading.Event(), threading.Event()
    real = one._token.find

    def slow(signer_id: str, certificate_sha256: str | None = None) -> object:
        entered.set()
        release.wait(30)
        return real(signer_id, certificate_sha256)

    one._token.find = slow  # type: ignore[method-assign, assignment]
    signing = asyncio.ensure_future(one.sign(office.plain, order()))
    while not entered.is_set():
        await asyncio.sleep(0.01)
    release.set()
    assert (await signing).startswith(office.plain)


@pytest.mark.parametrize(
    ("failure", "named"),
    [
        (pkcs11.PinLocked(), PassphraseLocked),
        (pkcs11.PinExpired(), PassphraseLocked),
        (pkcs11.PinLenRange(), WrongPassphrase),
        (pkcs11.UserPinNotInitialized(), NotRegistered),
        (pkcs11.SessionClosed(), ProviderUnavailable),
        (pkcs11.DeviceRemoved(), ProviderUnavailable),
        (pkcs11.TokenNotPresent(), ProviderUnavailable),
        (pkcs11.AnotherUserAlreadyLoggedIn(), ProviderUnavailable),
        (pkcs11.GeneralError(), ProviderUnavailable),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value.__name__,
)
def test_a_tokens_refusals_are_sorted(failure: Exception, named: type[SigningError]) -> None:
    assert type(_named(failure)) is named


def test_softhsm_signs_as_the_provider_asks(hsm: SoftHsm) -> None:
    """CKM_RSA_PKCS over a DigestInfo is what every token has; SoftHSM2 is no exception."""
    token = pkcs11.lib(str(hsm.module)).get_token(token_label=TOKEN)
    assert Mechanism.RSA_PKCS in token.slot.get_mechanisms()
