"""The page of a demonstration: there for visitors of one, and nowhere else."""

import json
import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from api.settings import ApiSettings
from tests.api.conftest import PASSWORD, Api
from tests.api.pages import browser

KEPT = {
    "people": [{"e-mail": "kepala@contoh.test", "password": "contoh-sakpore", "role": "head_of_office", "for": "",
                "name": "Kepala Dinas Contoh"}],
    "passphrase": "frasa-sandi-contoh",
    "codes": {"kepala@contoh.test": "00" * 20},
}  # fmt: skip


async def test_an_ordinary_installation_has_no_such_page(api: Api) -> None:
    visitor = api.anonymous(Accept="text/html")
    assert (await visitor.get("/peragaan")).status_code == 404
    assert (await visitor.get("/peragaan/surat")).status_code == 404
    assert "/peragaan" not in (await visitor.get("/")).text


async def test_a_demonstration_shows_who_can_be_tried_and_the_code_of_this_half_minute(
    api: Api, tmp_path: Path
) -> None:
    file = tmp_path / "demonstration.json"
    file.write_text(json.dumps(KEPT))
    api.services.settings = api.settings.model_copy(update={"demonstration_file": file})
    visitor = api.anonymous(Accept="text/html")
    text = (await visitor.get("/peragaan")).text
    assert "kepala@contoh.test" in text and "frasa-sandi-contoh" in text
    assert "00" * 20 not in text  # the secret itself stays where it is
    assert (await visitor.get("/peragaan/surat")).status_code == 200
    assert "/peragaan" in (await visitor.get("/")).text


async def test_whoever_tries_a_demonstration_becomes_anybody_by_one_button(api: Api, tmp_path: Path) -> None:
    file = tmp_path / "demonstration.json"
    people = [
        {"e-mail": f"{one}@contoh.invalid", "password": PASSWORD, "role": "front_office", "for": "", "name": one}
        for one in ("depan", "pemohon")
    ]
    file.write_text(json.dumps(KEPT | {"people": people}))
    api.services.settings = api.settings.model_copy(update={"demonstration_file": file})
    visitor = browser(api)
    for number, home in enumerate(("/tugas", "/permohonan")):
        shown = (await visitor.get("/peragaan")).text
        form = re.findall(r'<form method="post" action="/masuk">.*?</form>', shown, re.DOTALL)[number]
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
        answer = await visitor.post("/masuk", data=fields)
        assert (answer.status_code, answer.headers["location"]) == (303, home)


def test_production_refuses_to_show_anybodys_password(api_settings: ApiSettings, tmp_path: Path) -> None:
    given = {
        "sakpore_env": "production", "public_base_url": "https://sakpore.contoh.example",
        "qr_key": api_settings.qr_key.get_secret_value(), "demonstration_file": str(tmp_path / "x.json"),
    }  # fmt: skip
    with pytest.raises(ValidationError, match="nobody's password"):
        ApiSettings.model_validate(given)
    assert ApiSettings.model_validate(given | {"demonstration_file": ""}).demonstration_file is None
