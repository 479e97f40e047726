"""What the pages of the administration are given, in their usual and their hard states."""

from datetime import UTC, date, datetime
from functools import cache

from api.pages.administration.definitions import _kept, as_yaml, status_names
from api.pages.administration.doors import purposes, sections_of
from api.pages.administration.engine import case_words
from api.pages.administration.ladders import LadderShown
from api.pages.administration.outbox import state_names, templates, text_of_sample, titles
from api.pages.administration.overview import Part
from api.pages.administration.people import OFFICERS, TYPED, labels
from api.pages.administration.words import ladder_names, who_names
from api.pages.words import carrier_names, field_names, role_names
from api.routes.calendar import CalendarYear
from api.routes.definitions import LifePage, _line, _page
from api.routes.engine import EngineAnswer, RowState
from api.staffing import OfficerView
from permits.authority import Role
from permits.calendar import Holiday
from permits.definition import PermitDefinition
from permits.definition_loader import load_agencies, load_definitions, load_ladders
from store.queries.outbox import OutboxLine
from store.records import DefinitionVersion
from tests.pages.samples.people import COORDINATOR, OPS, Samples, framed
from workflows.messages import CaseState

NOW = datetime(2026, 12, 3, 3, 15, tzinfo=UTC)
NUMBER = "PRM-2026-000117"
LONG = "Kepala Seksi Contoh Pelayanan Perizinan dan Nonperizinan Terpadu dengan Jabatan yang Panjang Sekali"


def officer(name: str, role: Role, **more: object) -> OfficerView:
    plain = {"field": None, "opd": None, "is_head": False, "title": None, "rank": None, "nip": None, "phone": None}
    return OfficerView(
        id=name.lower().replace(" ", "."),
        name=name,
        email=f"{name.lower().replace(' ', '.')}@contoh.test",
        role=role.value,
        **{**plain, "active": True, "email_confirmed_at": NOW, "deactivated_at": None, "created_at": NOW, **more},
    )


OFFICE = [
    officer("Petugas Depan Contoh", Role.FRONT_OFFICE),
    officer("Petugas Kesehatan Contoh", Role.BACK_OFFICE, field="kesehatan", title=LONG),
    officer("Kepala Bappeda Contoh", Role.OPD, opd="bappeda", is_head=True),
    officer("Petugas Baru Contoh", Role.COORDINATOR, email_confirmed_at=None),
    officer("Petugas Lama Contoh", Role.FRONT_OFFICE, active=False, deactivated_at=NOW),
]
PARTS = [
    Part("Basis data", "done", "Menjawab", "Permohonan, tugas, dan catatan dapat dibaca dan ditulis."),
    Part("Petugas tanda tangan", "bad", "Berhenti", "Tidak ada yang bekerja. Pekerjaan menunggu dan tidak hilang."),
    Part("Kotak keluar", "soon", "Ada yang gagal", "3 pesan gagal dikirim dan 2 menunggu."),
]
CALENDAR = CalendarYear(
    version="2026-12-contoh",
    year=2026,
    working_days=240,
    days=[
        Holiday(date=date(2026, 12, 24), name="Cuti bersama Natal", kind="joint_leave"),
        Holiday(date=date(2026, 12, 25), name="Hari Raya Natal", kind="national", provisional=True),
    ],
)


@cache
def definition(code: str = "izin-penelitian") -> PermitDefinition:
    return next(one for one in load_definitions() if one.code == code)


def life(status: str = "published", **more: object) -> LifePage:
    known = definition().model_copy(update={"status": status, "version": 2 if status == "draft" else 1})
    nobody = dict.fromkeys(
        (
            "author_id",
            "drafted_at",
            "published_by",
            "published_at",
            "retired_by",
            "retired_at",
            "confirmed_by",
            "confirmed_at",
        )
    )
    page = _page(DefinitionVersion(definition=known, **{**nobody, "drafted_at": NOW, **more}))
    return page


def line(state: str = "sent", **more: object) -> OutboxLine:
    plain = {
        "key": f"{NUMBER}:submission-received#email",
        "number": NUMBER,
        "account_id": "contoh",
        "channel": "email",
        "template": "submission-received",
        "state": state,
        "attempts": 1,
        "error": None,
        "created_at": NOW,
        "try_at": NOW,
        "sent_at": NOW if state == "sent" else None,
        "delivered_at": None,
    }
    return OutboxLine(**{**plain, **more})


