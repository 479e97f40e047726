"""The one family of errors of the signing room.

Each error has a stable `code` (callers match on it, never on the sentence) and says whether asking again can help.
No error carries a secret: sentences are constant or built from public names only, and foreign causes whose text may
hold input are cut off by the code that raises (see `pkcs12` and `remote`).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum


class Retry(Enum):
    """What a caller may do after a failure."""

    LATER = "later"  # an outside service was away; the same order may be sent again
    NEVER = "never"  # the same order can only fail again; a person has to change something
    UNKNOWN = "unknown"  # the order may have been carried out; look it up before repeating


class SigningError(Exception):
    """Base of the family. `code` is stable; `retry` tells the caller what may help.

    `returned_files` are the PDFs that a document signer handed back and that may not be used: signed with the officer's
    key, so the caller keeps them in quarantine. They are in no text, repr or log record of the error.
    """

    code = "signing_failed"
    retry = Retry.NEVER

    def __init__(self, sentence: str, returned_files: Sequence[bytes] = ()) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.returned_files = tuple(returned_files)

    @property
    def returned(self) -> bytes | None:
        """The first of the returned files; None where nothing came back."""
        return self.returned_files[0] if self.returned_files else None

    @property
    def may_retry(self) -> bool:
        """True when the same order may simply be sent again later."""
        return self.retry is Retry.LATER


class WrongPassphrase(SigningError):
    """The passphrase, PIN or one-time code does not open the officer's key."""

    code = "wrong_passphrase"


class PassphraseLocked(SigningError):
    """The provider locked the officer's passphrase or PIN after too many wrong ones; it has to be unlocked there."""

    code = "passphrase_locked"


class CodeNotOffered(SigningError):
    """The provider signs by passphrase and sends no codes."""

    code = "code_not_offered"


class CertificateNotFound(SigningError):
    """No key or certificate is kept for this signer id."""

    code = "certificate_not_found"


class NotRegistered(SigningError):
    """The provider does not know the officer."""

    code = "not_registered"


class CredentialDisabled(SigningError):
    """The signing service has disabled the officer's key."""

    code = "credential_disabled"


class AuthorizationExpired(SigningError):
    """The signing service's authorisation ended before it was used; nothing was signed, a new code is needed."""

    code = "authorization_expired"


class CertificateUnsuitable(SigningError):
    """The officer's key cannot sign a PDF/A-2 letter (ISO 19005-2 rests on PDF 1.7, which has RSA signatures only)."""

    code = "certificate_unsuitable"


class CertificateExpired(SigningError):
    """The officer's certificate is not valid at this moment."""

    code = "certificate_expired"


class CertificateRevoked(SigningError):
    """The authority has revoked the officer's certificate."""

    code = "certificate_revoked"


class CertificateUntrusted(SigningError):
    """The officer's certificate does not lead to a trust anchor of this installation."""

    code = "certificate_untrusted"


class DocumentRefused(SigningError):
    """The PDF cannot be signed: not a PDF, already signed, encrypted, or the field is taken."""

    code = "document_refused"


class SignatureNotProven(SigningError):
    """Our own verification did not find the signature that had just been made; nothing was handed out."""

    code = "signature_not_proven"


class Rewritten(SigningError):
    """A document signer returned a PDF that does not begin with the bytes it was sent."""

    code = "rewritten"


class WrongSigner(SigningError):
    """The signature is not, or would not be, by the certificate that the order names."""

    code = "wrong_signer"


class TimestampUnavailable(SigningError):
    """The timestamp authority did not answer, or not with a usable token."""

    code = "timestamp_unavailable"
    retry = Retry.LATER


class RevocationUnavailable(SigningError):
    """Revocation information for a certificate of the chain is missing or stale."""

    code = "revocation_unavailable"
    retry = Retry.LATER


class ProviderUnavailable(SigningError):
    """The provider or its material cannot be reached."""

    code = "provider_unavailable"
    retry = Retry.LATER


class ProviderLoginRefused(ProviderUnavailable):
    """The remote service refuses the installation's own log-in; operators have to mend the settings."""

    code = "provider_login_refused"


class ProviderRefused(SigningError):
    """The remote service understood the order and refused it for a reason that has no code of its own here."""

    code = "provider_refused"


class WrongFileCount(SigningError):
    """A document signer returned fewer or more files than it was sent; which belongs to which is not known."""

    code = "wrong_file_count"
    retry = Retry.UNKNOWN


class ArchivePending(SigningError):
    """A document signer has signed, and the timestamp or revocation service is away, so B-LTA is not reached yet.

    `returned_files` are the signed letters, in the order they were sent: good ones, to be completed with
    `DocumentSigner.complete`. Signing again would make a second signature.
    """

    code = "archive_pending"
    retry = Retry.UNKNOWN


class OutcomeUnknown(SigningError):
    """A remote provider may have signed; only a look-up can tell."""

    code = "outcome_unknown"
    retry = Retry.UNKNOWN


class ActivationRefused(SigningError):
    """An activation is unreadable, expired, for another letter, or its step-up proof fails. Sub-codes below."""

    code = "activation_refused"


class EnvelopeUnreadable(ActivationRefused):
    """The envelope was not sealed to this key or for this id, or was changed."""

    code = "envelope_unreadable"


class ActivationExpired(ActivationRefused):
    """The activation's time has passed."""

    code = "activation_expired"


class LetterNotNamed(ActivationRefused):
    """The activation does not name this letter's sha256."""

    code = "letter_not_named"


class StepUpRefused(ActivationRefused):
    """The one-time code is wrong or used by another activation; or the passkey's proof is not over these letters."""

    code = "step_up_refused"


class PasskeyUnknown(ActivationRefused):
    """No passkey of this officer has this id."""

    code = "passkey_unknown"


class PasskeyNotSealed(ActivationRefused):
    """A row claims to be an officer's passkey, and the signing worker has never let it in."""

    code = "passkey_not_sealed"


class PasskeyNotYetUsable(ActivationRefused):
    """The passkey is new and may not sign before its first day is over."""

    code = "passkey_not_yet_usable"


class PasskeyCopied(ActivationRefused):
    """The device's counter went back: somebody signs with a copy of the key (WebAuthn 6.1.1)."""

    code = "passkey_copied"


class ConsentTooLong(ActivationRefused):
    """A consent that would live longer than its officer can have meant."""

    code = "consent_too_long"


class TooManyProofs(ActivationRefused):
    """The signing worker has met too many wrong proofs of this officer, and looks at none for a while."""

    code = "too_many_proofs"


class CodeUnreadable(SigningError):
    """A verification code is malformed or was not made by this installation."""

    code = "code_unreadable"


class NotArchivable(SigningError):
    """A signed letter is no longer the archival PDF that was given to be signed; `faults` are stable codes."""

    code = "not_archivable"

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__(f"Surat yang ditandatangani bukan lagi PDF arsip: {', '.join(faults)}.")
        self.faults = faults


class MarkNotTrue(SigningError):
    """A letter names BSrE as issuer of its certificate, and another's certificate signed it."""

    code = "mark_not_true"


class PolicyUnreadable(SigningError):
    """A policy file or a file it names cannot be read."""

    code = "policy_unreadable"


class DemoPkiError(SigningError):
    """The demonstration authority cannot be created or loaded."""

    code = "demo_pki_failed"
