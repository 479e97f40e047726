"""Issued permits over the API: who reads which, and the procedures that revoke, replace and extend one."""

import hashlib
from datetime import date
from typing import Any

import httpx
import pytest

from permits.definition import Procedure
from permits.events import Tag
from permits.steps import LetterFrozen, LetterOpening, SignedLetter, Step
from signing.qr import verification_code
from store.queries.verification import letter_by_signed_sha256
from store.tables import ApplicationRow
from tests.api.cases import a_letter, an_event, issue_letter, sign_letter
from tests.api.conftest import Api
from tests.api.filing import a_case, a_complete_draft, a_pdf, answers, definition

REKLAME = "izin-reklame-tetap"
WHY = {"reason": "Contoh pelanggaran", "legal_ground": "Contoh dasar hukum, menunggu konfirmasi dinas"}
LOST = {"cause": "lost"}


async def a_permit(api: Api, client: httpx.AsyncClient, code: str = REKLAME) -> tuple[str, bytes]:
    """An issued permit: its number, and the signed letter."""
    number = await a_case(api, client, code)
    sha256, pdf = await a_letter(api, number, code)
    signed = await sign_letter(api, number, sha256, pdf)
    await issue_letter(api, number)
    return number, signed


async def issue_procedure(api: Api, number: str) -> None:
    """The letter of a procedure, written, signed and issued, as its workflow leaves it."""
    case = await api.records.application(number)
    form, pdf = api.engine.started[-1].definition.letter, a_pdf(text=f"surat {number}")
    sha256, purpose = await api.services.documents.put_document(pdf), case.procedure
    numbered = an_event(api, "numbered", Tag.LETTER_NUMBERED)
    await api.records.open_letter(
        LetterOpening(
            number=number,
            purpose=purpose,
            series=form.series,
            number_template=form.number_template,
            letter_date=date(2026, 5, 4),
            event=numbered,
        )
    )
    await api.records.freeze_letter(
        LetterFrozen(
            number=number,
            purpose=purpose,
            sha256=sha256,
            input_sha256="b" * 64,
            template=form.template,
            template_version=1,
            event=an_event(api, "drafted", Tag.LETTER_DRAFTED),
        )
    )
    await api.records.register_signed(
        SignedLetter(
            letter_sha256=sha256,
            number=number,
            purpose=purpose,
            signed_sha256=await api.services.documents.put_signed(pdf + b"% contoh\n"),
            level="B-LTA",
            signer_id="kepala",
            certificate_sha256="c" * 64,
            signed_at=api.clock.now,
            activation_id="contoh",
        ),
        an_event(api, "registered", Tag.SIGNATURE_REGISTERED),
    )
    await api.records.issue_letter(number, purpose, an_event(api, "issued", Tag.PERMIT_ISSUED))
    closed = an_event(api, "closed", Tag.APPLICATION_CLOSED)
    await api.records.keep(Step(number=number, events=(closed,), product=purpose, closed_at=api.clock.now))


async def verified(api: Api, number: str) -> dict[str, Any]:
    """What the QR code of a case's letter says to anybody."""
    row = await api.records.application(number)
    code = verification_code(row.verification_id or "", api.settings.qr_key_bytes)
    answer = await api.anonymous().get(f"/api/v1/verifications/{code}")
    page = await api.anonymous(Accept="text/html").get(f"/v/{code}")
    assert page.status_code == 200
    assert answer.json()["state"].replace("_", " ") in page.text
    return dict(answer.json())


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_holder_lists_its_own_permits_and_the_office_all_with_filters(api: Api) -> None:
    holder, neighbour = await api.as_("pemohon"), await api.as_("tetangga")
    number, _ = await a_permit(api, holder)
    own = (await holder.get("/api/v1/permits")).json()
    assert [(line["number"], line["state"]) for line in own["items"]] == [(number, "SAH")]
    assert own["items"][0]["valid_until"] == "2027-03-16"
    assert (await neighbour.get("/api/v1/permits")).json()["total"] == 0
    assert (await (await api.as_("penelitian")).get("/api/v1/permits")).json()["total"] == 0
    officer = await api.as_("koordinator")
    for asked, count in (
        ({}, 1),
        ({"status": "in_force", "permit_type": REKLAME}, 1),
        ({"status": "revoked"}, 0),
        ({"valid_until_from": "2027-03-16", "valid_until_to": "2027-03-16"}, 1),
        ({"valid_until_to": "2027-03-15"}, 0),
        ({"number_text": own["items"][0]["number_text"]}, 1),
        ({"practice": "true"}, 0),
    ):
        assert (await officer.get("/api/v1/permits", params=asked)).json()["total"] == count, asked


