"""The inbox, evidence and decisions: who may, what is passed on, and what each refusal says."""

from typing import Any

import pytest

from api.deciding import DecisionAsked
from api.engine import CaseGone, Unknown
from api.problems import Problem
from permits.application import dossier_sha256
from permits.authority import Role
from permits.decision_rules import POSSIBLE
from permits.decisions import DocumentsRepaired, Inspected, TaskKind
from permits.errors import Code
from tests.api.cases import SEEN, a_letter, a_repair, close_task, issue_letter, open_task, sign_letter
from tests.api.conftest import Api, a_person
from tests.api.filing import a_case, a_draft, a_pdf, a_picture, definition, upload

FORWARD = {"seen": SEEN, "kind": "forward"}


async def at_front_office(api: Api) -> tuple[str, str]:
    number = await a_case(api, await api.as_("pemohon"))
    return number, await open_task(api, number, TaskKind.VERIFICATION, Role.FRONT_OFFICE, wanted_documents=("ktp",))


async def at_assessment(api: Api) -> tuple[str, str]:
    number = await a_case(api, await api.as_("pemohon"))
    return number, await open_task(api, number, TaskKind.ASSESSMENT, Role.BACK_OFFICE, field="kesehatan")


async def test_a_task_is_in_the_inbox_of_its_desk_and_of_no_other(api: Api) -> None:
    _, task = await at_assessment(api)
    seen_by = {}
    for person in ("depan", "bidang", "penelitian", "koordinator", "kepala", "dinas", "pemohon"):
        listed = (await (await api.as_(person)).get("/api/v1/tasks")).json()
        seen_by[person] = [item["id"] for item in listed["items"]]
        assert listed["total"] == len(listed["items"])
    assert seen_by.pop("bidang") == [task]
    assert set(map(tuple, seen_by.values())) == {()}
    assert (await (await api.as_("ops")).get("/api/v1/tasks")).status_code == 403


async def test_an_agency_sees_its_own_requests_alone(api: Api) -> None:
    number = await a_case(api, await api.as_("pemohon"), "izin-penelitian")
    task = await open_task(
        api, number, TaskKind.RECOMMENDATION, Role.OPD, opd="bappeda", workflow_id=f"{number}-opd-bappeda-1"
    )
    mine, others = await api.as_("dinas"), await api.as_("lain")
    assert (await mine.get("/api/v1/tasks")).json()["total"] == 1
    assert (await mine.get(f"/api/v1/applications/{number}")).status_code == 200
    assert (await others.get("/api/v1/tasks")).json()["total"] == 0
    assert (await others.get(f"/api/v1/applications/{number}")).json()["code"] == "application-not-found"
    assert (await others.get(f"/api/v1/tasks/{task}")).json()["code"] == "task-not-found"
    body = {"seen": SEEN, "kind": "recommended", "answer": "approve"}
    assert (await others.post(f"/api/v1/tasks/{task}/decision", json=body)).json()["code"] == "task-not-found"
    assert (await mine.post(f"/api/v1/tasks/{task}/decision", json=body)).status_code == 200
    assert api.engine.decisions[0][0] == f"{number}-opd-bappeda-1"


async def test_a_task_page_shows_what_is_judged_and_what_can_be_decided(api: Api) -> None:
    number, task = await at_front_office(api)
    page = (await (await api.as_("depan")).get(f"/api/v1/tasks/{task}")).json()
    assert page["possible"] == ["verdicts"]
    assert page["subject_sha256"] == SEEN
    assert page["applicant_name"] == "Contoh Pemohon"
    assert {document["version"] for document in page["documents"]} == {1}
    assert page["number"] == number


async def test_who_gets_the_last_resort_reads_the_task_without_reading_the_case(api: Api) -> None:
    await api.records.ensure_account(a_person("inspektorat", role=Role.INSPECTORATE))
    number = await a_case(api, await api.as_("pemohon"))
    task = await open_task(api, number, TaskKind.OVERDUE, Role.INSPECTORATE)
    client = await api.as_("inspektorat")
    assert (await client.get(f"/api/v1/tasks/{task}")).json()["possible"] == ["acknowledged"]
    assert (await client.get(f"/api/v1/applications/{number}")).json()["code"] == "not-allowed"


