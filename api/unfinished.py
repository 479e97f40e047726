"""Files that arrive in parts over a bad line: begun, gone on with where they stopped, and taken whole.

The core of tus 1.0 (Upload-Length, Upload-Offset, HEAD, PATCH) without its extensions but expiry. Parts lie sealed in
the object store, so that any process of the API can take the next one, and each names its place and size:
`<day>/<owner>/<id>/<offset>-<size>`. Whoever sends two different parts for one place spoils their own file alone.

Bounded: one person has a few unfinished files, a file the size of a document, a part the size of a request, and all of
it is gone after a day; whatever is older is swept when somebody begins the next file. What comes out is judged like any
other upload.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from api.problems import ApiCode, Problem
from api.uploads import clean_filename
from store.documents import DocumentStore
from store.errors import KeyUnknown, ObjectMissing, SealBroken

LIFETIME = timedelta(hours=24)
MOST_UNFINISHED = 5
LARGEST_PART = 1024 * 1024 - 1024
"""The outermost layer reads no more of a body that is no form (`api.layers`)."""
SMALLEST_PART = 16 * 1024
"""What came of a broken request is kept from here on; the last part of a file may be smaller."""
MOST_SWEPT = 60
_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_MOST_PARTS = 1000
_INFO = "info"


@dataclass(frozen=True)
class Unfinished:
    """A file on its way."""

    id: str
    length: int  # bytes of the whole file
    offset: int  # bytes that are here
    number: str  # the application it is for
    filename: str
    expires_at: datetime

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing."""
        return self.offset == self.length


class UnfinishedUploads:
    """The unfinished files of one person.

    Args:
        documents: where the parts lie.
        owner: the account's id.
        now: real time.
    """

    def __init__(self, documents: DocumentStore, owner: str, now: Callable[[], datetime]) -> None:
        self._documents = documents
        self._owner = hashlib.sha256(owner.encode()).hexdigest()[:20]
        self._now = now

    async def begin(self, number: str, filename: str, length: int, limit: int) -> Unfinished:
        """A new file of `length` bytes for an application; the oldest of too many gives way.

        Raises Problem: file-empty, file-too-large.
        """
        if length <= 0:
            raise Problem(ApiCode.FILE_EMPTY)
        if length > limit:
            raise Problem(ApiCode.FILE_TOO_LARGE, limit_bytes=limit)
        await self._sweep()
        now = self._now()
        upload_id = f"{int(now.timestamp()):08x}{secrets.token_hex(12)}"
        about = {"length": length, "number": number, "filename": clean_filename(filename)}
        await self._documents.put_part(f"{self._folder(upload_id)}{_INFO}", json.dumps(about).encode())
        return await self.find(upload_id, number)

    async def find(self, upload_id: str, number: str) -> Unfinished:
        """One's own file for that application. Raises Problem(not-found), also for an expired one."""
        if not _ID.fullmatch(upload_id) or self._now() >= _begun(upload_id) + LIFETIME:
            raise Problem(ApiCode.NOT_FOUND)
        folder = self._folder(upload_id)
        try:
            about = json.loads(await self._documents.get_part(f"{folder}{_INFO}"))
        except (ObjectMissing, KeyUnknown, SealBroken):
            raise Problem(ApiCode.NOT_FOUND) from None
        if about["number"] != number:
            raise Problem(ApiCode.NOT_FOUND)
        parts = _in_line(await self._documents.parts(folder, _MOST_PARTS))
        return Unfinished(
            id=upload_id,
            length=about["length"],
            offset=sum(size for _, size in parts),
            number=number,
            filename=about["filename"],
            expires_at=_begun(upload_id) + LIFETIME,
        )

    async def add(self, upload: Unfinished, content: bytes) -> Unfinished:
        """Keeps the next part. Raises Problem(too-large) for more than the file has."""
        if upload.offset + len(content) > upload.length:
            raise Problem(ApiCode.TOO_LARGE)
        is_last = upload.offset + len(content) == upload.length
        if not content or (len(content) < SMALLEST_PART and not is_last):
            return upload
        key = f"{self._folder(upload.id)}{upload.offset:010d}-{len(content):08d}"
        await self._documents.put_part(key, content)
        return await self.find(upload.id, upload.number)

    async def whole(self, upload: Unfinished) -> bytes:
        """The content of a file of which nothing is missing. Raises Problem(file-missing)."""
        if not upload.is_whole:
            raise Problem(ApiCode.FILE_MISSING)
        folder = self._folder(upload.id)
        parts = _in_line(await self._documents.parts(folder, _MOST_PARTS))
        try:
            content = b"".join([await self._documents.get_part(key) for key, _ in parts])
        except (ObjectMissing, KeyUnknown, SealBroken):
            raise Problem(ApiCode.FILE_MISSING) from None
        if len(content) != upload.length:
            raise Problem(ApiCode.FILE_MISSING)
        return content

    async def drop(self, upload_id: str) -> None:
        """Forgets a file; one that is not there is no error."""
        if _ID.fullmatch(upload_id):
            # What tells about the file goes first: one half dropped is not gone on with, and is swept later.
            for key in reversed(await self._documents.parts(self._folder(upload_id), _MOST_PARTS)):
                await self._documents.drop_part(key)

    async def _sweep(self) -> None:
        """Makes room: what expired, of everybody and bounded; and the oldest of one's own, where they are too many."""
        now = self._now()
        for key in await self._documents.parts("", MOST_SWEPT):
            if key.split("/")[0] < f"{now - LIFETIME:%Y%m%d}":
                await self._documents.drop_part(key)
        own = await self._own(now)
        expired = [each for each in own if _begun(each) + LIFETIME <= now]
        living = [each for each in own if each not in expired]
        too_many = living[: max(0, len(living) + 1 - MOST_UNFINISHED)]
        for upload_id in (*expired, *too_many):
            await self.drop(upload_id)

    async def _own(self, now: datetime) -> list[str]:
        """Ids of the own files of today and yesterday, the oldest first."""
        found: set[str] = set()
        for day in (now - LIFETIME, now):
            keys = await self._documents.parts(f"{day.astimezone(UTC):%Y%m%d}/{self._owner}/", _MOST_PARTS)
            found |= {key.split("/")[2] for key in keys}
        return sorted(found)

    def _folder(self, upload_id: str) -> str:
        return f"{_begun(upload_id):%Y%m%d}/{self._owner}/{upload_id}/"


def begun_at(upload_id: str) -> datetime | None:
    """When a file of that id was begun; None for what is no id."""
    return _begun(upload_id) if _ID.fullmatch(upload_id) else None


def _begun(upload_id: str) -> datetime:
    return datetime.fromtimestamp(int(upload_id[:8], 16), UTC)


def _in_line(keys: list[str]) -> list[tuple[str, int]]:
    """The parts that follow each other from the beginning; of two at one place, the longer one."""
    sizes: dict[int, tuple[str, int]] = {}
    for key in keys:
        name = key.rpartition("/")[2]
        if name != _INFO:
            offset, size = (int(each) for each in name.split("-"))
            if offset not in sizes or size > sizes[offset][1]:
                sizes[offset] = (key, size)
    line, at = [], 0
    while at in sizes:
        line.append(sizes[at])
        at += sizes[at][1]
    return line
