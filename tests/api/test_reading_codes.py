"""A QR code on a photo, or a code typed from paper, leads to our own page or to a sentence, and never anywhere else."""

import asyncio
import io
import struct
import time
import zlib

import httpx
import pytest
from PIL import Image

from api.code_reader import CodeReader, Found, Reading
from api.pages.public.verification import PHOTO_WORDS, TYPED_WORDS
from signing.qr import qr_png, verification_code
from tests.api.conftest import Api
from tests.api.filing import a_pdf

KEY = bytes(range(32))
BASE = "https://sakpore.contoh.example"
CODE = verification_code("7Q2MZK4XWB3FJ5T8", KEY)
OURS = Reading(Found.LETTER, CODE)
LOOK_ALIKES = (
    f"https://sakpore.contoh.example.jahat.example/v/{CODE}",
    f"https://sakpore.contoh.example@jahat.example/v/{CODE}",
    f"https://sakpore-contoh.example/v/{CODE}",
    f"https://sakp0re.contoh.example/v/{CODE}",
    f"https://sakpоre.contoh.example/v/{CODE}",
    f"http://sakpore.contoh.example/v/{CODE}",
    f"https://sakpore.contoh.example:8443/v/{CODE}",
    f"https://sakpore.contoh.example/lain/v/{CODE}",
    "https://sakpore.contoh.example/v/7Q2MZK4XWB3FJ5T8.aaaaaaaaaaaaaaaa",
    "javascript:alert(1)",
    "apa saja",
)  # fmt: skip


@pytest.fixture
def reader() -> CodeReader:
    return CodeReader(BASE, KEY)


def photo(
    text: str, kind: str = "PNG", size: tuple[int, int] = (1200, 1600), at: tuple[int, int] = (300, 500)
) -> bytes:
    """A code lying on a sheet, as a photo has it."""
    sheet = Image.new("RGB", size, (214, 209, 199))
    sheet.paste(Image.open(io.BytesIO(qr_png(text, 6))), at)
    taken = io.BytesIO()
    sheet.rotate(4, fillcolor=(120, 110, 100)).save(taken, kind)
    return taken.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_a_photo_of_our_code_is_read_in_each_format_that_is_offered(reader: CodeReader, kind: str) -> None:
    assert await reader.read(photo(f"{BASE}/v/{CODE}", kind)) == OURS
    await reader.aclose()


async def test_a_photo_of_a_whole_page_from_a_large_sensor_is_read(reader: CodeReader) -> None:
    large = photo(f"{BASE}/v/{CODE}", "JPEG", size=(6000, 8000), at=(2600, 5200))
    assert await reader.read(large) == OURS
    await reader.aclose()


@pytest.mark.parametrize("text", LOOK_ALIKES)
def test_a_look_alike_address_is_foreign(reader: CodeReader, text: str) -> None:
    assert reader.judge([text]) == Reading(Found.FOREIGN)


def test_the_case_of_scheme_and_host_does_not_matter(reader: CodeReader) -> None:
    assert reader.judge([f"HTTPS://Sakpore.Contoh.EXAMPLE/v/{CODE}"]) == OURS


def test_our_code_beside_another_one_is_ours_and_two_of_ours_are_one_too_many(reader: CodeReader) -> None:
    other = verification_code("8Q2MZK4XWB3FJ5T8", KEY)
    assert reader.judge(["https://lain.example", f"{BASE}/v/{CODE}"]) == OURS
    assert reader.judge([f"{BASE}/v/{other}", f"{BASE}/v/{CODE}"]) == Reading(Found.SEVERAL)
    assert reader.judge([]) == Reading(Found.NOTHING)


def test_an_offline_code_at_our_address_is_told_from_a_letters(reader: CodeReader) -> None:
    assert reader.judge([f"{BASE}/v/luring#SKP1:ABC"]) == Reading(Found.FIELD, "SKP1:ABC")


@pytest.mark.parametrize(
    "typed",
    [
        CODE, f"  {CODE}\n", CODE.upper(), CODE.lower(), " ".join(CODE), f"7Q2M-ZK4X-WB3F-J5T8.{CODE[17:]}",
        f"{BASE}/v/{CODE}", f"sakpore.contoh.example/v/{CODE}", f"{BASE}/v/{CODE}.", f"({CODE})",
        f"{BASE.upper()}/v/{CODE}",
    ],
)  # fmt: skip
def test_a_code_may_be_typed_in_any_case_with_spaces_or_as_the_whole_address(reader: CodeReader, typed: str) -> None:
    assert reader.typed(typed) == OURS


def test_letters_that_look_like_digits_are_forgiven(reader: CodeReader) -> None:
    code = verification_code("10" * 8, KEY)
    assert reader.typed(code.replace("1010", "IO" + "lo")) == Reading(Found.LETTER, code)


