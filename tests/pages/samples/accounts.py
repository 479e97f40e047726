"""What the pages of this folder are given, in their usual and their hard states."""

from datetime import UTC, date, datetime
from typing import Any

from api.login_keys import LoginKeyShown
from api.pages.accounts.help import HelpPage, Talk, help_page, talk_of
from api.pages.accounts.own import OwnPage, own_page
from api.pages.accounts.passkeys import KeyPage, key_page
from api.passkeys import PasskeyShown
from api.routes.help import Conversation, ThreadList
from permits.authority import Actor
from store.queries.help import MessageView, ThreadLine
from store.queries.own_data import OwnAccount
from tests.pages.samples.people import AGENCY, APPLICANT, FRONT, HEAD, OPS, Samples, framed

NOW = datetime(2026, 12, 7, 3, 0, tzinfo=UTC)
LONG = "Contoh Pemohon Dengan Nama Yang Sangat Panjang Sekali, S.Tr.Kes., M.K.M., Ftr."
EMAIL = "alamat.yang.panjang.sekali.sehingga.tidak.muat.sebaris@kantor-contoh-pekalongan.test"
THREAD = "3f6f0d7e-0000-5000-8000-000000000001"


def account_of(who: Actor, **changes: Any) -> OwnAccount:
    """The account of a fictional person."""
    usual: dict[str, Any] = {
        "id": who.id, "email": "contoh@contoh.test", "email_confirmed_at": NOW, "name": who.name,
        "role": who.role.value, "field": who.field, "opd": who.opd, "phone": "0800 0000 0000",
        "address": "Jalan Contoh Nomor 9, Kota Pekalongan", "birth_place": "Kota Contoh",
        "birth_date": date(1990, 1, 14), "title": None, "rank": None, "nip": None, "nik_warnings": [],
        "notice_channel": "email", "digest": False, "locale": "id", "at_counter": False, "created_at": NOW,
    }  # fmt: skip
    return OwnAccount(**{**usual, **changes})


def own_of(who: Actor, **changes: Any) -> OwnPage:
    """The page of the own account."""
    return own_page(account_of(who, **changes), who)


def a_key(number: int = 1, **changes: Any) -> PasskeyShown:
    """A passkey of the head."""
    usual: dict[str, Any] = {
        "id": f"{number:032x}", "name": "Ponsel kantor", "device": "0" * 8, "backed_up": False,
        "admitted_by": "ticket", "admitted_at": NOW.replace(day=1), "usable_from": NOW.replace(day=1),
        "last_used_at": NOW.replace(day=4),
    }  # fmt: skip
    return PasskeyShown(**{**usual, **changes})


def some_keys() -> list[PasskeyShown]:
    """One that signs, and one that is new."""
    new = a_key(
        2, name="Komputer di rumah dengan nama yang panjang sekali sampai dua baris", admitted_by="totp",
        admitted_at=NOW, usable_from=NOW.replace(day=8), last_used_at=None, backed_up=True,
    )  # fmt: skip
    return [a_key(), new]


def keys_of(*keys: PasskeyShown, has_code: bool = False) -> KeyPage:
    """The page of passkeys."""
    return key_page(list(keys), has_code, NOW)


def a_thread(number: str | None = "PRM-2026-000117", **changes: Any) -> ThreadLine:
    """One conversation in a list."""
    usual: dict[str, Any] = {
        "thread": THREAD, "number": number, "permit_name": "Izin Penelitian" if number else None,
        "applicant_name": "Contoh Pemohon Satu", "last_at": NOW, "waiting": True, "unread": 0,
    }  # fmt: skip
    return ThreadLine(**{**usual, **changes})


def threads(who: Actor, *lines: ThreadLine, shows_all: bool = False, more: bool = False) -> HelpPage:
    """The list of conversations."""
    found = ThreadList(items=list(lines), total=len(lines), unread=0, next_offset=20 if more else None)
    return help_page(found, who, waiting=sum(one.waiting for one in lines), total=len(lines), shows_all=shows_all)


def a_talk(who: Actor, number: str | None = "PRM-2026-000117") -> Talk:
    """A conversation whose last answer is new to the applicant."""
    said = [
        (False, LONG, "Apakah surat pengantar dari kampus boleh bertanggal bulan lalu?\n\nTerima kasih.", NOW),
        (True, "Petugas Depan Contoh", "Boleh, asal belum lewat tiga bulan.", None),
        (False, LONG, "x" * 90, None),
    ]
    messages = [
        MessageView(id=f"pesan-{at}", from_office=office, author_name=name, text=text, sent_at=NOW, read_at=read)
        for at, (office, name, text, read) in enumerate(said)
    ]
    return talk_of(Conversation(thread=THREAD, number=number, messages=messages), who)


