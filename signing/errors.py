"""The one family of errors of the signing room.

Each error has a stable `code` (callers match on it, never on the sentence) and says whether asking again can help.
No error carries a secret: sentences are constant or built from public names only, and foreign causes whose text may
hold input are cut off by the code that raises (see `pkcs12`).
"""

from __future__ import annotations

from enum import Enum


class Retry(Enum):
    """What a caller may do after a failure."""

    LATER = "later"  # an outside service was away; the same order may be sent again
    NEVER = "never"  # the same order can only fail again; a person has to change something
    UNKNOWN = "unknown"  # the order may have been carried out; look it up before repeating


class SigningError(Exception):
    """Base of the family. `code` is stable; `retry` tells the caller what may help."""

    code = "signing_failed"
    retry = Retry.NEVER

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence

    @property
    def may_retry(self) -> bool:
        """True when the same order may simply be sent again later."""
        return self.retry is Retry.LATER


class WrongPassphrase(SigningError):
    """The passphrase does not open the officer's key."""

    code = "wrong_passphrase"


class CodeNotOffered(SigningError):
    """The provider signs by passphrase and sends no codes."""

    code = "code_not_offered"


class CertificateNotFound(SigningError):
    """No key or certificate is kept for this signer id."""

    code = "certificate_not_found"


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
    """Our own verification did not find the signature we had just made; nothing was handed out."""

    code = "signature_not_proven"


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
    """The one-time code is wrong, or of a step that another activation has used."""

    code = "step_up_refused"


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
