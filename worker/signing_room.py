"""What the signing process is made of: one provider, one pipeline and one seal, shared by its desks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from activities.archive import ArchiveDesk
from activities.passkeys import PasskeyDesk
from activities.sealing import SealDesk
from activities.signer_ids import SignerIds
from activities.signing_batch import BatchDesk
from signing.activation import SealingKeyPair
from signing.material import TrustMaterial
from signing.pipeline import Pipeline
from signing.port import SignatureProvider
from signing.providers import build_provider
from signing.seal import OfficeSeal
from signing.timestamps import TsaClient
from signing.webauthn import RelyingParty
from store.documents import DocumentStore
from store.records import Records
from worker.settings import SigningSettings

log = logging.getLogger(__name__)


class SigningRoom:
    """The desks of the `signing` queue.

    Args:
        settings: of the process.
        records: the store.
        documents: the objects.
        provider: another one than the settings name, in tests.
    """

    def __init__(
        self,
        settings: SigningSettings,
        records: Records,
        documents: DocumentStore,
        provider: SignatureProvider | None = None,
    ) -> None:
        pipeline = Pipeline(TrustMaterial(settings.signing_pki_dir), TsaClient(settings.signing_tsa_url))
        provider = provider or build_provider(settings, pipeline)
        seal = SealingKeyPair.create(settings.signing_seal_key, settings.signing_seal_public_key)
        party = RelyingParty.of(settings.public_base_url)
        signer_ids = SignerIds(documents.keyring, provider.traits.kind)
        self.letters = BatchDesk(records, documents, provider, pipeline, seal, signer_ids, party)
        self.archive = ArchiveDesk(records, documents, pipeline.material, pipeline)
        self.passkeys = PasskeyDesk(records, seal, party, provider)
        self.sealing = SealDesk(records, documents, _office_seal(settings, pipeline))

    @property
    def activities(self) -> Sequence[Callable[..., Any]]:
        """What the queue can do."""
        return [
            self.letters.sign_letter,
            self.letters.sign_chunk,
            self.letters.judge_letter,
            self.archive.list_due,
            self.archive.renew_letter,
            self.archive.tell_archive,
            self.passkeys.change_passkeys,
            self.passkeys.send_code,
            self.sealing.seal_document,
        ]


def _office_seal(settings: SigningSettings, pipeline: Pipeline) -> OfficeSeal | None:
    """The office's own key; None where the installation has none, and nothing is sealed."""
    if settings.signing_office_seal_secret is None:
        log.warning("No office seal is configured: agencies' letters and reports are not sealed.")
        return None
    folder = settings.signing_pki_dir / "p12"
    return OfficeSeal.from_key_file(folder, settings.signing_office_seal, settings.signing_office_seal_secret, pipeline)
