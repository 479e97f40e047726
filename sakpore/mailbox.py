"""A stand-in for the city's mail server: takes mail on loopback and writes each message to a file. It sends nothing.

Used by the embedded stack and the tests when SMTP_HOST is not given. One message is one `.eml` file (RFC 5322) in the
mail folder, named by arrival, with the envelope in `X-Envelope-*` header fields.
"""

import argparse
import asyncio
import os
import secrets
import signal
import sys
from datetime import UTC, datetime
from email.header import Header
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

BANNER = "mailbox: a stand-in for a mail server, messages are written to files and sent to nobody"
MAX_MESSAGE_BYTES = 32 * 1024 * 1024


class FileMailbox:
    """aiosmtpd handler that keeps every accepted message as a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Write the message, then accept it; a full disk is a temporary failure for the sender (RFC 5321, 452)."""
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        trace = (
            f"X-Envelope-From: {_one_line(envelope.mail_from or '')}\r\n"
            f"X-Envelope-To: {_one_line(', '.join(envelope.rcpt_tos))}\r\n"
        )
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        name = f"{stamp}-{secrets.token_hex(4)}.eml"
        try:
            _write_message(self.folder, name, trace.encode("ascii", "replace") + content)
        except OSError:
            return "452 the mail could not be stored"
        return "250 written to a file; this is a stand-in and sends nothing"


def _one_line(text: str) -> str:
    return str(Header(" ".join(text.split()), "utf-8", maxlinelen=10_000).encode())


def _write_message(folder: Path, name: str, content: bytes) -> None:
    partial = folder / f".{name}.part"
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    partial.replace(folder / name)


async def serve(host: str, port: int, folder: Path) -> None:
    """Take mail until SIGTERM or SIGINT."""
    folder.mkdir(parents=True, exist_ok=True)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)

    def session() -> SMTP:
        return SMTP(FileMailbox(folder), hostname="localhost", data_size_limit=MAX_MESSAGE_BYTES, enable_SMTPUTF8=True)

    server = await loop.create_server(session, host, port)
    sys.stdout.write(f"{BANNER}; ready on {host}:{port}\n")
    sys.stdout.flush()
    async with server:
        await stopping.wait()


def main() -> None:
    """Entry point of `python -m sakpore.mailbox --port P --dir D`."""
    parser = argparse.ArgumentParser(description=BANNER)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--dir", type=Path, required=True)
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.host, arguments.port, arguments.dir))


if __name__ == "__main__":
    main()
