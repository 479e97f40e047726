"""Pages say the right thing first, escape what people typed, and need no script."""

import re
from typing import Any

import pytest
from jinja2 import Environment, UndefinedError

from api.reason_words import ADVICE
from signing.verdict import REASONS
from tests.pages import samples

every_page = pytest.mark.parametrize("name", samples.pages())


def shown(environment: Environment, name: str) -> str:
    template, context = samples.pages()[name]
    return environment.get_template(template).render(**context)


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html.partition("<main")[2].partition("</main>")[0]).split())


def tracked(environment: Environment, **changes: Any) -> str:
    view = samples.tracking(**changes)
    return words(environment.get_template("public/lacak.html").render(view=view, code=samples.CODE))


@every_page
def test_every_page_has_one_heading_a_title_and_a_way_past_the_menu(environment: Environment, name: str) -> None:
    html = shown(environment, name)
    assert html.count("<h1") == 1
    assert re.search(r"<title>\w.* · Sakpore Kota Pekalongan</title>", html)
    assert '<html lang="id"' in html
    assert 'href="#isi"' in html and 'id="isi"' in html


@every_page
def test_no_page_needs_a_script_an_inline_style_or_another_site(environment: Environment, name: str) -> None:
    html = shown(environment, name)
    # A script only adds to what the forms do without it, and comes from our own built files (no inline script).
    for script in re.findall(r"<script[^>]*>.*?</script>", html, re.DOTALL):
        assert re.fullmatch(r'<script src="/assets/[\w.-]+\.js" defer></script>', script)
    assert not re.search(r"\s(style|on\w+)=", html)
    fetched = re.sub(r"<a\s[^>]*>", "", html)  # whoever follows a link decides so
    assert not re.search(r"""(src|href|action)=["'](https?:)?//""", fetched)


@every_page
def test_every_form_that_changes_something_carries_the_csrf_token(environment: Environment, name: str) -> None:
    for form in re.findall(r'<form method="post".*?</form>', shown(environment, name), re.DOTALL):
        assert '<input type="hidden" name="csrf_token" value="contoh">' in form


def test_a_page_that_was_not_given_what_it_shows_is_an_error(environment: Environment) -> None:
    view = samples.tracking()
    del view["promised_on"]
    with pytest.raises(UndefinedError):
        environment.get_template("public/lacak.html").render(view=view, code=samples.CODE)


def test_what_people_typed_is_escaped(environment: Environment) -> None:
    typed = '<script>alert("1")</script>'
    for html in (
        environment.get_template("public/lacak.html").render(
            view=samples.tracking(permit_name=typed, waiting_for=typed), code=typed
        ),
        environment.get_template("public/verifikasi.html").render(permit=samples.permit(holder_name=typed)),
        environment.get_template("public/katalog.html").render(view=samples.searched(typed)),
        environment.get_template("public/lacak-cari.html").render(errors=[("kode", typed)]),
        environment.get_template("accounts/masuk.html").render(
            csrf_token=typed, email=typed, errors=[("email", typed)], next=typed, unconfirmed=False
        ),
        environment.get_template("galat.html").render(status=404, title=typed, detail=typed, request_id=typed),
    ):
        assert "<script>" not in html
        assert "&lt;script&gt;" in html


def test_the_header_says_who_is_logged_in_and_how_to_leave(environment: Environment) -> None:
    def header(html: str) -> str:
        return " ".join(re.sub(r"<[^>]+>", " ", html.partition("<nav")[2].partition("</nav>")[0]).split())

    inside, outside = shown(environment, "beranda-masuk"), shown(environment, "beranda")
    assert header(inside).endswith("Keluar Contoh Pemohon Satu, A.Md.Ftr.") and "Masuk" not in header(inside)
    assert 'href="/keluar"' in inside and 'href="/keluar"' not in outside
    assert header(outside).endswith("Masuk") and "Keluar" not in header(outside)
    typed = environment.get_template("galat.html").render(status=404, person={"name": "<script>"})
    assert "<script>" not in typed and "&lt;script&gt;" in typed


