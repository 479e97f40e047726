"""The leaders' pages over HTTP: letters are signed as they were shown, and leaders see where things wait."""

import gzip
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from activities.evaluation import CompileMonth, EvaluationDesk
from api.engine import Unknown
from api.pages import page_environment
from permits.authority import Actor, Role
from permits.decisions import Returned, SignatureOrdered, TaskKind
from permits.events import Tag
from permits.reasons import ReturnReason
from permits.steps import Step
from sakpore.assets import WEB, build
from signing.activation import TotpProof, load_private_key, open_envelope
from store.records import Mandate
from store.records.values import Standing
from tests.api.cases import a_letter, an_event, issue_letter, open_task, sign_letter
from tests.api.conftest import PASSWORD, Api, a_person
from tests.api.filing import a_case, a_pdf
from tests.pages.samples import head as samples
from tests.pages.samples.people import HEAD, framed

PASSPHRASE = "frasa-sandi-contoh"
PROOFS = {"frasa": PASSPHRASE, "kode": "123 456"}
PARAF = Actor(id="kabid", name="Contoh Kabid", role=Role.HEAD_OF_DIVISION)


def said(answer: httpx.Response) -> str:
    """The words of a page."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text.partition("<main")[2].partition("</main>")[0]).split())


async def a_waiting_letter(api: Api, **fields: Any) -> tuple[str, str, str]:
    """A letter with its paraf, at the head's desk: number, task, sha256."""
    number = await a_case(api, await api.as_("pemohon"))
    sha256, _ = await a_letter(api, number)
    paraf = an_event(api, "paraf", Tag.PARAF_GIVEN, PARAF, letter_sha256=sha256)
    await api.records.keep(Step(number=number, events=(paraf,)))
    about = {"subject_sha256": sha256, "holder": "Kepala Dinas", "return_to": ("assessment", "drafting"), **fields}
    return number, await open_task(api, number, TaskKind.SIGNING, Role.HEAD_OF_OFFICE, **about), sha256


async def mandated(api: Api, **changes: Any) -> httpx.AsyncClient:
    """The head with a mandate and a one-time code, logged in."""
    mandate = {
        "id": "definitif", "account_id": "kepala", "capacity": "definitive", "certificate_sha256": "c" * 64,
        "valid_from": date(2020, 1, 1), "decree": "800/1", **changes,
    }  # fmt: skip
    await api.records.ensure_mandate(Mandate.model_validate(mandate))
    await api.records.change_account(str(mandate["account_id"]), totp_sealed=b"tersegel")
    return await api.as_(str(mandate["account_id"]))


def marked(*letters: tuple[str, str, str]) -> list[str]:
    return [f"{task}~{sha256}" for _, task, sha256 in letters]


async def test_the_head_sees_each_waiting_letter_as_a_picture_with_who_gave_the_paraf(api: Api) -> None:
    number, task, sha256 = await a_waiting_letter(api)
    head = await mandated(api)
    answer = await head.get("/tanda-tangan")
    assert answer.status_code == 200
    picture = f"/kasus/{number}/surat/permit/1.png?draf=1&lebar=900"
    assert picture.replace("&", "&amp;") in answer.text
    assert "Contoh Kabid" in said(answer) and "Contoh Pemohon" in said(answer)
    assert f'value="{task}~{sha256}" checked' in answer.text
    assert "Tanda tangani yang ditandai" in said(answer)
    drawn = await head.get(picture)
    assert drawn.headers["content-type"] == "image/png", said(drawn)
    whole = await head.get(f"/tanda-tangan/surat/{task}")
    assert picture.replace("&", "&amp;") in whole.text and "Surat 1 dari 1" in said(whole)


async def test_letters_are_left_out_by_their_tasks_in_the_address(api: Api) -> None:
    first, second = await a_waiting_letter(api), await a_waiting_letter(api)
    page = (await (await mandated(api)).get("/tanda-tangan", params={"tanpa": first[1]})).text
    assert f'value="{first[1]}~{first[2]}">' in page
    assert f'value="{second[1]}~{second[2]}" checked' in page