async def test_agencies_and_ops_read_no_permits_and_strangers_do_not_learn_that_one_exists(api: Api) -> None:
    number, _ = await a_permit(api, await api.as_("pemohon"))
    for person in ("dinas", "ops"):
        assert code_of(await (await api.as_(person)).get("/api/v1/permits")) == (403, "not-allowed")
    for person in ("tetangga", "dinas"):
        client = await api.as_(person)
        assert code_of(await client.get(f"/api/v1/permits/{number}")) == (404, "application-not-found")
        answer = await client.post(f"/api/v1/permits/{number}/replacement", json=LOST)
        assert code_of(answer) == (404, "application-not-found")


async def test_a_permit_says_what_its_reader_may_ask_for(api: Api) -> None:
    holder = await api.as_("pemohon")
    number, _ = await a_permit(api, holder)
    assert (await holder.get(f"/api/v1/permits/{number}")).json()["procedures"] == ["replacement", "extension"]
    field = definition(REKLAME).field
    officer = await api.as_("koordinator")
    assert (await officer.get(f"/api/v1/permits/{number}")).json()["procedures"] == ["revocation"]
    assert field not in ("kesehatan", "penelitian")
    other_field = await api.as_("bidang")
    assert code_of(await other_field.get(f"/api/v1/permits/{number}")) == (403, "not-allowed")
    assert (await (await api.as_("depan")).get(f"/api/v1/permits/{number}")).json()["procedures"] == []


async def test_an_application_without_a_permit_has_none(api: Api) -> None:
    holder = await api.as_("pemohon")
    number = await a_case(api, holder)
    assert code_of(await holder.get(f"/api/v1/permits/{number}")) == (404, "permit-not-found")
    answer = await holder.post(f"/api/v1/permits/{number}/replacement", json=LOST)
    assert code_of(answer) == (404, "permit-not-found")


async def test_a_revocation_is_a_case_of_its_own_that_reaches_the_engine_once(api: Api) -> None:
    number, _ = await a_permit(api, await api.as_("pemohon"))
    officer = await api.as_("koordinator")
    path, key = f"/api/v1/permits/{number}/revocation", {"Idempotency-Key": "cabut-1"}
    first = await officer.post(path, json=WHY, headers=key)
    again = await officer.post(path, json=WHY, headers=key)
    assert (first.status_code, first.json()) == (201, again.json())
    submission = api.engine.started[-1]
    assert (submission.number, submission.applicant_id) == (first.json()["number"], "pemohon")
    assert submission.definition.procedure is Procedure.REVOCATION
    assert submission.definition.stages[0].kind == "assessment"
    row = await api.records.application(submission.number)
    assert (row.procedure, row.about_permit, row.filed_by) == ("revocation", number, "koordinator")
    assert row.data["revocation_reason"] == WHY["reason"]
    assert row.started_at is not None
    [submitted] = await api.records.events_of(row.number)
    assert (submitted.actor_id, submitted.facts["about_permit"]) == ("koordinator", number)
    assert code_of(await officer.post(path, json=WHY)) == (409, "procedure-open")
    other = {**WHY, "reason": "Lain"}
    assert code_of(await officer.post(path, json=other, headers=key)) == (422, "idempotency-key-reused")


async def test_a_revocation_needs_its_reason_and_its_legal_ground(api: Api) -> None:
    number, _ = await a_permit(api, await api.as_("pemohon"))
    officer = await api.as_("koordinator")
    for missing in ({"reason": " "}, {"legal_ground": ""}):
        answer = await officer.post(f"/api/v1/permits/{number}/revocation", json={**WHY, **missing})
        assert code_of(answer) == (422, "reason-missing")