@pytest.mark.parametrize(("limit_bytes", "words_of_it"), [(25_000_000, "25 MB"), (7_500_000, "7,5 MB")])
def test_the_upload_form_says_the_limit_that_is_set(
    environment: Environment, limit_bytes: int, words_of_it: str
) -> None:
    template, context = samples.pages()["unggah"]
    html = environment.get_template(template).render(**context | {"limit_bytes": limit_bytes})
    assert f"Paling besar {words_of_it}. Kami" in words(html)


def test_tracking_answers_first_who_holds_the_case_since_when_and_until_when(environment: Environment) -> None:
    text = tracked(environment)
    answer = "Menunggu rekomendasi Badan Perencanaan Pembangunan Daerah sejak Kamis 3 Desember."
    limit = "Batasnya Selasa 8 Desember 2026 pukul 16.00 WIB"
    assert text.index(answer) < text.index(limit) < text.index("Perkiraan selesai") < text.index("Perjalanan")


def test_tracking_says_that_a_limit_has_passed(environment: Environment) -> None:
    assert "Sudah lewat batasnya: Selasa 8 Desember 2026" in tracked(environment, late=True)
    assert "Sudah lewat" not in tracked(environment)


def test_tracking_names_each_document_to_repair_and_says_that_the_clock_stands(environment: Environment) -> None:
    text = words(shown(environment, "lacak-perbaikan"))
    assert "2 berkas perlu Anda perbaiki." in text
    assert "Ijazah Alasannya: halaman kedua tidak terbaca." in text
    assert "Waktu layanan berhenti" in text
    assert "Sementara" in text


def test_one_document_is_counted_in_words(environment: Environment) -> None:
    repairs = [{"document": "Ijazah", "reason": "buram."}]
    assert "Satu berkas perlu Anda perbaiki." in tracked(environment, waiting_kind="applicant", repairs=repairs)


def test_tracking_shows_the_arithmetic_of_the_promise(environment: Environment) -> None:
    text = tracked(environment)
    assert "5 hari kerja, dihitung sejak hari kerja setelah berkas lengkap." in text
    assert "– Sabtu 5 Des akhir pekan" in text
    assert "5 Selasa 8 Des hari kerja" in text


def test_an_issued_permit_can_be_downloaded_and_checked(environment: Environment) -> None:
    html = shown(environment, "lacak-terbit")
    assert "Izin Anda sudah terbit dan ditandatangani secara elektronik." in words(html)
    assert 'href="/lacak/X/surat.pdf"' in html
    assert 'href="/v/X"' in html
    assert "Sekarang tidak ada yang perlu Anda lakukan" not in html


@pytest.mark.parametrize(
    ("product", "sentence"),
    [
        ("revocation", "Izin Anda dicabut. Surat pencabutan memuat alasan dan dasar hukumnya."),
        ("replacement", "Surat izin pengganti Anda sudah terbit"),
        ("extension", "Masa berlaku izin Anda sudah diperpanjang."),
    ],
)
def test_a_procedure_says_what_it_did_and_not_that_a_permit_was_issued(
    environment: Environment, product: str, sentence: str
) -> None:
    text = words(shown(environment, f"lacak-{product}"))
    assert sentence in text
    assert "Izin Anda sudah terbit" not in text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"status": "lapsed", "waiting_kind": "engine"}, "Permohonan ini kami tutup karena"),
        ({"status": "in_delivery", "waiting_kind": "desk"}, "Surat Anda sudah terbit; loket kami"),
        ({"status": "in_delivery", "waiting_kind": "engine", "waiting_for": "PT Pos Indonesia"}, "dikirim PT Pos"),
    ],
)
def test_a_closed_file_and_a_letter_on_its_way_are_said_in_words(
    environment: Environment, changes: dict[str, Any], said: str
) -> None:
    assert said in tracked(environment, **changes)


def test_a_refused_application_is_said_plainly(environment: Environment) -> None:
    text = words(shown(environment, "lacak-ditolak"))
    assert "Permohonan Anda ditolak." in text
    assert "Unduh surat penolakan (PDF)" in text


def test_demo_pace_and_practice_are_marked(environment: Environment) -> None:
    assert "Contoh: waktu dipercepat." in tracked(environment, compressed_pace=True)
    assert "Latihan." in tracked(environment, practice=True)
    assert "Contoh" not in tracked(environment)