async def test_a_head_who_judged_a_case_before_does_not_find_it_to_sign(api: Api) -> None:
    number = await a_case(api, await api.as_("pemohon"))
    task = await open_task(api, number, TaskKind.SIGNING, Role.HEAD_OF_OFFICE, verified_by=("depan", "kepala"))
    head = await api.as_("kepala")
    assert (await head.get("/api/v1/tasks")).json()["total"] == 0
    proofs = {"tasks": [{"task": task, "seen": "0" * 64}], "passphrase": "frasa", "totp": "123456"}
    assert (await head.post("/api/v1/signing/activations", json=proofs)).json()["code"] == "same-person"


async def test_a_decision_names_the_actor_of_the_session_and_nobody_else(api: Api) -> None:
    _, task = await at_assessment(api)
    client = await api.as_("bidang")
    address = f"/api/v1/tasks/{task}/decision"
    refused = await client.post(address, json=FORWARD | {"actor": {"id": "kepala", "name": "x", "role": "ops"}})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid-request")
    answer = await client.post(address, json=FORWARD)
    assert answer.status_code == 200
    assert answer.json()["state"] == "accepted"
    workflow, decision, _ = api.engine.decisions[0]
    assert (workflow, decision.actor.id, decision.task_id, decision.seen) == (task.split(".")[0], "bidang", task, SEEN)


@pytest.mark.parametrize("person", ["pemohon", "depan", "penelitian", "koordinator", "kepala", "ops"])
async def test_the_wrong_role_decides_nothing(api: Api, person: str) -> None:
    _, task = await at_assessment(api)
    answer = await (await api.as_(person)).post(f"/api/v1/tasks/{task}/decision", json=FORWARD)
    assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")
    assert api.engine.decisions == []


@pytest.mark.parametrize("person", ["tetangga", "dinas"])
async def test_a_case_of_others_is_one_that_does_not_exist_to_who_is_outside(api: Api, person: str) -> None:
    number, task = await at_assessment(api)
    client = await api.as_(person)
    unknown = number[:-1] + str((int(number[-1]) + 1) % 10)
    sub_addresses: dict[str, str] = {"": "GET", "/events": "GET", "/letters/permit": "GET", "/documents/ktp": "PUT"}
    for sub_address, method in (sub_addresses | {"/withdrawal": "POST", "/submission": "POST"}).items():
        answers = [
            await client.request(
                method, f"/api/v1/applications/{one}{sub_address}", json={} if method != "GET" else None
            )
            for one in (number, unknown)
        ]
        assert [answer.status_code for answer in answers] == [404, 404], sub_address
        bodies = [{**answer.json(), "instance": ""} for answer in answers]
        assert bodies[0] == bodies[1]
        assert number not in answers[0].text
    for method, sub_address in (("GET", ""), ("POST", "/decision"), ("POST", "/attachments")):
        answers = [
            await client.request(
                method, f"/api/v1/tasks/{one}{sub_address}", json=FORWARD if method == "POST" else None
            )
            for one in (task, task.replace(number, unknown))
        ]
        assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(404, "task-not-found")] * 2
    assert api.engine.decisions == []


async def test_an_unknown_task_is_not_found(api: Api) -> None:
    client = await api.as_("bidang")
    for task in ("PRM-2026-000001.assessment.9", "%00", "x" * 500):
        answer = await client.post(f"/api/v1/tasks/{task}/decision", json=FORWARD)
        assert (answer.status_code, answer.json()["code"]) == (404, "task-not-found")


@pytest.mark.parametrize(
    ("code", "status"), [(Code.STALE_VERSION, 409), (Code.REASON_MISSING, 422), (Code.APPLICATION_WITHDRAWN, 409)]
)
async def test_a_refusal_of_the_engine_keeps_its_code(api: Api, code: Code, status: int) -> None:
    _, task = await at_assessment(api)
    api.engine.raises = Problem(code)
    answer = await (await api.as_("bidang")).post(f"/api/v1/tasks/{task}/decision", json=FORWARD)
    assert (answer.status_code, answer.json()["code"]) == (status, code.value)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_who_comes_second_learns_who_won(api: Api) -> None:
    _, task = await at_assessment(api)
    api.engine.raises = Problem(Code.TASK_CLOSED, decided_by="Contoh Rekan")
    answer = await (await api.as_("bidang")).post(f"/api/v1/tasks/{task}/decision", json=FORWARD)
    assert answer.json()["detail"].startswith("Tugas ini sudah diputus oleh Contoh Rekan.")