@pytest.mark.parametrize("person", ["bidang", "penelitian", "depan", "kepala", "teknis", "pemohon"])
async def test_only_the_field_or_a_coordinator_revokes(api: Api, person: str) -> None:
    number, _ = await a_permit(api, await api.as_("pemohon"))
    answer = await (await api.as_(person)).post(f"/api/v1/permits/{number}/revocation", json=WHY)
    assert code_of(answer) == (403, "not-allowed")


async def test_nobody_revokes_their_own_permit(api: Api) -> None:
    number, _ = await a_permit(api, await api.as_("pemohon"))
    async with api.services.db.transaction() as session:
        (await session.get_one(ApplicationRow, number)).applicant_id = "koordinator"
    answer = await (await api.as_("koordinator")).post(f"/api/v1/permits/{number}/revocation", json=WHY)
    assert code_of(answer) == (403, "own-application")


async def test_the_holder_cannot_withdraw_the_offices_revocation(api: Api) -> None:
    holder = await api.as_("pemohon")
    number, _ = await a_permit(api, holder)
    opened = (await (await api.as_("koordinator")).post(f"/api/v1/permits/{number}/revocation", json=WHY)).json()
    answer = await holder.post(f"/api/v1/applications/{opened['number']}/withdrawal", json={})
    assert code_of(answer) == (403, "not-allowed")
    assert api.engine.withdrawals == []


async def test_a_revoked_permit_says_so_everywhere_though_its_file_is_intact(api: Api) -> None:
    holder = await api.as_("pemohon")
    number, signed = await a_permit(api, holder)
    assert (await verified(api, number))["state"] == "SAH"
    officer = await api.as_("koordinator")
    case = (await officer.post(f"/api/v1/permits/{number}/revocation", json=WHY)).json()["number"]
    assert (await verified(api, number))["state"] == "SAH"
    await issue_procedure(api, case)
    said = await verified(api, number)
    assert (said["state"], said["successor_number"]) == ("DICABUT", "503/0001/CABUT/V/2026")
    async with api.services.db.transaction() as session:
        intact = await letter_by_signed_sha256(session, hashlib.sha256(signed).hexdigest(), date(2026, 5, 4))
    assert intact is not None and intact.state == "DICABUT"
    letter = await verified(api, case)
    assert (letter["state"], letter["title"]) == ("SAH", f"Pencabutan {definition(REKLAME).letter.title}")
    assert (await holder.get(f"/api/v1/permits/{number}")).json()["state"] == "DICABUT"
    answer = await holder.post(f"/api/v1/permits/{number}/replacement", json=LOST)
    assert code_of(answer) == (409, "permit-not-in-force")


async def test_a_lost_letter_is_replaced_by_one_with_a_number_of_its_own(api: Api) -> None:
    holder = await api.as_("pemohon")
    number, _ = await a_permit(api, holder)
    case = (await holder.post(f"/api/v1/permits/{number}/replacement", json=LOST)).json()["number"]
    row = await api.records.application(case)
    assert row.data.items() >= answers(definition(REKLAME)).items()
    assert row.data["replacement_cause"] == "Surat izin hilang"
    await issue_procedure(api, case)
    said = await verified(api, number)
    assert (said["state"], said["successor_number"]) == ("DIGANTI", "503/0001/GANTI/V/2026")
    assert (await verified(api, case))["state"] == "SAH"
    assert (await verified(api, case))["valid_until"] == "2027-03-16"
    listed = (await holder.get("/api/v1/permits", params={"status": "in_force"})).json()["items"]
    assert [line["number"] for line in listed] == [case]
    # And the new one can be replaced in its turn, with the answers of the first.
    again = (await holder.post(f"/api/v1/permits/{case}/replacement", json=LOST)).json()["number"]
    assert (await api.records.application(again)).data["about_number"] == "503/0001/GANTI/V/2026"


async def test_a_mistake_is_put_right_and_nothing_else_is_changed(api: Api) -> None:
    holder = await api.as_("pemohon")
    number, _ = await a_permit(api, holder)
    path, code = f"/api/v1/permits/{number}/replacement", definition(REKLAME).form[0].code
    assert code_of(await holder.post(path, json={**LOST, "corrections": {code: "Lain"}})) == (422, "field-invalid")
    unknown = {"cause": "mistake", "corrections": {"about_number": "503/9999"}}
    assert code_of(await holder.post(path, json=unknown)) == (422, "field-invalid")
    assert code_of(await holder.post(path, json={"cause": "mistake"})) == (422, "reason-missing")
    asked = {"cause": "mistake", "corrections": {code: "Yang benar"}}
    case = (await holder.post(path, json=asked)).json()["number"]
    assert (await api.records.application(case)).data[code] == "Yang benar"


