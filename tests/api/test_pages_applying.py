"""An applicant's pages over HTTP: from the first question to the receipt, and what is asked on the way."""

import re
from typing import Any

import httpx
import pytest
from sqlmodel import col, select

from api.engine import Unknown
from permits.application import ApplicationStatus
from permits.authority import Role
from permits.decisions import Answered, DocumentsRepaired, Paid, TaskKind
from permits.definition import Variant
from permits.party import Party
from store.records import DraftChanges, NewHelpMessage, thread_of
from store.tables import DefinitionRow
from tests.api.cases import a_letter, a_repair, issue_letter, open_task, sign_letter
from tests.api.conftest import PASSWORD, UNCONFIRMED_TYPE, Api
from tests.api.filing import a_case, a_complete_draft, a_draft, a_pdf, a_picture, answers, definition

TYPE = "izin-penelitian"


class Visitor:
    """A browser without scripts: keeps its cookies, sends forms with the secrets that stand in them."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.html = ""
        self.status = 0
        self.address = ""

    async def open(self, address: str) -> str:
        return self._read(await self.client.get(address, headers={"Accept": "text/html"}, follow_redirects=True))

    async def send(self, address: str, fields: dict[str, Any] | None = None, **more: Any) -> str:
        """Sends the form of the page that is open to `address`."""
        hidden = dict(re.findall(r'<input type="hidden" name="(csrf_token|kunci)" value="([^"]*)"', self.html))
        headers = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
        answer = await self.client.post(
            address, data=hidden | (fields or {}), headers=headers, follow_redirects=True, **more
        )
        return self._read(answer)

    def _read(self, answer: httpx.Response) -> str:
        self.status, self.html = answer.status_code, answer.text
        self.address = answer.url.raw_path.decode()
        return self.words

    @property
    def words(self) -> str:
        main = self.html.partition("<main")[2].partition("</main>")[0]
        return " ".join(re.sub(r"<[^>]+>", " ", main).split())


async def visitor(api: Api, account_id: str = "pemohon") -> Visitor:
    browser = Visitor(api.anonymous())
    await browser.open("/masuk")
    await browser.send("/masuk", {"email": f"{account_id}@contoh.invalid", "password": PASSWORD})
    assert browser.status in (200, 404), browser.words
    return browser


def file(content: bytes, name: str = "berkas.pdf") -> dict[str, Any]:
    return {"files": {"file": (name, content, "application/octet-stream")}}


async def begun(api: Api, browser: Visitor, code: str = TYPE, **fields: str) -> str:
    await browser.open(f"/permohonan/baru?izin={code}")
    await browser.send("/permohonan/baru", {"izin": code, **fields})
    found = re.match(r"/permohonan/(PRM-\d{4}-\d{6})/isian/untuk-siapa", browser.address)
    assert found, (browser.address, browser.words)
    return found[1]


def filled(question: Any) -> dict[str, str]:
    if question.kind == "date":
        return {"hari": "4", "bulan": "Januari", "tahun": "2027"}
    return {"jawaban": {"number": "1", "long_text": "Contoh\r\nuraian"}.get(question.kind, "Contoh")}


async def fill_questions(browser: Visitor, code: str = TYPE) -> None:
    for question in definition(code).form:
        assert browser.address.endswith(f"/isian/{question.code}"), (browser.address, browser.words)
        await browser.send(browser.address, filled(question))


# From the first question to the receipt ------------------------------------------------------------------------------


async def test_a_citizen_applies_from_the_first_question_to_the_receipt(api: Api) -> None:
    browser = await visitor(api)
    number = await begun(api, browser)
    await browser.send(browser.address, {"untuk": "self"})
    await fill_questions(browser)
    assert browser.address == f"/permohonan/{number}/berkas" and "Masih 6 berkas wajib." in browser.words
    await browser.open(browser.html.partition('<a class="govuk-button" href="')[2].partition('"')[0])
    for requirement in definition(TYPE).requirements_of(Variant.NEW):
        assert browser.address.endswith(f"/berkas/{requirement.code}"), browser.address
        content = a_pdf(text=requirement.code) if "pdf" in requirement.formats else a_picture()
        await browser.send(browser.address, **file(content))
    assert browser.address == f"/permohonan/{number}/berkas" and "Semua berkas wajib sudah ada." in browser.words
    await browser.open(f"/permohonan/{number}/isian/cara-ambil")
    await browser.send(browser.address, {"cara": "post", "alamat": "Jalan Contoh Nomor 10\r\nPekalongan 51111"})
    assert browser.address == f"/permohonan/{number}/periksa"
    for shown in ("Anda sendiri", "Senin 4 Januari 2027", "Jalan Contoh Nomor 10 Pekalongan 51111", "Izin baru"):
        assert shown in browser.words
    await browser.send(browser.address)
    assert browser.status == 422 and "Centang pernyataan" in browser.words
    await browser.send(browser.address.partition("?")[0], {"pernyataan": "ya"})
    assert browser.address == f"/permohonan/{number}/terkirim"
    row = await api.records.application(number)
    assert row.status == ApplicationStatus.SUBMITTED and row.data["starts_on"] == "2027-01-04"
    assert row.data["research_aim"] == "Contoh\nuraian"
    code = row.tracking_code or ""
    assert f"Kode lacak {code[:4]} {code[4:8]}" in browser.words
    assert "Perkiraan selesai: Jumat 27 Maret 2026" in browser.words
    await browser.open(f"/lacak/{code}")
    assert browser.status == 200


async def test_submitting_twice_leads_to_the_same_receipt(api: Api) -> None:
    browser = await visitor(api)
    number = await a_complete_draft(await api.as_("pemohon"))
    await api.records.change_draft(number, _for_oneself())
    await browser.open(f"/permohonan/{number}/periksa")
    review = browser.html
    for _again in range(2):
        browser.html = review
        await browser.send(f"/permohonan/{number}/periksa", {"pernyataan": "ya"})
        assert browser.address == f"/permohonan/{number}/terkirim", browser.words
    assert len(api.engine.started) == 1


async def test_a_draft_that_lacks_something_names_each_thing_with_a_way_to_it(api: Api) -> None:
    browser = await visitor(api)
    number = await begun(api, browser)
    await browser.open(f"/permohonan/{number}/periksa")
    assert "Belum diisi: Untuk siapa izin ini" in browser.words and "Belum diunggah: Pas foto" in browser.words
    assert f'href="/permohonan/{number}/berkas/pas-foto"' in browser.html
    assert "Kirim permohonan" not in browser.words
    await browser.open(f"/permohonan/{number}/hapus")  # a page that has the form's secret
    await browser.send(f"/permohonan/{number}/periksa", {"pernyataan": "ya"})
    assert browser.status == 422
    assert (await api.records.application(number)).status == ApplicationStatus.DRAFT


async def test_a_draft_waits_where_it_was_left(api: Api) -> None:
    browser = await visitor(api)
    number = await begun(api, browser)
    await browser.send(browser.address, {"untuk": "self"})
    await browser.send(browser.address, {"jawaban": "Universitas Contoh", "lanjut": "nanti"})
    assert browser.address == "/permohonan" and "Tersimpan." in browser.words
    again = await visitor(api)
    await again.open(f"/permohonan/{number}")
    assert "1 dari 7 pertanyaan terisi" in again.words
    assert f'<a class="govuk-button" href="/permohonan/{number}/isian/research_title">' in again.html


async def test_an_answer_changed_from_the_review_leads_back_to_it(api: Api) -> None:
    browser = await visitor(api)
    number = await a_draft(await api.as_("pemohon"), TYPE)
    await browser.open(f"/permohonan/{number}/isian/institution?dari=periksa")
    assert 'value="Contoh"' in browser.html and "Simpan perubahan" in browser.words
    await browser.send(f"/permohonan/{number}/isian/institution?dari=periksa", {"jawaban": "Universitas Lain"})
    assert browser.address == f"/permohonan/{number}/periksa" and "Universitas Lain" in browser.words


@pytest.mark.parametrize(
    ("code", "fields", "said", "kept"),
    [
        ("institution", {"jawaban": "  "}, "Perguruan tinggi atau lembaga belum diisi.", ""),
        ("institution", {"jawaban": "x" * 301}, "terlalu panjang; paling banyak 300 huruf.", "x" * 301),
        ("institution", {"jawaban": "a\x01b"}, "tanda yang tidak dapat kami simpan", ""),
        ("starts_on", {"hari": "31", "bulan": "2", "tahun": "2027"}, "bukan tanggal", 'value="31"'),
        ("starts_on", {"hari": "1", "bulan": "1", "tahun": "27"}, "bukan tanggal", 'value="27"'),
        ("starts_on", {}, "Mulai tanggal belum diisi.", ""),
    ],
)
async def test_a_wrong_answer_is_told_beside_its_question_and_nothing_typed_is_lost(
    api: Api, code: str, fields: dict[str, str], said: str, kept: str
) -> None:
    browser = await visitor(api)
    number = await begun(api, browser)
    await browser.open(f"/permohonan/{number}/isian/{code}")
    await browser.send(browser.address, fields)
    assert browser.status == 422 and said in browser.words and kept in browser.html
    assert code not in (await api.records.application(number)).data


async def test_an_optional_question_may_stay_empty(api: Api) -> None:
    browser = await visitor(api)
    number = await begun(api, browser)
    await browser.open(f"/permohonan/{number}/isian/members")
    assert "(boleh kosong)" in browser.words
    await browser.send(browser.address, {"jawaban": ""})
    assert browser.address == f"/permohonan/{number}/berkas"


async def test_a_company_acted_for_by_power_of_attorney_brings_one_more_document(api: Api) -> None:
    browser = await visitor(api)
    number = await begun(api, browser)
    await browser.send(browser.address, {"untuk": "company"})
    assert browser.address == f"/permohonan/{number}/isian/badan?sebagai=company"
    given = {"sebagai": "company", "nama": "PT Contoh Batik", "bertindak": "proxy", "npwp": "01.234.567.8-901.000"}
    await browser.send(browser.address, given)
    assert browser.status == 422 and "Nama pemberi kuasa belum diisi." in browser.words
    assert 'value="PT Contoh Batik"' in browser.html
    await browser.send(f"/permohonan/{number}/isian/badan", {
        **given, "pemberi": "Contoh Direktur", "hubungan": "pegawai", "hari": "1", "bulan": "3", "tahun": "2026"
    })  # fmt: skip
    assert browser.address == f"/permohonan/{number}/isian/institution", browser.words
    party = Party.model_validate((await api.records.application(number)).party)
    assert party.npwp == "012345678901000" and party.proxy and str(party.proxy.letter_date) == "2026-03-01"
    await browser.open(f"/permohonan/{number}/berkas")
    assert "Surat kuasa bermeterai" in browser.words


async def test_a_renewal_names_the_old_permit_once(api: Api) -> None:
    browser = await visitor(api)
    number = await begun(api, browser, "sip-fisioterapis", jenis="renewal")
    await browser.send(browser.address, {"untuk": "self"})
    assert browser.address.endswith("/isian/izin-lama")
    await browser.send(browser.address, {"nomor_lama": " 503/SIPF/0007/2020 "})
    assert browser.address.endswith("/isian/str_number")
    row = await api.records.application(number)
    assert row.old_permit_text == row.data["old_permit_number"] == "503/SIPF/0007/2020"
    await browser.open(f"/permohonan/{number}")
    assert "0 dari 6 pertanyaan terisi" in browser.words


async def test_a_type_with_variants_asks_which(api: Api) -> None:
    browser = await visitor(api)
    await browser.open("/permohonan/baru?izin=sip-fisioterapis")
    await browser.send("/permohonan/baru", {"izin": "sip-fisioterapis"})
    assert browser.status == 422 and "Pilih izin baru, perpanjangan, atau perubahan." in browser.words


async def test_an_unconfirmed_type_can_be_tried_as_practice_alone(api: Api) -> None:
    browser = await visitor(api)
    number = await begun(api, browser, UNCONFIRMED_TYPE)
    assert "Latihan." in browser.words
    assert (await api.records.application(number)).practice


async def test_the_same_form_sent_twice_begins_one_draft(api: Api) -> None:
    browser = await visitor(api)
    await browser.open(f"/permohonan/baru?izin={TYPE}")
    form = browser.html
    await browser.send("/permohonan/baru", {"izin": TYPE})
    first = browser.address
    browser.html = form
    await browser.send("/permohonan/baru", {"izin": TYPE})
    assert browser.address == first


# Documents -----------------------------------------------------------------------------------------------------------


async def test_a_document_can_be_looked_at_replaced_and_removed_while_it_is_a_draft(api: Api) -> None:
    browser = await visitor(api)
    number = await begun(api, browser)
    address = f"/permohonan/{number}/berkas/ktp"
    for colour in ("teal", "red"):
        await browser.open(address)
        await browser.send(address, **file(a_picture(colour=colour), "ktp saya.jpg"))
    await browser.open(address)
    assert "Sudah diunggah ktp saya.jpg" in browser.words
    answer = await browser.client.get(f"{address}/unduh")
    assert answer.content == a_picture(colour="red")
    kept = (await api.records.documents_of(number))[-1].sha256
    await browser.send(f"{address}/hapus")
    assert browser.address == address and "Sudah diunggah" not in browser.words
    assert await api.records.documents_of(number) == []
    assert not await api.services.documents.exists_document(kept)


@pytest.mark.parametrize(
    ("requirement", "content", "status", "said"),
    [
        ("pas-foto", a_pdf(), 415, "Yang diterima: JPG atau PNG."),
        ("ktp", b"", 422, "kosong"),
        ("ktp", b"%PDF-1.7 rusak", 422, "rusak"),
        ("ktp", bytes(11_000_000), 413, "terlalu besar"),
    ],
)
async def test_a_file_that_cannot_be_taken_is_told_on_its_own_page(
    api: Api, requirement: str, content: bytes, status: int, said: str
) -> None:
    browser = await visitor(api)
    number = await begun(api, browser)
    await browser.open(f"/permohonan/{number}/berkas/{requirement}")
    await browser.send(browser.address, **file(content))
    assert browser.status == status and said in browser.words
    assert await api.records.documents_of(number) == []


async def test_a_form_without_a_file_asks_for_one(api: Api) -> None:
    browser = await visitor(api)
    number = await begun(api, browser)
    await browser.open(f"/permohonan/{number}/berkas/ktp")
    await browser.send(browser.address, {"unggahan": ""}, **file(b"", ""))
    assert browser.status == 422 and "Ada yang perlu diperbaiki" in browser.words


# What the office asks ------------------------------------------------------------------------------------------------


async def test_one_document_is_mended_and_the_office_goes_on(api: Api) -> None:
    browser = await visitor(api)
    number, task, code = await a_repair(api, await api.as_("pemohon"))
    await browser.open("/permohonan")
    assert "Menunggu Anda" in browser.words and "Satu berkas perlu Anda perbaiki." in browser.words
    await browser.open(f"/permohonan/{number}/perbaikan")
    assert "Alasannya: Halaman kedua tidak terbaca." in browser.words and "Kirim perbaikan" not in browser.words
    await browser.open(f"/permohonan/{number}/berkas/{code}")
    assert "Mengapa diminta lagi: Halaman kedua tidak terbaca." in browser.words
    await browser.send(browser.address, **file(a_pdf(text="baru")))
    assert browser.address == f"/permohonan/{number}/perbaikan" and "Sudah diganti" in browser.words
    await browser.send(browser.address)
    assert browser.address == f"/permohonan/{number}" and "Waktu layanan berjalan lagi." in browser.words
    decision = api.engine.decisions[-1][1]
    assert decision.task_id == task and isinstance(decision.body, DocumentsRepaired)
    assert next(one.version for one in decision.body.documents if one.requirement == code) == 2


async def test_a_repair_that_is_not_complete_is_not_sent(api: Api) -> None:
    browser = await visitor(api)
    number, _task, _code = await a_repair(api, await api.as_("pemohon"))
    await browser.open(f"/permohonan/{number}/berkas")
    await browser.open(f"/permohonan/{number}/tarik")
    await browser.send(f"/permohonan/{number}/perbaikan")
    assert browser.status == 422 and "belum ada" in browser.words
    assert api.engine.decisions == []


async def test_an_engine_that_does_not_answer_is_asked_again_under_the_same_key(api: Api) -> None:
    browser = await visitor(api)
    number, _task, code = await a_repair(api, await api.as_("pemohon"))
    await browser.open(f"/permohonan/{number}/berkas/{code}")
    await browser.send(browser.address, **file(a_pdf(text="baru")))
    key = re.search(r'name="kunci" value="([^"]+)"', browser.html)
    api.engine.raises = Unknown()
    await browser.send(browser.address)
    assert browser.status == 202 and "mengirim lagi tidak membuatnya tercatat dua kali" in browser.words
    assert key and key[0] in browser.html
    api.engine.raises = None
    await browser.send(f"/permohonan/{number}/perbaikan")
    assert browser.address == f"/permohonan/{number}"


async def test_the_payment_is_proved_with_a_picture(api: Api) -> None:
    browser = await visitor(api)
    number = await a_case(api, await api.as_("pemohon"))
    await open_task(
        api, number, TaskKind.PAYMENT, Role.APPLICANT, instructions="Bayar retribusi sebesar Rp1.995.000"
    )
    await browser.open(f"/permohonan/{number}/tugas")
    assert browser.address.endswith("/pembayaran") and "Rp1.995.000" in browser.words
    await browser.send(browser.address, {}, **file(b"", ""))
    assert browser.status == 422, browser.words
    await browser.send(browser.address, **file(a_picture(), "bukti.jpg"))
    assert browser.address == f"/permohonan/{number}" and "Bukti pembayaran kami terima." in browser.words
    assert isinstance(api.engine.decisions[-1][1].body, Paid)


async def test_an_agencys_question_is_answered_with_files(api: Api) -> None:
    browser = await visitor(api)
    number = await a_case(api, await api.as_("pemohon"))
    task = await open_task(
        api, number, TaskKind.CLARIFICATION, Role.APPLICANT, instructions="Dinas Contoh: Berapa luasnya?"
    )
    await browser.open(f"/permohonan/{number}/tugas")
    assert "Dinas Contoh bertanya kepada Anda" in browser.words and "Berapa luasnya?" in browser.words
    await browser.send(browser.address, {"jawaban": "Tiga meter", "lanjut": "tambah"}, **file(a_pdf(), "denah.pdf"))
    assert "denah.pdf" in browser.words and "Tiga meter" in browser.html
    await browser.send(browser.address, {"jawaban": ""})
    assert browser.status == 422 and "Jawaban belum diisi." in browser.words
    await browser.send(browser.address, {"jawaban": "Tiga meter"})
    decision = api.engine.decisions[-1][1]
    assert decision.task_id == task and isinstance(decision.body, Answered)
    assert decision.body.text == "Tiga meter" and len(decision.body.files) == 1


async def test_withdrawing_is_asked_twice_and_says_why(api: Api) -> None:
    browser = await visitor(api)
    number = await a_case(api, await api.as_("pemohon"))
    await browser.open(f"/permohonan/{number}/tarik")
    await browser.send(browser.address, {"alasan": "Pindah kota."})
    assert browser.status == 422 and "Pindah kota." in browser.html and api.engine.withdrawals == []
    await browser.send(browser.address, {"alasan": "Pindah kota.", "yakin": "ya"})
    assert browser.address == f"/permohonan/{number}"
    assert api.engine.withdrawals[-1].reason == "Pindah kota."


async def test_a_draft_can_be_thrown_away(api: Api) -> None:
    browser = await visitor(api)
    number = await begun(api, browser)
    await browser.open(f"/permohonan/{number}/hapus")
    await browser.send(browser.address)
    assert browser.address == "/permohonan" and "sudah dihapus" in browser.words
    await browser.open(f"/permohonan/{number}")
    assert browser.status == 404


# One case ------------------------------------------------------------------------------------------------------------


async def test_the_own_case_shows_versions_messages_and_ways(api: Api) -> None:
    browser = await visitor(api)
    number, _task, code = await a_repair(api, await api.as_("pemohon"))
    await api.records.add_help_message(
        NewHelpMessage(
            id="pesan-1", thread=thread_of("pemohon", number), account_id="pemohon", number=number, from_office=True,
            author_id="depan", text="Mohon pindai kedua halamannya.", sent_at=api.clock.now,
        )
    )  # fmt: skip
    await browser.open(f"/permohonan/{number}")
    assert "Satu berkas diminta lagi." in browser.words and "Mohon pindai kedua halamannya." in browser.words
    assert "Diminta lagi Halaman kedua tidak terbaca." in browser.words
    for way in ("tarik", f"berkas/{code}/unduh?versi=1"):
        assert f'href="/permohonan/{number}/{way}"' in browser.html
    assert f'href="/bantuan/baru?nomor={number}"' in browser.html


async def test_an_issued_letter_is_downloaded_and_its_permit_gone_on_with(api: Api) -> None:
    browser = await visitor(api)
    number = await _issued(api)
    await browser.open(f"/permohonan/{number}")
    assert "Izin Anda sudah terbit" in browser.words
    for address in (f"/permohonan/{number}/surat", f"/permohonan/{number}/surat/permit"):
        answer = await browser.client.get(address)
        assert answer.status_code == 200 and answer.headers["content-type"] == "application/pdf"
    await browser.open(f"/permohonan/{number}/surat/rejection")
    assert browser.status == 404


async def test_a_letter_asks_for_the_log_in_first_and_leads_back(api: Api) -> None:
    answer = await api.anonymous().get("/permohonan/PRM-2026-000001/surat", headers={"Accept": "text/html"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/masuk?next=%2Fpermohonan%2FPRM-2026-000001%2Fsurat"


# What is nobody else's -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    ["", "/isian/institution", "/berkas", "/berkas/ktp", "/berkas/ktp/unduh", "/periksa", "/terkirim", "/perbaikan",
     "/pembayaran", "/tarik", "/hapus", "/surat", "/surat/permit", "/perpanjang", "/ganti", "/tugas"],
)  # fmt: skip
async def test_a_neighbours_application_does_not_exist(api: Api, address: str) -> None:
    draft = await a_draft(await api.as_("pemohon"), TYPE)
    case = await a_case(api, await api.as_("pemohon"))
    browser = await visitor(api, "tetangga")
    for number in (draft, case, "PRM-2026-999999", "bukan-nomor"):
        await browser.open(f"/permohonan/{number}{address}")
        assert browser.status == 404, (number, address, browser.words)


async def test_a_form_without_its_secret_changes_nothing(api: Api) -> None:
    browser = await visitor(api)
    number = await begun(api, browser)
    for address in ("isian/institution", "berkas/ktp", "berkas/ktp/hapus", "periksa", "tarik", "hapus", "perbaikan"):
        answer = await browser.client.post(
            f"/permohonan/{number}/{address}", data={"csrf_token": "tebakan", "jawaban": "x"},
            headers={"Accept": "text/html", "Sec-Fetch-Site": "cross-site"},
        )  # fmt: skip
        assert answer.status_code == 403, address
    assert (await api.records.application(number)).data == {}


# Nothing is lost -----------------------------------------------------------------------------------------------------


async def test_a_log_in_that_ends_in_the_middle_loses_no_answer(api: Api) -> None:
    browser = await visitor(api)
    number = await begun(api, browser)
    address = f"/permohonan/{number}/isian/research_title"
    await browser.open(address)
    browser.client.cookies.delete("sakpore_session")
    await browser.send(address, {"jawaban": "Judul yang lama ditulis"})
    assert browser.status == 401 and "Jawaban Anda masih ada di halaman ini" in browser.words
    kept = browser.html
    await browser.open("/masuk")
    await browser.send("/masuk", {"email": "pemohon@contoh.invalid", "password": PASSWORD})
    browser.html = kept
    await browser.send(address, {"jawaban": "Judul yang lama ditulis"})
    assert browser.status == 403 and "Anda sudah masuk lagi." in browser.words
    assert 'value="Judul yang lama ditulis"' in browser.html
    await browser.send(address, {"jawaban": "Judul yang lama ditulis"})
    assert (await api.records.application(number)).data["research_title"] == "Judul yang lama ditulis"


async def test_a_draft_of_a_type_that_is_served_no_more_says_so_and_shows_what_was_written(api: Api) -> None:
    browser = await visitor(api)
    number = await a_draft(await api.as_("pemohon"), TYPE)
    await _end_the_type(api)
    for address in ("", "/isian/institution", "/berkas", "/periksa"):
        await browser.open(f"/permohonan/{number}{address}")
        assert browser.status == 410 and "tidak dilayani lagi" in browser.words and "Contoh uraian" in browser.words


async def test_a_draft_that_a_new_law_overtook_says_so_and_can_be_submitted(api: Api) -> None:
    client = await api.as_("pemohon")
    browser = await visitor(api)
    number = await a_complete_draft(client)
    row = await api.records.application(number)
    await api.records.change_draft(number, _for_oneself(data=row.data | {"dahulu_ditanya": "Jawaban lama"}))
    await browser.open(f"/permohonan/{number}")
    assert "Aturan izin ini berubah sejak Anda mulai." in browser.words and "Jawaban lama" in browser.words
    await browser.open(f"/permohonan/{number}/periksa")
    assert "tidak ditanyakan lagi dan tidak ikut dikirim" in browser.words
    await browser.send(browser.address, {"pernyataan": "ya"})
    assert browser.address == f"/permohonan/{number}/terkirim", browser.words
    assert "dahulu_ditanya" not in (await api.records.application(number)).data


# After the permit ----------------------------------------------------------------------------------------------------


async def test_a_renewal_begins_with_what_the_old_permit_said(api: Api) -> None:
    browser = await visitor(api)
    number = await _issued(api)
    await browser.open(f"/permohonan/{number}/perpanjang")
    assert "Ajukan perpanjangan dengan berkas baru" in browser.words
    await browser.send(browser.address, {"cara_perpanjang": "renewal"})
    found = re.match(r"/permohonan/(PRM-[\d-]+)/isian/untuk-siapa", browser.address)
    assert found, browser.words
    draft = await api.records.application(found[1])
    assert draft.variant == "renewal" and draft.old_permit == number
    assert draft.data == answers(definition())


async def test_a_lost_letter_is_replaced(api: Api) -> None:
    browser = await visitor(api)
    number = await _issued(api)
    await browser.open(f"/permohonan/{number}/ganti")
    await browser.send(browser.address, {"cara": "download"})
    assert browser.status == 422 and "Pilih mengapa surat izinnya perlu diganti." in browser.words
    await browser.send(browser.address, {"sebab": "lost", "cara": "download"})
    assert browser.address.endswith("/terkirim"), browser.words
    opened = await api.records.application(browser.address.split("/")[2])
    assert opened.procedure == "replacement" and opened.data["replacement_cause"] == "Surat izin hilang"


async def test_a_mistake_is_put_right_where_it_stands(api: Api) -> None:
    browser = await visitor(api)
    number = await _issued(api)
    await browser.open(f"/permohonan/{number}/ganti")
    printed = {f"isi.{code}": text for code, text in answers(definition()).items()}
    await browser.send(browser.address, {"sebab": "mistake", "cara": "email", **printed})
    assert browser.status == 422 and "Betulkan isian yang keliru" in browser.words
    await browser.send(
        f"/permohonan/{number}/ganti",
        {"sebab": "mistake", "cara": "email", **printed, "isi.practice_name": "Klinik yang Benar"},
    )
    opened = await api.records.application(browser.address.split("/")[2])
    assert opened.data["practice_name"] == "Klinik yang Benar" and opened.data["str_number"] == "Contoh"


def _for_oneself(**changes: Any) -> Any:
    return DraftChanges(party=Party().model_dump(mode="json"), **changes)


async def _issued(api: Api) -> str:
    number = await a_case(api, await api.as_("pemohon"))
    sha256, pdf = await a_letter(api, number)
    await sign_letter(api, number, sha256, pdf)
    await issue_letter(api, number)
    return number


async def _end_the_type(api: Api) -> None:
    """As if its last version had ended."""
    async with api.services.db.transaction() as session:
        for row in await session.exec(select(DefinitionRow).where(col(DefinitionRow.code) == TYPE)):
            row.status, row.body = "retired", row.body | {"status": "retired"}
