"""The month-end report is an archival PDF, the same each time, and says the numbers it was given."""

import io
from datetime import UTC, datetime

import pikepdf
import pypdfium2

from activities.evaluation_report import MOST_RUNGS, ReportInput, render_evaluation
from permits.calendar_loader import load_office_calendar
from permits.evaluation import CaseFact, Evaluation, Facts, Month, OpdFact, RungFact, TaskFact, Told, evaluate
from permits.steps import Served

CALENDAR = load_office_calendar()


def at(day: int, hour: int = 3) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def a_month(**facts: object) -> Evaluation:
    as_of = datetime(2026, 4, 1, tzinfo=UTC)
    return evaluate(Month.parse("2026-03"), as_of, Facts.model_validate(facts), CALENDAR)


def a_rung(day: int, **fields: object) -> RungFact:
    told = (Told(notice="k", state="sent", sent_at=at(day, 9)), Told(notice="l", state="failed"))
    values: dict[str, object] = {"kind": "escalation", "rung": "holder", "who": "holder_head", "told": told}
    values |= {"number": "PRM-2026-000001", "task": "t", "role": "opd", "opd": "bappeda", "at": at(day, 9)}
    return RungFact.model_validate(values | {"stage": "Rekomendasi", "holder": "Bappeda"} | fields)


def a_full_month() -> Evaluation:
    served = Served(promised=5, gross=7, net=4, paused=3)
    case = CaseFact(
        number="PRM-2026-000001", permit_type="sip", title="Izin Praktik #[Contoh]", received_at=at(2),
        finished_at=at(12), outcome="issued", served=served,
    )  # fmt: skip
    still = CaseFact(number="PRM-2026-000002", permit_type="sip", title="Izin Praktik #[Contoh]", received_at=at(30))
    task = TaskFact(id="t", number=case.number, role="front_office", opened_at=at(2), due_at=at(3))
    asked = OpdFact(number=case.number, opd="bappeda", name="Bappeda", asked_at=at(2), due_at=at(4))
    return a_month(cases=(case, still), tasks=(task,), opds=(asked,), rungs=(a_rung(4), a_rung(5, told=())))


def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(pdf)).split())


def test_the_report_is_a_tagged_archival_pdf_in_indonesian() -> None:
    for month in (a_full_month(), a_month()):
        with pikepdf.open(io.BytesIO(render_evaluation(ReportInput(evaluation=month)))) as pdf:
            with pdf.open_metadata() as metadata:
                assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("2", "B")
                assert metadata["dc:title"] == "Evaluasi bulan Maret 2026"
            assert str(pdf.Root.Lang).split("-")[0] == "id"
            assert bool(pdf.Root.MarkInfo.Marked)


def test_the_same_numbers_give_the_same_bytes_and_others_do_not() -> None:
    first = render_evaluation(ReportInput(evaluation=a_full_month()))
    assert first == render_evaluation(ReportInput(evaluation=a_full_month()))
    assert first != render_evaluation(ReportInput(evaluation=a_month()))


def test_the_report_says_the_numbers_in_words_people_know() -> None:
    said = text_of(render_evaluation(ReportInput(evaluation=a_full_month())))
    for words in (
        "Evaluasi pelayanan bulan Maret 2026", "Izin Praktik #[Contoh]", "100%", "PRM-2026-000002, 1 hari kerja",
        "Petugas depan", "Bappeda", "eskalasi", "pimpinannya", "1 terkirim, 04/03/2026 16.00, 1 gagal",
        "hanya di kotak tugas", "23.59 WIB",
    ):  # fmt: skip
        assert words in said, words
    for code in ("front_office", "holder_head", "NIHIL", "none"):
        assert code not in said


def test_a_month_without_any_case_prints_nihil() -> None:
    said = text_of(render_evaluation(ReportInput(evaluation=a_month())))
    assert "NIHIL" in said
    assert "Menurut jenis izin" not in said


def test_a_month_of_very_many_rungs_says_how_many_are_left_out() -> None:
    many = a_full_month().model_copy(update={"rungs": (a_rung(4),) * (MOST_RUNGS + 7)})
    assert "Masih ada 7 baris lagi" in text_of(render_evaluation(ReportInput(evaluation=many)))