async def test_marked_letters_are_signed_with_one_code_and_no_page_tells_the_passphrase(
    api: Api, tmp_path: Path
) -> None:
    letters = [await a_waiting_letter(api) for _ in range(2)]
    head = await mandated(api)
    form = {"surat": marked(*letters), "kunci": "setuju-1"}
    asked = await head.post("/tanda-tangan/persetujuan", data=form)
    assert asked.status_code == 200 and "Tanda tangani 2 surat" in said(asked)
    for _, task, sha256 in letters:
        assert f'name="surat" value="{task}~{sha256}"' in asked.text
    done = await head.post("/tanda-tangan/setujui", data={**form, **PROOFS})
    assert done.status_code == 303
    activation_id = done.headers["location"].removeprefix("/tanda-tangan/hasil/")
    kept = await api.records.activation(activation_id)
    assert kept.envelope is not None
    opened = open_envelope(kept.envelope, load_private_key(tmp_path / "seal.pem"), kept.id)
    assert set(opened.letter_sha256s) == {sha256 for *_, sha256 in letters}
    assert opened.step_up == TotpProof("123456") and opened.passphrase.get_secret_value() == PASSPHRASE
    assert all(isinstance(decision.body, SignatureOrdered) for _, decision, _ in api.engine.decisions)
    result = await head.get(done.headers["location"])
    assert "0 dari 2 surat sudah ditandatangani" in said(result)
    assert '<noscript><meta http-equiv="refresh" content="4"></noscript>' in result.text
    assert PASSPHRASE not in asked.text + done.text + result.text
    # The same form once more, as by a second tap, is the same consent.
    again = await head.post("/tanda-tangan/setujui", data={**form, **PROOFS})
    assert again.headers["location"] == done.headers["location"] and len(api.engine.decisions) == 2


async def test_a_letter_that_changed_since_it_was_shown_is_named_and_not_signed(api: Api) -> None:
    good, changed = await a_waiting_letter(api), await a_waiting_letter(api)
    head = await mandated(api)
    shown = [*marked(good), f"{changed[1]}~{'1' * 64}"]
    asked = await head.post("/tanda-tangan/persetujuan", data={"surat": shown})
    assert "Tanda tangani 1 surat" in said(asked) and "Tidak ikut ditandatangani:" in said(asked)
    assert changed[0] in said(asked)
    assert f'value="{good[1]}~' in asked.text and f'value="{changed[1]}~' not in asked.text
    done = await head.post("/tanda-tangan/setujui", data={"surat": shown, **PROOFS})
    result = await head.get(done.headers["location"])
    assert f"{changed[0]}" in said(result) and "Tidak ikut" in said(result)
    assert [decision.task_id for _, decision, _ in api.engine.decisions] == [good[1]]
    alone = await head.post("/tanda-tangan/persetujuan", data={"surat": shown[1:]})
    assert alone.status_code == 409 and changed[0] in said(alone)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"kode": "123456"}, "Frasa sandi belum diisi."),
        ({"frasa": PASSPHRASE}, "Kode sekali pakai belum diisi."),
        ({"frasa": PASSPHRASE, "kode": "12"}, "Kode sekali pakai terdiri dari enam angka."),
        ({"frasa": PASSPHRASE, "kode": "123456", "kode_penyedia": "482913"}, "salah satu saja."),
        ({"frasa": PASSPHRASE, "challenge": "0" * 32, "assertion": "bukan json"}, "tidak terbaca"),
    ],
)
async def test_what_is_missing_is_said_and_no_secret_is_drawn_again(
    api: Api, typed: dict[str, str], words: str
) -> None:
    letter = await a_waiting_letter(api)
    answer = await (await mandated(api)).post("/tanda-tangan/setujui", data={"surat": marked(letter), **typed})
    assert answer.status_code == 422 and words in said(answer)
    assert PASSPHRASE not in answer.text and "482913" not in answer.text
    assert api.engine.decisions == []


