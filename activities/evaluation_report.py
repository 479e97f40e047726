"""The month-end evaluation as a PDF/A-2b: the same numbers give the same bytes (see `activities.letters`).

Words for codes and columns stand in `web/letters/evaluasi.typ`; nothing here counts.
"""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import typst
from pydantic import BaseModel, ConfigDict

from activities.letters import (
    LETTERS_DIR,
    NOON,
    WESTERN_INDONESIA_TIME,
    LetterError,
    Office,
    printable_form,
    typst_fonts,
)
from permits.evaluation import Evaluation

MOST_RUNGS = 2_000
"""Lines of who was told when that are printed; the data has them all."""


class ReportInput(BaseModel):
    """Everything the report says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    evaluation: Evaluation
    office: Office = Office()
    demo: bool = False


def render_evaluation(report: ReportInput, *, letters_dir: Path = LETTERS_DIR) -> bytes:
    """The report as tagged PDF/A-2b. Raises LetterError(letter-not-rendered)."""
    form = printable_form(report.model_dump(mode="json"))
    rungs = form["evaluation"]["rungs"]
    form |= {"practice": False, "rungs_left_out": max(0, len(rungs) - MOST_RUNGS)}
    form["evaluation"]["rungs"] = rungs[:MOST_RUNGS]
    as_of = report.evaluation.as_of.astimezone(WESTERN_INDONESIA_TIME)
    form["as_of_day"], form["as_of_time"] = as_of.date().isoformat(), f"{as_of:%H.%M}"
    for rung in form["evaluation"]["rungs"]:
        at = _local(rung["at"])
        rung["day"], rung["time"] = at.date().isoformat(), f"{at:%H.%M}"
        sent = sorted(told["sent_at"] for told in rung["told"] if told["sent_at"])
        rung["sent"] = f"{_local(sent[0]):%d/%m/%Y %H.%M}" if sent else None
    compiler = typst.Compiler(
        input=letters_dir / "evaluasi.typ",
        root=letters_dir,
        font_paths=typst_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"letter": json.dumps(form, ensure_ascii=False)},
    )
    try:
        pdf = compiler.compile(
            format="pdf",
            pdf_standards="a-2b",
            pdf_tags=True,
            timestamp=datetime.datetime.combine(as_of.date(), NOON, WESTERN_INDONESIA_TIME),
        )
    except typst.TypstError as error:
        raise LetterError("letter-not-rendered", "Laporan evaluasi tidak dapat disusun.") from error
    assert isinstance(pdf, bytes)
    return pdf


def _local(instant: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(instant).astimezone(WESTERN_INDONESIA_TIME)
