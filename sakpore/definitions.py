"""Permit types in the terminal: checked, listed, shown as an officer reads them, and published into an installation.

Everything but `publish` reads files alone. The words are Indonesian where an officer reads them (`show`), as on the
screens; they stand here because they are this command's own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sakpore.running import database_url

if TYPE_CHECKING:
    from permits.definition import PermitDefinition
    from store.records import Records
    from store.tables import AccountRow

VARIANTS = {"new": "Baru", "renewal": "Perpanjangan", "change": "Perubahan"}
STATUS = {"draft": "rancangan", "published": "diterbitkan", "retired": "tidak berlaku lagi"}
WHO = {
    "holder": "pemegang berkas",
    "holder_head": "atasannya",
    "front_office": "Front Office",
    "coordinator": "Koordinator",
    "head_of_office": "Kepala Dinas",
    "inspectorate": "Inspektorat",
    "applicant": "pemohon",
}


class CannotDo(Exception):
    """The command cannot be carried out; the message is one sentence for the terminal."""


def check(folder: Path | None) -> str:
    """How many types and versions there are, confirmed and unconfirmed apart. Raises CannotDo at the first fault."""
    definitions = load(folder)
    types = {one.code for one in definitions}
    confirmed = {one.code for one in definitions if one.confirmed}
    referred = {one.code for one in definitions if one.refers_to}
    lines = [
        f"{len(types)} types in {len(definitions)} versions, every one able to keep its promise",
        f"{len(confirmed)} types confirmed",
        f"{len(types - confirmed)} types to be confirmed: practice applications alone",
    ]
    if referred:
        lines.append(f"{len(referred)} of these are issued by another authority today: referred, never duplicated")
    return "\n".join(lines)


def table() -> str:
    """One line a version."""
    rows = [("CODE", "VERSION", "STATUS", "FROM", "DAYS", "CONFIRMED", "TITLE")]
    for one in load(None):
        promised = one.promised_days()
        confirmed = "OSS" if one.refers_to else "yes" if one.confirmed else "no"
        from_day = one.effective_from.isoformat()
        rows.append((one.code, str(one.version), one.status, from_day, str(promised), confirmed, one.title))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in rows
    )


def load(folder: Path | None) -> tuple[PermitDefinition, ...]:
    """The definitions of a folder, or the office's own. Raises CannotDo."""
    from permits.definition_loader import DEFINITIONS, DefinitionFileInvalid, load_definitions

    place = folder or DEFINITIONS
    if not place.is_dir():
        raise CannotDo(f"{place} is not a folder.")
    try:
        found = load_definitions(place)
    except DefinitionFileInvalid as wrong:
        raise CannotDo(str(wrong)) from wrong
    if not found:
        raise CannotDo(f"{place} holds no definition.")
    return found


# One version, as an officer reads it ----------------------------------------------------------------------------------


def show(code: str, version: int | None) -> str:
    """A version in words; the newest published one where none is named. Raises CannotDo."""
    versions = [one for one in load(None) if one.code == code]
    if not versions:
        raise CannotDo(f"There is no permit type {code}; `sakpore definitions list` shows all of them.")
    published = [one for one in versions if one.status == "published"] or versions
    wanted = published[-1] if version is None else next((one for one in versions if one.version == version), None)
    if wanted is None:
        known = ", ".join(str(one.version) for one in versions)
        raise CannotDo(f"{code} has no version {version}; there are {known}.")
    return "\n".join([*_head(wanted), *_requirements(wanted), *_steps(wanted), *_ladders(wanted), *_foot(wanted)])


def _head(one: PermitDefinition) -> list[str]:
    until = f" sampai {one.effective_until}" if one.effective_until else ""
    life = f"versi {one.version}, {STATUS[one.status]}, berlaku sejak {one.effective_from}{until}"
    lines = [
        f"{one.title} ({one.code}, {life})",
        "Sudah dikonfirmasi dinas." if one.confirmed else "MENUNGGU KONFIRMASI DINAS: hanya untuk latihan.",
    ]
    if one.refers_to:
        lines.append(one.refers_to)
    lines += ["", f"Bidang: {one.field}", f"Biaya: {one.fee}"]
    if one.letter.validity_months:
        lines.append(f"Masa berlaku: {one.letter.validity_months} bulan")
    if one.promise_note:
        lines.append(f"Catatan waktu: {one.promise_note}")
    if one.deemed_approval:
        days = one.deemed_approval.after_working_days
        lines.append(f"Fiktif positif: {days} hari kerja sesudah janji ({one.deemed_approval.legal_basis})")
    return lines


def _requirements(one: PermitDefinition) -> list[str]:
    lines = []
    for variant in one.variants:
        terms = one.terms_of(variant)
        days = one.promised_days(variant)
        lines += ["", f"Persyaratan {VARIANTS[variant]} (produk: {terms.product}; {days} hari kerja)"]
        for n, item in enumerate(one.requirements_of(variant), start=1):
            optional = "" if item.required else " [tidak wajib]"
            condition = f" ({item.condition})" if item.condition else ""
            lines.append(f"  {n:2}. {item.title}{condition}{optional}")
    return lines