async def test_nothing_marked_is_said_in_words(api: Api) -> None:
    await a_waiting_letter(api)
    answer = await (await mandated(api)).post("/tanda-tangan/persetujuan", data={})
    assert answer.status_code == 422 and "Tandai paling sedikit satu surat" in said(answer)


async def test_who_cannot_sign_today_is_told_why_before_any_passphrase(api: Api) -> None:
    letter = await a_waiting_letter(api)
    nobody = await (await api.as_("kepala")).get("/tanda-tangan")
    assert "belum ada mandat" in said(nobody) and "Tanda tangani yang ditandai" not in said(nobody)
    head = await mandated(api)
    await api.records.change_account("kepala", totp_sealed=None)
    assert "belum mempunyai kunci sandi atau kode sekali pakai" in said(await head.get("/tanda-tangan"))
    await api.records.change_account("kepala", totp_sealed=b"tersegel")
    revoked = Standing(account_id="kepala", standing="revoked", certificate_sha256="c" * 64, valid_until=None)
    await api.records.keep_standing(revoked, api.clock.now)
    assert "sudah dicabut" in said(await head.get("/tanda-tangan"))
    refused = await head.post("/tanda-tangan/setujui", data={"surat": marked(letter), **PROOFS})
    assert refused.status_code == 409 and "dicabut" in said(refused) and api.engine.decisions == []


async def test_only_who_signs_is_shown_the_way_to_the_letters(api: Api) -> None:
    for person, count in (("kepala", 1), ("koordinator", 0), ("depan", 0)):
        page = await (await api.as_(person)).get("/akun", headers={"Accept": "text/html"})
        assert page.text.partition("</nav>")[0].count('href="/tanda-tangan"') == count, person


async def test_an_acting_head_is_told_in_whose_place_it_signs(api: Api) -> None:
    await a_waiting_letter(api)
    await mandated(api)
    until = date(2026, 3, 20)
    acting = await mandated(
        api, id="plh", account_id="koordinator", capacity="plh", certificate_sha256="d" * 64,
        valid_from=date(2026, 3, 12), valid_until=until,
    )  # fmt: skip
    ways = (await acting.get("/tugas")).text.partition("</nav>")[0]
    assert '<a href="/tanda-tangan">Tanda tangan</a>' in ways
    page = said(await acting.get("/tanda-tangan"))
    assert "Plh. kepala dinas, menggantikan Contoh Kepala, sampai Jumat 20 Maret 2026." in page
    assert "Ikut ditandatangani" in page


@pytest.mark.parametrize("person", ["depan", "bidang", "pemohon", "ops"])
async def test_nobody_else_sees_the_letters(api: Api, person: str) -> None:
    letter = await a_waiting_letter(api)
    client = await api.as_(person)
    for address in ("/tanda-tangan", f"/tanda-tangan/surat/{letter[1]}", f"/tanda-tangan/surat/{letter[1]}/kembalikan"):
        assert (await client.get(address)).status_code == 403
    for address in ("/tanda-tangan/persetujuan", "/tanda-tangan/setujui", "/tanda-tangan/kode"):
        assert (await client.post(address, data={"surat": marked(letter), **PROOFS})).status_code == 403


async def test_a_form_without_the_secret_of_its_login_is_refused(api: Api) -> None:
    letter = await a_waiting_letter(api)
    await mandated(api)
    stranger = api.anonymous()
    session = {"email": "kepala@contoh.invalid", "password": PASSWORD}
    token = (await stranger.post("/api/v1/sessions", json=session)).json()["token"]
    client = api.anonymous(Cookie=f"sakpore_session={token}")
    answer = await client.post("/tanda-tangan/setujui", data={"surat": marked(letter), **PROOFS})
    assert answer.status_code == 403 and api.engine.decisions == []
    outside = await api.anonymous().get("/tanda-tangan")
    assert outside.headers["location"] == "/masuk?next=%2Ftanda-tangan"