@pytest.mark.parametrize("typed", ["", ".", "x", CODE[:-1], CODE + "a", "7Q2MZK4XWB3FJ5T8", "9" + CODE[1:], "a." * 300])
def test_what_is_no_code_of_ours_is_none(reader: CodeReader, typed: str) -> None:
    assert reader.typed(typed).found is Found.NOTHING


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes that claims, and holds, very many grey pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(1 + width)) for _ in range(min(height, 2000))) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", Found.NOT_A_PICTURE), (b"%PDF-1.7", Found.NOT_A_PICTURE), (b"GIF89a" + bytes(50), Found.NOT_A_PICTURE),
        (b"\x00\x00\x00\x18ftypheic" + bytes(50), Found.HEIC), (b"\xff\xd8\xff" + bytes(500), Found.NOT_A_PICTURE),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), Found.NOT_A_PICTURE), (bomb(40_000, 40_000), Found.TOO_LARGE),
        (bomb(7_000, 8_000), Found.NOTHING), (b"RIFF\xff\xff\xff\xffWEBPVP8L" + bytes(40), Found.UNREADABLE),
    ],
)  # fmt: skip
async def test_a_hostile_picture_is_a_sentence_and_the_next_photo_is_read(
    reader: CodeReader, content: bytes, found: Found
) -> None:
    reading = await reader.read(content)
    assert reading == Reading(found)
    assert found in PHOTO_WORDS
    assert await reader.read(photo(f"{BASE}/v/{CODE}")) == OURS
    await reader.aclose()


async def test_a_child_that_is_killed_costs_one_photo(reader: CodeReader) -> None:
    await reader.read(photo("apa saja"))
    process = reader._child._process
    assert process is not None
    process.kill()
    await process.wait()
    assert await reader.read(photo(f"{BASE}/v/{CODE}")) == OURS
    await reader.aclose()


async def test_a_photo_that_takes_too_long_is_given_up(reader: CodeReader) -> None:
    hasty = CodeReader(BASE, KEY, wall_seconds=0.001)
    began = time.monotonic()
    assert await hasty.read(photo("apa saja")) == Reading(Found.UNREADABLE)
    assert time.monotonic() - began < 10
    await hasty.aclose()
    await reader.aclose()


async def with_token(api: Api) -> tuple[httpx.AsyncClient, dict[str, str]]:
    client = api.anonymous(Accept="text/html")
    await client.get("/v")
    return client, {"csrf_token": client.cookies["sakpore_form"]}


async def test_a_photo_of_our_code_leads_to_the_letters_page_without_a_script(api: Api) -> None:
    code = verification_code("7Q2MZK4XWB3FJ5T8", api.settings.qr_key_bytes)
    client, token = await with_token(api)
    address = f"{api.settings.public_base_url}/v/{code}"
    for path, field in (("/v/foto", "foto"), ("/v", "pdf")):  # a photo in the PDF's place is read as one
        sent = {field: ("foto.jpg", photo(address, "JPEG"), "image/jpeg")}
        answer = await client.post(path, files=sent, data=token)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/v/{code}")


async def test_a_foreign_code_is_never_linked_to_nor_shown(api: Api) -> None:
    client, token = await with_token(api)
    sent = {"foto": ("foto.png", photo("https://jahat.example/v/x"), "image/png")}
    answer = await client.post("/v/foto", files=sent, data=token)
    assert answer.status_code == 422
    assert PHOTO_WORDS[Found.FOREIGN] in answer.text
    assert "jahat.example" not in answer.text


@pytest.mark.parametrize("content", [b"", b"bukan foto", a_pdf()])
async def test_what_is_no_photo_is_asked_for_again(api: Api, content: bytes) -> None:
    client, token = await with_token(api)
    answer = await client.post("/v/foto", files={"foto": ("x.jpg", content)}, data=token)
    assert answer.status_code == 422 and 'href="#foto"' in answer.text


async def test_the_photo_form_needs_its_own_token(api: Api) -> None:
    answer = await api.anonymous(Accept="text/html").post("/v/foto", files={"foto": ("x.png", photo("x"))})
    assert answer.status_code == 403


async def test_a_typed_code_leads_to_the_letters_page_as_we_write_it(api: Api) -> None:
    code = verification_code("7Q2MZK4XWB3FJ5T8", api.settings.qr_key_bytes)
    client = api.anonymous(Accept="text/html")
    for typed in (code.upper(), f" {code} ", f"{api.settings.public_base_url}/v/{code}"):
        answer = await client.get("/v", params={"kode": typed})
        assert (answer.status_code, answer.headers["location"]) == (303, f"/v/{code}")
    for wrong, words in (("salah", Found.NOTHING), (f"https://jahat.example/v/{code}", Found.FOREIGN)):
        answer = await client.get("/v", params={"kode": wrong})
        assert answer.status_code == 422 and TYPED_WORDS[words] in answer.text
        assert "jahat.example" not in answer.text


async def test_the_camera_is_allowed_on_the_verification_page_alone(api: Api) -> None:
    client = api.anonymous(Accept="text/html")
    assert "camera=(self)" in (await client.get("/v")).headers["permissions-policy"]
    for path in ("/", "/masuk", "/v/x", "/lacak"):
        assert "camera=()" in (await client.get(path)).headers["permissions-policy"]


async def test_pages_allow_scripts_of_our_own_alone(api: Api) -> None:
    policy = (await api.anonymous(Accept="text/html").get("/v")).headers["content-security-policy"]
    assert "default-src 'self'" in policy and "unsafe" not in policy and "script-src" not in policy


async def test_many_photos_at_once_are_all_answered(reader: CodeReader) -> None:
    photos = [photo(f"{BASE}/v/{verification_code(f'AAAA{n}', KEY)}") for n in range(6)]
    readings = await asyncio.gather(*map(reader.read, photos))
    assert [one.code for one in readings] == [verification_code(f"AAAA{n}", KEY) for n in range(6)]
    await reader.aclose()