def _steps(one: PermitDefinition) -> list[str]:
    from permits.promise_check import promise_arithmetic

    sums = promise_arithmetic(one)
    lines = ["", "Langkah"]
    for n, line in enumerate(sums.lines, start=1):
        lines.append(f"  {n:2}. {line.title} - {line.holder}: {_days(line.working_days)}")
    where = "di samping" if sums.beside else "di dalam"
    agencies = f", {sums.agency_days} hari kerja perangkat daerah {where} janji itu" if sums.agency_days else ""
    lines.append(f"  Jumlah: {sums.office_days} hari kerja dinas{agencies}; dijanjikan {sums.promised} hari kerja.")
    for agency in one.agencies:
        lines.append(f"  {agency.name}: {agency.asks_for} ({_days(agency.working_days)})")
    return lines


def _days(working_days: int) -> str:
    return f"{working_days} hari kerja" if working_days else "pada hari kerja yang sama"


def _ladders(one: PermitDefinition) -> list[str]:
    desks = [stage for stage in one.stages if stage.kind != "issuance"]
    first = next((stage for stage in desks if stage.working_days), desks[0])
    named = [("meja dinas", first.ladder)] + [(agency.name, agency.ladder) for agency in one.agencies[:1]]
    lines = []
    for who, ladder in named:
        rungs = ", ".join(f"{_when(rung.working_days)} {WHO[rung.who]}" for rung in ladder.rungs)
        resort = WHO.get(ladder.last_resort, ladder.last_resort)
        lines += ["", f"Tangga {who}: {rungs}; sesudah itu tugas bagi {resort}"]
    return lines


def _when(offset: int) -> str:
    return "hari-H" if offset == 0 else f"H{offset:+d}"


def _foot(one: PermitDefinition) -> list[str]:
    lines = ["", "Dasar hukum"]
    for basis in one.legal_basis:
        since = f", berlaku sejak {basis.valid_from}" if basis.valid_from else ""
        until = f" sampai {basis.valid_until}" if basis.valid_until else ""
        pending = "" if basis.confirmed or "konfirmasi dinas" in basis.text else " [menunggu konfirmasi dinas]"
        lines.append(f"  - {basis.text}{since}{until}{pending}")
    return [*lines, "", f"Sumber: {one.source}"]


# Published into an installation ---------------------------------------------------------------------------------------


def publish(file: Path, author: str, publisher: str, data: Path, environment: Mapping[str, str]) -> str:
    """Keeps and publishes the drafts of a file under two people's names. Raises CannotDo, and nothing is published."""
    from permits.definition_loader import DefinitionFileInvalid, load_definition_file, load_shared

    try:
        drafts = [one for one in load_definition_file(file, load_shared()) if one.status == "draft"]
    except DefinitionFileInvalid as wrong:
        raise CannotDo(str(wrong)) from wrong
    if len(drafts) != 1:
        raise CannotDo(f"{file.name} holds {len(drafts)} drafts; one version with `status: draft` is published.")
    if author.strip().lower() == publisher.strip().lower():
        raise CannotDo("Author and publisher are two people.")
    return asyncio.run(_publish(drafts[0], author, publisher, _database_url(data, environment)))


def _database_url(data: Path, environment: Mapping[str, str]) -> str:
    """The database of the environment, else that of the installation that runs on the data folder."""
    url = database_url(data, environment)
    if url is None:
        raise CannotDo(f"Nothing runs on {data}: start the office with `make run`, or set DATABASE_URL.")
    return url


async def _publish(draft: PermitDefinition, author: str, publisher: str, database_url: str) -> str:
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.ext.asyncio import create_async_engine

    from permits.authority import Act, Subject, refusal
    from permits.calendar_loader import load_office_calendar
    from permits.definition_loader import letter_templates
    from permits.errors import RuleError
    from store.database import Database
    from store.records import Records, actor_of

    database = Database(create_async_engine(database_url, hide_parameters=True))
    try:
        records = Records(database)
        writes, publishes = await _account(records, author), await _account(records, publisher)
        draft_of = Subject(author_id=writes.id)
        if refusal(actor_of(writes), Act.DRAFT_DEFINITION) or refusal(
            actor_of(publishes), Act.PUBLISH_DEFINITION, draft_of
        ):
            raise CannotDo("The author is a sub-coordinator or coordinator, the publisher another coordinator.")
        now = datetime.now(UTC)
        kept = await records.draft_definition(draft, writes.id, now)
        today = load_office_calendar(now.year - 1, now.year + 2).local_date(now)
        published = await records.publish_definition(
            draft.code,
            kept.definition.version,
            publishes.id,
            templates=letter_templates(),
            today=today,
            at=now,
        )
    except RuleError as refused:
        raise CannotDo(f"{refused.code.value}: {refused.facts}") from refused
    except DBAPIError as away:
        raise CannotDo("The database does not answer; is the office running?") from away
    finally:
        await database.close()
    one = published.definition
    return f"{one.code} version {one.version} is published; it is in force from {one.effective_from}."


async def _account(records: Records, email: str) -> AccountRow:
    account = await records.account_by_email(email)
    if account is None or not account.active:
        raise CannotDo(f"No active account has the address {email}.")
    return account
