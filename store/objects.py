"""One S3 server, spoken to with bounded waits, in threads, with its failures sorted.

Only what `store.documents` needs. A failure that may pass becomes ObjectsUnavailable; an absent object ObjectMissing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from store.errors import ObjectMissing, ObjectsUnavailable
from store.settings import StoreSettings

_Answer = TypeVar("_Answer")

_MISSING = {"404", "NoSuchKey", "NotFound", "NoSuchVersion"}
_ALREADY_THERE = {"PreconditionFailed", "412"}
_OURS_ALREADY = {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}
_NOT_OFFERED = {
    "InvalidArgument",
    "InvalidRequest",
    "MethodNotAllowed",
    "NotImplemented",
    "ObjectLockConfigurationNotFoundError",
    "ObjectLockNotEnabledForBucket",
    "XNotImplemented",
}


class Objects:
    """A thin S3 client; every call runs in a thread and is safe to repeat."""

    def __init__(self, settings: StoreSettings) -> None:
        """Connects to nothing yet."""
        self._client: Any = boto3.client(
            "s3",
            endpoint_url=settings.s3_endpoint_url,
            aws_access_key_id=settings.s3_access_key_id.get_secret_value(),
            aws_secret_access_key=settings.s3_secret_access_key.get_secret_value(),
            region_name=settings.s3_region,
            config=Config(
                connect_timeout=3,  # seconds
                read_timeout=20,  # seconds
                retries={"mode": "standard", "total_max_attempts": 4},
                max_pool_connections=20,
                s3={"addressing_style": "path"},
                # Every reader compares the content with the sha256 in its name; a second sum costs as much as the read.
                response_checksum_validation="when_required",
            ),
        )

    async def put(self, bucket: str, key: str, content: bytes, **headers: object) -> None:
        """Writes an object."""
        await self._answer("put an object", self._writing(bucket, key, content, headers))

    async def put_new(self, bucket: str, key: str, content: bytes, **headers: object) -> bool:
        """Writes an object that is not there yet; False when it is. A server without conditions is asked first."""
        try:
            await self._call(self._writing(bucket, key, content, {**headers, "IfNoneMatch": "*"}))
        except ClientError as refused:
            code = error_code(refused)
            if code in _ALREADY_THERE:
                return False
            if code not in _NOT_OFFERED:
                raise unavailable("put an object", refused) from refused
            if await self.exists(bucket, key):
                return False
            await self.put(bucket, key, content, **headers)
        return True

    async def get(self, bucket: str, key: str, version: str | None = None) -> bytes:
        """The content of an object or of one of its versions. Raises ObjectMissing."""
        chosen = {"VersionId": version} if version else {}

        def read() -> bytes:
            content: bytes = self._client.get_object(Bucket=bucket, Key=key, **chosen)["Body"].read()
            return content

        return await self._answer("get an object", read)

    async def exists(self, bucket: str, key: str) -> bool:
        """Whether an object is there."""
        try:
            await self._answer("look for an object", lambda: self._client.head_object(Bucket=bucket, Key=key))
        except ObjectMissing:
            return False
        return True

    async def versions(self, bucket: str, key: str) -> list[str]:
        """Ids of all versions of an object, newest first; delete markers are left out."""
        return [found["VersionId"] for found in await self._all_versions(bucket, key, "Versions")]

    async def delete_with_versions(self, bucket: str, key: str) -> None:
        """Removes an object and everything that versioning kept of it; one that is not there is no error."""
        kept = [*await self._all_versions(bucket, key, "Versions", "DeleteMarkers")]
        for version in kept:
            chosen = {"VersionId": version["VersionId"]}
            await self._answer("delete a version", self._deletion(bucket, key, chosen))
        # A server that lists no versions may still have the object; deleting one that is gone would leave a marker.
        if not kept and await self.exists(bucket, key):
            await self._answer("delete an object", self._deletion(bucket, key, {}))

    async def keys(self, bucket: str, prefix: str, most: int) -> list[str]:
        """Names of objects that begin with `prefix`, in the order of their letters, at most `most` of them."""

        def read() -> list[str]:
            answer = self._client.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=most)
            return [found["Key"] for found in answer.get("Contents", [])]

        return await self._answer("list objects", read)

    async def make_bucket(self, bucket: str, locked: bool) -> None:
        """Makes a bucket if there is none; with object lock where asked for and offered, else with versions."""
        lock = {"ObjectLockEnabledForBucket": True} if locked else {}
        if await self._has_bucket(bucket):
            return
        try:
            await self._call(lambda: self._client.create_bucket(Bucket=bucket, **lock))
        except ClientError as refused:
            if error_code(refused) in _OURS_ALREADY:
                return
            if not locked or error_code(refused) not in _NOT_OFFERED:
                raise unavailable("make a bucket", refused) from refused
            await self.make_bucket(bucket, locked=False)
            await self._keep_versions(bucket)

    async def locks(self, bucket: str) -> bool:
        """Whether objects of this bucket can be locked against change."""
        try:
            answer = await self._call(lambda: self._client.get_object_lock_configuration(Bucket=bucket))
        except ClientError as refused:
            if error_code(refused) in _NOT_OFFERED | _MISSING:
                return False
            raise unavailable("read the lock of a bucket", refused) from refused
        return bool(answer.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == "Enabled")

    # Inside ----------------------------------------------------------------------------------------------------------

    async def _has_bucket(self, bucket: str) -> bool:
        try:
            await self._call(lambda: self._client.head_bucket(Bucket=bucket))
        except ClientError as refused:
            if error_code(refused) in _MISSING | {"NoSuchBucket"}:
                return False
            raise unavailable("look for a bucket", refused) from refused
        return True

    async def _keep_versions(self, bucket: str) -> None:
        enabled = {"Status": "Enabled"}
        try:
            await self._call(lambda: self._client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=enabled))
        except ClientError as refused:
            if error_code(refused) not in _NOT_OFFERED:
                raise unavailable("keep versions in a bucket", refused) from refused

    async def _all_versions(self, bucket: str, key: str, *kinds: str) -> list[dict[str, Any]]:
        def read() -> list[dict[str, Any]]:
            pages = self._client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=key)
            # A prefix also matches longer keys; those are other objects.
            return [found for page in pages for kind in kinds for found in page.get(kind, []) if found["Key"] == key]

        return await self._answer("list the versions of an object", read)

    def _writing(self, bucket: str, key: str, content: bytes, headers: dict[str, object]) -> Callable[[], object]:
        return lambda: self._client.put_object(Bucket=bucket, Key=key, Body=content, **headers)

    def _deletion(self, bucket: str, key: str, chosen: dict[str, str]) -> Callable[[], object]:
        return lambda: self._client.delete_object(Bucket=bucket, Key=key, **chosen)

    async def _answer(self, doing: str, call: Callable[[], _Answer]) -> _Answer:
        """Like `_call`, with every refusal sorted."""
        try:
            return await self._call(call)
        except ClientError as refused:
            if error_code(refused) in _MISSING:
                raise ObjectMissing("the object is not in the store") from refused
            raise unavailable(doing, refused) from refused

    async def _call(self, call: Callable[[], _Answer]) -> _Answer:
        """Runs in a thread; refusals stay ClientError, everything else that can go wrong is unavailable."""
        try:
            return await asyncio.to_thread(call)
        except BotoCoreError as lost:
            raise ObjectsUnavailable(f"the object store does not answer ({type(lost).__name__})") from lost


def error_code(refused: ClientError) -> str:
    """The S3 code of a refusal."""
    return str(refused.response.get("Error", {}).get("Code", ""))


def unavailable(doing: str, refused: ClientError) -> ObjectsUnavailable:
    """A refusal that is nobody's fault here, with the step and the server's code."""
    return ObjectsUnavailable(f"the object store did not {doing} ({error_code(refused)})")