def pages() -> Samples:
    """Every page worth looking at: name -> (template, context)."""
    return {f"akun-{name}": (f"accounts/{page}", context) for name, (page, context) in _pages().items()}


def _pages() -> Samples:
    return {**_coming_in(), **_own(), **_keys(), **_help()}


def _coming_in() -> Samples:
    form = {"errors": [], "email": ""}
    log_in = framed(None, **form, next="", unconfirmed=False)
    wrong = [("password", "Alamat e-mail atau kata sandi tidak cocok. Periksa keduanya, lalu coba lagi.")]
    unconfirmed = [("email", "Alamat e-mail Anda belum dikonfirmasi. Buka tautan di e-mail dari kami.")]
    fields = ("name", "nik", "birth_place", "address", "phone", "email")
    typed = dict.fromkeys((*fields, "birth_date-day", "birth_date-month", "birth_date-year"), "")
    full = typed | {"name": LONG, "birth_date-day": "31", "birth_date-month": "2", "birth_date-year": "1990"}
    faults = [
        ("nik", "NIK terdiri atas 16 angka seperti di KTP. Periksa, lalu ketik lagi."),
        ("birth_date-day", "Isi tanggal lahir dengan angka: tanggal, bulan, dan tahun, misalnya 14 1 1990."),
        ("address", "Alamat belum diisi atau terlalu pendek."),
        ("email", "Tulis alamat e-mail seperti nama@contoh.id."),
        ("password", "Kata sandi ini mudah ditebak."),
    ]  # fmt: skip
    link = {"token": "contoh" * 7, "errors": [], "least": 10}
    email_fault = [("email", "Tulis alamat e-mail seperti nama@contoh.id.")]
    return {
        "masuk": ("masuk.html", log_in),
        "masuk-kembali": ("masuk.html", {**log_in, "next": "/permohonan", "news": "Anda sudah keluar karena lama."}),
        "masuk-salah": ("masuk.html", {**log_in, "email": EMAIL, "errors": wrong}),
        "masuk-belum-dikonfirmasi": ("masuk.html", {**log_in, "errors": unconfirmed, "unconfirmed": True}),
        "sesi-berakhir": ("sesi-berakhir.html", framed(None, back="/akun/ubah")),
        "keluar": ("keluar.html", framed(APPLICANT)),
        "daftar": ("daftar.html", framed(None, typed=typed, errors=[], least=10)),
        "daftar-salah": ("daftar.html", framed(None, typed=full, errors=faults, least=10)),
        "daftar-terkirim": ("daftar-terkirim.html", framed(None, warnings=[])),
        "daftar-periksa": (
            "daftar-terkirim.html", framed(None, warnings=["region-differs", "birth-date-differs"]),
        ),
        "konfirmasi": ("konfirmasi.html", framed(None, **link)),
        "tautan-konfirmasi": ("tautan.html", framed(None, about="confirm")),
        "tautan-sandi": ("tautan.html", framed(None, about="password")),
        "nik-dipakai": ("nik-dipakai.html", framed(None)),
        "kirim-lagi": ("kirim-lagi.html", framed(None, **form)),
        "kirim-lagi-salah": ("kirim-lagi.html", framed(None, **{**form, "email": "contoh", "errors": email_fault})),
        "sandi-lupa": ("sandi-lupa.html", framed(None, **form)),
        "sandi-terkirim": ("sandi-terkirim.html", framed(None)),
        "sandi-baru": ("sandi-baru.html", framed(None, **link)),
        "sandi-baru-salah": (
            "sandi-baru.html", framed(None, **{**link, "errors": [("password", "Kata sandi ini mudah ditebak.")]}),
        ),
    }  # fmt: skip


def _own() -> Samples:
    typed = {"phone": "0800 0000 0000", "address": "Jalan Contoh 9", "notice_channel": "email", "digest": ""}
    phone = [("phone", "Isi nomor telepon dulu, agar kabar dapat dikirim lewat WhatsApp.")]
    password = [("password", "Kata sandi ini tidak cocok. Periksa, lalu ketik lagi.")]
    differs = {"name": LONG, "email": EMAIL, "nik_warnings": ["birth-date-differs"], "notice_channel": "whatsapp"}
    officer = {
        "title": "Kepala Dinas Penanaman Modal dan Pelayanan Terpadu Satu Pintu", "nip": "00000000 000000 0 001",
        "phone": None, "address": None, "birth_date": None, "birth_place": None, "digest": True,
    }  # fmt: skip
    whatsapp = {**typed, "phone": "", "notice_channel": "whatsapp"}
    return {
        "sendiri": ("akun.html", framed(APPLICANT, view=own_of(APPLICANT))),
        "sendiri-panjang": ("akun.html", framed(APPLICANT, view=own_of(APPLICANT, **differs))),
        "sendiri-kepala": ("akun.html", framed(HEAD, view=own_of(HEAD, **officer))),
        "sendiri-ops": ("akun.html", framed(OPS, view=own_of(OPS, **officer), news="Perubahan Anda sudah disimpan.")),
        "ubah": ("akun-ubah.html", framed(APPLICANT, typed=typed, errors=[], is_applicant=True)),
        "ubah-salah": ("akun-ubah.html", framed(AGENCY, typed=whatsapp, errors=phone, is_applicant=False)),
        "surel": ("akun-surel.html", framed(APPLICANT, now=EMAIL, email="", errors=[])),
        "surel-salah": ("akun-surel.html", framed(APPLICANT, now=EMAIL, email=EMAIL, errors=password)),
        "sandi": ("akun-sandi.html", framed(APPLICANT, errors=[], least=10)),
        "sandi-salah": ("akun-sandi.html", framed(APPLICANT, errors=password, least=10)),
    }


