"""The stand-in mail server keeps every message as a file and sends nothing."""

import asyncio
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import aiosmtplib
import pytest
from aiosmtpd.smtp import SMTP

from sakpore.mailbox import FileMailbox


@pytest.fixture
async def mailbox(tmp_path: Path) -> AsyncIterator[tuple[int, Path]]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(FileMailbox(tmp_path), hostname="localhost"), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], tmp_path


def a_mail(subject: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "kantor@example.invalid", "pemohon@example.invalid", subject
    mail.set_content("Permohonan contoh diterima.")
    return mail


async def test_a_mail_becomes_a_readable_file(mailbox: tuple[int, Path]) -> None:
    port, folder = mailbox
    await aiosmtplib.send(a_mail("Tanda terima"), hostname="127.0.0.1", port=port, start_tls=False)
    (path,) = folder.glob("*.eml")
    kept = message_from_bytes(path.read_bytes(), policy=default)
    assert kept["Subject"] == "Tanda terima"
    assert kept["X-Envelope-To"] == "pemohon@example.invalid"
    assert "Permohonan contoh diterima." in kept.get_content()
    assert path.stat().st_mode & 0o777 == 0o600


async def test_two_mails_are_two_files_in_order(mailbox: tuple[int, Path]) -> None:
    port, folder = mailbox
    for subject in ("pertama", "kedua"):
        await aiosmtplib.send(a_mail(subject), hostname="127.0.0.1", port=port, start_tls=False)
    kept = [message_from_bytes(path.read_bytes(), policy=default)["Subject"] for path in sorted(folder.glob("*.eml"))]
    assert kept == ["pertama", "kedua"]


async def test_the_sender_is_told_to_try_again_when_a_mail_cannot_be_kept(mailbox: tuple[int, Path]) -> None:
    port, folder = mailbox
    folder.rmdir()
    with pytest.raises(aiosmtplib.SMTPDataError) as refusal:
        await aiosmtplib.send(a_mail("Tanda terima"), hostname="127.0.0.1", port=port, start_tls=False)
    assert refusal.value.code == 452