async def an_order(api: Api, head: httpx.AsyncClient, *letters: tuple[str, str, str]) -> str:
    done = await head.post("/tanda-tangan/setujui", data={"surat": marked(*letters), **PROOFS})
    assert done.status_code == 303, said(done)
    return done.headers["location"]


async def test_each_letter_has_its_own_result(api: Api) -> None:
    letters = [await a_waiting_letter(api) for _ in range(4)]
    head = await mandated(api)
    address = await an_order(api, head, *letters)
    activation = address.rpartition("/")[2]
    states = [("SIGNED", None), ("FAILED", "wrong_passphrase"), ("CLAIMED", "timestamp_unavailable"), ("UNKNOWN", "x")]
    for (_, _, sha256), (state, error) in zip(letters, states, strict=True):
        await api.records.claim(activation, sha256, api.clock.now)
        await api.records.mark_claim(activation, sha256, state, api.clock.now, error)  # type: ignore[arg-type]
    number, _, sha256 = letters[0]
    await sign_letter(api, number, sha256, a_pdf(text="surat"))
    await issue_letter(api, number)
    page = await head.get(address)
    words = said(page)
    assert "1 dari 4 surat sudah ditandatangani" in words
    assert "Frasa sandinya salah." in words and "Menunggu layanan segel waktu." in words
    assert "hasilnya belum diketahui" in words
    [code] = re.findall(r'href="(/v/[^"]+)"', page.text)
    assert (await head.get(code)).status_code == 200
    other = await mandated(
        api, id="plh", account_id="koordinator", capacity="plh", certificate_sha256="d" * 64,
        valid_until=date(2026, 3, 20),
    )  # fmt: skip
    assert (await other.get(address)).status_code == 404


async def test_an_order_that_nobody_answered_is_sent_again_without_a_second_consent(api: Api) -> None:
    letter = await a_waiting_letter(api)
    head = await mandated(api)
    api.engine.raises = Unknown()
    address = await an_order(api, head, letter)
    page = await head.get(address)
    assert "Belum dijawab" in said(page) and "Kirim lagi perintahnya" not in said(page)
    api.clock.advance(seconds=11)
    assert "Kirim lagi perintahnya" in said(await head.get(address))
    api.engine.raises = None
    assert (await head.post(address)).headers["location"] == address
    ((_, decision, key),) = api.engine.decisions
    assert (decision.task_id, key) == (letter[1], address.rpartition("/")[2])
    api.clock.advance(minutes=6)
    assert "Waktu persetujuan habis" in said(await head.get(address))


async def test_a_letter_goes_back_to_a_desk_with_its_reason(api: Api) -> None:
    _, task, sha256 = await a_waiting_letter(api)
    head, address = await mandated(api), f"/tanda-tangan/surat/{task}/kembalikan"
    form = await head.get(address)
    assert "Penelitian berkas" in said(form) and 'value="drafting" checked' in form.text
    typed = {"seen": sha256, "meja": "assessment", "kode": "wrong-data", "alasan": "", "kunci": "k1"}
    missing = await head.post(address, data=typed)
    assert missing.status_code == 422 and 'value="assessment" checked' in missing.text
    assert (await head.post(address, data={**typed, "kode": "", "alasan": "x"})).status_code == 422
    done = await head.post(address, data={**typed, "alasan": "Nama jalan keliru."})
    assert done.headers["location"] == "/tanda-tangan"
    ((_, decision, _),) = api.engine.decisions
    assert decision.body == Returned(code=ReturnReason.WRONG_DATA, reason="Nama jalan keliru.", to="assessment")