@pytest.mark.parametrize(
    ("state", "word", "sentence"),
    [
        ("SAH", "SAH", "Surat ini asli dan masih berlaku."),
        ("DICABUT", "DICABUT", "sudah dicabut dan tidak berlaku lagi."),
        ("DIGANTI", "DIGANTI", "sudah diganti surat yang lebih baru"),
        ("DIPERPANJANG", "DIPERPANJANG", "Yang berlaku surat yang lebih baru."),
        ("CONTOH", "CONTOH", "dibuat untuk latihan dan tidak berlaku sebagai izin."),
        ("KEDALUWARSA", "KEDALUWARSA", "masa berlakunya sudah habis."),
        ("BELUM_TERBIT", "BELUM TERBIT", "belum terbit, jadi belum berlaku."),
    ],
)
def test_the_verdict_on_a_letter_is_its_first_word(
    environment: Environment, state: str, word: str, sentence: str
) -> None:
    html = environment.get_template("public/verifikasi.html").render(permit=samples.permit(state=state))
    assert f'<h1 class="putusan__kata">{word}</h1>' in html
    assert words(html).index(sentence) < words(html).index("503.SIPF/0042/XII/2026")
    assert ("masih berlaku" in html) == (state == "SAH")


@pytest.mark.parametrize(
    ("state", "label", "number"),
    [
        ("dicabut", "Dicabut dengan surat nomor", "503/0003/CABUT/V/2027"),
        ("diganti", "Yang berlaku surat nomor", "503/0007/GANTI/V/2027"),
        ("diperpanjang", "Yang berlaku surat nomor", "503/0051/SIPF/V/2027"),
    ],
)
def test_a_permit_that_ended_names_the_letter_that_ended_it_before_its_own_facts(
    environment: Environment, state: str, label: str, number: str
) -> None:
    text = words(shown(environment, f"verifikasi-{state}"))
    assert "Tidak berlaku sejak Senin 3 Mei 2027" in text
    assert text.index(f"{label} {number}") < text.index("Cocokkan dengan surat di tangan Anda")


def test_an_extended_permit_says_both_last_days(environment: Environment) -> None:
    text = words(shown(environment, "verifikasi-diperpanjang-sampai"))
    assert "Diperpanjang sampai Kamis 4 Desember 2036 Dengan surat nomor 503/0002/PANJANG/XI/2031" in text
    assert "Berlaku sampai, menurut surat Kamis 4 Desember 2031" in text
    same = samples.extended_permit(extended_until=samples.permit()["valid_until"])
    assert "menurut surat" not in environment.get_template("public/verifikasi.html").render(permit=same)


@pytest.mark.parametrize(
    ("name", "word", "label", "number"),
    [
        ("dicabut", "DICABUT", "Dicabut dengan surat nomor", "503/0003/CABUT/V/2027"),
        ("diganti", "DIGANTI", "Surat yang berlaku sekarang", "503/0007/GANTI/V/2027"),
        ("diperpanjang", "DIPERPANJANG", "Surat yang berlaku sekarang", "503/0051/SIPF/V/2027"),
    ],
)
def test_an_intact_file_of_a_permit_that_ended_says_that_first(
    environment: Environment, name: str, word: str, label: str, number: str
) -> None:
    html = shown(environment, f"unggah-{name}")
    assert f'<h1 class="putusan__kata">{word}</h1>' in html
    assert "putusan--done" not in html and "Masih berlaku" not in html
    assert f"{label} {number}" in words(html) and "Sejak Senin 3 Mei 2027" in words(html)


@pytest.mark.parametrize(
    ("name", "word", "sentence"),
    [
        ("kedaluwarsa", "KEDALUWARSA", "masa berlaku izinnya sudah habis."),
        ("contoh", "CONTOH", "tidak berlaku sebagai izin."),
        ("belum-diterbitkan", "BELUM TERBIT", "belum kami terbitkan, jadi belum berlaku."),
        ("tidak-terdaftar", "TIDAK TERDAFTAR", "tidak ada dalam daftar surat kami."),
    ],
)
def test_a_good_signature_alone_is_no_valid_permit(
    environment: Environment, name: str, word: str, sentence: str
) -> None:
    html = shown(environment, f"unggah-{name}")
    assert f'<h1 class="putusan__kata">{word}</h1>' in html
    assert sentence in words(html) and "putusan--done" not in html


