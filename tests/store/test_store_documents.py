"""Documents in a real object store: sealed or written once, and always what their name says."""

import hashlib
import socket
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from store.crypto import Keyring
from store.documents import DocumentStore
from store.errors import KeyUnknown, ObjectMissing, ObjectsUnavailable, SealBroken
from tests.store.conftest import settings_of

CONTENT = b"%PDF-1.7 KTP Contoh Pemohon Satu"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
KEY_1 = "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
KEY_2 = "k2:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="


@pytest.fixture
def s3(servers: dict[str, str]) -> Any:
    """The same server, as somebody with its password sees it."""
    return boto3.client(
        "s3",
        endpoint_url=servers["S3_ENDPOINT_URL"],
        aws_access_key_id=servers["S3_ACCESS_KEY_ID"],
        aws_secret_access_key=servers["S3_SECRET_ACCESS_KEY"],
        region_name="us-east-1",
    )


def bucket(documents: DocumentStore, archive: bool = False) -> str:
    return documents._archive if archive else documents._bucket


def versions(s3: Any, name: str, prefix: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = s3.list_object_versions(Bucket=name, Prefix=prefix).get("Versions", [])
    return found


# Personal documents ---------------------------------------------------------------------------------------------------


async def test_a_personal_document_comes_back_as_it_went_in(documents: DocumentStore) -> None:
    assert await documents.put_document(CONTENT) == SHA256
    assert await documents.get_document(SHA256) == CONTENT
    assert await documents.exists_document(SHA256)


async def test_a_personal_document_lies_sealed_in_the_store(documents: DocumentStore, s3: Any) -> None:
    await documents.put_document(CONTENT)
    stored = s3.get_object(Bucket=bucket(documents), Key=f"blobs/{SHA256}")["Body"].read()
    assert b"Contoh" not in stored and stored.startswith(b"SK1")


async def test_the_same_content_again_is_not_written_again(documents: DocumentStore, s3: Any) -> None:
    s3.put_bucket_versioning(Bucket=bucket(documents), VersioningConfiguration={"Status": "Enabled"})
    await documents.put_document(CONTENT)
    await documents.put_document(CONTENT)
    assert len(versions(s3, bucket(documents), f"blobs/{SHA256}")) == 1


async def test_a_changed_document_is_noticed_and_healed_by_the_next_upload(documents: DocumentStore, s3: Any) -> None:
    await documents.put_document(CONTENT)
    stored = s3.get_object(Bucket=bucket(documents), Key=f"blobs/{SHA256}")["Body"].read()
    s3.put_object(Bucket=bucket(documents), Key=f"blobs/{SHA256}", Body=stored[:-1] + bytes([stored[-1] ^ 1]))
    with pytest.raises(SealBroken):
        await documents.get_document(SHA256)
    await documents.put_document(CONTENT)
    assert await documents.get_document(SHA256) == CONTENT


async def test_a_sealed_document_carried_to_another_name_does_not_open(documents: DocumentStore, s3: Any) -> None:
    await documents.put_document(CONTENT)
    source = {"Bucket": bucket(documents), "Key": f"blobs/{SHA256}"}
    s3.copy_object(Bucket=bucket(documents), Key=f"blobs/{'0' * 64}", CopySource=source)
    with pytest.raises(SealBroken):
        await documents.get_document("0" * 64)


async def test_a_document_outlives_a_new_sealing_key_and_not_the_loss_of_its_own(servers: dict[str, str]) -> None:
    name = "uji-kunci"
    old = DocumentStore(settings_of(servers, s3_bucket=name, document_keys=KEY_1))
    await old.ensure_buckets()
    await old.put_document(CONTENT)
    rotated = DocumentStore(settings_of(servers, s3_bucket=name, document_keys=f"{KEY_2},{KEY_1}"))
    assert await rotated.get_document(SHA256) == CONTENT
    lost = DocumentStore(settings_of(servers, s3_bucket=name, document_keys=KEY_2))
    with pytest.raises(KeyUnknown):
        await lost.get_document(SHA256)


async def test_a_deleted_document_leaves_no_version_behind(documents: DocumentStore, s3: Any) -> None:
    s3.put_bucket_versioning(Bucket=bucket(documents), VersioningConfiguration={"Status": "Enabled"})
    await documents.put_document(CONTENT)
    s3.delete_object(Bucket=bucket(documents), Key=f"blobs/{SHA256}")
    await documents.put_document(CONTENT)
    await documents.delete_document(SHA256)
    await documents.delete_document(SHA256)
    answer = s3.list_object_versions(Bucket=bucket(documents))
    assert "Versions" not in answer and "DeleteMarkers" not in answer
    with pytest.raises(ObjectMissing):
        await documents.get_document(SHA256)


@pytest.mark.parametrize("name", ["0" * 64, "../signed/x", "", "A" * 64])
async def test_a_document_that_cannot_be_there_is_missing(documents: DocumentStore, name: str) -> None:
    with pytest.raises(ObjectMissing):
        await documents.get_document(name)


# Signed letters -------------------------------------------------------------------------------------------------------


async def test_a_signed_letter_is_kept_as_it_is(documents: DocumentStore, s3: Any) -> None:
    assert await documents.put_signed(CONTENT) == SHA256
    assert await documents.get_signed(SHA256) == CONTENT
    assert await documents.exists_signed(SHA256)
    assert s3.get_object(Bucket=bucket(documents, True), Key=f"signed/{SHA256}")["Body"].read() == CONTENT


async def test_a_signed_letter_is_written_once(documents: DocumentStore, s3: Any) -> None:
    await documents.put_signed(CONTENT)
    await documents.put_signed(CONTENT)
    assert len(versions(s3, bucket(documents, True), f"signed/{SHA256}")) == 1


async def test_a_signed_letter_cannot_be_removed_and_survives_who_writes_over_it(
    documents: DocumentStore, s3: Any
) -> None:
    await documents.put_signed(CONTENT)
    archive, key = bucket(documents, True), f"signed/{SHA256}"
    [version] = versions(s3, archive, key)
    with pytest.raises(s3.exceptions.ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=archive, Key=key, VersionId=version["VersionId"])
    s3.put_object(Bucket=archive, Key=key, Body=b"forged")
    assert await documents.get_signed(SHA256) == CONTENT
    s3.delete_object(Bucket=archive, Key=key)
    assert not await documents.exists_signed(SHA256)
    assert await documents.get_signed(SHA256) == CONTENT


async def test_a_signed_letter_marked_deleted_can_be_put_again(documents: DocumentStore, s3: Any) -> None:
    await documents.put_signed(CONTENT)
    s3.delete_object(Bucket=bucket(documents, True), Key=f"signed/{SHA256}")
    await documents.put_signed(CONTENT)
    assert await documents.exists_signed(SHA256)


async def test_an_archive_without_object_lock_is_served_all_the_same(documents: DocumentStore, s3: Any) -> None:
    plain = f"{bucket(documents)}-polos"
    s3.create_bucket(Bucket=plain)
    documents._archive = plain
    await documents.put_signed(CONTENT)
    await documents.put_signed(CONTENT)
    assert await documents.get_signed(SHA256) == CONTENT


async def test_a_missing_signed_letter_is_missing(documents: DocumentStore) -> None:
    with pytest.raises(ObjectMissing):
        await documents.get_signed("0" * 64)


async def test_a_quarantined_object_is_sealed_and_not_served(documents: DocumentStore, s3: Any) -> None:
    assert await documents.quarantine(CONTENT) == await documents.quarantine(CONTENT) == SHA256
    stored = s3.get_object(Bucket=bucket(documents), Key=f"quarantine/{SHA256}")["Body"].read()
    assert b"Contoh" not in stored
    assert not await documents.exists_signed(SHA256)


# The server -----------------------------------------------------------------------------------------------------------


async def test_making_the_buckets_again_leaves_what_lies_in_them(documents: DocumentStore) -> None:
    await documents.ensure_buckets()
    personal, signed = await documents.put_document(b"berkas"), await documents.put_signed(b"surat")
    await documents.ensure_buckets()
    assert await documents.get_document(personal) == b"berkas"
    assert await documents.get_signed(signed) == b"surat"


async def test_a_bucket_that_was_not_made_is_no_missing_document(servers: dict[str, str]) -> None:
    store = DocumentStore(settings_of(servers, s3_bucket="uji-tidak-ada"))
    with pytest.raises(ObjectsUnavailable, match="NoSuchBucket"):
        await store.get_document(SHA256)


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port on which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


async def test_a_store_that_does_not_answer_is_unavailable(servers: dict[str, str], deaf_port: int) -> None:
    store = DocumentStore(settings_of(servers, s3_endpoint_url=f"http://127.0.0.1:{deaf_port}"))
    with pytest.raises(ObjectsUnavailable):
        await store.put_signed(CONTENT)


async def test_a_wrong_password_is_unavailable_and_not_shown(servers: dict[str, str]) -> None:
    store = DocumentStore(settings_of(servers, s3_secret_access_key="rahasia-yang-salah"))
    with pytest.raises(ObjectsUnavailable) as refused:
        await store.get_document(SHA256)
    assert "rahasia" not in str(refused.value)


def test_a_keyring_shows_its_ids_and_never_a_key() -> None:
    assert repr(Keyring.parse(f"{KEY_2},{KEY_1}")) == "Keyring(k2, k1)"
