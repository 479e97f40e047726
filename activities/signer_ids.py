"""Who an officer is with the signing provider: an id of the provider's own, sealed in our store, never in a history.

BSrE knows people by NIK or e-mail; a signing service by its own user name; key files by our account id.
"""

from __future__ import annotations

from signing.port import ProviderKind
from store.crypto import Keyring, signer_context
from store.tables import AccountRow

BY_NIK = frozenset({ProviderKind.BSRE_V1, ProviderKind.BSRE_V2})


class SignerIds:
    """Resolves the id for one kind of provider."""

    def __init__(self, keyring: Keyring, kind: ProviderKind) -> None:
        self._keyring = keyring
        self._kind = kind

    def of(self, account: AccountRow) -> str | None:
        """The officer's id with the provider: the one that was set, else the NIK where the provider goes by it.

        None where the provider goes by NIK and neither is known. Raises KeyUnknown, SealBroken.
        """
        if account.signer_id_sealed is not None:
            return self._keyring.open(account.signer_id_sealed, signer_context(account.id)).decode()
        if self._kind not in BY_NIK:
            return account.id
        if account.nik_sealed is None:
            return None
        return self._keyring.open(account.nik_sealed, f"nik:{account.id}".encode()).decode()