async def test_an_extension_adds_the_types_own_period_to_the_last_day(api: Api) -> None:
    holder = await api.as_("pemohon")
    number, _ = await a_permit(api, holder)
    path = f"/api/v1/permits/{number}/extension"
    api.clock.advance(days=30)
    holder = await api.as_("pemohon")
    case = (await holder.post(path, json={})).json()["number"]
    assert (await api.records.application(case)).data["extended_until"] == "2028-03-16"
    await issue_procedure(api, case)
    said = await verified(api, number)
    assert (said["state"], said["valid_until"], said["extended_until"]) == ("SAH", "2027-03-16", "2028-03-16")
    assert said["successor_number"] == "503/0001/PANJANG/V/2026"
    assert (await verified(api, case))["state"] == "SAH"
    assert code_of(await holder.post(path, json={})) == (409, "not-extendable")
    # The letter of the extension is worth what its permit is worth.
    officer = await api.as_("koordinator")
    revoked = (await officer.post(f"/api/v1/permits/{number}/revocation", json=WHY)).json()["number"]
    await issue_procedure(api, revoked)
    assert (await verified(api, case))["state"] == "DICABUT"


async def test_an_expired_permit_is_not_extended_and_one_without_a_period_never_is(api: Api) -> None:
    holder = await api.as_("pemohon")
    number, _ = await a_permit(api, holder)
    endless, _ = await a_permit(api, holder, "sip-fisioterapis")
    answer = await holder.post(f"/api/v1/permits/{endless}/extension", json={})
    assert code_of(answer) == (409, "not-extendable")
    api.clock.advance(days=400)
    holder = await api.as_("pemohon")
    assert (await verified(api, number))["state"] == "KEDALUWARSA"
    answer = await holder.post(f"/api/v1/permits/{number}/extension", json={})
    assert code_of(answer) == (409, "permit-not-in-force")


async def test_without_the_engine_the_procedure_is_kept_and_started_later(api_without_engine: Api) -> None:
    api = api_without_engine
    holder = await api.as_("pemohon")
    number = await _case_without_engine(api, holder)
    answer = await holder.post(f"/api/v1/permits/{number}/replacement", json=LOST)
    assert (answer.status_code, answer.json()["started"]) == (202, False)
    assert answer.json()["number"] in [one.number for one in await api.records.starts_missing()]


async def _case_without_engine(api: Api, holder: httpx.AsyncClient) -> str:
    number = await a_complete_draft(holder, REKLAME)
    await holder.post(f"/api/v1/applications/{number}/submission")
    sha256, pdf = await a_letter(api, number, REKLAME)
    await sign_letter(api, number, sha256, pdf)
    await issue_letter(api, number)
    return number


async def test_the_agenda_shows_every_number_to_those_who_answer_for_it(api: Api) -> None:
    holder = await api.as_("pemohon")
    number, _ = await a_permit(api, holder)
    other = await a_case(api, holder, REKLAME)
    await a_letter(api, other, REKLAME)
    series = definition(REKLAME).letter.series
    page = (await (await api.as_("koordinator")).get(f"/api/v1/agenda/{series}/2026", params={"limit": 1})).json()
    assert (page["last"], page["total"], page["next_after"], page["gapless"]) == (2, 2, 1, False)
    assert page["audit"]["under_way"] == [2]
    assert [(line["sequence"], line["application"], line["state"]) for line in page["items"]] == [(1, number, "issued")]
    empty = (await (await api.as_("koordinator")).get("/api/v1/agenda/TIDAK-ADA/2026")).json()
    assert (empty["last"], empty["items"], empty["gapless"]) == (0, [], True)
    for person in ("pemohon", "depan", "ops", "dinas"):
        answer = await (await api.as_(person)).get(f"/api/v1/agenda/{series}/2026")
        assert code_of(answer) == (403, "not-allowed")
