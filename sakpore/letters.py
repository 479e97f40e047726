"""`sakpore letters`: a letter rendered again from what was kept of it, and the key of offline field codes."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import typer
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from activities.letters import LETTERS_DIR, LetterError, render_letter
from activities.templates import TemplateError, renderer, unpack
from permits.errors import RuleError
from sakpore.running import addresses
from signing.errors import ProviderUnavailable
from signing.field_keys import FieldKeys
from store.database import Database
from store.documents import DocumentStore
from store.errors import StoreError
from store.records import Records
from store.settings import StoreSettings

SAME, OTHER, UNREADABLE = 0, 1, 2
"""Exit codes."""


def render_again(sha256: str, data: Path, out: Path | None = None, environment: Mapping[str, str] | None = None) -> int:
    """Renders the stored input of a letter with the stored sources of its template, and compares the sha256.

    Args:
        sha256: of the letter before it was signed, as the register, the paraf and the events name it.
        data: folder of the installation; DATABASE_URL, S3_... and DOCUMENT_KEYS come before what it says.
        out: where the PDF is written, whatever its sha256.
        environment: instead of the process's own.

    Returns 0 when the bytes are the same, 1 when they are not, 2 when the letter cannot be read or rendered.
    """
    try:
        settings = _settings(data, os.environ if environment is None else environment)
        pdf, made_with = asyncio.run(_render(settings, sha256))
    except ValidationError:
        return _refuse(f"{data} holds no running installation: start it, or set DATABASE_URL, S3_..., DOCUMENT_KEYS.")
    except RuleError:
        return _refuse("No letter of the register has this sha256.")
    except (SQLAlchemyError, StoreError, OSError) as failure:
        # The reason may hold an address with its password.
        return _refuse(f"The store does not answer, or what was kept of the letter is gone ({type(failure).__name__}).")
    except (TemplateError, LetterError, ValueError) as failure:
        return _refuse(f"The letter cannot be rendered: {failure}")
    if out is not None:
        out.write_bytes(pdf)
    again = hashlib.sha256(pdf).hexdigest()
    typer.echo(f"{again}  rendered with {renderer()}; the letter was made with {made_with}")
    typer.echo("The same bytes." if again == sha256 else f"NOT the same bytes: the register has {sha256}.")
    return SAME if again == sha256 else OTHER


def rotate_field_key(data: Path, revoke: bool, environment: Mapping[str, str] | None = None) -> int:
    """A new key for offline field codes. Returns 0, or 2 where the files cannot be used."""
    given = os.environ if environment is None else environment
    private = Path(given.get("FIELD_CODE_KEY") or data / "keys" / "field-code.key")
    public = Path(given.get("FIELD_CODE_KEYS") or data / "keys" / "field-code-keys.json")
    try:
        fresh = FieldKeys(private, public).rotate(datetime.now(UTC), revoke=revoke)
    except (ProviderUnavailable, OSError) as failure:
        return _refuse(f"The key cannot be rotated: {failure}")
    typer.echo(f"Key {fresh.kid.hex()} signs from now on.")
    typer.echo("What the old one signed is refused." if revoke else "What the old one signed stays readable.")
    return SAME


async def _render(settings: StoreSettings, sha256: str) -> tuple[bytes, str]:
    database = Database.from_settings(settings)
    documents = DocumentStore(settings)
    try:
        letter = await Records(database).letter_by_sha256(sha256)
        if letter.input_sha256 is None:
            raise ValueError("its input was not kept")
        content = json.loads(await documents.get_document(letter.input_sha256))
        sources = await documents.get_document(letter.template_sha256) if letter.template_sha256 else None
    finally:
        await database.close()
    if sources is None:
        return render_letter(content["template"], content, letters_dir=LETTERS_DIR), "templates that were not kept"
    with tempfile.TemporaryDirectory(prefix="sakpore-letter-") as folder:
        template, made_with = unpack(sources, Path(folder))
        return render_letter(template, content, letters_dir=Path(folder)), made_with


def _settings(data: Path, environment: Mapping[str, str]) -> StoreSettings:
    """Of the installation that runs on the folder, with what the environment says in place of its own."""
    found, values = addresses(data), {"s3_bucket": "sakpore"}
    secrets = data / "secrets.json"
    if secrets.is_file():
        kept = json.loads(secrets.read_text())
        values |= {
            "s3_access_key_id": kept["s3_access_key"],
            "s3_secret_access_key": kept["s3_secret_key"],
            "document_keys": kept["document_keys"],
        }
    if found:
        values |= {"database_url": found["database_url"], "s3_endpoint_url": found["s3"]}
    given = {name: environment[name.upper()] for name in StoreSettings.model_fields if environment.get(name.upper())}
    return StoreSettings.model_validate(values | given)


def _refuse(words: str) -> int:
    typer.echo(words, err=True)
    return UNREADABLE
