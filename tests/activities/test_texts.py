"""Every notice reads as a whole sentence in plain Indonesian, with all of its facts and with the fewest."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from activities.delivery import TEMPLATES
from permits.notices import AT_ONCE, BOTH_WAYS, GATHERED
from permits.reasons import DocumentReason
from store.notice_texts import NOTICES, SENTENCES, Texts

NAMES = sorted(path.stem for path in NOTICES.glob("*.txt"))
SHORT = yaml.safe_load((NOTICES / "whatsapp.yaml").read_text())
EMITTED = {
    *("applicant-asked", "repair-reminder", "clarification-asked", "promise-endangered", "promise-missed"),
    *("task-opened", "task-warning", "task-escalation", "task-assigned", "deemed-due", "file-closed"),
    *("opd-withdrawn", "opd-extended", "letter-issued", "letter-rejected", "product-ready", "product-posted"),
    *("product-arrived", "permit-revoked", "permit-replaced", "permit-extended", "permit-expires"),
    *("submission-received", "evaluation-ready", "digest", "archive-trouble"),
    *("signing-incident", "signing-returned", "certificate-standing"),
}
FOR_OFFICERS = {
    *("archive-trouble", "task-taken-over", "evaluation-ready", "digest", "contact-applicant"),
    *("signing-incident", "signing-returned", "certificate-standing"),
}
OF_ACCOUNTS = {name for name in NAMES if name.startswith(("account-", "help-"))}  # made ready by who queues them
FEWEST: dict[str, Any] = {
    "number": "PRM-2026-000001",
    "about": "promise-endangered",
    "title": "Surat Izin Praktik Fisioterapis",
    "tracking_url": "https://izin.contoh.test/lacak/ABCD",
    "base_url": "https://izin.contoh.test",
    "link": "https://izin.contoh.test/konfirmasi/rahasia",
    "name": "Contoh Pemohon",
    "asked_by": "Koordinator",
    "question": "",
    "day": "2026-12-08",
    "stage": "Rekomendasi dinas terkait",
    "holder": "Dinas Kesehatan",
}
ALL = FEWEST | {
    "attached": True,
    "passkey": "Ponsel",
    "delivery": "post",
    "documents": [("Ijazah", "halaman kedua tidak terbaca"), ("KTP", "unreadable")],
    "due_at": "2026-12-08T09:00:00+00:00",
    "since": "2026-12-03T03:00:00+00:00",
    "promised_at": "2026-12-04T09:00:00+00:00",
    "until_at": "2026-12-04T09:00:00+00:00",
    "next_at": "2026-12-09T09:00:00+00:00",
    "next_step": "head_of_office",
    "reminded": ["holder", "holder_head", "coordinator"],
    "expected_on": "2026-12-10",
    "valid_until": "2027-12-10",
    "days": "30",
    "instructions": "Mohon unggah lagi ijazah Anda.",
    "queue_number": "A-12",
    "receipt_number": "P2612080001",
    "reason": "halaman kedua tidak terbaca",
    "received_by": "Contoh Penerima",
    "rung": "holder-head",
    "who": "holder_head",
    "letter_number": "503/0001/SIP-FT/XII/2026",
    "period": "November 2026",
    "question": "Mengapa belum selesai?",
    "failing": "object-missing: 2",
    "stopped": "timestamp-unavailable",
    "urgent": "7",
    "renewal_url": "https://izin.contoh.test/?perpanjang=PRM-2026-000001",
}
LINE = {"number": "PRM-2026-000001", "title": "Izin Penelitian", "tracking_url": "https://izin.contoh.test/lacak/ABCD"}
LINES = [
    LINE | {"stage": "Verifikasi", "due_at": "2026-12-08T09:00:00+00:00", "template": "task-warning"},
    LINE | {"stage": "", "due_at": "", "template": "task-opened"},
]
ENGLISH = re.compile(
    r"\b(the|and|your|you|has|have|been|please|task|permit|application|deadline|due|holder|stage|reason|none|true|false"
    r"|email|notice|by|with|for|until|since)\b",
    re.IGNORECASE,
)
RAW = re.compile(r"\b[a-z]+_[a-z_]+\b|\d{4}-\d{2}-\d{2}T|\{\{|\}\}|\{%|\bholder-head\b|undefined", re.IGNORECASE)


def facts_for(name: str, facts: dict[str, Any]) -> dict[str, Any]:
    """What this notice is given; a digest has lines."""
    return facts | {"lines": LINES} if name == "digest" else facts


def read(text: str) -> str:
    """The text without its links, which are no sentences."""
    return re.sub(r"https?://\S+", "", text)


@pytest.mark.parametrize("facts", [FEWEST, ALL], ids=["fewest", "all"])
@pytest.mark.parametrize("name", NAMES)
def test_every_notice_reads_in_plain_indonesian(name: str, facts: dict[str, Any]) -> None:
    subject, body = Texts().notice(name, **facts_for(name, facts))
    assert 10 < len(subject) < 110 and "\n" not in subject
    assert len(body) > 50
    for text in (subject, body):
        assert ENGLISH.findall(read(text)) == []
        assert RAW.findall(read(text)) == []
        assert "  " not in text.replace("\n   ", "\n") and " ." not in text and " ," not in text
    assert "\n\n\n" not in body


def test_there_is_a_text_for_every_notice_that_is_sent() -> None:
    assert set(NAMES) >= EMITTED | AT_ONCE | GATHERED | set(TEMPLATES.values())


def test_the_record_has_words_for_every_notice() -> None:
    assert set(yaml.safe_load(SENTENCES.read_text())["_words"]["template"]) >= set(NAMES) - OF_ACCOUNTS


@pytest.mark.parametrize("name", sorted(set(NAMES) - OF_ACCOUNTS))
def test_a_text_leads_to_the_case(name: str) -> None:
    _, body = Texts().notice(name, **facts_for(name, ALL))
    assert "https://izin.contoh.test" in body


def test_the_first_message_has_number_promise_and_tracking_link() -> None:
    for text in (Texts().notice("submission-received", **ALL)[1], Texts().short("submission-received", **ALL)):
        words = text if isinstance(text, str) else (text.text if text else "")
        assert "PRM-2026-000001" in words
        assert "Jumat 4 Desember 2026" in words
        assert FEWEST["tracking_url"] in words


@pytest.mark.parametrize(
    ("who", "asked"),
    [
        ("holder", "Mohon diselesaikan hari ini"),
        ("holder_head", "sebagai atasan Dinas Kesehatan"),
        ("coordinator", "Mohon Anda hubungi Dinas Kesehatan"),
        ("head_of_office", "Mohon arahan Anda"),
        ("inspectorate", "Inspektorat"),
        ("", "Mohon ditindaklanjuti"),
    ],
)
def test_an_escalation_says_who_is_late_since_when_and_what_is_asked_of_the_reader(who: str, asked: str) -> None:
    _, body = Texts().notice("task-escalation", **ALL | {"who": who})
    assert "belum diselesaikan oleh Dinas Kesehatan" in body
    assert "sejak Kamis 3 Desember 2026 pukul 10.00 WIB" in body
    assert "Batas waktunya Selasa 8 Desember 2026 pukul 16.00 WIB" in body
    assert asked in body


def test_the_applicant_is_told_who_is_silent_what_was_done_and_the_new_date() -> None:
    _, body = Texts().notice("promise-endangered", **ALL)
    assert "Dinas Kesehatan belum menjawab." in body
    assert "Kami sudah mengingatkan petugasnya, pimpinannya dan koordinator." in body
    assert "kepala dinas perizinan kami beri tahu pada Rabu 9 Desember 2026 pukul 16.00 WIB" in body
    assert "diperkirakan mundur ke Kamis 10 Desember 2026" in body


def test_a_repair_says_which_documents_and_why() -> None:
    for name in ("applicant-asked", "repair-reminder"):
        _, body = Texts().notice(name, **ALL)
        assert "- Ijazah: halaman kedua tidak terbaca\n- KTP: tidak terbaca\n" in body


def test_every_reason_of_a_document_has_its_word() -> None:
    words = yaml.safe_load(SENTENCES.read_text())["_words"]["document_reason"]
    assert set(words) == {reason.value for reason in DocumentReason}


@pytest.mark.parametrize(
    ("delivery", "words"),
    [("pickup", "nomor antrean"), ("post", "nomor resinya"), ("download", "Unduh"), ("email", "Surat terlampir")],
)
def test_the_letter_s_mail_says_how_the_letter_comes(delivery: str, words: str) -> None:
    given = ALL | {"delivery": delivery, "attached": delivery == "email"}
    assert words in Texts().notice("letter-issued", **given)[1]


def test_a_name_that_no_notice_knows_is_a_mistake() -> None:
    with pytest.raises(Exception, match="tracking_url"):
        Texts().notice("product-arrived", number="PRM-2026-000001", title="Izin contoh")


# WhatsApp -------------------------------------------------------------------------------------------------------------


def test_every_notice_that_may_go_by_whatsapp_has_its_short_text() -> None:
    assert set(SHORT) >= set(NAMES) - FOR_OFFICERS - OF_ACCOUNTS
    assert set(SHORT) >= BOTH_WAYS


@pytest.mark.parametrize("name", sorted(SHORT))
def test_a_short_text_is_one_that_meta_takes(name: str) -> None:
    entry = SHORT[name]
    assert re.fullmatch(r"[a-z0-9_]{1,512}", entry["name"])
    places = re.findall(r"\{\{(\d+)\}\}", entry["text"])
    assert places == [str(n) for n in range(1, len(entry["parameters"]) + 1)]
    assert len(entry["text"]) <= 1024
    # Meta refuses a body that begins or ends with a place, whatever stop follows it.
    assert not entry["text"].startswith("{{") and not entry["text"].rstrip(".").endswith("}}")


@pytest.mark.parametrize("facts", [FEWEST, ALL], ids=["fewest", "all"])
@pytest.mark.parametrize("name", sorted(SHORT))
def test_every_short_text_reads_in_plain_indonesian(name: str, facts: dict[str, Any]) -> None:
    short = Texts().short(name, **facts)
    assert short is not None
    assert ENGLISH.findall(read(short.text)) == [] and RAW.findall(read(short.text)) == []
    assert all(place and "\n" not in place for place in short.parameters)


def test_names_of_short_texts_are_distinct() -> None:
    assert len({entry["name"] for entry in SHORT.values()}) == len(SHORT)


def test_a_question_is_told_in_the_agencys_name_and_never_in_the_applicants_own() -> None:
    facts = FEWEST | {"holder": "Pemohon", "instructions": "Dinas Kesehatan: Berapa tempat praktiknya?"}
    subject, body = Texts().notice("clarification-asked", **facts)
    short = Texts().short("clarification-asked", **facts)
    assert short is not None
    assert "Dinas Kesehatan: Berapa tempat praktiknya?" in body
    assert "Pemohon" not in subject + body + short.text