async def test_a_decision_without_an_answer_in_time_is_202_with_its_key(api: Api) -> None:
    _, task = await at_assessment(api)
    client = await api.as_("bidang")
    api.engine.raises = Unknown()
    answer = await client.post(f"/api/v1/tasks/{task}/decision", json=FORWARD, headers={"Idempotency-Key": "k-1"})
    assert answer.status_code == 202
    assert answer.json() == {"state": "accepted-unknown", "task_id": task, "retry_with_key": "k-1"}
    unnamed = (await client.post(f"/api/v1/tasks/{task}/decision", json=FORWARD)).json()["retry_with_key"]
    api.engine.raises = None
    await client.post(f"/api/v1/tasks/{task}/decision", json=FORWARD)
    assert api.engine.decisions[0][2] == unnamed


async def test_another_decision_under_a_used_key_is_refused(api: Api) -> None:
    _, task = await at_assessment(api)
    client = await api.as_("bidang")
    headers = {"Idempotency-Key": "k-1"}
    address = f"/api/v1/tasks/{task}/decision"
    first = await client.post(address, json=FORWARD, headers=headers)
    assert (await client.post(address, json=FORWARD, headers=headers)).json() == first.json()
    other = await client.post(address, json=FORWARD | {"note": "lain"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


async def test_a_closed_workflow_is_told_by_what_became_of_the_case(api: Api) -> None:
    number, task = await at_assessment(api)
    await close_task(api, number, task)
    api.engine.raises = CaseGone()
    answer = await (await api.as_("bidang")).post(f"/api/v1/tasks/{task}/decision", json=FORWARD)
    assert (answer.status_code, answer.json()["code"]) == (409, "task-closed")
    assert "Contoh Rekan" in answer.json()["detail"]


async def test_an_engine_that_is_away_is_503_and_changes_nothing(api_without_engine: Api) -> None:
    api = api_without_engine
    client = await api.as_("pemohon")
    answer = await client.post("/api/v1/applications", json={"permit_type": "sip-fisioterapis"})
    number = answer.json()["number"]
    task = await open_task(api, number, TaskKind.ASSESSMENT, Role.BACK_OFFICE, field="kesehatan")
    decided = await (await api.as_("bidang")).post(f"/api/v1/tasks/{task}/decision", json=FORWARD)
    assert (decided.status_code, decided.json()["code"]) == (503, "engine-unavailable")
    asked = await (await api.as_("ops")).get(f"/api/v1/applications/{number}/engine")
    assert (asked.status_code, asked.json()["code"]) == (503, "engine-unavailable")


async def test_only_a_document_under_repair_can_be_uploaded_again(api: Api) -> None:
    client = await api.as_("pemohon")
    number, task, code = await a_repair(api, client)
    address = f"/api/v1/tasks/{task}/decision"
    body = {"seen": SEEN, "kind": "repaired"}
    early = await client.post(address, json=body)
    assert (early.status_code, early.json()["documents"]) == (422, [code])
    assert (await upload(client, number, "str")).json()["code"] in ("not-a-draft", "requirement-not-found")
    mended = await upload(client, number, code, a_pdf(text="lebih terang"))
    assert mended.json()["version"] == 2
    assert (await client.post(address, json=body)).status_code == 200
    decision = api.engine.decisions[0][1]
    assert isinstance(decision.body, DocumentsRepaired)
    documents = await api.records.newest_documents(number)
    row = await api.records.application(number)
    assert decision.body.documents == documents
    assert decision.body.dossier_sha256 == dossier_sha256(row.data, documents)


async def test_an_inspection_names_photos_that_lie_with_its_task(api: Api) -> None:
    number = await a_case(api, await api.as_("pemohon"))
    task = await open_task(api, number, TaskKind.INSPECTION, Role.TECHNICAL_TEAM, photos=1)
    client = await api.as_("teknis")
    files = {"file": ("foto.jpg", a_picture(), "image/jpeg")}
    photo = await client.post(f"/api/v1/tasks/{task}/attachments", files=files, data={"kind": "photo"})
    assert photo.status_code == 201
    body: dict[str, Any] = {
        "seen": SEEN,
        "kind": "inspected",
        "photos": ["f" * 64],
        "position": {"latitude": -6.888, "longitude": 109.675, "accuracy_metres": 8},
        "findings": "Sesuai dengan berkas.",
        "present": ["Contoh Petugas"],
    }
    refused = await client.post(f"/api/v1/tasks/{task}/decision", json=body)
    assert (refused.status_code, refused.json()["code"]) == (422, "evidence-missing")
    body["photos"] = [photo.json()["sha256"]]
    assert (await client.post(f"/api/v1/tasks/{task}/decision", json=body)).status_code == 200
    assert isinstance(api.engine.decisions[0][1].body, Inspected)
    page = (await client.get(f"/api/v1/tasks/{task}")).json()
    kept = await client.get(f"/api/v1/tasks/{task}/attachments/{page['attachments'][0]['id']}")
    assert kept.content == a_picture()


async def test_a_payment_needs_its_proof(api: Api) -> None:
    client = await api.as_("pemohon")
    number = await a_case(api, client)
    task = await open_task(api, number, TaskKind.PAYMENT, Role.APPLICANT, holder="Pemohon")
    address = f"/api/v1/tasks/{task}"
    missing = await client.post(f"{address}/decision", json={"seen": SEEN, "kind": "paid", "proof": "e" * 64})
    assert missing.json()["code"] == "evidence-missing"
    wrong_kind = await client.post(
        f"{address}/attachments", files={"file": ("a.jpg", a_picture())}, data={"kind": "photo"}
    )
    assert (wrong_kind.status_code, wrong_kind.json()["fields"]) == (422, ["kind"])
    proof = (await client.post(f"{address}/attachments", files={"file": ("a.jpg", a_picture())})).json()
    assert proof["kind"] == "payment-proof"
    paid = await client.post(f"{address}/decision", json={"seen": SEEN, "kind": "paid", "proof": proof["sha256"]})
    assert paid.status_code == 200


async def test_a_task_without_evidence_takes_no_file(api: Api) -> None:
    _, task = await at_assessment(api)
    answer = await (await api.as_("bidang")).post(
        f"/api/v1/tasks/{task}/attachments", files={"file": ("a.pdf", a_pdf())}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "decision-not-possible")


def test_every_decision_but_the_signature_can_be_asked_for() -> None:
    union = DecisionAsked.__origin__  # type: ignore[attr-defined]
    askable = {member.model_fields["kind"].default for member in union.__args__}
    assert askable == {kind for kinds in POSSIBLE.values() for kind in kinds} - {"sign"}


async def test_a_document_without_verdict_is_named_by_its_title_and_a_made_up_one_is_not(api: Api) -> None:
    number = await a_case(api, await api.as_("pemohon"))
    code, other = (one.code for one in definition().requirements[:2])
    task = await open_task(api, number, TaskKind.VERIFICATION, Role.FRONT_OFFICE, wanted_documents=(code, other))
    verdicts = [{"requirement": other, "verdict": "accept", "reason": ""}]
    body = {"seen": SEEN, "kind": "verdicts", "verdicts": verdicts}
    api.engine.raises = Problem(Code.VERDICT_MISSING, documents=[code, "PALSU-<script>"])
    client = await api.as_("depan")
    answer = await client.post(f"/api/v1/tasks/{task}/decision", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "verdict-missing")
    title = definition().requirements[0].title
    assert (answer.json()["documents"], answer.json()["titles"]) == ([code], [title])
    assert title in answer.json()["detail"] and "PALSU" not in answer.text
    api.engine.raises = Problem(Code.VERDICT_MISSING, documents=["PALSU-<script>"])
    answer = await client.post(f"/api/v1/tasks/{task}/decision", json=body)
    assert answer.json()["detail"] == "Beri penilaian untuk setiap berkas, lalu kirim lagi."
    assert "PALSU" not in answer.text


@pytest.mark.parametrize("kind", ["buatan", "", None, 7, ["forward"]])
async def test_an_unknown_kind_of_decision_says_which_ones_there_are(api: Api, kind: object) -> None:
    _, task = await at_assessment(api)
    client = await api.as_("bidang")
    answer = await client.post(f"/api/v1/tasks/{task}/decision", json={"seen": SEEN, "kind": kind})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert (answer.json()["fields"], answer.json()["possible"]) == (
        ["kind"],
        ["forward", "reject", "return", "to_applicant"],
    )
    assert "buatan" not in answer.text


def too_long() -> list[dict[str, object]]:
    many, long = ["a"] * 200, "a" * 100_000
    position = {"latitude": 0, "longitude": 0, "accuracy_metres": 1}
    inspected = {"kind": "inspected", "photos": [], "position": position, "findings": "a", "present": ["a"]}
    met = {"kind": "met", "conclusions": ["a"], "present": ["a"]}
    verdict = {"requirement": "ktp", "verdict": "repair", "reason": long}
    return [
        {"kind": "forward", "note": long},
        {"kind": "reject", "reasons": [long]},
        {"kind": "reject", "reasons": many},
        {"kind": "return", "reason": long},
        {"kind": "verdicts", "verdicts": [verdict]},
        {"kind": "verdicts", "verdicts": [{**verdict, "reason": "a"}] * 200},
        {**inspected, "findings": long},
        {**inspected, "present": many},
        {**inspected, "present": [long]},
        {**inspected, "photos": ["a" * 64] * 200},
        {**met, "conclusions": many},
        {**met, "present": [long]},
        {"kind": "recommended", "answer": "approve_with_conditions", "conditions": many},
        {"kind": "recommended", "answer": "refuse", "reason": long},
        {"kind": "retribution", "amount_rupiah": 1, "calculation": long},
        {"kind": "payment", "received": False, "reason": long},
        {"kind": "drafted", "facts": {"a": long}},
        {"kind": "drafted", "facts": {long: "a"}},
        {"kind": "drafted", "facts": {f"a{n}": "a" for n in range(200)}},
        {"kind": "drafted", "conditions": [long]},
        {"kind": "acknowledged", "note": long},
    ]


async def test_what_no_letter_can_hold_is_refused_at_the_door(api: Api) -> None:
    _, task = await at_assessment(api)
    client = await api.as_("bidang")
    for body in too_long():
        answer = await client.post(f"/api/v1/tasks/{task}/decision", json={"seen": SEEN, **body})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request"), body["kind"]
        assert answer.json()["fields"] and len(answer.text) < 2000
    assert api.engine.decisions == []


async def test_a_draft_needs_no_withdrawal(api: Api) -> None:
    client = await api.as_("pemohon")
    number = await a_draft(client)
    answer = await client.post(f"/api/v1/applications/{number}/withdrawal", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "not-submitted")
    assert "Hapus saja drafnya" in answer.json()["detail"]


@pytest.mark.parametrize("escape", ["\\u0000", "\\u001b", "\\ud800"])
async def test_text_that_cannot_be_kept_never_reaches_a_case(api: Api, escape: str) -> None:
    _, task = await at_assessment(api)
    content = f'{{"seen": "{SEEN}", "kind": "forward", "note": "a{escape}b"}}'
    answer = await (await api.as_("bidang")).post(
        f"/api/v1/tasks/{task}/decision", content=content, headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert api.engine.decisions == []


async def test_a_withdrawal_goes_to_the_engine_and_a_second_one_learns_that_it_is_done(api: Api) -> None:
    client = await api.as_("pemohon")
    number = await a_case(api, client)
    address = f"/api/v1/applications/{number}/withdrawal"
    refused = await (await api.as_("tetangga")).post(address, json={})
    assert (refused.status_code, refused.json()["code"]) == (404, "application-not-found")
    done = await client.post(address, json={"reason": "Salah jenis izin"}, headers={"Idempotency-Key": "t-1"})
    assert (done.status_code, done.json()["state"]) == (200, "accepted")
    assert api.engine.withdrawals[0].actor.id == "pemohon"
    again = await client.post(address, json={"reason": "Salah jenis izin"}, headers={"Idempotency-Key": "t-1"})
    assert again.json() == done.json()
    assert len(api.engine.withdrawals) == 1


async def test_a_draft_letter_is_for_staff_and_a_signed_one_for_its_owner_once_issued(api: Api) -> None:
    applicant, staff = await api.as_("pemohon"), await api.as_("koordinator")
    number = await a_case(api, applicant)
    address = f"/api/v1/applications/{number}/letters/permit"
    assert (await staff.get(address)).json()["code"] == "letter-not-found"
    sha256, pdf = await a_letter(api, number)
    assert (await staff.get(address, params={"draft": 1})).content == pdf
    assert (await applicant.get(address, params={"draft": 1})).json()["code"] == "not-allowed"
    signed = await sign_letter(api, number, sha256, pdf)
    assert (await applicant.get(address)).json()["code"] == "letter-not-found"
    await issue_letter(api, number)
    answer = await applicant.get(address)
    assert answer.content == signed
    assert answer.headers["content-disposition"] == f'attachment; filename="{number}-permit.pdf"'
    assert (await (await api.as_("tetangga")).get(address)).json()["code"] == "application-not-found"
    page = await applicant.get(f"/permohonan/{number}/surat")
    assert page.content == signed
    assert (await api.anonymous().get(f"/permohonan/{number}/surat")).status_code == 303