async def test_a_provider_that_sends_no_codes_is_said(api: Api) -> None:
    letter = await a_waiting_letter(api)
    answer = await (await mandated(api)).post("/tanda-tangan/kode", data={"surat": marked(letter), "frasa": PASSPHRASE})
    assert answer.status_code == 200 and PASSPHRASE not in answer.text
    assert [errand.kind for errand in api.engine.errands] == ["provider-code"]


def test_two_hundred_letters_are_a_light_page() -> None:
    """The page with its styles and script, as it travels; pictures come as they are looked at."""
    manifest = build(WEB)
    letters = [samples.letter(place) for place in range(200)]
    context = framed(HEAD, view=samples.letters(*letters), errors=[])
    html = page_environment(WEB).get_template("head/tanda-tangan.html").render(**context).encode()
    pressed = [(WEB / "dist" / f"{manifest[name]}.br").stat().st_size for name in ("sakpore.css", "tandatangan.js")]
    assert len(gzip.compress(html, 6)) + sum(pressed) < 60_000
    assert html.count(b'loading="lazy"') == 198


# What is stuck -------------------------------------------------------------------------------------------------------


async def a_stuck_case(api: Api) -> tuple[str, str]:
    number = await a_case(api, await api.as_("pemohon"))
    due = api.clock.now - timedelta(days=2)
    task = await open_task(
        api, number, TaskKind.VERIFICATION, Role.FRONT_OFFICE, opened_at=due - timedelta(days=1), due_at=due
    )
    facts = {"task": task, "holder": "Front Office", "stage": "Pemeriksaan", "who": "holder", "rung": "r1"}
    await api.records.keep(Step(number=number, events=(an_event(api, "r1", Tag.TASK_ESCALATED, **facts),)))
    async with api.services.db.engine.begin() as connection:
        await connection.exec_driver_sql("update tasks set rungs_fallen = 1 where id = %s", (task,))
    return number, task


async def test_a_leader_asks_the_holder_and_reads_the_answer(api: Api) -> None:
    number, task = await a_stuck_case(api)
    leader, holder = await api.as_("koordinator"), await api.as_("depan")
    page = await leader.get("/macet")
    assert "Petugas depan" in said(page) and "Lewat batas 2 hari yang lalu" in said(page)
    assert "Sudah diingatkan 1 kali" in said(page) and f"/kasus/{number}" in page.text
    sent = await leader.post(f"/macet/{task}/tanya", data={"pertanyaan": "Kapan selesai?", "kunci": "tanya-1"})
    assert sent.headers["location"].startswith("/macet#")
    page = await leader.get("/macet")
    assert "Kapan selesai?" in said(page) and "Belum dijawab" in said(page)
    note = await holder.post(f"/api/v1/tasks/{task}/note", json={"note": "Besok pagi."})
    assert note.status_code == 200
    page = await leader.get("/macet")
    assert "Besok pagi." in said(page) and "Belum dijawab" not in said(page)


async def test_a_question_that_is_too_long_comes_back_with_what_was_typed(api: Api) -> None:
    _, task = await a_stuck_case(api)
    answer = await (await api.as_("kepala")).post(f"/macet/{task}/tanya", data={"pertanyaan": "mengapa " * 100})
    assert answer.status_code == 422 and "terlalu panjang" in said(answer) and "mengapa mengapa" in answer.text


async def test_an_office_without_anything_stuck_says_so_and_only_to_leaders(api: Api) -> None:
    assert "Tidak ada yang macet" in said(await (await api.as_("kepala")).get("/macet"))
    for person in ("depan", "bidang", "dinas", "ops"):
        assert (await (await api.as_(person)).get("/macet")).status_code == 403


# Lateness ------------------------------------------------------------------------------------------------------------