def pages() -> Samples:
    """Every page worth looking at: name -> (template, context)."""
    overview = {"sections": sections_of(OPS, "/kelola"), "purposes": purposes(), "engine_ui": "http://localhost:8233"}
    people = {
        "q": "",
        "role": "",
        "roles": role_names(OFFICERS),
        "fields": field_names(),
        "agencies": load_agencies(),
        "total": len(OFFICE),
        "sections": sections_of(OPS, "/kelola/orang"),
    }
    person = {"who": None, "typed": dict.fromkeys((*TYPED, "is_head"), ""), "errors": [], "labels": labels()} | people
    calendar = {
        "year": CALENDAR,
        "years": [2025, 2026, 2027],
        "today": date(2026, 12, 3),
        "may_declare": True,
        "errors": [],
        "typed": dict.fromkeys(("day", "month", "year", "name", "kind"), ""),
        "sections": sections_of(COORDINATOR, "/kelola/kalender"),
    }
    outbox = {
        "counts": {"pending": 2, "failed": 1},
        "more": "/kelola/kotak-keluar?after=x",
        "states": state_names(),
        "channels": carrier_names(),
        "asked": {"state": "", "channel": "", "template": ""},
        "titles": titles(),
        "sections": sections_of(OPS, "/kelola/kotak-keluar"),
    }
    failed = line("failed", attempts=6, error="smtp-refused: 550 5.1.1 no such mailbox here, says the stand-in")
    message = outbox | {
        "line": failed,
        "text": text_of_sample("letter-issued", "http://localhost:8080"),
        "to": "pemohon.satu@contoh.test",
        "retry": "/kelola/kotak-keluar/kirim/x",
    }
    types = {"sections": sections_of(COORDINATOR, "/kelola/izin"), "statuses": status_names(), "fields": field_names()}
    version = types | {"errors": [], "may_publish": True, "own": False, "may_retire": True}
    row = RowState(
        status="recommendation",
        stage="Rekomendasi",
        waiting_for="Bappeda",
        open_tasks=[f"{NUMBER}-opd-bappeda-1"],
        promise_due_at="2026-12-08T09:00:00+00:00",
        product=None,
    )
    held = CaseState(
        number=NUMBER,
        stage="Rekomendasi",
        waiting_for="opd",
        open_tasks=(),
        promise_due_at=None,
        withdrawn=False,
        product="permit",
    )
    case = {
        "number": NUMBER,
        "trouble": "",
        "engine_url": "http://localhost:8233/x",
        "sections": sections_of(OPS, "/kelola/mesin"),
    }
    answer = EngineAnswer(number=NUMBER, running=True, engine=held, row=row, differs=[])
    draft, published = life("draft", author_id="contoh"), life()
    kept = _kept(draft.definition)
    many = {
        one.code: [
            _line(
                DefinitionVersion(
                    definition=one,
                    **dict.fromkeys(
                        (
                            "author_id",
                            "drafted_at",
                            "published_by",
                            "published_at",
                            "retired_by",
                            "retired_at",
                            "confirmed_by",
                            "confirmed_at",
                        )
                    ),
                )
            )
        ]
        for one in load_definitions()[:12]
    }
    ladders = [
        LadderShown(ladder_names().get(name, name), ladder, {"Izin Penelitian": ["Pemeriksaan berkas"]})
        for name, ladder in load_ladders().items()
    ]
    return {
        "kelola": ("administration/overview.html", framed(OPS, parts=PARTS, **overview)),
        "kelola-koordinator": (
            "administration/overview.html",
            framed(COORDINATOR, **{**overview, "parts": [], "sections": sections_of(COORDINATOR, "/kelola")}),
        ),
        "kelola-orang": ("administration/people.html", framed(OPS, people=OFFICE, **people)),
        "kelola-orang-kosong": (
            "administration/people.html",
            framed(OPS, **{**people, "people": [], "q": "tidak ada"}),
        ),
        "kelola-orang-baru": ("administration/person.html", framed(OPS, **person)),
        "kelola-orang-salah": (
            "administration/person.html",
            framed(
                OPS, **{**person, "errors": [("name", "Nama belum diisi."), ("email", "Alamat e-mail belum benar.")]}
            ),
        ),
        "kelola-orang-ubah": (
            "administration/person.html",
            framed(
                OPS,
                **{
                    **person,
                    "who": OFFICE[1],
                    "typed": {
                        **person["typed"],
                        "name": OFFICE[1].name,
                        "role": "back_office",
                        "field": "kesehatan",
                        "title": LONG,
                    },
                },
            ),
        ),
        "kelola-orang-ditutup": ("administration/person.html", framed(OPS, **{**person, "who": OFFICE[4]})),
        "kelola-kalender": ("administration/calendar.html", framed(COORDINATOR, **calendar)),
        "kelola-kalender-salah": (
            "administration/calendar.html",
            framed(
                COORDINATOR,
                **{
                    **calendar,
                    "errors": [("day", "Tanggal itu tidak ada.")],
                    "typed": {**calendar["typed"], "day": "31", "month": "2"},
                },
            ),
        ),
        "kelola-kalender-baca": ("administration/calendar.html", framed(OPS, **{**calendar, "may_declare": False})),
        "kelola-tangga": (
            "administration/ladders.html",
            framed(
                COORDINATOR,
                ladders=ladders,
                who=who_names(),
                channels=carrier_names(),
                roles=role_names(Role),
                sections=sections_of(COORDINATOR, "/kelola/tangga"),
            ),
        ),
        "kelola-kotak-keluar": (
            "administration/outbox.html",
            framed(OPS, lines=[line(), failed, line("pending", template=None, number=None)], **outbox),
        ),
        "kelola-kotak-keluar-kosong": (
            "administration/outbox.html",
            framed(OPS, **{**outbox, "lines": [], "more": ""}),
        ),
        "kelola-pesan": ("administration/message.html", framed(OPS, **message)),
        "kelola-pesan-tertutup": ("administration/message.html", framed(OPS, **{**message, "text": None, "to": ""})),
        "kelola-naskah": (
            "administration/texts.html",
            framed(
                OPS,
                texts=[(one, text_of_sample(one, "http://localhost:8080")) for one in sorted(templates())],
                sections=outbox["sections"],
            ),
        ),
        "kelola-mesin": (
            "administration/engine.html",
            framed(
                OPS,
                errors=[],
                number="",
                engine_ui="http://localhost:8233",
                codec="http://localhost:8080/api/v1/codec",
                sections=case["sections"],
            ),
        ),
        "kelola-mesin-salah": (
            "administration/engine.html",
            framed(
                OPS,
                errors=[("nomor", "Nomor permohonan berbentuk PRM-2026-000001.")],
                number="12",
                engine_ui=None,
                codec="",
                sections=case["sections"],
            ),
        ),
        "kelola-kasus": ("administration/case.html", framed(OPS, state=answer, **case_words(answer), **case)),
        "kelola-kasus-berbeda": (
            "administration/case.html",
            framed(
                OPS, state=answer.model_copy(update={"differs": ["open_tasks", "stage"]}), **case_words(answer), **case
            ),
        ),
        "kelola-kasus-diam": (
            "administration/case.html",
            framed(
                OPS, state=None, **{**case, "trouble": "Mesin proses sedang tidak menjawab. Coba lagi sebentar lagi."}
            ),
        ),
        "kelola-izin": (
            "administration/definitions.html",
            framed(COORDINATOR, types=many, total=69, q="", drafts=[draft], **types),
        ),
        "kelola-izin-kosong": (
            "administration/definitions.html",
            framed(COORDINATOR, types={}, total=69, q="xyz", drafts=[], **types),
        ),
        "kelola-izin-versi": ("administration/definition.html", framed(COORDINATOR, life=published, **version)),
        "kelola-izin-rancangan": (
            "administration/definition.html",
            framed(COORDINATOR, life=draft, **{**version, "own": True, "may_publish": False}),
        ),
        "kelola-izin-ubah": (
            "administration/draft.html",
            framed(COORDINATOR, life=draft, typed=kept, errors=[], sections=types["sections"]),
        ),
        "kelola-izin-ubah-salah": (
            "administration/draft.html",
            framed(
                COORDINATOR,
                life=draft,
                typed={**kept, "fee": ""},
                errors=[("fee", "Isian ini wajib diisi.")],
                sections=types["sections"],
            ),
        ),
        "kelola-izin-naskah": (
            "administration/draft-text.html",
            framed(COORDINATOR, life=draft, text=as_yaml(draft.definition), errors=[], sections=types["sections"]),
        ),
        "kelola-izin-naskah-terbit": (
            "administration/draft-text.html",
            framed(
                COORDINATOR, life=published, text=as_yaml(published.definition), errors=[], sections=types["sections"]
            ),
        ),
        "kelola-izin-beda": (
            "administration/differences.html",
            framed(
                COORDINATOR,
                life=draft,
                against=1,
                rows=[
                    ("fee", "Gratis", "Retribusi daerah"),
                    (
                        "requirements.proposal.title",
                        "Proposal",
                        "Proposal penelitian yang lebih panjang daripada sebelumnya",
                    ),
                ],
                sections=types["sections"],
            ),
        ),
        "kelola-izin-sama": (
            "administration/differences.html",
            framed(COORDINATOR, life=draft, against=1, rows=[], sections=types["sections"]),
        ),
    }
