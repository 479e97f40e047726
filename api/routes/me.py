"""One's own data: read, change, take along (UU 27/2022)."""

from __future__ import annotations

import io
import zipfile
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from api.accounts import Address, Email, MailSentState, Password, Phone
from api.asked import Asked
from api.dependencies import Here, SignedIn, may
from api.idempotency import OnlyOnce
from api.own_account import check_password, own_account_row
from api.passwords import check_fit
from api.problems import ApiCode, Problem
from api.sentences import facts_for_all
from permits.authority import Act, Actor
from permits.errors import Code, RuleError
from store.queries.own_data import OwnAccount, own_account, own_data, own_files

private = APIRouter(tags=["me"])

EXTENSIONS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}
MOST_BYTES = 200_000_000
"""Of all documents in one archive; the list in the JSON export names those that are left out."""

Exporter = Annotated[Actor, Depends(may(Act.EXPORT_OWN_DATA))]


class OwnChange(Asked):
    """What changes; what is left out stays. Name, birth and NIK are those of the KTP: the counter changes them."""

    phone: Phone | None = None
    address: Address | None = None
    notice_channel: Literal["email", "whatsapp"] | None = None
    digest: bool | None = None
    """Officers: one message a day instead of one for each task."""
    locale: Literal["id"] | None = None


class NewEmailAsked(Asked):
    """Another e-mail address; it counts once it is confirmed from there."""

    email: Email
    password: Password


class PasswordChangeAsked(Asked):
    """Another password."""

    current: Password
    new: Password


class OwnExport(BaseModel):
    """Everything that is kept about a person."""

    exported_at: str
    account: dict[str, Any]
    applications: list[dict[str, Any]]
    notices: list[dict[str, Any]]
    help: list[dict[str, Any]]
    sessions: list[dict[str, Any]]
    login_keys: list[dict[str, Any]]
    note: str = "NIK dan kata sandi disimpan tersegel. Berkas diunduh lewat /api/v1/me/export/documents."


@private.get("/me")
async def read_me(login: SignedIn, services: Here) -> OwnAccount:
    """The own account."""
    return own_account(await own_account_row(services, login.actor))


@private.patch("/me", response_model=OwnAccount)
async def change_me(asked: OwnChange, login: SignedIn, services: Here, only_once: OnlyOnce) -> JSONResponse:
    """Changes own data and preferences."""

    async def write() -> OwnAccount:
        changes = asked.model_dump(exclude_none=True)
        account = await own_account_row(services, login.actor)
        if changes.get("notice_channel") == "whatsapp" and not (changes.get("phone") or account.phone):
            raise RuleError(Code.FIELD_MISSING, fields=["phone"], titles=["Nomor telepon"])
        return own_account(await services.records.change_account(login.actor.id, **changes))

    return await only_once.answer(asked, 200, write)


@private.post("/me/email", status_code=202)
async def change_email(asked: NewEmailAsked, login: SignedIn, services: Here) -> MailSentState:
    """Mails a confirmation to the new address and a warning to the old one; nothing changes before that.

    The answer does not tell whether another account has the address: then its owner is told, and nobody else.
    """
    now, account = services.now(), await own_account_row(services, login.actor)
    await check_password(services, account, asked.password.get_secret_value())
    if await services.attempts.may_mail(asked.email, now):
        if await services.records.account_by_email(asked.email) is None:
            await services.mailing.send_token(account, "email", "account-email", now, asked.email)
        else:
            await services.mailing.send(asked.email, "account-known", now)
        await services.mailing.send(account.email, "account-email-changed", now, name=account.name)
    return MailSentState()


@private.put("/me/password", status_code=204)
async def change_password(asked: PasswordChangeAsked, login: SignedIn, services: Here) -> None:
    """Changes the password; this log-in stays, all others end."""
    account = await own_account_row(services, login.actor)
    await check_password(services, account, asked.current.get_secret_value())
    new = asked.new.get_secret_value()
    check_fit(new, account.name, account.email)
    password_hash = await services.passwords.make(new)
    await services.records.change_password(account.id, password_hash, keep=login.token_hash)
    await services.mailing.send(account.email, "account-password-changed", services.now(), name=account.name)


@private.get("/me/export")
async def export(actor: Exporter, services: Here) -> Response:
    """Everything that is kept about the asker, as JSON."""
    account = await own_account_row(services, actor)
    async with services.db.transaction() as session:
        data = (await own_data(session, account)).model_dump(mode="json")
    for case in data["applications"]:
        for line in case["events"]:
            line["facts"] = facts_for_all(line["facts"])
    answer = OwnExport(exported_at=services.now().isoformat(), **data)
    return Response(
        answer.model_dump_json(indent=2),
        media_type="application/json",
        headers={"Content-Disposition": 'attachment; filename="data-saya.json"', "Cache-Control": "no-store"},
    )


@private.get("/me/export/documents")
async def export_documents(actor: Exporter, services: Here) -> Response:
    """Every document that the asker handed in, as a ZIP archive."""
    async with services.db.transaction() as session:
        files = await own_files(session, actor.id)
    kept, total = io.BytesIO(), 0
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_STORED) as archive:
        for one in files:
            content = await services.documents.get_document(one.sha256)
            total += len(content)
            if total > MOST_BYTES:
                raise Problem(ApiCode.TOO_LARGE)
            archive.writestr(f"{one.number}/{one.name}.{EXTENSIONS.get(one.content_type, 'bin')}", content)
    return Response(
        kept.getvalue(),
        media_type="application/zip",
        headers={"Content-Disposition": 'attachment; filename="berkas-saya.zip"', "Cache-Control": "no-store"},
    )
