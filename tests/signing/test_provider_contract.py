"""One contract for every provider, whatever its shape: what `signing.port` promises, seen from outside."""

from __future__ import annotations

import asyncio
import hashlib
import io
import logging
import traceback
from collections.abc import Iterator

import pikepdf
import pytest
import typst
from pyhanko.pdf_utils.reader import PdfFileReader

from signing.errors import DocumentRefused, Retry, SigningError, TimestampUnavailable, WrongPassphrase, WrongSigner
from signing.judging import letter_policy
from signing.port import FILES_PER_CALL, DocumentSigner, ProviderKind, Standing
from signing.verdict import Level, Report, Verdict
from signing.verify import verify_pdf_async
from tests.signing.bench import Bench, bench
from tests.signing.softhsm import SoftHsm
from tests.signing.workshop import LETTER, Workshop

WRONG = "".join(["rahasia", "-yang-", "salah"])
DOCUMENT_SIGNERS = (ProviderKind.BSRE_V1, ProviderKind.BSRE_V2)


@pytest.fixture(params=list(ProviderKind), ids=str)
def at(request: pytest.FixtureRequest, office: Workshop, hsm: SoftHsm) -> Iterator[Bench]:
    with bench(request.param, office, hsm) as found:
        yield found


def letters(count: int) -> list[bytes]:
    texts = (LETTER.replace("Satu", f"Nomor {number}") for number in range(count))
    return [typst.compile(text.encode(), pdf_standards="a-2b") for text in texts]


async def judged(at: Bench, signed: bytes, officer: str = "kepala") -> Report:
    return await verify_pdf_async(signed, letter_policy(at.office.material(), at.fingerprint(officer)))


async def test_a_signed_letter_begins_with_the_letter_and_is_sah_at_b_lta(at: Bench) -> None:
    signed = await at.provider.sign(at.office.plain, at.order(certificate_sha256=at.fingerprint("kepala")))
    assert signed.startswith(at.office.plain)
    report = await judged(at, signed)
    assert (report.verdict, report.level, report.reasons) == (Verdict.SAH, Level.B_LTA, ())
    (signature,) = (found for found in report.signatures if found.kind == "signature")
    assert signature.certificate_sha256 == at.fingerprint("kepala") and signature.time_is_trusted
    (embedded,) = PdfFileReader(io.BytesIO(signed)).embedded_regular_signatures
    assert [float(number) for number in embedded.sig_field["/Rect"]] == [0, 0, 0, 0], "the letter draws its own mark"


async def test_another_officers_certificate_makes_the_letter_invalid(at: Bench) -> None:
    signed = await at.provider.sign(at.office.plain, at.order("lain"))
    report = await judged(at, signed, "kepala")
    assert report.verdict is Verdict.TIDAK_SAH and {reason.code for reason in report.reasons} == {"wrong_signer"}


async def test_several_letters_come_back_in_the_order_they_went(at: Bench) -> None:
    given = letters(4)
    signed = await at.provider.sign_many(given, at.order())
    assert [each.startswith(pdf) for each, pdf in zip(signed, given, strict=True)] == [True] * 4
    assert {(await judged(at, each)).verdict for each in signed} == {Verdict.SAH}


async def test_no_letter_is_no_work(at: Bench) -> None:
    assert await at.provider.sign_many([], at.order()) == []
    assert at.bsre is None or at.bsre.asked == []


async def test_a_wrong_secret_is_named_so_and_is_found_nowhere(at: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for signing in (
        at.provider.sign(at.office.plain, at.order(secret=WRONG)),
        at.provider.sign_many([at.office.plain, at.office.plain], at.order(secret=WRONG)),
    ):
        with pytest.raises(SigningError) as caught:
            await signing
        assert type(caught.value) is WrongPassphrase and caught.value.retry is Retry.NEVER
        assert WRONG not in everything_shown(caught.value)
    assert WRONG not in repr(at.order(secret=WRONG)) + repr(at.provider) + repr(vars(at.provider))
    assert WRONG not in caplog.text + "".join(repr(vars(record)) for record in caplog.records)
    assert at.bsre is None or at.bsre.signed == []


def everything_shown(failure: BaseException) -> str:
    """All that a log, a tracker or a debugger would show of an error, its hidden causes too."""
    shown, seen = traceback.format_exception(failure), {id(failure)}
    chain: BaseException | None = failure
    while chain is not None:
        shown += [str(chain), repr(chain), repr(chain.args), repr(vars(chain))]
        chain = chain.__cause__ or chain.__context__
        if chain is None or id(chain) in seen:
            break
        seen.add(id(chain))
    return "".join(shown)


async def test_the_right_secret_works_after_a_wrong_one(at: Bench) -> None:
    with pytest.raises(WrongPassphrase):
        await at.provider.sign(at.office.plain, at.order(secret=WRONG))
    assert (await judged(at, await at.provider.sign(at.office.plain, at.order()))).verdict is Verdict.SAH


@pytest.mark.parametrize("kind", ["empty", "text", "cut", "encrypted", "signed"])
async def test_what_cannot_be_signed_is_refused_before_anything_is_sent(at: Bench, kind: str) -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(at.office.plain)) as opened:
        opened.save(out, encryption=pikepdf.Encryption(owner="a", user=""))
    plain = at.office.plain
    wrong = {
        "empty": b"",
        "text": b"bukan pdf",
        "cut": plain[:3000],
        "encrypted": out.getvalue(),
        "signed": await at.office.sign(plain, Level.B_B),
    }[kind]
    for signing in (at.provider.sign(wrong, at.order()), at.provider.sign_many([plain, wrong], at.order())):
        with pytest.raises(DocumentRefused):
            await signing
    assert at.bsre is None or at.bsre.asked == []
    assert at.csc is None or at.csc.asked == []


