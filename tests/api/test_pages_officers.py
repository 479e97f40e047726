"""The desks' pages over HTTP: what each role sees, decides and is told, on real stores and a stand-in engine."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import httpx
import pytest

from api.engine import Unknown
from api.pages.menu import home_of
from permits.authority import Actor, Role
from permits.decisions import Decision, TaskKind, VerdictsGiven
from permits.errors import Code, RuleError
from tests.api.cases import SEEN, a_letter, a_repair, close_task, open_task
from tests.api.conftest import Api, a_person
from tests.api.filing import a_case, a_pdf, definition

CODES = [one.code for one in definition().requirements]


async def on_pages(api: Api, person: str) -> httpx.AsyncClient:
    """A browser of that person: it carries a cookie, and forms have to bring their secret."""
    token = (await api.as_(person)).headers["Authorization"].removeprefix("Bearer ")
    client = api.anonymous()
    client.cookies.set("sakpore_session", token)
    return client


def words(html: str) -> str:
    """What a page says, without its markup."""
    main = html.partition("<main")[2].partition("</main>")[0] or html
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def hidden(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found, f"no field {name}"
    return unescape(found[1])


async def send(
    client: httpx.AsyncClient, address: str, fields: dict[str, Any], form_from: str | None = None, **more: Any
) -> httpx.Response:
    """Sends a form as the page drew it: with its secret and its key."""
    page = await client.get(form_from or address)
    assert page.status_code == 200, page.text
    data = {"csrf_token": hidden(page.text, "csrf_token"), "kunci": hidden(page.text, "kunci"), **fields}
    return await client.post(address, data=data, **more)


def decisions(api: Api) -> list[Decision]:
    return [decision for _, decision, _ in api.engine.decisions]


async def a_verification(api: Api) -> tuple[str, str]:
    number = await a_case(api, await api.as_("pemohon"))
    wanted = tuple(CODES[:2])
    return number, await open_task(api, number, TaskKind.VERIFICATION, Role.FRONT_OFFICE, wanted_documents=wanted)


AT_THE_INBOX = [role for role in Role if home_of(Actor(id="x", name="x", role=role)) == "/tugas" and role != "system"]


@pytest.mark.parametrize("role", AT_THE_INBOX)
async def test_the_page_that_a_role_begins_at_is_there(api: Api, role: Role) -> None:
    opd = "bappeda" if role is Role.OPD else None
    await api.records.ensure_account(a_person(f"awal-{role.value}", role=role, opd=opd))
    client = await on_pages(api, f"awal-{role.value}")
    answer = await client.get("/tugas")
    assert answer.status_code == 200
    assert "Tidak ada tugas" in words(answer.text)


async def test_the_inbox_says_what_waits_and_how_long(api: Api) -> None:
    number, task = await a_verification(api)
    client = await on_pages(api, "depan")
    page = await client.get("/tugas")
    assert f'href="/tugas/{task}"' in page.text
    assert "Besok" in words(page.text) and number in words(page.text)
    api.clock.advance(days=3)
    client = await on_pages(api, "depan")
    assert "Terlambat 2 hari" in words((await client.get("/tugas?daftar=overdue")).text)


async def test_an_officer_judges_documents_and_goes_on(api: Api) -> None:
    _, task = await a_verification(api)
    client = await on_pages(api, "depan")
    fields = {
        "putusan": "verdicts",
        "seen": SEEN,
        f"nilai.{CODES[0]}": "accept",
        f"nilai.{CODES[1]}": "repair",
        f"kode.{CODES[1]}": "unreadable",
    }
    answer = await send(client, f"/tugas/{task}", fields)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/tugas/{task}/selesai")
    body = decisions(api)[-1].body
    assert isinstance(body, VerdictsGiven)
    assert [(one.requirement, one.verdict, one.reason) for one in body.verdicts] == [
        (CODES[0], "accept", ""),
        (CODES[1], "repair", "Tidak terbaca"),
    ]
    assert "Putusan Anda tercatat" in words((await client.get(f"/tugas/{task}/selesai")).text)


async def test_a_document_without_a_verdict_is_named_and_what_was_typed_stays(api: Api) -> None:
    _, task = await a_verification(api)
    client = await on_pages(api, "depan")
    fields = {"putusan": "verdicts", "seen": SEEN, f"nilai.{CODES[0]}": "accept"}
    answer = await send(client, f"/tugas/{task}", fields)
    assert answer.status_code == 422
    assert f'href="#nilai-{CODES[1]}"' in answer.text
    assert re.search(rf'id="nilai-{CODES[0]}"[^>]* checked', answer.text)
    assert decisions(api) == []


async def test_who_comes_second_is_told_who_decided_and_what(api: Api) -> None:
    number, task = await a_verification(api)
    client = await on_pages(api, "rekan")
    page = await client.get(f"/tugas/{task}")
    await close_task(api, number, task)
    data = {"csrf_token": hidden(page.text, "csrf_token"), "kunci": "kedua", "putusan": "verdicts", "seen": SEEN}
    answer = await client.post(f"/tugas/{task}", data=data | {"sisanya": "terima"})
    assert answer.status_code == 409
    assert "Contoh Rekan : Meneruskan" in words(answer.text) or "Contoh Rekan: Meneruskan" in words(answer.text)
    assert "Putusan Anda tidak dicatat" in words(answer.text)


@dataclass(frozen=True)
class Asked:
    """A task of some kind, what its page sends, and what the engine is asked."""

    kind: TaskKind
    person: str
    role: Role
    fields: dict[str, str]
    body: dict[str, Any]
    task: dict[str, Any] = field(default_factory=dict)


RETURNED = {"putusan": "return", "to": "assessment", "code": "wrong-data", "reason": "Alamat keliru."}
ASKED = [
    Asked(TaskKind.ASSESSMENT, "bidang", Role.BACK_OFFICE, {"putusan": "forward", "note": "Baik."},
          {"kind": "forward", "note": "Baik."}),
    Asked(TaskKind.ASSESSMENT, "bidang", Role.BACK_OFFICE,
          {"putusan": "reject", "code": "not-permitted", "reasons": "Satu.\n\nDua."},
          {"kind": "reject", "code": "not-permitted", "reasons": ["Satu.", "Dua."]}),
    Asked(TaskKind.ASSESSMENT, "bidang", Role.BACK_OFFICE,
          {"putusan": "to_applicant", f"nilai.{CODES[0]}": "repair", f"kode.{CODES[0]}": "expired"},
          {"kind": "to_applicant", "documents": [
              {"requirement": CODES[0], "verdict": "repair", "code": "expired", "reason": "Sudah tidak berlaku"}]}),
    Asked(TaskKind.DESK_CHECK, "koordinator", Role.COORDINATOR, RETURNED,
          {"kind": "return", "to": "assessment", "code": "wrong-data", "reason": "Alamat keliru."},
          {"return_to": ("assessment",)}),
    Asked(TaskKind.MEETING, "teknis", Role.TECHNICAL_TEAM,
          {"putusan": "met", "conclusions": "Sesuai.", "present": "Contoh Satu\nContoh Dua"},
          {"kind": "met", "conclusions": ["Sesuai."], "present": ["Contoh Satu", "Contoh Dua"]}),
    Asked(TaskKind.ASSESS_RETRIBUTION, "bidang", Role.BACK_OFFICE,
          {"putusan": "retribution", "amount_rupiah": "Rp 864.000", "calculation": "3 x 1,2"},
          {"kind": "retribution", "amount_rupiah": 864_000, "calculation": "3 x 1,2"}),
    Asked(TaskKind.CONFIRM_PAYMENT, "bidang", Role.BACK_OFFICE, {"putusan": "payment"},
          {"kind": "payment", "received": True, "reason": ""}),
    Asked(TaskKind.CONFIRM_PAYMENT, "bidang", Role.BACK_OFFICE, {"putusan": "payment-no", "reason": "Belum masuk."},
          {"kind": "payment", "received": False, "reason": "Belum masuk."}),
    Asked(TaskKind.DRAFTING, "bidang", Role.BACK_OFFICE,
          {"putusan": "drafted", "facts": "Luas: 3,6 m2", "conditions": "Satu.\nDua."},
          {"kind": "drafted", "facts": {"Luas": "3,6 m2"}, "conditions": ["Satu.", "Dua."]}),
    Asked(TaskKind.OVERDUE, "koordinator", Role.COORDINATOR, {"putusan": "acknowledged", "note": "Sudah ditelepon."},
          {"kind": "acknowledged", "note": "Sudah ditelepon."}),
    Asked(TaskKind.MATCH_ANSWER, "bidang", Role.BACK_OFFICE, {"putusan": "matched-no", "reason": "Nomornya lain."},
          {"kind": "matched", "matches": False, "reason": "Nomornya lain."}),
    Asked(TaskKind.UNANSWERED_REPAIR, "depan", Role.FRONT_OFFICE, {"putusan": "keep_waiting", "working_days": "5"},
          {"kind": "keep_waiting", "working_days": 5, "note": ""}),
    Asked(TaskKind.UNANSWERED_REPAIR, "depan", Role.FRONT_OFFICE, {"putusan": "close_file", "reason": "Tidak ada."},
          {"kind": "close_file", "reason": "Tidak ada."}),
    Asked(TaskKind.DEEMED_APPROVAL, "koordinator", Role.COORDINATOR, {"putusan": "deemed_confirmed", "note": "Ya."},
          {"kind": "deemed_confirmed", "note": "Ya."}),
    Asked(TaskKind.HAND_OVER, "depan", Role.FRONT_OFFICE,
          {"putusan": "handed_over", "to_name": "Contoh", "relation": "sendiri", "identity_seen": "KTP"},
          {"kind": "handed_over", "to_name": "Contoh", "relation": "sendiri", "identity_seen": "KTP"}),
    Asked(TaskKind.POSTING, "depan", Role.FRONT_OFFICE, {"putusan": "posted", "receipt_number": "p 123-456"},
          {"kind": "posted", "receipt_number": "P123-456"}),
    Asked(TaskKind.POST_ARRIVAL, "depan", Role.FRONT_OFFICE,
          {"putusan": "arrived", "received_by": "Contoh", "on": "2026-03-12"},
          {"kind": "arrived", "received_by": "Contoh", "on": "2026-03-12"}),
    Asked(TaskKind.CLARIFICATION, "depan", Role.APPLICANT,
          {"putusan": "answered", "text": "Di lantai dua.", "channel": "telephone", "consent": "lewat telepon"},
          {"kind": "answered", "text": "Di lantai dua.", "files": [],
           "on_behalf": {"channel": "telephone", "consent": "lewat telepon"}}),
]  # fmt: skip


@pytest.mark.parametrize("asked", ASKED, ids=lambda one: f"{one.kind.value}-{one.fields['putusan']}")
async def test_each_kind_of_task_is_decided_on_its_page(api: Api, asked: Asked) -> None:
    number = await a_case(api, await api.as_("pemohon"))
    task = await open_task(api, number, asked.kind, asked.role, **asked.task)
    client = await on_pages(api, asked.person)
    answer = await send(client, f"/tugas/{task}", {"seen": SEEN, **asked.fields})
    assert (answer.status_code, answer.headers.get("location")) == (303, f"/tugas/{task}/selesai"), words(answer.text)
    decision = decisions(api)[-1]
    assert (decision.seen, decision.body.model_dump(mode="json")) == (SEEN, asked.body)


async def test_a_field_that_was_left_empty_is_named_and_the_others_stay(api: Api) -> None:
    number = await a_case(api, await api.as_("pemohon"))
    task = await open_task(api, number, TaskKind.HAND_OVER, Role.FRONT_OFFICE)
    client = await on_pages(api, "depan")
    answer = await send(client, f"/tugas/{task}", {"seen": SEEN, "putusan": "handed_over", "to_name": "Contoh Dua"})
    assert answer.status_code == 422
    assert 'href="#handed_over-relation"' in answer.text and 'value="Contoh Dua"' in answer.text
    assert decisions(api) == []


async def test_the_page_asks_again_under_the_same_key_while_the_engine_is_silent(api: Api) -> None:
    _, task = await a_verification(api)
    client = await on_pages(api, "depan")
    api.engine.raises = Unknown()
    fields = {"putusan": "verdicts", "seen": SEEN, "sisanya": "terima"}
    answer = await send(client, f"/tugas/{task}", fields)
    assert answer.status_code == 202
    api.engine.raises = None
    key = hidden(answer.text, "kunci")
    again = {"csrf_token": hidden(answer.text, "csrf_token"), "kunci": key, **fields}
    assert (await client.post(f"/tugas/{task}", data=again)).status_code == 303
    assert api.engine.decisions[-1][2] == key


async def test_a_form_without_its_secret_decides_nothing(api: Api) -> None:
    _, task = await a_verification(api)
    client = await on_pages(api, "depan")
    answer = await client.post(f"/tugas/{task}", data={"putusan": "verdicts", "seen": SEEN, "sisanya": "terima"})
    assert answer.status_code == 403 and decisions(api) == []


async def test_the_counter_alone_reads_how_to_reach_the_applicant(api: Api) -> None:
    number = await a_case(api, await api.as_("pemohon"))
    for person, reads in (("depan", True), ("bidang", False), ("koordinator", False)):
        page = (await (await on_pages(api, person)).get(f"/kasus/{number}")).text
        assert ("Menghubungi pemohon" in page) is reads, person
        assert ("pemohon@contoh.invalid" in page) is reads, person


async def test_another_field_another_agency_and_a_neighbour_see_no_task_of_others(api: Api) -> None:
    number = await a_case(api, await api.as_("pemohon"))
    task = await open_task(api, number, TaskKind.ASSESSMENT, Role.BACK_OFFICE)
    for person, status in (("penelitian", 403), ("dinas", 404), ("tetangga", 404)):
        client = await on_pages(api, person)
        assert (await client.get(f"/tugas/{task}")).status_code == status
        assert (await client.get(f"/kasus/{number}")).status_code == status


async def test_a_leader_may_read_the_task_of_a_desk_and_decides_nothing_there(api: Api) -> None:
    _, task = await a_verification(api)
    client = await on_pages(api, "koordinator")
    page = await client.get(f"/tugas/{task}")
    assert page.status_code == 200 and "Hanya untuk dibaca." in words(page.text)
    assert 'value="verdicts"' not in page.text
    assert f'href="/tugas/{task}/alihkan"' in page.text


async def test_tasks_lead_to_the_page_where_they_are_done(api: Api) -> None:
    number = await a_case(api, await api.as_("pemohon"))
    task = await open_task(api, number, TaskKind.INSPECTION, Role.TECHNICAL_TEAM)
    client = await on_pages(api, "teknis")
    assert (await client.get(f"/tugas/{task}")).headers["location"] == f"/lapangan/{task}"
    asked = await open_task(api, number, TaskKind.RECOMMENDATION, Role.OPD, opd="bappeda")
    agency = await on_pages(api, "dinas")
    assert (await agency.get(f"/tugas/{asked}")).headers["location"] == f"/permintaan/{asked}"
    staff = await on_pages(api, "depan")
    assert "Jawaban dinas" in words((await staff.get(f"/tugas/{asked}")).text)


async def test_an_answer_on_paper_is_keyed_in_with_where_it_came_from(api: Api) -> None:
    number = await a_case(api, await api.as_("pemohon"))
    task = await open_task(api, number, TaskKind.RECOMMENDATION, Role.OPD, opd="bappeda")
    client = await on_pages(api, "depan")
    files = {"file": ("surat.pdf", a_pdf(text="surat"), "application/pdf")}
    answer = await send(client, f"/tugas/{task}/lampiran", {"kind": "paper-answer"}, f"/tugas/{task}", files=files)
    assert answer.status_code == 303, words(answer.text)
    page = await client.get(f"/tugas/{task}")
    scan = re.findall(r'<option value="([0-9a-f]{64})"', page.text)[0]
    fields = {
        "putusan": "recommended", "seen": SEEN, "answer": "approve", "letter_number": "050/1", "scan": scan,
        "letter_date": "2026-03-11", "received_on": "2026-03-13", "channel": "letter",
    }  # fmt: skip
    answer = await send(client, f"/tugas/{task}", fields)
    assert answer.status_code == 303, words(answer.text)
    said = decisions(api)[-1].body.model_dump(mode="json")
    assert said["answer"] == "approve" and said["provenance"]["letter_number"] == "050/1"


async def test_the_front_office_uploads_a_repair_and_says_how_it_came(api: Api) -> None:
    number, task, code = await a_repair(api, await api.as_("pemohon"))
    client = await on_pages(api, "depan")
    files = {"file": ("ktp.pdf", a_pdf(text="baru"), "application/pdf")}
    fields = {"channel": "counter", "consent": "Datang sendiri.", "kembali": f"/tugas/{task}", "tugas": task}
    answer = await send(client, f"/kasus/{number}/berkas/{code}", fields, f"/tugas/{task}", files=files)
    assert (answer.status_code, answer.headers.get("location")) == (303, f"/tugas/{task}")
    said = {"putusan": "repaired", "seen": SEEN, "channel": "counter", "consent": "Datang sendiri."}
    assert (await send(client, f"/tugas/{task}", said)).status_code == 303
    page = words((await client.get(f"/kasus/{number}")).text)
    assert "Contoh Depan (Datang ke loket: Datang sendiri.)" in page and "Versi 1" in page


async def test_a_paper_is_read_beside_the_form_and_framed_by_our_own_pages_alone(api: Api) -> None:
    number, _ = await a_verification(api)
    client = await on_pages(api, "depan")
    page = await client.get(f"/kasus/{number}/baca/{CODES[0]}")
    assert page.status_code == 200 and f"/kasus/{number}/berkas/{CODES[0]}/1.png?lebar=900" in page.text
    assert page.headers["x-frame-options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in page.headers["content-security-policy"]
    assert (await client.get("/tugas")).headers["x-frame-options"] == "DENY"
    neighbour = await on_pages(api, "tetangga")
    assert (await neighbour.get(f"/kasus/{number}/baca/{CODES[0]}")).status_code == 404


async def test_marked_tasks_are_taken_over_together(api: Api) -> None:
    _, first = await a_verification(api)
    _, second = await a_verification(api)
    client = await on_pages(api, "depan")
    fields = {"tindakan": "ambil", "tugas": [f"{first}|{SEEN}", f"{second}|{SEEN}"]}
    answer = await send(client, "/tugas/sekaligus", fields, "/tugas")
    assert answer.status_code == 200 and "2 dari 2 berhasil" in words(answer.text)
    assert {one.task_id for _, one, _ in api.engine.assignments} == {first, second}


async def test_letters_are_decided_together_each_with_its_own_result(api: Api) -> None:
    tasks = []
    for _ in range(2):
        number = await a_case(api, await api.as_("pemohon"))
        sha256, _ = await a_letter(api, number)
        fields = {"subject_sha256": sha256}
        tasks.append((await open_task(api, number, TaskKind.DESK_CHECK, Role.COORDINATOR, **fields), sha256))
    client = await on_pages(api, "koordinator")
    marked = [f"{task}|{sha256}" for task, sha256 in tasks]
    page = await send(client, "/tugas/sekaligus", {"tindakan": "putuskan", "tugas": marked}, "/tugas")
    assert "Teruskan atau paraf 2 surat" in words(page.text) and decisions(api) == []
    api.engine.failing[tasks[1][0]] = RuleError(Code.STALE_VERSION)
    sent = {"csrf_token": hidden(page.text, "csrf_token"), "kunci": hidden(page.text, "kunci"), "tugas": marked}
    answer = await client.post("/tugas/sekaligus", data=sent | {"tindakan": "kirim"})
    assert "1 dari 2 berhasil" in words(answer.text) and "sudah berubah" in words(answer.text)
    assert [(one.task_id, one.seen, one.body.kind) for one in decisions(api)] == [(*tasks[0], "forward")]


async def test_a_task_is_taken_put_back_and_given_away(api: Api) -> None:
    _, task = await a_verification(api)
    front, leader = await on_pages(api, "depan"), await on_pages(api, "koordinator")
    for path in ("ambil", "lepas"):
        assert (await send(front, f"/tugas/{task}/{path}", {}, f"/tugas/{task}")).status_code == 303
    form = await leader.get(f"/tugas/{task}/alihkan")
    assert "Contoh Rekan" in words(form.text) and "Contoh Bidang" not in words(form.text)
    answer = await send(leader, f"/tugas/{task}/alihkan", {"kepada": "rekan", "reason": "Cuti."})
    assert answer.status_code == 303
    assert [one.to.id if one.to else None for _, one, _ in api.engine.assignments] == ["depan", None, "rekan"]
    assert (await front.get(f"/tugas/{task}/alihkan")).status_code == 403


async def test_cases_are_searched_by_name_without_the_name_in_an_address(api: Api) -> None:
    number = await a_case(api, await api.as_("pemohon"))
    client = await on_pages(api, "depan")
    shown = await client.get("/kasus")
    assert number in words(shown.text)
    token = hidden(shown.text, "csrf_token")
    found = await client.post("/kasus", data={"csrf_token": token, "cari": "contoh pemo"})
    assert found.status_code == 200 and number in words(found.text) and "contoh" not in str(found.url)
    none = await client.post("/kasus", data={"csrf_token": token, "cari": "tidak ada % _"})
    assert number not in words(none.text) and "Tidak ada yang cocok" in words(none.text)
    straight = await client.post("/kasus", data={"csrf_token": token, "cari": number.lower()})
    assert straight.headers["location"] == f"/kasus/{number}"
    other_field = await on_pages(api, "penelitian")
    assert number not in (await other_field.get("/kasus")).text


async def test_the_case_page_says_who_holds_it_and_keeps_every_event(api: Api) -> None:
    number, _ = await a_verification(api)
    client = await on_pages(api, "depan")
    page = words((await client.get(f"/kasus/{number}")).text)
    assert "Menunggu Front Office sejak Jumat 13 Maret 2026." in page
    assert definition().requirements[0].title in page
    record = words((await client.get(f"/kasus/{number}/catatan")).text)
    assert "Permohonan diajukan dengan berkas lengkap." in record


async def test_the_front_office_withdraws_for_the_applicant_and_a_back_office_cannot(api: Api) -> None:
    number, _ = await a_verification(api)
    client = await on_pages(api, "depan")
    empty = await send(client, f"/kasus/{number}/tarik", {"channel": "", "consent": ""})
    assert empty.status_code == 422 and api.engine.withdrawals == []
    fields = {"channel": "letter", "consent": "Surat bermeterai.", "reason": "Pindah kota."}
    answer = await send(client, f"/kasus/{number}/tarik", fields)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/kasus/{number}")
    assert api.engine.withdrawals[-1].reason == "Pindah kota."
    assert (await (await on_pages(api, "bidang")).get(f"/kasus/{number}/tarik")).status_code == 403


async def test_a_person_at_the_counter_gets_an_account_and_a_draft(api: Api) -> None:
    client = await on_pages(api, "depan")
    nik = "3375014101900000"
    page = await client.get("/loket")
    token = hidden(page.text, "csrf_token")
    form = await client.post("/loket/cari", data={"csrf_token": token, "nik": nik})
    assert form.status_code == 200 and "Buat akun pemohon" in words(form.text)
    fields = {"nik": nik, "name": "Contoh Warga", "birth_place": "Kota Contoh", "birth_date": "1990-01-01",
              "address": "Jalan Contoh Nomor 9"}  # fmt: skip
    sent = {"csrf_token": token, "kunci": hidden(form.text, "kunci")}
    wrong = await client.post("/loket/akun", data=sent | fields | {"birth_date": "kemarin"})
    assert wrong.status_code == 422 and "Contoh Warga" in wrong.text
    made = await client.post("/loket/akun", data=sent | fields)
    person = made.headers["location"]
    assert made.status_code == 303 and nik not in person
    again = await client.post("/loket/cari", data={"csrf_token": token, "nik": nik})
    assert again.headers["location"] == person
    begun = await send(client, person, {"jenis": "sip-fisioterapis", "varian": "new"})
    number = begun.headers["location"].rpartition("/")[2]
    assert begun.status_code == 303 and number.startswith("PRM-")
    assert number in (await client.get("/loket")).text
    assert (await (await on_pages(api, "bidang")).get("/loket")).status_code == 403


async def test_a_desk_is_lent_and_taken_back(api: Api) -> None:
    client = await on_pages(api, "depan")
    fields = {"to_id": "rekan", "valid_from": "2026-03-16", "valid_until": "2026-03-20", "reason": "Cuti tahunan"}
    wrong = await send(client, "/delegasi", fields | {"valid_until": "2026-03-01"})
    assert wrong.status_code == 422 and 'value="Cuti tahunan"' in wrong.text
    assert (await send(client, "/delegasi", fields)).status_code == 303
    page = await client.get("/delegasi")
    assert "Meja Anda kepada Contoh Rekan" in words(page.text)
    ends = re.search(r'action="(/delegasi/[^"]+/akhiri)"', page.text)
    assert ends
    data = {"csrf_token": hidden(page.text, "csrf_token")}
    assert (await client.post(ends[1], data=data)).status_code == 303
    assert "Diakhiri" in words((await client.get("/delegasi")).text)


async def test_an_agency_gets_more_time_from_those_who_may_steer(api: Api) -> None:
    number = await a_case(api, await api.as_("pemohon"), "izin-penelitian")
    client = await on_pages(api, "koordinator")
    answer = await send(client, f"/kasus/{number}/dinas/bappeda/waktu", {"working_days": "nol", "reason": "Rapat."})
    assert answer.status_code == 422 and 'href="#working_days"' in answer.text
    waits = await send(client, f"/kasus/{number}/dinas/bappeda/waktu", {"working_days": "2", "reason": "Rapat."})
    assert waits.status_code in (409, 422) and api.engine.steered == []
    assert (await (await on_pages(api, "depan")).get(f"/kasus/{number}/dinas")).status_code == 403
