"""Asks the signing provider how officers' certificates stand, so that the door and the officers know before a click.

At boot and every few minutes, for everybody with a mandate of today or later. An officer and the operators are told
thirty days before a certificate ends, and at once when it cannot sign; each time once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from permits.authority import Role
from permits.certificates import Concern, certificate_concern
from signing.port import CertificateStanding
from store.records import Mandate, Records, Standing
from store.tables import AccountRow

log = logging.getLogger(__name__)

PAUSE_SECONDS = 300.0
OFFICE_ZONE = ZoneInfo("Asia/Jakarta")
TEMPLATE = "certificate-standing"

SENTENCES = {
    Concern.EXPIRING: "Sertifikat tanda tangan elektronik {name} akan berakhir dalam waktu tiga puluh hari.",
    Concern.EXPIRED: "Sertifikat tanda tangan elektronik {name} sudah kedaluwarsa dan tidak dapat dipakai.",
    Concern.REVOKED: "Sertifikat tanda tangan elektronik {name} sudah dicabut dan tidak dapat dipakai.",
    Concern.NOT_REGISTERED: "{name} belum terdaftar pada penyedia tanda tangan elektronik.",
    Concern.NOT_MANDATED: "Sertifikat {name} pada penyedia bukan sertifikat yang disebut dalam mandatnya.",
}

AskStanding = Callable[[AccountRow], Awaitable[CertificateStanding]]


class StandingWatch:
    """Keeps `certificate_standings` fresh."""

    def __init__(self, records: Records, ask: AskStanding, pause_seconds: float = PAUSE_SECONDS) -> None:
        self._records = records
        self._ask = ask
        self._pause = pause_seconds

    async def run(self) -> None:
        """Goes round until cancelled."""
        while True:
            try:
                await self.look()
            except Exception:  # store or provider may be away; the next round comes
                log.exception("Officers' certificates could not be looked at.")
            await asyncio.sleep(self._pause)

    async def look(self) -> None:
        """One round."""
        now = datetime.now(UTC)
        for account, mandate in await self._records.signers_on(now.astimezone(OFFICE_ZONE).date()):
            said = await self._ask(account)
            kept = await self._records.keep_standing(
                Standing(
                    account_id=account.id,
                    standing=said.standing.value,
                    certificate_sha256=said.certificate_sha256,
                    valid_until=said.valid_until,
                ),
                now,
            )
            await self._warn(account, mandate, kept, now)

    async def _warn(self, account: AccountRow, mandate: Mandate, kept: Standing, now: datetime) -> None:
        concern = certificate_concern(
            kept.standing, kept.certificate_sha256, kept.valid_until, mandate.certificate_sha256, now
        )
        if concern is None:
            return
        which = (kept.certificate_sha256 or mandate.certificate_sha256)[:16]
        facts = {"officer": account.name, "sentence": SENTENCES[concern].format(name=account.name)}
        if kept.valid_until is not None:
            facts["valid_until"] = kept.valid_until.astimezone(OFFICE_ZONE).date().isoformat()
        told = [account, *await self._records.accounts(Role.OPS)]
        for person in told:
            key = f"certificate:{account.id}:{concern.value}:{which}:{person.id}"
            await self._records.queue_for_account(key, TEMPLATE, person.id, facts, now)