@pytest.mark.parametrize("page", ["verifikasi", "unggah"])
@pytest.mark.parametrize(("name", "what"), [("penolakan", "penolakan permohonan"), ("pencabutan", "pencabutan izin")])
def test_a_genuine_letter_that_is_no_permit_is_never_called_one(
    environment: Environment, page: str, name: str, what: str
) -> None:
    text = words(shown(environment, f"{page}-{name}"))
    assert f"Isinya {what}, bukan izin." in text
    assert "erlaku sampai" not in text and "asih berlaku" not in text


def test_a_good_file_says_what_has_to_agree_with_it(environment: Environment) -> None:
    text = words(shown(environment, "unggah-sah"))
    for fact in ("503.SIPF/0042/XII/2026", "Contoh Pemohon Satu, A.Md.Ftr.", "Jumat 4 Desember 2026", "Masih berlaku"):
        assert text.index("Cocokkan dengan isi berkas") < text.index(fact)
    assert "Nama, nomor, dan tanggal di sini harus sama persis" in text


@pytest.mark.parametrize("code", REASONS)
def test_every_reason_is_explained_with_what_to_do(environment: Environment, code: str) -> None:
    assert code in ADVICE
    view = samples.report(code, verdict="TIDAK_SAH", level=None, match=None, signatures=[])
    template, context = samples.pages()["unggah"]
    text = words(environment.get_template(template).render(**{**context, "report": view}))
    assert REASONS[code] in text and ADVICE[code] in text


def test_advice_that_follows_from_several_reasons_is_given_once(environment: Environment) -> None:
    view = samples.report("untrusted", "signature_invalid", "revoked", verdict="TIDAK_SAH", match=None, signatures=[])
    template, context = samples.pages()["unggah"]
    text = words(environment.get_template(template).render(**{**context, "report": view}))
    assert ADVICE["revoked"] == ADVICE["signature_invalid"]
    assert text.count(f"{REASONS['signature_invalid']} {ADVICE['revoked']}") == 0
    assert text.count(f"{REASONS['revoked']} {ADVICE['revoked']}") == 1


def test_a_foreign_code_is_a_verdict_and_shows_no_facts(environment: Environment) -> None:
    html = shown(environment, "verifikasi-kode-asing")
    assert '<h1 class="putusan__kata">BUKAN KODE KAMI</h1>' in html and "putusan--bad" in html
    assert "bukan dari kantor kami" in words(html) and "Cocokkan" not in html


def test_an_unknown_code_shows_no_facts(environment: Environment) -> None:
    text = words(shown(environment, "verifikasi-tidak-dikenal"))
    assert "TIDAK DIKENAL" in text
    assert "Cocokkan" not in text


def test_a_test_certificate_is_named_on_the_verification_page(environment: Environment) -> None:
    assert "Contoh, bukan BSrE." in words(shown(environment, "verifikasi-sah"))
    real = environment.get_template("public/verifikasi.html").render(permit=samples.permit(demo_authority=False))
    assert "bukan BSrE" not in real


@pytest.mark.parametrize(
    ("name", "word"),
    [("unggah-sah", "SAH"), ("unggah-berubah", "TIDAK SAH"), ("unggah-belum_terbit", "BELUM TERBIT"),
     ("unggah-tidak_bertanda_tangan", "TIDAK BERTANDA TANGAN"), ("unggah-rusak", "RUSAK")],
)  # fmt: skip
def test_each_verdict_on_a_file_has_its_word(environment: Environment, name: str, word: str) -> None:
    html = shown(environment, name)
    assert f'<h1 class="putusan__kata">{word}</h1>' in html


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 429, 500, 503])
def test_each_error_says_what_happened_and_what_to_do_now(environment: Environment, status: int) -> None:
    text = words(shown(environment, f"galat-{status}"))
    assert "req-contoh-01" in text
    assert "alaman depan" in text
    assert str(status) not in text


def test_govuk_components_escape_their_text(environment: Environment) -> None:
    drawn = environment.from_string("{{ govuk('button', {'text': '<b>'}) }}").render()
    assert "&lt;b&gt;" in drawn
