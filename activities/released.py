"""What a signed letter has to be before it is registered, beside the policy's verdict on its signature.

It is still the archival, tagged PDF that was frozen (`signing.archivable`), and it names BSrE only where BSrE's
certificate signed it (`signing.mark`): what it says was printed before anybody could know.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from temporalio.exceptions import ApplicationError

from activities.letters import LetterInput
from permits.steps import LetterRef
from signing.archivable import check_archivable
from signing.mark import check_mark
from store.documents import DocumentStore


@dataclass(frozen=True)
class FrozenLetter:
    """A letter as it was frozen, read once for all that its signature asks of it."""

    pdf: bytes = field(repr=False)
    printed: dict[str, Any] | None = field(repr=False)  # the input it was typeset from; None where none was kept

    @classmethod
    async def read(cls, documents: DocumentStore, letter: LetterRef, letter_sha256: str) -> FrozenLetter:
        """The bytes that were approved.

        Raises ApplicationError(letter-damaged) where the bytes are others, and what the store raises.
        """
        if letter.input_sha256 is None:
            pdf, printed = await documents.get_document(letter_sha256), None
        else:
            pdf, kept = await asyncio.gather(
                documents.get_document(letter_sha256), documents.get_document(letter.input_sha256)
            )
            printed = json.loads(kept)
        if hashlib.sha256(pdf).hexdigest() != letter_sha256:
            raise ApplicationError("The letter's bytes are not what was approved.", type="letter-damaged")
        return cls(pdf, printed)


async def check_signed_form(letter: FrozenLetter, signed: bytes) -> None:
    """Returns where the signed form of this letter may be registered.

    Raises NotArchivable, MarkNotTrue: a provider's or a setting's fault, and a person has to look.
    """
    await asyncio.to_thread(check_archivable, signed, letter.pdf)
    if letter.printed is not None:
        says = LetterInput.model_validate(letter.printed)
        await asyncio.to_thread(check_mark, signed, says_bsre=says.said_mark == "bsre" and says.qr_url is not None)
