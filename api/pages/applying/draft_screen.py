"""A draft as a list of what is done and what is left, from anywhere in which one goes on."""

from __future__ import annotations

from dataclasses import dataclass

from api.pages.applying.drafts import DELIVERY, FOR_WHOM, OLD_PERMIT, Plan
from api.pages.applying.entry import home_of_cases
from api.pages.applying.submission import delivery_words, party_words
from api.pages.language import gettext as _
from permits.authority import Actor


@dataclass(frozen=True)
class Part:
    """A line of a draft's task list."""

    title: str
    state: str
    is_done: bool
    address: str | None  # None: not yet


@dataclass(frozen=True)
class DraftScreen:
    """A draft as a task list."""

    number: str
    permit_name: str
    is_practice: bool
    is_overtaken: bool
    left_over: list[str]
    parts: list[Part]
    onward: str
    home: str


def draft_screen(plan: Plan, actor: Actor) -> DraftScreen:
    """The task list of a draft."""
    done = [one.code for one in plan.questions if plan.is_done(one.code)]
    wanted = [one for one in plan.requirements if one.required]
    there = [one for one in wanted if one.code in plan.documents]
    first = next((one.code for one in plan.questions if not plan.is_done(one.code)), None)
    parts = [_part_of_step(plan, FOR_WHOM, _("Untuk siapa izin ini"), party_words(plan.party))]
    if OLD_PERMIT in plan.steps:
        parts.append(_part_of_step(plan, OLD_PERMIT, _("Izin lama"), plan.row.old_permit_text or ""))
    if plan.questions:
        parts.append(
            Part(
                _("Isian permohonan"),
                _("%(done)s dari %(count)s pertanyaan terisi") % {"done": len(done), "count": len(plan.questions)},
                first is None,
                plan.step_address(first or plan.questions[0].code),
            )
        )
    parts += [
        Part(
            _("Berkas"),
            _("%(done)s dari %(count)s berkas wajib terunggah") % {"done": len(there), "count": len(wanted)},
            len(there) == len(wanted),
            f"{plan.address}/berkas",
        ),
        Part(
            _("Cara menerima surat"),
            _("Alamat belum diisi") if plan.is_without_address else delivery_words(plan.row.delivery),
            not plan.is_without_address,
            plan.step_address(DELIVERY),
        ),
        Part(
            _("Periksa dan kirim"),
            _("Siap dikirim") if not plan.gaps else _("Setelah semua bagian lengkap"),
            False,
            None if plan.gaps else f"{plan.address}/periksa",
        ),
    ]
    return DraftScreen(
        number=plan.row.number,
        permit_name=plan.row.title,
        is_practice=plan.row.practice,
        is_overtaken=plan.is_overtaken,
        left_over=plan.left_over,
        parts=parts,
        onward=plan.where_to_go_on(),
        home=home_of_cases(actor),
    )


def _part_of_step(plan: Plan, step: str, title: str, said: str) -> Part:
    is_done = plan.is_done(step)
    return Part(title, said if is_done else _("Belum diisi"), is_done, plan.step_address(step))
