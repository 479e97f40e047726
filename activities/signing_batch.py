"""One call of the provider for many letters of one consent.

Every letter is claimed and checked by itself; one that may not be sent is left out, and the others go. What comes back
is kept by its claim, and each case then proves and registers its own letter (`SignatureDesk.sign_letter`). So a batch
that dies costs time: what was sent is never sent again where the key is not ours.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.signatures import SignatureDesk, mandate_of, returned_files
from activities.signing_orders import FOR_ALL, OUTAGES, LetterOrder, OutcomeInDoubt, Refused
from permits.errors import RuleError
from permits.steps import SignedLetter
from signing.errors import Retry, SigningError
from signing.port import SigningOrder
from store.records import ClaimState

log = logging.getLogger(__name__)


class SignChunk(BaseModel):
    """The letters of one call; all of one consent."""

    model_config = ConfigDict(frozen=True)

    letters: tuple[LetterOrder, ...]


class ChunkResult(BaseModel):
    """What became of the call: every claim says its part, and the code says for what the call waits, if it does."""

    model_config = ConfigDict(frozen=True)

    waits_for: str | None = None


@dataclass(frozen=True)
class _Ready:
    order: LetterOrder
    signing: SigningOrder
    pdf: bytes = field(repr=False)


class BatchDesk(SignatureDesk):
    """Signs many letters in one call."""

    @activity.defn
    async def sign_chunk(self, chunk: SignChunk) -> ChunkResult:
        """Sends what may be sent and keeps what comes back; asked again, sends only what is not settled."""
        ready = [one for order in chunk.letters if (one := await self._ready(order)) is not None]
        if not ready:
            return ChunkResult()
        may_go = await self._sent([one.order for one in ready])
        for one in ready:
            if one.order.letter_sha256 not in may_go:  # another attempt at this very call was faster
                await self._doubt(one.order)
        ready = [one for one in ready if one.order.letter_sha256 in may_go]
        if not ready:
            return ChunkResult()
        orders, pdfs, signing = [one.order for one in ready], [one.pdf for one in ready], ready[0].signing
        try:
            returned: Sequence[bytes] = await self._provider.sign_many(pdfs, signing)
        except SigningError as failed:
            return await self._call_failed(orders, pdfs, signing, failed)
        await self._hand_out(orders, pdfs, returned)
        await self._records.delete_envelope_if_spent(orders[0].activation_id, datetime.now(UTC))
        return ChunkResult()

    async def _ready(self, order: LetterOrder) -> _Ready | None:
        """A letter that may be sent; None where it is signed, settled, in doubt or refused."""
        try:
            begun = await self._take_up(order)
            if isinstance(begun, SignedLetter):
                return None
            claim = begun.claim
            if claim.state in ("SIGNED", "FAILED", "UNKNOWN") or claim.returned_sha256 is not None:
                return None
            if claim.state == "SENT" and not self._provider.traits.own_key:
                raise OutcomeInDoubt
            letter, signing = await self._may_be_sent(order, begun, mandate_of(begun))
            return _Ready(order, signing, letter.pdf)
        except OutcomeInDoubt:
            await self._doubt(order)
        except (Refused, RuleError) as refused:
            await self._note(order, "FAILED", str(refused))
        except SigningError as failed:
            await self._note(order, "FAILED", failed.code)
        except ApplicationError as damaged:
            await self._note(order, "FAILED", damaged.type or "letter-damaged")
        return None

    async def _call_failed(
        self, orders: list[LetterOrder], pdfs: list[bytes], signing: SigningOrder, failed: SigningError
    ) -> ChunkResult:
        """Notes the failure on every claim for which nothing came back."""
        log.warning("A call for many letters has failed.", extra={"code": failed.code, "letters": len(orders)})
        left = await self._hand_out(orders, pdfs, returned_files(failed))
        if failed.code in OUTAGES or failed.may_retry:
            await self._mark_all(left, "CLAIMED", failed.code)
            return ChunkResult(waits_for=failed.code if left else None)
        if failed.retry is Retry.UNKNOWN:
            for order in left:
                await self._doubt(order)
        elif failed.code in FOR_ALL or len(orders) == 1 or len(left) < len(orders):
            for order in left:
                await self._note(order, "FAILED", failed.code)
        else:
            await self._one_by_one(orders, pdfs, signing)
        return ChunkResult()

    async def _one_by_one(self, orders: list[LetterOrder], pdfs: list[bytes], signing: SigningOrder) -> None:
        """The call was refused for what one of its letters is: the others do not fail with it."""
        await self._mark_all(orders, "CLAIMED")
        for place, (order, letter) in enumerate(zip(orders, pdfs, strict=True)):
            if refused := await self._records.refused_before(order.activation_id, FOR_ALL):
                await self._note(order, "FAILED", refused)
                continue
            if not await self._sent([order]):
                await self._doubt(order)
                continue
            try:
                returned = await self._provider.sign(letter, signing)
            except SigningError as failed:
                result = await self._call_failed([order], [letter], signing, failed)
                if result.waits_for is not None:
                    # The rest was not sent either: it goes with the next try.
                    await self._mark_all(orders[place:], "CLAIMED", result.waits_for)
                    return
            else:
                await self._hand_out([order], [letter], [returned])

    async def _hand_out(
        self, orders: Sequence[LetterOrder], pdfs: Sequence[bytes], returned: Sequence[bytes]
    ) -> list[LetterOrder]:
        """Gives each letter the file that begins with its bytes; answers the letters that got none.

        A file that belongs to no letter is put aside. Where all came back in order, a letter whose file does not begin
        with it has failed.
        """
        waiting = list(zip(orders, pdfs, strict=True))
        for place, content in enumerate(returned):
            owner = next((one for one in waiting if content.startswith(one[1]) and len(content) > len(one[1])), None)
            if owner is not None:
                waiting.remove(owner)
                await self._shelve(owner[0], content)
                continue
            sent = orders[place] if len(returned) == len(orders) else orders[0]
            await self._incidents.set_aside(sent.number, sent.claim, content, "rewritten")
            if len(returned) == len(orders):
                await self._note(sent, "FAILED", "rewritten")
                waiting = [one for one in waiting if one[0] is not sent]
        return [order for order, _ in waiting]

    async def _shelve(self, order: LetterOrder, content: bytes) -> None:
        kept = await self._documents.keep_returned(content)
        await self._records.note_returned(order.activation_id, order.letter_sha256, kept)

    async def _doubt(self, order: LetterOrder) -> None:
        if await self._records.signed_letter(order.letter_sha256):
            return
        await self._incidents.outcome_unknown(order.number, order.claim, order.letter_sha256)
        await self._note(order, "UNKNOWN", "outcome_unknown")

    async def _mark_all(self, orders: Sequence[LetterOrder], state: ClaimState, error: str | None = None) -> None:
        if orders:
            letters = [order.letter_sha256 for order in orders]
            await self._records.mark_claims(orders[0].activation_id, letters, state, datetime.now(UTC), error)
