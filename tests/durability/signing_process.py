"""A signing worker with a remote provider, as a process of its own that can be killed in the middle of a call.

    python -m tests.durability.signing_process CALLS [DIE_IN_CALL]

Every call is a line of the file CALLS before anything is sent: the sha256 of its letters. In call number DIE_IN_CALL,
counted over all processes, the provider signs, and the process is gone before the answer is there.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from signing.port import SigningOrder
from store.database import Database, create_engine
from store.documents import DocumentStore
from store.logs import log_as_json
from store.records import Records
from store.settings import StoreSettings
from tests.workflows.remote_provider import RemoteProvider
from worker.main import _run_signing
from worker.settings import SigningSettings


class MortalProvider(RemoteProvider):
    """Dies in a call, when the signatures are made and nobody has seen them."""

    def __init__(self, pki_dir: Path, tsa_url: str, calls: Path, die_in_call: int | None) -> None:
        super().__init__(pki_dir, tsa_url)
        self._file = calls
        self._die_in_call = die_in_call

    async def sign_many(self, pdfs: Sequence[bytes], order: SigningOrder) -> list[bytes]:
        signed = await super().sign_many(pdfs, order)
        with self._file.open("a") as file:
            file.write(json.dumps(self.calls[-1]) + "\n")
            file.flush()
            os.fsync(file.fileno())
        if len(self._file.read_text().splitlines()) == self._die_in_call:
            os.kill(os.getpid(), signal.SIGKILL)
        return signed


async def main(calls: Path, die_in_call: int | None) -> None:
    """Works until it is told to stop."""
    log_as_json()
    settings, store = SigningSettings(), StoreSettings()  # type: ignore[call-arg]
    database, documents = Database(create_engine(store)), DocumentStore(store)
    records = Records(database)
    provider = MortalProvider(settings.signing_pki_dir, settings.signing_tsa_url, calls, die_in_call)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await _run_signing(settings, records, documents, stop, provider)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None))
    os._exit(0)
