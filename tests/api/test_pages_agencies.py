"""The pages of an agency over HTTP: one page says what is asked and by when, and takes the answer."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from api.engine import Unknown
from permits.authority import Actor, Role
from permits.decisions import QuestionAsked, Recommended, Returned, SignatureOrdered, TaskKind
from permits.errors import Code, RuleError
from permits.events import Tag
from permits.steps import Notice, OpdAnswer, Step, TaskChanged, TaskClosed
from store.records import Mandate
from tests.api.cases import a_letter, an_event, open_task
from tests.api.conftest import Api, a_person
from tests.api.filing import a_case, a_pdf, a_picture

TYPE = "izin-penelitian"
OFFICER = Actor(id="dinas", name="Contoh Dinas", role=Role.OPD, opd="bappeda")


def words(answer: httpx.Response) -> str:
    """What a reader sees of the page."""
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


async def a_request(api: Api, **answered: Any) -> tuple[str, str]:
    """Bappeda is asked; the case and its task."""
    number = await a_case(api, await api.as_("pemohon"), TYPE)
    child = f"{number}-opd-bappeda-1"
    task = f"{child}.recommendation.1"
    await open_task(
        api, number, TaskKind.RECOMMENDATION, Role.OPD, id=task, workflow_id=child, opd="bappeda",
        holder="Bappeda", due_at=api.clock.now + timedelta(days=4, hours=6), working_days=2,
        instructions="Kesesuaian rencana penelitian dan tempatnya",
    )  # fmt: skip
    await stands(api, number, **answered)
    return number, task


async def stands(api: Api, number: str, **answered: Any) -> None:
    """How the request stands in the store."""
    now = api.clock.now
    answer = OpdAnswer(
        **{
            "workflow_id": f"{number}-opd-bappeda-1", "opd": "bappeda", "name": "Bappeda", "asked_at": now,
            "due_at": now + timedelta(days=4, hours=6), **answered,
        }
    )  # fmt: skip
    event = an_event(api, f"{answer.workflow_id}-stands-{sorted(answered)}", Tag.OPD_ASKED, opd="bappeda")
    await api.records.keep(Step(number=number, events=(event,), opd_answer=answer))


async def decided(api: Api, number: str, task: str, by: Actor = OFFICER, **detail: Any) -> None:
    """The task is over, as the engine writes it."""
    closed = TaskClosed(
        id=task, status="decided", decision=detail["kind"], detail=detail, actor_id=by.id, actor_name=by.name,
        closed_at=api.clock.now,
    )  # fmt: skip
    event = an_event(api, f"{task}-decided", Tag.TASK_DECIDED, by, task=task)
    await api.records.keep(Step(number=number, events=(event,), tasks_closed=(closed,)))


async def test_one_page_says_what_is_asked_by_when_and_what_is_judged(api: Api) -> None:
    number, task = await a_request(api)
    answer = await (await api.as_("dinas")).get(f"/permintaan/{task}")
    said = words(answer)
    assert answer.status_code == 200
    assert "Kesesuaian rencana penelitian dan tempatnya" in said
    assert "Sisa 2 hari kerja paling lambat Selasa 17 Maret 2026 pukul 16.00 WIB" in said
    assert "Judul penelitian" in said and "Contoh Pemohon" in said
    assert f"/kasus/{number}/berkas/proposal/1.png?lebar=240" in answer.text
    assert said.index("Mengingatkan petugas Bappeda") < said.index("Memberi tahu Inspektorat")
    assert "Diam tidak pernah berarti setuju" in said


async def test_another_agency_does_not_learn_that_the_request_exists(api: Api) -> None:
    _, task = await a_request(api)
    for who in ("lain", "tetangga"):
        answer = await (await api.as_(who)).get(f"/permintaan/{task}")
        assert answer.status_code == 404
    stranger = await api.anonymous().get(f"/permintaan/{task}")
    assert stranger.status_code == 303, stranger.text
    assert stranger.headers["location"].startswith("/masuk?next=")


async def test_an_agency_agrees_and_the_engine_hears_it_once_under_the_forms_key(api: Api) -> None:
    _, task = await a_request(api)
    client = await api.as_("dinas")
    form = {"jawaban": "approve", "kunci": "kunci-1"}
    for _ in range(2):
        answer = await client.post(f"/permintaan/{task}/jawaban", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/permintaan/{task}")
    assert {key for _, _, key in api.engine.decisions} == {"kunci-1"}
    body = api.engine.decisions[0][1].body
    assert isinstance(body, Recommended) and body.answer == "approve" and body.letter is None


async def test_conditions_are_one_a_line(api: Api) -> None:
    _, task = await a_request(api)
    form = {"jawaban": "approve_with_conditions", "syarat": "- Lapor dulu.\r\n\r\n Hasil diserahkan. \n", "alasan": "x"}
    await (await api.as_("dinas")).post(f"/permintaan/{task}/jawaban", data=form)
    body = api.engine.decisions[0][1].body
    assert isinstance(body, Recommended)
    assert (body.conditions, body.reason) == (("Lapor dulu.", "Hasil diserahkan."), "")


@pytest.mark.parametrize(
    ("form", "field", "said"),
    [
        ({}, "jawaban", "Pilih salah satu jawaban."),
        ({"jawaban": "approve_with_conditions", "syarat": " \n "}, "syarat", "Tulis syaratnya"),
        ({"jawaban": "approve_with_conditions", "syarat": "x" * 501}, "syarat", "Paling banyak 20 syarat"),
        ({"jawaban": "refuse"}, "alasan", "Tulis alasannya."),
        ({"jawaban": "question", "pertanyaan": "x" * 4001}, "pertanyaan", "Terlalu panjang"),
    ],
)
async def test_what_is_missing_is_said_beside_what_was_typed(
    api: Api, form: dict[str, str], field: str, said: str
) -> None:
    _, task = await a_request(api)
    answer = await (await api.as_("dinas")).post(f"/permintaan/{task}/jawaban", data=form)
    assert answer.status_code == 422 and api.engine.decisions == []
    assert said in words(answer) and f'href="#{field}"' in answer.text
    if form.get("jawaban") == "approve_with_conditions":
        assert re.search(r'value="approve_with_conditions"\s+checked', answer.text)


async def test_a_question_goes_to_the_applicant(api: Api) -> None:
    _, task = await a_request(api)
    form = {"jawaban": "question", "pertanyaan": "Berapa hari?"}
    answer = await (await api.as_("dinas")).post(f"/permintaan/{task}/jawaban", data=form)
    assert answer.status_code == 303
    assert api.engine.decisions[0][1].body == QuestionAsked(text="Berapa hari?")


async def test_a_wet_signed_letter_comes_with_the_answer_and_is_not_lost_by_a_mistake(api: Api) -> None:
    _, task = await a_request(api)
    client, letter = await api.as_("dinas"), a_pdf(text="surat dinas")
    first = await client.post(
        f"/permintaan/{task}/jawaban",
        data={"jawaban": "refuse", "kunci": "k1"},
        files={"file": ("surat dinas.pdf", letter, "application/pdf")},
    )
    assert first.status_code == 422 and "Sertakan surat yang sudah diunggah: surat dinas.pdf" in words(first)
    kept = re.search(r'name="surat" value="([0-9a-f]{64})"', first.text)
    assert kept is not None
    again = {"jawaban": "refuse", "alasan": "Lokasi tidak sesuai.", "surat": kept[1], "pakai_surat": "ya"}
    assert (await client.post(f"/permintaan/{task}/jawaban", data=again)).status_code == 303
    body = api.engine.decisions[0][1].body
    assert isinstance(body, Recommended)
    assert (body.answer, body.reason, body.letter) == ("refuse", "Lokasi tidak sesuai.", kept[1])


async def test_a_file_that_is_no_letter_is_refused_beside_the_file(api: Api) -> None:
    _, task = await a_request(api)
    answer = await (await api.as_("dinas")).post(
        f"/permintaan/{task}/jawaban",
        data={"jawaban": "approve"},
        files={"file": ("surat.docx", b"PK\x03\x04 bukan surat", "application/octet-stream")},
    )
    assert answer.status_code == 415 and 'href="#file"' in answer.text
    assert api.engine.decisions == []


async def test_whoever_comes_second_reads_who_answered_and_what(api: Api) -> None:
    number, task = await a_request(api)
    await decided(api, number, task, kind="recommended", answer="refuse", reason="Lokasi tidak sesuai.")
    api.engine.failing[task] = RuleError(Code.TASK_CLOSED, decided_by="Contoh Dinas")
    answer = await (await api.as_("dinas")).post(f"/permintaan/{task}/jawaban", data={"jawaban": "approve"})
    said = words(answer)
    assert answer.status_code == 409
    assert "Tugas ini sudah diputus oleh Contoh Dinas" in said
    assert "Tidak menyetujui · Contoh Dinas" in said and "Lokasi tidak sesuai." in said
    assert "Kirim jawaban" not in said


async def test_a_request_that_was_taken_back_says_so_and_asks_nothing(api: Api) -> None:
    number, task = await a_request(api)
    await stands(api, number, answer="withdrawn", reason="Tidak perlu lagi", answered_at=api.clock.now)
    cancelled = TaskClosed(id=task, status="cancelled", closed_at=api.clock.now)
    event = an_event(api, "cancelled", Tag.TASK_CANCELLED, task=task)
    await api.records.keep(Step(number=number, events=(event,), tasks_closed=(cancelled,)))
    said = words(await (await api.as_("dinas")).get(f"/permintaan/{task}"))
    assert "Kantor kami sudah menarik permintaan ini. Anda tidak perlu menjawab lagi." in said
    assert "Tidak perlu lagi" in said and "Kirim jawaban" not in said


async def test_what_has_fallen_stands_with_its_proof(api: Api) -> None:
    number, task = await a_request(api)
    rung = {"task": task, "rung": "warning", "who": "holder", "holder": "Bappeda"}
    notice = Notice(
        key="peringatan", template="task-warning", to="holder", role=Role.OPD, opd="bappeda",
        facts={"task": task, "rung": "warning"},
    )  # fmt: skip
    event = an_event(api, "fell", Tag.OPD_WARNED, **rung)
    changed = TaskChanged(id=task, rungs_fallen=1)
    await api.records.keep(Step(number=number, events=(event,), notices=(notice,), tasks_changed=(changed,)))
    said = words(await (await api.as_("dinas")).get(f"/permintaan/{task}"))
    assert "Sudah diingatkan: petugas Bappeda" in said
    assert "Lewat E-mail, sedang dikirim." in said
    assert "Mengingatkan petugas Bappeda" not in said and "Memberi tahu pimpinan Bappeda" in said


async def test_an_extension_and_its_reason_are_said(api: Api) -> None:
    number, task = await a_request(api)
    await stands(api, number, extended_days=3, extension_reason="Survei lapangan")
    said = words(await (await api.as_("dinas")).get(f"/permintaan/{task}"))
    assert "Batasnya sudah kami perpanjang 3 hari kerja. Alasannya: Survei lapangan" in said


async def test_a_colleague_takes_over_what_another_holds(api: Api) -> None:
    number, task = await a_request(api)
    held = TaskChanged(id=task, assigned=True, assigned_to="rekan-dinas", assigned_to_name="Contoh Rekan Dinas")
    event = an_event(api, "assigned", Tag.TASK_ASSIGNED, task=task)
    await api.records.keep(Step(number=number, events=(event,), tasks_changed=(held,)))
    client = await api.as_("dinas")
    said = words(await client.get(f"/permintaan/{task}"))
    assert "Dipegang Contoh Rekan Dinas" in said and "Kirim jawaban" not in said
    answer = await client.post(f"/permintaan/{task}/pegang", data={"kunci": "k"})
    assert answer.status_code == 303
    assert api.engine.assignments[0][1].to == OFFICER


async def test_news_for_the_office_is_a_line_of_the_record(api: Api) -> None:
    number, task = await a_request(api)
    client = await api.as_("dinas")
    empty = await client.post(f"/permintaan/{task}/kabar", data={"kabar": "  ", "kunci": "k0"})
    assert empty.status_code == 422
    told = await client.post(f"/permintaan/{task}/kabar", data={"kabar": "Perlu tiga hari lagi.", "kunci": "k1"})
    assert told.status_code == 303
    notes = await (await api.as_("koordinator")).get(f"/api/v1/tasks/{task}/notes")
    assert [one["text"] for one in notes.json()["items"]] == ["Perlu tiga hari lagi."]
    assert "Perlu tiga hari lagi." in words(await client.get(f"/permintaan/{task}"))
    assert number in task


async def test_a_question_that_was_asked_and_answered_stands_in_order(api: Api) -> None:
    number, task = await a_request(api)
    await decided(api, number, task, kind="question", text="Berapa hari?")
    child = f"{number}-opd-bappeda-1"
    api.clock.advance(minutes=1)
    ask, again = f"{child}.clarification.2", f"{child}.recommendation.3"
    await open_task(api, number, TaskKind.CLARIFICATION, Role.APPLICANT, id=ask, workflow_id=child)
    client = await api.as_("dinas")
    assert "Menunggu jawaban pemohon. Waktu Anda berhenti" in words(await client.get(f"/permintaan/{task}"))
    applicant = Actor(id="pemohon", name="Contoh Pemohon", role=Role.APPLICANT)
    await decided(api, number, ask, applicant, kind="answered", text="Dua hari.", files=[])
    api.clock.advance(minutes=1)
    await open_task(
        api, number, TaskKind.RECOMMENDATION, Role.OPD, id=again, workflow_id=child, opd="bappeda",
        instructions="Kesesuaian rencana\nPertanyaan Anda: ...",
    )  # fmt: skip
    old, new = await client.get(f"/permintaan/{task}"), await client.get(f"/permintaan/{again}")
    assert f'href="/permintaan/{again}"' in old.text and "Kirim jawaban" not in words(old)
    said = words(new)
    assert said.index("Anda bertanya kepada pemohon") < said.index("Berapa hari?") < said.index("Pemohon menjawab")
    assert "Kirim jawaban" in said


async def test_a_document_is_read_page_by_page(api: Api) -> None:
    number, task = await a_request(api)
    client = await api.as_("dinas")
    answer = await client.get(f"/permintaan/{task}/berkas/proposal")
    assert answer.status_code == 200
    assert f'src="/kasus/{number}/berkas/proposal/1.png"' in answer.text
    assert (await client.get(f"/kasus/{number}/berkas/proposal/1.png")).status_code == 200
    assert (await (await api.as_("lain")).get(f"/permintaan/{task}/berkas/proposal")).status_code == 404


async def test_an_agency_reads_what_became_of_its_answers(api: Api) -> None:
    number, _ = await a_request(api)
    client = await api.as_("dinas")
    assert "Belum ada jawaban" in words(await client.get("/jawaban"))
    await stands(api, number, answer="approve", answered_at=api.clock.now, used_days=4, late_days=2, way="account")
    said = words(await client.get("/jawaban"))
    assert number in said and "Menyetujui" in said and "Terlambat 2 hari kerja" in said and "Masih diproses" in said
    assert "1 permintaan dijawab 0 di antaranya tepat waktu" in said
    assert number not in words(await (await api.as_("lain")).get("/jawaban"))
    assert (await (await api.as_("depan")).get("/jawaban")).status_code == 404


async def test_the_answers_come_in_pages_without_a_gap(api: Api) -> None:
    number, _ = await a_request(api)
    for n in range(30):
        await stands(
            api, number, workflow_id=f"{number}-opd-bappeda-{n + 1}", answer="approve", late_days=0,
            answered_at=api.clock.now + timedelta(seconds=n // 3),
        )  # fmt: skip
    client = await api.as_("dinas")
    first = await client.get("/jawaban")
    more = re.search(r'href="(/jawaban\?sesudah=[^"]+)"', first.text)
    assert more is not None and first.text.count('<td data-kolom="Jawaban">') == 25
    second = await client.get(more[1])
    assert second.text.count('<td data-kolom="Jawaban">') == 5 and "Halaman berikutnya" not in second.text
    assert (await client.get("/jawaban?sesudah=bukan")).status_code == 422


async def test_a_picture_is_a_letter_too(api: Api) -> None:
    _, task = await a_request(api)
    answer = await (await api.as_("dinas")).post(
        f"/permintaan/{task}/jawaban",
        data={"jawaban": "approve", "kunci": "k"},
        files={"file": ("surat.jpg", a_picture(), "image/jpeg")},
    )
    assert answer.status_code == 303
    body = api.engine.decisions[0][1].body
    assert isinstance(body, Recommended) and body.letter is not None


async def test_the_agencys_head_gives_the_request_to_one_of_its_own_officers(api: Api) -> None:
    await api.records.ensure_account(a_person("pimpinan", role=Role.OPD, opd="bappeda", is_head=True))
    _, task = await a_request(api)
    head = await api.as_("pimpinan")
    assert 'value="dinas"' in (await head.get(f"/permintaan/{task}")).text
    assert "Serahkan kepada petugas" not in words(await (await api.as_("dinas")).get(f"/permintaan/{task}"))
    given = await head.post(f"/permintaan/{task}/serahkan", data={"kepada": "dinas", "kunci": "k"})
    assert given.status_code == 303
    assert api.engine.assignments[0][1].to == OFFICER
    stranger = await head.post(f"/permintaan/{task}/serahkan", data={"kepada": "depan", "kunci": "k2"})
    assert stranger.status_code == 404 and len(api.engine.assignments) == 1


async def test_an_answer_that_is_not_known_yet_is_asked_again_with_its_letter(api: Api) -> None:
    _, task = await a_request(api)
    client, api.engine.raises = await api.as_("dinas"), Unknown()
    files = {"file": ("surat.pdf", a_pdf(text="surat"), "application/pdf")}
    form = {"jawaban": "approve", "kunci": "kunci-2"}
    unsure = await client.post(f"/permintaan/{task}/jawaban", data=form, files=files)
    assert unsure.status_code == 202
    hidden = dict(re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"', unsure.text))
    assert hidden["kunci"] == "kunci-2" and len(hidden["surat"]) == 64
    api.engine.raises = None
    assert (await client.post(f"/permintaan/{task}/jawaban", data=hidden)).status_code == 303
    [(_, decision, key)] = api.engine.decisions
    assert isinstance(decision.body, Recommended)
    assert (decision.body.letter, key) == (hidden["surat"], "kunci-2")


async def a_letter_to_sign(api: Api) -> tuple[str, str]:
    """The agency's answer as a letter that waits for its officer's signature: task and sha256."""
    number, first = await a_request(api)
    await decided(api, number, first, kind="recommended", answer="approve")
    sha256, _ = await a_letter(api, number, TYPE)
    child = f"{number}-opd-bappeda-1"
    task = await open_task(
        api, number, TaskKind.SIGN_RECOMMENDATION, Role.OPD, id=f"{child}.sign_recommendation.2", workflow_id=child,
        opd="bappeda", holder="Bappeda", subject_sha256=sha256, return_to=("recommendation",),
    )  # fmt: skip
    return task, sha256


async def a_mandate(api: Api) -> None:
    mandate = Mandate(
        id="m", account_id="dinas", capacity="opd", opd="bappeda", certificate_sha256="b" * 64,
        valid_from=date(2026, 1, 1), decree="Keputusan contoh",
    )  # fmt: skip
    await api.records.give_mandate(mandate)


async def test_an_officer_signs_the_agencys_letter_with_passphrase_and_code(api: Api) -> None:
    task, sha256 = await a_letter_to_sign(api)
    client = await api.as_("dinas")
    without = words(await client.get(f"/permintaan/{task}/tanda-tangan"))
    assert "Anda belum mempunyai mandat" in without and "Frasa sandi sertifikat" not in without
    await a_mandate(api)
    led = await client.get(f"/permintaan/{task}")
    assert led.headers["location"] == f"/permintaan/{task}/tanda-tangan"
    shown = await client.get(f"/permintaan/{task}/tanda-tangan")
    assert "/1.png?draf=1" in shown.text and f'value="{sha256}"' in shown.text
    form = {"seen": sha256, "frasa": "frasa-sandi-contoh", "kode": "123 456", "kunci": "ttd-1"}
    for name, said in (("frasa", "Ketik frasa sandi"), ("kode", "enam angka")):
        wrong = await client.post(f"/permintaan/{task}/tanda-tangan", data={**form, name: ""})
        assert wrong.status_code == 422 and said in words(wrong) and "frasa-sandi-contoh" not in wrong.text
    api.engine.raises = Unknown()
    unsure = await client.post(f"/permintaan/{task}/tanda-tangan", data=form)
    assert unsure.status_code == 202 and 'name="kunci" value="ttd-1"' in unsure.text
    api.engine.raises = None
    assert (await client.post(f"/permintaan/{task}/tanda-tangan", data=form)).status_code == 303
    [(_, decision, _)] = api.engine.decisions
    assert isinstance(decision.body, SignatureOrdered) and decision.seen == sha256


async def test_an_officer_who_does_not_sign_says_what_has_to_change(api: Api) -> None:
    task, _ = await a_letter_to_sign(api)
    client = await api.as_("dinas")
    empty = await client.post(f"/permintaan/{task}/tulis-ulang", data={"alasan": " "})
    assert empty.status_code == 422 and 'href="#alasan"' in empty.text
    given = await client.post(f"/permintaan/{task}/tulis-ulang", data={"alasan": "Syaratnya kurang satu."})
    assert given.status_code == 303
    body = api.engine.decisions[0][1].body
    assert isinstance(body, Returned) and (body.to, body.reason) == ("recommendation", "Syaratnya kurang satu.")
