"""`sakpore letters render` makes the same bytes again from what was kept, whatever the templates have become."""

import asyncio
import hashlib
import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from activities import templates
from activities.drafting import LetterDesk, RenderLetter
from activities.letters import LETTERS_DIR, render_letter
from permits.events import Tag
from sakpore.cli import app
from sakpore.letters import OTHER, SAME, UNREADABLE
from signing.field_keys import FieldKeys, published_keys
from store.documents import DocumentStore
from store.records import Records
from store.settings import StoreSettings
from tests.letters import samples
from tests.store.builders import a_case, an_event, an_opening


async def command(settings: StoreSettings, *arguments: str) -> tuple[int, str]:
    """The command runs a loop of its own, so it gets a thread of its own."""
    environment = {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "S3_ENDPOINT_URL": settings.s3_endpoint_url,
        "S3_ACCESS_KEY_ID": settings.s3_access_key_id.get_secret_value(),
        "S3_SECRET_ACCESS_KEY": settings.s3_secret_access_key.get_secret_value(),
        "S3_BUCKET": settings.s3_bucket,
        "DOCUMENT_KEYS": settings.document_keys.get_secret_value(),
    }
    result = await asyncio.to_thread(CliRunner().invoke, app, ["letters", "render", *arguments], env=environment)
    return result.exit_code, result.output


@pytest.fixture
async def documents(settings: StoreSettings) -> DocumentStore:
    store = DocumentStore(settings)
    await store.ensure_buckets()
    return store


async def written(records: Records, documents: DocumentStore) -> str:
    """A letter of a case, rendered and frozen as the worker does it; its sha256."""
    number = await a_case(records)
    await records.open_letter(an_opening(number))
    content = json.dumps(samples.kartu_pengawas().model_dump(mode="json"), sort_keys=True).encode()
    order = RenderLetter(
        number=number, purpose="permit", template="umum", template_version=1,
        input_sha256=await documents.put_document(content), event=an_event("drafted", Tag.LETTER_DRAFTED),
    )  # fmt: skip
    desk = LetterDesk(records, documents, "http://localhost:8080", bytes(32), True)
    return (await desk.render_letter(order)).sha256


async def test_a_letter_is_rendered_again_to_the_same_bytes(
    records: Records, documents: DocumentStore, settings: StoreSettings, tmp_path: Path
) -> None:
    sha256 = await written(records, documents)
    out = tmp_path / "lagi.pdf"
    code, said = await command(settings, sha256, "--out", str(out))
    assert code == SAME and "The same bytes." in said and templates.renderer() in said
    assert hashlib.sha256(out.read_bytes()).hexdigest() == sha256


async def test_a_letter_of_templates_that_are_gone_is_still_the_same(
    records: Records, documents: DocumentStore, settings: StoreSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = shutil.copytree(LETTERS_DIR, tmp_path / "old")
    (old / "base.typ").write_text((old / "base.typ").read_text().replace("Ditetapkan di", "Ditandatangani di"))
    pdf = render_letter("umum", samples.kartu_pengawas(), letters_dir=old)
    monkeypatch.setattr("activities.drafting.render_letter", lambda *_: pdf)
    monkeypatch.setattr("activities.drafting.bundle", lambda name: templates.bundle(name, old))
    sha256 = await written(records, documents)
    assert sha256 == hashlib.sha256(pdf).hexdigest()
    assert sha256 != hashlib.sha256(render_letter("umum", samples.kartu_pengawas())).hexdigest()
    assert (await command(settings, sha256))[0] == SAME


async def test_other_bytes_are_said_to_be_other(
    records: Records, documents: DocumentStore, settings: StoreSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = render_letter("umum", samples.umum())
    monkeypatch.setattr("activities.drafting.render_letter", lambda *_: other)
    sha256 = await written(records, documents)
    code, said = await command(settings, sha256)
    assert code == OTHER and "NOT the same bytes" in said


async def test_what_is_not_in_the_register_or_not_kept_is_said(
    records: Records, documents: DocumentStore, settings: StoreSettings, tmp_path: Path
) -> None:
    assert (await command(settings, "0" * 64))[0] == UNREADABLE
    sha256 = await written(records, documents)
    letter = await records.letter_by_sha256(sha256)
    assert letter.template_sha256 is not None
    await documents.delete_document(letter.template_sha256)
    code, said = await command(settings, sha256)
    assert code == UNREADABLE and "ObjectMissing" in said


def test_a_rotation_keeps_the_old_key_published(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    keys = FieldKeys.create(tmp_path / "k.pem", tmp_path / "k.json", datetime.now(UTC))
    environment = {"FIELD_CODE_KEY": str(keys.private_path), "FIELD_CODE_KEYS": str(keys.public_path)}
    result = CliRunner().invoke(app, ["letters", "rotate-field-key"], env=environment)
    assert result.exit_code == 0 and "stays readable" in result.output
    old, new = published_keys(keys.public_path)
    assert old.not_after is not None and keys.signing_key().kid == new.kid
    nowhere = {"FIELD_CODE_KEY": str(tmp_path / "x"), "FIELD_CODE_KEYS": str(tmp_path / "y")}
    assert CliRunner().invoke(app, ["letters", "rotate-field-key"], env=nowhere).exit_code == UNREADABLE
