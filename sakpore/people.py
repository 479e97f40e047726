"""The people of the demonstration: plainly fictional, none of them exists, and no real citizen's data is used.

Every address ends in `.test`, which no mail system delivers (RFC 6761). The NIKs are well formed and belong to nobody:
their sequence number is 0000, which is never given out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from permits.authority import Role

PASSWORD = "contoh-sakpore"  # noqa: S105 - of fictional people, on an installation that says it is a demonstration
PASSPHRASE = "frasa-sandi-contoh"  # noqa: S105 - opens the head's demonstration certificate


@dataclass(frozen=True)
class Person:
    """An account of the demonstration."""

    id: str
    name: str
    role: Role
    field: str | None = None
    opd: str | None = None
    is_head: bool = False
    title: str | None = None
    rank: str | None = None
    nip: str | None = None
    nik: str | None = None
    birth_place: str | None = None
    birth_date: date | None = None
    address: str | None = None

    @property
    def email(self) -> str:
        """Where the mailbox of the demonstration finds their messages."""
        return f"{self.id}@contoh.test"


HEAD = Person(
    "kepala",
    "Kepala Dinas Contoh",
    Role.HEAD_OF_OFFICE,
    title="Kepala Dinas Penanaman Modal dan Pelayanan Terpadu Satu Pintu",
    rank="Pembina Utama Muda",
    nip="00000000 000000 0 001",
)

AGENCY_SIGNER = Person(
    "kepala.bappeda",
    "Kepala Bappeda Contoh",
    Role.OPD,
    opd="bappeda",
    is_head=True,
    title="Kepala Bappeda Contoh",
    rank="Pembina Tingkat I",
    nip="00000000 000000 0 002",
)
"""Holds a certificate, and signs the agency's recommendations in the system."""

AGENCIES = (
    ("dlh", "DLH"),
    ("dinkes", "Dinas Kesehatan"),
    ("dindik", "Dinas Pendidikan"),
    ("dishub", "Dishub"),
    ("diskominfo", "Diskominfo"),
    ("disdukcapil", "Disdukcapil"),
    ("dinkop", "Dinas Koperasi"),
    ("dkp", "Dinas Kelautan dan Perikanan"),
)
"""Agencies that some permit types ask, beside those with people of their own below."""

OFFICERS = (
    Person("depan", "Petugas Depan Contoh", Role.FRONT_OFFICE),
    Person("depan.dua", "Petugas Depan Contoh Dua", Role.FRONT_OFFICE),
    Person("kesehatan", "Petugas Kesehatan Contoh", Role.BACK_OFFICE, field="kesehatan"),
    Person("penelitian", "Petugas Penelitian Contoh", Role.BACK_OFFICE, field="penelitian"),
    Person("ekonomi", "Petugas Ekonomi Contoh", Role.BACK_OFFICE, field="ekonomi"),
    Person("teknis", "Tim Teknis Contoh", Role.TECHNICAL_TEAM),
    Person("subkoordinator", "Subkoordinator Contoh", Role.SUB_COORDINATOR),
    Person("koordinator", "Koordinator Contoh", Role.COORDINATOR),
    Person("kabid", "Kepala Bidang Contoh", Role.HEAD_OF_DIVISION, title="Kepala Bidang Perizinan"),
    Person("kabid.dua", "Kepala Bidang Contoh Dua", Role.HEAD_OF_DIVISION, title="Kepala Bidang Penanaman Modal"),
    HEAD,
    Person("bappeda", "Petugas Bappeda Contoh", Role.OPD, opd="bappeda"),
    AGENCY_SIGNER,
    Person("dpupr", "Petugas DPUPR Contoh", Role.OPD, opd="dpupr"),
    Person("kepala.dpupr", "Kepala DPUPR Contoh", Role.OPD, opd="dpupr", is_head=True),
    Person("satpol", "Petugas Satpol P3KP Contoh", Role.OPD, opd="satpol"),
    Person("kepala.satpol", "Kepala Satpol P3KP Contoh", Role.OPD, opd="satpol", is_head=True),
    *(
        Person(f"{'kepala.' if head else ''}{code}", f"{'Kepala' if head else 'Petugas'} {name} Contoh", Role.OPD,
               opd=code, is_head=head)
        for code, name in AGENCIES
        for head in (False, True)
    ),
    Person("inspektorat", "Inspektur Contoh", Role.INSPECTORATE),
    Person("ops", "Operator Sistem Contoh", Role.OPS),
)

APPLICANTS = (
    Person(
        "pemohon.satu",
        "Contoh Pemohon Satu",
        Role.APPLICANT,
        nik="3375014101900000",
        birth_place="Kota Contoh",
        birth_date=date(1990, 1, 1),
        address="Jalan Contoh Nomor 1, Kota Pekalongan",
    ),
    Person(
        "pemohon.dua",
        "Contoh Pemohon Dua",
        Role.APPLICANT,
        nik="3375021502010000",
        birth_place="Kota Contoh",
        birth_date=date(2001, 2, 15),
        address="Jalan Contoh Nomor 2, Kota Pekalongan",
    ),
    Person(
        "pemohon.tiga",
        "Contoh Pemohon Tiga",
        Role.APPLICANT,
        nik="3375036003850000",
        birth_place="Kota Contoh",
        birth_date=date(1985, 3, 20),
        address="Jalan Contoh Nomor 3, Kota Pekalongan",
    ),
)