@pytest.mark.parametrize(
    ("officer", "standing"),
    [
        ("kepala", Standing.USABLE),
        ("segera", Standing.EXPIRING),
        ("usang", Standing.EXPIRED),
        ("dicabut", Standing.REVOKED),
        ("asing", Standing.NOT_REGISTERED),
    ],
)
async def test_a_certificates_standing_is_known_before_anybody_types_a_secret(
    at: Bench, officer: str, standing: Standing
) -> None:
    told = await at.provider.standing(at.name(officer))
    if at.kind is ProviderKind.BSRE_V1 and officer == "segera":
        standing = Standing.USABLE  # v1 shows no certificate, so nobody can say when it ends
    assert told.standing is standing
    if officer in ("kepala", "segera") and at.kind is not ProviderKind.BSRE_V1:
        assert told.certificate_sha256 == at.fingerprint(officer)
        assert told.valid_until is not None and told.valid_until.tzinfo is not None


@pytest.mark.parametrize(
    ("officer", "codes"),
    [
        ("usang", {"certificate_expired"}),
        ("dicabut", {"certificate_revoked"}),
        ("asing", {"not_registered", "certificate_not_found"}),
    ],
)
async def test_an_officer_without_a_good_certificate_does_not_sign(at: Bench, officer: str, codes: set[str]) -> None:
    with pytest.raises(SigningError) as caught:
        await at.provider.sign(at.office.plain, at.order(officer))
    assert caught.value.code in codes and caught.value.retry is Retry.NEVER
    assert at.bsre is None or at.bsre.signed == []


async def test_a_key_other_than_the_mandated_one_hands_nothing_out(at: Bench) -> None:
    order = at.order("kepala", certificate_sha256=at.fingerprint("lain"))
    if at.kind is ProviderKind.PKCS11:
        order = at.order("kepala", certificate_sha256=hashlib.sha256(b"").hexdigest())
    with pytest.raises(WrongSigner) as caught:
        await at.provider.sign(at.office.plain, order)
    assert (caught.value.returned is not None) is (at.kind in DOCUMENT_SIGNERS), "what came back is kept in quarantine"


async def test_a_call_that_is_broken_off_leaves_the_provider_usable(at: Bench) -> None:
    for steps in (1, 5, 25, 125):
        signing = asyncio.ensure_future(at.provider.sign(at.office.plain, at.order()))
        for _ in range(steps):
            await asyncio.sleep(0)
        signing.cancel()
        await asyncio.gather(signing, return_exceptions=True)
    assert (await judged(at, await at.provider.sign(at.office.plain, at.order()))).verdict is Verdict.SAH


async def test_calls_side_by_side_do_not_mix_officers_or_secrets(at: Bench) -> None:
    plain = at.office.plain
    first, second, wrong, third = await asyncio.gather(
        at.provider.sign(plain, at.order("kepala")),
        at.provider.sign(plain, at.order("lain")),
        at.provider.sign(plain, at.order("kepala", WRONG)),
        at.provider.sign(plain, at.order("kepala")),
        return_exceptions=True,
    )
    assert isinstance(wrong, WrongPassphrase)
    for signed, officer in ((first, "kepala"), (second, "lain"), (third, "kepala")):
        assert isinstance(signed, bytes)
        assert (await judged(at, signed, officer)).verdict is Verdict.SAH


@pytest.mark.parametrize("kind", list(ProviderKind), ids=str)
async def test_without_timestamps_nothing_is_signed_and_the_letter_may_wait(
    kind: ProviderKind, office: Workshop, hsm: SoftHsm
) -> None:
    with bench(kind, office, hsm, tsa_url="http://127.0.0.1:9/tsa") as at:
        with pytest.raises(TimestampUnavailable) as caught:
            await at.provider.sign(office.plain, at.order())
        assert caught.value.retry is Retry.LATER
        assert at.bsre is None or at.bsre.asked == []
        assert at.csc is None or at.csc.asked == []


def test_a_provider_says_what_a_caller_has_to_know(at: Bench) -> None:
    traits = at.provider.traits
    assert traits.kind is at.kind
    assert traits.files_per_call == FILES_PER_CALL[at.kind]
    assert traits.own_key is (at.kind in (ProviderKind.PKCS12, ProviderKind.PKCS11))
    assert isinstance(at.provider, DocumentSigner) is (at.kind in DOCUMENT_SIGNERS)


async def test_a_provider_without_codes_says_so(at: Bench) -> None:
    if at.kind in (ProviderKind.PKCS12, ProviderKind.PKCS11, ProviderKind.BSRE_V1):
        with pytest.raises(SigningError) as caught:
            await at.provider.send_code(at.name("kepala"))
        assert caught.value.code == "code_not_offered"
    else:
        await at.provider.send_code(at.name("kepala"), 2)
