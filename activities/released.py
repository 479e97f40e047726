"""What a signed letter has to be before it is registered, beside the policy's verdict on its signature.

It is still the archival, tagged PDF that was frozen (`signing.archivable`), and it names BSrE only where BSrE's
certificate signed it (`signing.mark`): what it says was printed before anybody could know.
"""

from __future__ import annotations

import asyncio
import json

from activities.letters import LetterInput
from signing.archivable import check_archivable
from signing.mark import check_mark
from store.documents import DocumentStore
from store.records import Records


async def check_signed_form(records: Records, documents: DocumentStore, letter_sha256: str, signed: bytes) -> None:
    """Returns where the signed letter may be registered.

    Raises NotArchivable, MarkNotTrue (a provider's or a setting's fault: a person has to look), RuleError where no
    letter is frozen with these bytes.
    """
    row = await records.letter_by_sha256(letter_sha256)
    letter = await documents.get_document(letter_sha256)
    await asyncio.to_thread(check_archivable, signed, letter)
    if row.input_sha256 is not None:
        says = LetterInput.model_validate(json.loads(await documents.get_document(row.input_sha256)))
        await asyncio.to_thread(check_mark, signed, says_bsre=says.said_mark == "bsre" and says.qr_url is not None)
