"""Documents in the object store, by the sha256 of their content: personal ones sealed, signed ones written once.

- Personal documents (uploads, drafts of letters and their input) are sealed by the application, because a store's own
  encryption at rest protects nothing where its key lies beside the data. They can be deleted: drafts, past retention
  (UU 27/2022).
- Signed letters lie in a bucket of their own, locked against change for the years of retention where the store offers
  Object Lock. A name is the sha256 of its content, so a second write can only bring the same bytes.
Every read compares the content with its name.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from store.crypto import Keyring
from store.errors import KeyUnknown, ObjectDamaged, ObjectMissing, SealBroken
from store.objects import Objects
from store.settings import StoreSettings

_PARTS = "unfinished/"


class DocumentStore:
    """Puts and gets documents; every call is safe to repeat."""

    def __init__(self, settings: StoreSettings) -> None:
        """Connects to nothing yet. Raises ValueError when DOCUMENT_KEYS cannot be read."""
        self._objects = Objects(settings)
        self._keys = Keyring.parse(settings.document_keys.get_secret_value())
        self._bucket = settings.s3_bucket
        self._archive = f"{settings.s3_bucket}-arsip"
        self._lock_mode = settings.archive_lock_mode
        self._lock_time = timedelta(days=settings.archive_lock_days)
        self._archive_locks: bool | None = None

    @property
    def keyring(self) -> Keyring:
        """The keys that seal personal data of this installation."""
        return self._keys

    async def ensure_buckets(self) -> None:
        """Makes both buckets if they are missing. Raises ObjectsUnavailable."""
        await self._objects.make_bucket(self._bucket, locked=False)
        await self._objects.make_bucket(self._archive, locked=True)

    # Personal documents ----------------------------------------------------------------------------------------------

    async def put_document(self, content: bytes) -> str:
        """Seals and keeps a personal document; its sha256. Content that is there already is left as it is."""
        sha256 = _sha256(content)
        sealed = self._keys.seal(content, _context(sha256))
        if not await self._objects.put_new(self._bucket, f"blobs/{sha256}", sealed):
            try:
                await self.get_document(sha256)
            except (ObjectMissing, ObjectDamaged, SealBroken, KeyUnknown):
                # It cannot be read: what was handed in is good, so it heals what lies there.
                await self._objects.put(self._bucket, f"blobs/{sha256}", sealed)
        return sha256

    async def get_document(self, sha256: str) -> bytes:
        """A personal document. Raises ObjectMissing, KeyUnknown, SealBroken, ObjectDamaged, ObjectsUnavailable."""
        sealed = await self._objects.get(self._bucket, f"blobs/{_checked(sha256)}")
        return _same(sha256, self._keys.open(sealed, _context(sha256)))

    async def exists_document(self, sha256: str) -> bool:
        """Whether a personal document is there."""
        return await self._objects.exists(self._bucket, f"blobs/{_checked(sha256)}")

    async def delete_document(self, sha256: str) -> None:
        """Removes a personal document with all versions the store kept of it.

        Content is shared by whoever uploaded the same bytes: delete only what no row names any more
        (`Records.discard_draft` answers those).
        """
        await self._objects.delete_with_versions(self._bucket, f"blobs/{_checked(sha256)}")

    async def quarantine(self, content: bytes) -> str:
        """Puts aside, sealed, an object that must not be used, such as a second signature of one letter; its sha256."""
        sha256 = _sha256(content)
        sealed = self._keys.seal(content, b"quarantine:" + sha256.encode())
        await self._objects.put_new(self._bucket, f"quarantine/{sha256}", sealed)
        return sha256

    async def keep_returned(self, content: bytes) -> str:
        """Keeps, sealed, what a signing provider handed back, until it is proven and registered; its sha256."""
        sha256 = _sha256(content)
        sealed = self._keys.seal(content, b"returned:" + sha256.encode())
        await self._objects.put_new(self._bucket, f"returned/{sha256}", sealed)
        return sha256

    async def get_returned(self, sha256: str) -> bytes:
        """What a provider handed back. Raises ObjectMissing, KeyUnknown, SealBroken, ObjectDamaged."""
        sealed = await self._objects.get(self._bucket, f"returned/{_checked(sha256)}")
        return _same(sha256, self._keys.open(sealed, b"returned:" + sha256.encode()))

    async def drop_returned(self, sha256: str) -> None:
        """Removes it, once it lies in the archive or in quarantine."""
        await self._objects.delete_with_versions(self._bucket, f"returned/{_checked(sha256)}")

    # What is still being uploaded ------------------------------------------------------------------------------------

    async def put_part(self, key: str, content: bytes) -> None:
        """Keeps, sealed, a part of a file that is still being uploaded."""
        sealed = self._keys.seal(content, _PARTS.encode() + key.encode())
        await self._objects.put(self._bucket, f"{_PARTS}{key}", sealed)

    async def get_part(self, key: str) -> bytes:
        """One part. Raises ObjectMissing, KeyUnknown, SealBroken, ObjectsUnavailable."""
        sealed = await self._objects.get(self._bucket, f"{_PARTS}{key}")
        return self._keys.open(sealed, _PARTS.encode() + key.encode())

    async def parts(self, prefix: str, most: int) -> list[str]:
        """Names of parts that begin with `prefix`, in the order of their letters."""
        found = await self._objects.keys(self._bucket, f"{_PARTS}{prefix}", most)
        return [key.removeprefix(_PARTS) for key in found]

    async def drop_part(self, key: str) -> None:
        """Removes a part with all that the store kept of it."""
        await self._objects.delete_with_versions(self._bucket, f"{_PARTS}{key}")

    # Signed letters --------------------------------------------------------------------------------------------------

    async def put_signed(self, content: bytes) -> str:
        """Keeps a signed letter for ever after; its sha256. A second time changes nothing."""
        sha256 = _sha256(content)
        lock = await self._lock()
        await self._objects.put_new(self._archive, _signed(sha256), content, ContentType="application/pdf", **lock)
        return sha256

    async def get_signed(self, sha256: str) -> bytes:
        """A signed letter. Raises ObjectMissing, ObjectDamaged, ObjectsUnavailable.

        Where somebody wrote over it or marked it deleted, the version that is what its name says is found.
        """
        try:
            return _same(sha256, await self._objects.get(self._archive, _signed(_checked(sha256))))
        except (ObjectMissing, ObjectDamaged) as lost:
            for version in await self._objects.versions(self._archive, _signed(sha256)):
                content = await self._objects.get(self._archive, _signed(sha256), version)
                if _sha256(content) == sha256:
                    return content
            raise lost

    async def exists_signed(self, sha256: str) -> bool:
        """Whether a signed letter is there, as the newest of its versions."""
        return await self._objects.exists(self._archive, _signed(_checked(sha256)))

    async def _lock(self) -> dict[str, object]:
        """The headers that lock a new object, where the archive can."""
        if self._archive_locks is None:
            self._archive_locks = await self._objects.locks(self._archive)
        if not self._archive_locks:
            return {}
        until = datetime.now(UTC) + self._lock_time
        return {"ObjectLockMode": self._lock_mode.upper(), "ObjectLockRetainUntilDate": until}


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _checked(sha256: str) -> str:
    """Names come from rows and addresses; one that is no sha256 is an object that cannot exist."""
    if len(sha256) != 64 or set(sha256) - set("0123456789abcdef"):
        raise ObjectMissing("a document is named by its sha256")
    return sha256


def _same(sha256: str, content: bytes) -> bytes:
    if _sha256(content) != sha256:
        raise ObjectDamaged("an object's content is not what its name says")
    return content


def _context(sha256: str) -> bytes:
    return b"blob:" + sha256.encode()


def _signed(sha256: str) -> str:
    return f"signed/{sha256}"
