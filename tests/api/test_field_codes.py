"""Offline codes at the door: the published keys, the page that phones keep, and the answer of the office itself."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from api.code_reader import Found
from api.field_codes import FieldCodes
from api.pages.public.verification import PHOTO_WORDS
from signing.field_code import FieldClaims, field_code
from signing.field_keys import FieldKeys
from signing.qr import verification_code
from tests.api.conftest import Api
from tests.api.test_reading_codes import photo, with_token


@pytest.fixture
def keys(api: Api, tmp_path: Path) -> FieldKeys:
    made = FieldKeys.create(tmp_path / "f.pem", tmp_path / "f.json", api.clock.now - timedelta(days=1))
    api.services.field_codes = FieldCodes(made.public_path)
    return made


def claims(api: Api) -> FieldClaims:
    return FieldClaims(
        verification_code=verification_code("7Q2MZK4XWB3FJ5T8", api.settings.qr_key_bytes),
        number="503/0012/KPT/III/2026",
        title="Kartu Pengawas Trayek",
        holder="CV Contoh Angkutan",
        letter_date=date(2026, 3, 13),
        valid_until=date(2026, 3, 13),
        lines=(("Nomor kendaraan", "G 0000 XX"),),
        practice=False,
        made_at=api.clock.now,
    )


async def test_the_keys_are_published_as_a_jwk_set_for_everybody(api: Api, keys: FieldKeys) -> None:
    answer = await api.anonymous().get("/.well-known/sakpore-keys.json")
    assert answer.headers["content-type"] == "application/jwk-set+json"
    [jwk] = answer.json()["keys"]
    assert (jwk["kty"], jwk["crv"], jwk["alg"], jwk["use"]) == ("EC", "P-256", "ES256", "sig") and "d" not in jwk
    assert bytes.fromhex(jwk["kid"]) == keys.signing_key().kid
    keys.rotate(api.clock.now)
    old, new = (await api.anonymous().get("/.well-known/sakpore-keys.json")).json()["keys"]
    assert "exp" in old and "exp" not in new


async def test_without_keys_the_set_is_empty_and_no_code_is_genuine(api: Api) -> None:
    assert (await api.anonymous().get("/.well-known/sakpore-keys.json")).json() == {"keys": []}
    given = {"code": "SKP1:" + "A" * 100}
    assert (await api.anonymous().post("/api/v1/verifications/field-codes", json=given)).json()["genuine"] is False


async def test_the_office_reads_a_code_and_does_not_call_it_valid(api: Api, keys: FieldKeys) -> None:
    given = {"code": field_code(claims(api), keys.signing_key())}
    said = (await api.anonymous().post("/api/v1/verifications/field-codes", json=given)).json()
    assert (said["genuine"], said["is_over"], said["number"]) == (True, False, "503/0012/KPT/III/2026")
    assert said["lines"] == [["Nomor kendaraan", "G 0000 XX"]] and "state" not in said
    api.clock.advance(days=1)
    assert (await api.anonymous().post("/api/v1/verifications/field-codes", json=given)).json()["is_over"] is True
    changed = {"code": given["code"][:-9] + "AAAAAAAAA"}
    said = (await api.anonymous().post("/api/v1/verifications/field-codes", json=changed)).json()
    assert said["genuine"] is False and said["number"] is None


async def test_a_photo_of_a_field_code_leads_to_what_the_register_says(api: Api, keys: FieldKeys) -> None:
    told = claims(api)
    client, token = await with_token(api)
    address = f"{api.settings.public_base_url}/v/luring#{field_code(told, keys.signing_key())}"
    answer = await client.post("/v/foto", files={"foto": ("k.png", photo(address))}, data=token)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/v/{told.verification_code}")
    forged = await client.post("/v/foto", files={"foto": ("k.png", photo(address[:-9] + "AAAAAAAAA"))}, data=token)
    assert forged.status_code == 422 and PHOTO_WORDS[Found.FORGED] in forged.text


async def test_a_signed_code_that_names_no_code_of_ours_leads_nowhere(api: Api, keys: FieldKeys) -> None:
    client, token = await with_token(api)
    odd = replace(claims(api), verification_code="//jahat.example/x")
    address = f"{api.settings.public_base_url}/v/luring#{field_code(odd, keys.signing_key())}"
    answer = await client.post("/v/foto", files={"foto": ("k.png", photo(address))}, data=token)
    assert answer.status_code == 422 and "jahat" not in answer.text


async def test_the_page_and_its_worker_are_the_same_for_everybody(api: Api, keys: FieldKeys) -> None:
    outside, inside = api.anonymous(Accept="text/html"), await api.as_("pemohon")
    page = await outside.get("/v/luring")
    assert page.status_code == 200 and (await inside.get("/v/luring")).text == page.text
    worker = await outside.get("/v/luring/pekerja.js")
    assert worker.headers["service-worker-allowed"] == "/v/luring"
    assert worker.headers["content-type"].startswith("text/javascript")
    for file in ("/v/luring", "/.well-known/sakpore-keys.json", "/assets/luring."):
        assert file in worker.text