def _keys() -> Samples:
    form = {"typed": {"name": "", "proof": ""}, "errors": []}
    full = keys_of(*some_keys(), has_code=True)
    wrong = {
        "typed": {"name": "Ponsel", "proof": "ticket"},
        "errors": [("password", "Kata sandi ini tidak cocok."), ("ticket", "Bukti itu tidak cocok.")],
    }
    login_keys = [
        LoginKeyShown(id=f"{at:032x}", name=name, backed_up=False, created_at=NOW, last_used_at=used)
        for at, (name, used) in enumerate((("Ponsel saya", NOW), (LONG, None)))
    ]
    one = {"view": full, "line": full.lines[0], "typed": {"name": "Ponsel kantor", "proof": ""}, "errors": []}
    return {
        "kunci": ("kunci.html", framed(HEAD, view=full, **form)),
        "kunci-kosong": ("kunci.html", framed(AGENCY, view=keys_of(), **form)),
        "kunci-salah": ("kunci.html", framed(HEAD, view=full, **wrong)),
        "kunci-masuk": ("kunci-masuk.html", framed(APPLICANT, keys=login_keys, name="", errors=[])),
        "kunci-masuk-kosong": ("kunci-masuk.html", framed(HEAD, keys=[], name="", errors=[])),
        "kunci-masuk-salah": ("kunci-masuk.html", framed(HEAD, keys=[], name="Ponsel", errors=wrong["errors"][:1])),
        "kunci-satu": ("kunci-satu.html", framed(HEAD, **one)),
        "kunci-satu-baru": ("kunci-satu.html", framed(HEAD, **{**one, "line": full.lines[1]})),
        "kunci-satu-salah": ("kunci-satu.html", framed(HEAD, **{**one, **wrong})),
    }


def _help() -> Samples:
    lines = [
        a_thread(applicant_name=LONG, unread=2), a_thread(None), a_thread(waiting=False),
        a_thread(permit_name="Surat Izin Praktik Tenaga Teknis Kefarmasian", waiting=False, unread=1),
    ]  # fmt: skip
    cases = [("PRM-2026-000117", "Izin Penelitian"), ("PRM-2026-000118", "Surat Izin Praktik Tenaga Kefarmasian")]
    new = {"cases": cases, "number": "PRM-2026-000117", "text": "", "errors": []}
    empty = [("text", "Tulis pesan Anda dulu.")]
    return {
        "bantuan": ("bantuan.html", framed(APPLICANT, view=threads(APPLICANT, *lines))),
        "bantuan-kosong": ("bantuan.html", framed(APPLICANT, view=threads(APPLICANT))),
        "bantuan-depan": ("bantuan.html", framed(FRONT, view=threads(FRONT, *lines, more=True))),
        "bantuan-depan-semua": ("bantuan.html", framed(FRONT, view=threads(FRONT, *lines, shows_all=True))),
        "bantuan-depan-kosong": ("bantuan.html", framed(FRONT, view=threads(FRONT))),
        "bantuan-depan-semua-kosong": ("bantuan.html", framed(FRONT, view=threads(FRONT, shows_all=True))),
        "bantuan-petugas-lain": ("bantuan.html", framed(AGENCY, view=threads(AGENCY))),
        "bantuan-baru": ("bantuan-baru.html", framed(APPLICANT, **new)),
        "bantuan-baru-salah": ("bantuan-baru.html", framed(APPLICANT, **{**new, "cases": [], "errors": empty})),
        "bantuan-percakapan": (
            "bantuan-percakapan.html", framed(APPLICANT, view=a_talk(APPLICANT), text="", errors=[]),
        ),
        "bantuan-percakapan-depan": (
            "bantuan-percakapan.html", framed(FRONT, view=a_talk(FRONT), text="", errors=empty),
        ),
        "bantuan-percakapan-umum": (
            "bantuan-percakapan.html", framed(FRONT, view=a_talk(FRONT, None), text="", errors=[]),
        ),
    }  # fmt: skip
