"""E-mail on a real SMTP server: log-in, TLS, and the server's answers sorted."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from temporalio.exceptions import ApplicationError

from activities.clients.mail import MailClient
from tests.activities.mail_server import free_port

SENDER = "Sakpore <sakpore@contoh.test>"
USER, PASSWORD = "sakpore", "kata-sandi-contoh"


@dataclass
class Taken:
    """What the server took, and over what kind of line."""

    answer: str = "250 taken"  # to the message itself
    messages: list[bytes] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    authenticated: list[bool] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self.messages.append(envelope.content)
            self.encrypted.append(session.ssl is not None)
            self.authenticated.append(session.authenticated)
        return self.answer


def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    """The server's own log-in."""
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=good, handled=False)


@dataclass
class Host:
    """A running mail server."""

    taken: Taken
    port: int

    def client(self, **more: Any) -> MailClient:
        return MailClient("127.0.0.1", self.port, SENDER, timeout_seconds=5, **more)


@pytest.fixture
def plain() -> Iterator[Host]:
    """A server without TLS and log-in."""
    taken = Taken()
    controller = Controller(taken, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield Host(taken, controller.port)
    controller.stop()


@pytest.fixture
def strict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """A server that wants TLS and a log-in, with a certificate that this machine trusts."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*a_certificate(tmp_path))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    taken = Taken()
    controller = Controller(
        taken,
        hostname="127.0.0.1",
        port=free_port(),
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=check,
    )
    controller.start()
    yield Host(taken, controller.port)
    controller.stop()


def a_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "surat.contoh.test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, *form))
    return paths


def a_mail() -> EmailMessage:
    message = EmailMessage()
    message["To"], message["Subject"] = "pemohon@contoh.test", "Permohonan Anda sudah kami terima"
    message.set_content("Nomor permohonan: PRM-2026-000001")
    return message


async def failure(client: MailClient) -> ApplicationError:
    with pytest.raises(ApplicationError) as failed:
        await client.send(a_mail(), "kunci")
    return failed.value


async def test_a_mail_goes_over_tls_after_a_log_in(strict: Host) -> None:
    message_id = await strict.client(username=USER, password=PASSWORD).send(a_mail(), "kunci")
    assert (strict.taken.encrypted, strict.taken.authenticated) == ([True], [True])
    assert message_id.encode() in strict.taken.messages[0]


async def test_a_wrong_password_lets_messages_wait_and_is_said_loudly(
    strict: Host, caplog: pytest.LogCaptureFixture
) -> None:
    failed = await failure(strict.client(username=USER, password="salah"))
    assert (failed.type, failed.non_retryable, failed.details) == ("mail-unavailable", False, (535,))
    assert [record.levelname for record in caplog.records if record.name == "activities.clients.mail"] == ["ERROR"]
    assert "salah" not in caplog.text


async def test_a_server_that_nobody_vouches_for_gets_no_password(
    strict: Host, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "empty.pem").write_text("")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "empty.pem"))
    failed = await failure(strict.client(username=USER, password=PASSWORD))
    assert (failed.type, failed.non_retryable) == ("mail-unavailable", False)
    assert strict.taken.messages == []


async def test_tls_that_is_demanded_and_not_offered_sends_nothing(plain: Host) -> None:
    failed = await failure(plain.client(start_tls=True))
    assert (failed.type, failed.non_retryable) == ("mail-unavailable", False)
    assert plain.taken.messages == []


@pytest.mark.parametrize(
    ("answer", "kind", "never_again"),
    [
        ("451 try later", "mail-unavailable", False),
        ("452 full", "mail-unavailable", False),
        ("550 not wanted", "mail-refused", True),
        ("554 looks like spam", "mail-refused", True),
    ],
)
async def test_answers_to_the_message_are_sorted_by_their_code(
    plain: Host, answer: str, kind: str, never_again: bool
) -> None:
    plain.taken.answer = answer
    failed = await failure(plain.client())
    assert (failed.type, failed.non_retryable, failed.details) == (kind, never_again, (int(answer[:3]),))
    assert "pemohon@contoh.test" not in str(failed)


async def test_a_message_says_who_sends_it_and_keeps_its_id(plain: Host) -> None:
    ids = {await plain.client().send(a_mail(), "kunci") for _ in range(2)}
    assert len(ids) == 1
    assert all(b"From: Sakpore <sakpore@contoh.test>" in message for message in plain.taken.messages)