async def test_leaders_and_the_inspectorate_see_who_holds_what_is_late(api: Api) -> None:
    await api.records.ensure_account(a_person("inspektorat", role=Role.INSPECTORATE))
    number, _ = await a_stuck_case(api)
    leader = await (await api.as_("kepala")).get("/keterlambatan")
    assert "1 dari 1 tugas lewat batas" in said(leader) and f'href="/kasus/{number}"' in leader.text
    inspector = await (await api.as_("inspektorat")).get("/keterlambatan")
    assert number in said(inspector) and f'href="/kasus/{number}"' not in inspector.text
    assert (await (await api.as_("depan")).get("/keterlambatan")).status_code == 403


async def test_a_month_is_ordered_read_and_downloaded(api: Api) -> None:
    await a_case(api, await api.as_("pemohon"))
    leader = await api.as_("koordinator")
    address = "/keterlambatan/evaluasi"
    assert "belum dievaluasi" in said(await leader.get(address))
    ordered = await leader.post(address, data={"bulan": "2026-03", "kunci": "e1"})
    assert ordered.headers["location"] == f"{address}?bulan=2026-03"
    assert [order.month for order in api.engine.evaluations] == ["2026-03"]
    for wrong in ("2026-13", "", "2027-01"):
        assert (await leader.post(address, data={"bulan": wrong})).status_code == 422
    desk = EvaluationDesk(api.records, api.services.documents)
    await desk.compile_month(CompileMonth(month="2026-03", as_of=api.clock.now, requested_by="kepala", order_key="k"))
    page = said(await leader.get(address))
    assert "Evaluasi Maret 2026" in page and "Masuk 1" in page and "Versi 1" in page
    assert (await leader.get(f"{address}/2026-03.pdf")).headers["content-type"] == "application/pdf"


# Mandates ------------------------------------------------------------------------------------------------------------

MANDATE = {
    "orang": "koordinator", "sebagai": "plh", "mulai": "2026-03-13", "sampai": "2026-03-20", "keputusan": "800/7",
}  # fmt: skip


async def test_the_head_gives_a_mandate_and_takes_it_back(api: Api) -> None:
    head = await mandated(api)
    unknown = await head.post("/plh/baru", data={**MANDATE, "kunci": "m1"})
    assert unknown.status_code == 422 and "belum dikenal sistem" in said(unknown)
    assert 'value="koordinator" selected' in unknown.text and 'value="800/7"' in unknown.text
    given = await head.post("/plh/baru", data={**MANDATE, "sertifikat": ":".join(["DD"] * 32), "kunci": "m2"})
    assert given.headers["location"] == "/plh"
    page = await head.get("/plh")
    assert "Contoh Koordinator Plh. kepala dinas" in said(page) and "sampai Jumat 20 Maret 2026" in said(page)
    [way] = re.findall(r'href="(/plh/[^"]+/cabut)"', page.text)
    assert "Cabut mandat Contoh Koordinator?" in said(await head.get(way))
    assert (await head.post(way)).headers["location"] == "/plh"
    assert "dicabut Jumat 13 Maret 2026" in said(await head.get("/plh"))
    assert (await head.get(way)).status_code == 404


async def test_a_mandate_that_cannot_be_is_said_at_its_field(api: Api) -> None:
    head = await mandated(api)
    known = {"sertifikat": "d" * 64}
    late = await head.post("/plh/baru", data={**MANDATE, **known, "sampai": "2026-03-01"})
    assert late.status_code == 422 and 'id="mulai-error"' in late.text
    unfit = await head.post("/plh/baru", data={**MANDATE, **known, "orang": "depan"})
    assert unfit.status_code in (409, 422) and 'id="orang-error"' in unfit.text
    nothing = await head.post("/plh/baru", data={**known, "mulai": "besok"})
    assert nothing.status_code == 422 and 'id="mulai-error"' in nothing.text and 'id="keputusan-error"' in nothing.text


async def test_ops_and_the_head_alone_see_mandates(api: Api) -> None:
    for person, status in (("ops", 200), ("kepala", 200), ("koordinator", 403), ("depan", 403)):
        client = await api.as_(person)
        assert (await client.get("/plh")).status_code == status
        assert (await client.get("/plh/baru")).status_code == status
