"""What the store itself can say no to: content, keys, accounts. Rules of the office stay `permits.errors.RuleError`."""

from __future__ import annotations


class StoreError(Exception):
    """The root of the store's own errors; `code` is stable, the message holds no personal data."""

    code = "store-error"


class SettingsUnsafe(StoreError):
    """A default that is fit for development alone stands in production."""

    code = "settings-unsafe"


class KeyUnknown(StoreError):
    """Sealed with a key that this keyring does not hold."""

    code = "key-unknown"


class SealBroken(StoreError):
    """Sealed bytes that were changed, cut, or sealed for another context."""

    code = "seal-broken"


class ObjectMissing(StoreError):
    """No object of that sha256."""

    code = "object-missing"


class ObjectDamaged(StoreError):
    """An object whose content is not what its name says."""

    code = "object-damaged"


class ObjectsUnavailable(StoreError):
    """The object store does not answer or refuses; asking again may help."""

    code = "objects-unavailable"


class EmailTaken(StoreError):
    """Another account has this e-mail address."""

    code = "email-taken"


class NikTaken(StoreError):
    """Another account in use has this NIK."""

    code = "nik-taken"
