"""Which outside bodies a worker speaks to, and that no stand-in of one ever runs in production."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from activities.clients.post import NoPost, StandInPost
from activities.clients.whatsapp import CloudApi, FileWhatsApp, NoWhatsApp
from worker.main import _post, _whatsapp
from worker.settings import MainSettings

FIELD = {"field_code_key": Path("/keys/f"), "field_code_keys": Path("/keys/f.json")}
KEY = base64.b64encode(bytes(32)).decode()
REAL = {"whatsapp_phone_number_id": "106540352242922", "whatsapp_token": "EAAG-contoh"}


def settings(**more: Any) -> MainSettings:
    given = {"temporal_address": "localhost:1", "payload_keys": f"uji:{KEY}", "qr_key": KEY}
    return MainSettings.model_validate(given | {"public_base_url": "https://izin.contoh.test"} | more)


def test_without_settings_there_is_neither_whatsapp_nor_tracking() -> None:
    assert isinstance(_whatsapp(settings()), NoWhatsApp)
    assert isinstance(_post(settings()), NoPost)


def test_the_real_whatsapp_comes_before_its_stand_in(tmp_path: Path) -> None:
    assert isinstance(_whatsapp(settings(whatsapp_folder=tmp_path)), FileWhatsApp)
    assert isinstance(_whatsapp(settings(whatsapp_folder=tmp_path, **REAL)), CloudApi)
    assert isinstance(_post(settings(post_tracking="stand-in")), StandInPost)


@pytest.mark.parametrize(
    "unsafe",
    [
        {"whatsapp_folder": "/tmp/x"},
        {"post_tracking": "stand-in"},
        REAL | {"whatsapp_api_url": "http://graph.contoh.test/v21.0"},
    ],
)
def test_production_refuses_stand_ins_and_tokens_in_the_clear(unsafe: dict[str, str]) -> None:
    settings(**unsafe)
    settings(sakpore_env="production", **FIELD)
    with pytest.raises(ValidationError):
        settings(sakpore_env="production", **FIELD, **unsafe)


def test_production_needs_the_key_of_offline_codes_and_no_half_of_it() -> None:
    with pytest.raises(ValidationError, match="FIELD_CODE_KEY"):
        settings(sakpore_env="production")
    with pytest.raises(ValidationError, match="both"):
        settings(field_code_key=Path("/x"))


@pytest.mark.parametrize(
    ("given", "mark"),
    [
        ({}, "test"), ({"demo_authority": False}, "plain"), ({"demo_authority": False, "letter_mark": "bsre"}, "bsre"),
        ({"demo_authority": False, "signing_provider": "bsre-v2"}, "bsre"),
        ({"demo_authority": False, "signing_provider": "bsre-v1", "letter_mark": "plain"}, "plain"),
        ({"demo_authority": True, "letter_mark": "bsre"}, "test"),
    ],
)  # fmt: skip
def test_letters_name_bsre_only_where_bsre_issues(given: dict[str, Any], mark: str) -> None:
    assert settings(**given).mark == mark


@pytest.mark.parametrize(
    "wrong",
    [{"whatsapp_token": "EAAG-contoh"}, {"quiet_hours": "malam"}, {"post_stand_in_days": 0}, {"post_tracking": "jne"}],
)
def test_half_or_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(**wrong)


def test_empty_variables_are_none_and_the_token_is_never_shown() -> None:
    empty = settings(whatsapp_phone_number_id="", whatsapp_token="", whatsapp_folder="", smtp_start_tls="")
    assert (empty.whatsapp_token, empty.whatsapp_folder, empty.smtp_start_tls) == (None, None, None)
    assert "EAAG-contoh" not in repr(settings(**REAL))
