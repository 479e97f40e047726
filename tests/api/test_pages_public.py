"""What everybody may see over HTTP, and what nobody is shown."""

import csv
import io

import pytest

from permits.authority import Role
from permits.decisions import TaskKind
from permits.events import Tag
from permits.steps import Served, Step, TaskClosed
from tests.api.cases import a_letter, an_event, issue_letter, open_task, sign_letter
from tests.api.conftest import UNCONFIRMED_TYPE, Api
from tests.api.filing import a_case
from tests.api.pages import browser

REKLAME, KLINIK, SIP = "izin-reklame-tetap", "izin-klinik", "sip-fisioterapis"
COMPANY = {"kind": "company", "name": "CV Contoh Batik", "position": "Direktur"}
POSITION = {"latitude": -6.8886, "longitude": 109.6753, "accuracy_metres": 8.0}


async def a_permit(api: Api, code: str, inspected: bool = True, **fields: object) -> str:
    """An issued permit, whose place was looked at."""
    number = await a_case(api, await api.as_("pemohon"), code, **fields)
    if inspected:
        task = await open_task(api, number, TaskKind.INSPECTION, Role.TECHNICAL_TEAM, photos=1)
        seen = {"kind": "inspected", "photos": [], "position": POSITION, "findings": "Contoh", "present": ["Contoh"]}
        closed = TaskClosed(
            id=task, status="decided", decision="inspected", actor_id="teknis", actor_name="Contoh Teknis",
            closed_at=api.clock.now, detail=seen,
        )  # fmt: skip
        event = an_event(api, "seen", Tag.TASK_DECIDED, decision="inspected")
        await api.records.keep(Step(number=number, events=(event,), tasks_closed=(closed,)))
    sha256, pdf = await a_letter(api, number, code)
    await sign_letter(api, number, sha256, pdf)
    await issue_letter(api, number)
    return number


# The catalogue -------------------------------------------------------------------------------------------------------


async def test_the_front_page_leads_to_search_tracking_and_verification(api: Api) -> None:
    text = (await browser(api).get("/")).text
    for way in ('action="/izin"', 'action="/lacak"', 'href="/v"', 'href="/izin?perlu=praktik"'):
        assert way in text


async def test_a_permit_type_is_found_by_the_words_that_people_use(api: Api) -> None:
    client = browser(api)
    for typed, found in (
        ("ijin praktek bidan", "sip-bidan"), ("spanduk", "izin-reklame-insidentil"), ("kost", "izin-rumah-kos"),
    ):  # fmt: skip
        assert f'href="/izin/{found}"' in (await client.get("/izin", params={"cari": typed})).text
    nothing = (await client.get("/izin", params={"cari": "kapal selam"})).text
    assert "Tidak ada jenis izin untuk" in nothing and 'href="/izin/' not in nothing


async def test_every_type_in_force_is_listed_in_every_order_and_under_some_need(api: Api) -> None:
    client = browser(api)
    types = (await client.get("/api/v1/permit-types", headers={"Accept": "application/json"})).json()["items"]
    needs = (await client.get("/izin")).text
    codes = [part.partition('"')[0] for part in needs.split('href="/izin?perlu=')[1:]]
    by_need = "".join([(await client.get("/izin", params={"perlu": code})).text for code in codes])
    by_field = (await client.get("/izin", params={"menurut": "bidang"})).text
    by_title = (await client.get("/izin", params={"menurut": "nama"})).text
    for one in types:
        for page in (by_need, by_field, by_title):
            assert f'href="/izin/{one["code"]}"' in page


async def test_the_page_of_a_type_says_what_it_asks_how_long_and_what_it_costs(api: Api) -> None:
    text = (await browser(api).get(f"/izin/{SIP}")).text
    for words in ("5 hari kerja", "Gratis", "STR yang masih berlaku", "Undang-Undang Nomor 17 Tahun 2023"):
        assert words in text
    assert f'href="/permohonan/baru?izin={SIP}"' in text and "noindex" not in text
    renewal = (await browser(api).get(f"/izin/{SIP}", params={"untuk": "renewal"})).text
    assert '<strong lang="id">SIP lama</strong>' in renewal and '<strong lang="id">SIP lama</strong>' not in text


async def test_a_type_that_waits_for_confirmation_says_so_and_offers_practice_alone(api: Api) -> None:
    text = (await browser(api).get(f"/izin/{UNCONFIRMED_TYPE}")).text
    assert "Menunggu konfirmasi dinas." in text and "Coba sebagai latihan" in text
    assert "Ajukan izin ini" not in text


async def test_a_type_of_another_authority_is_referred_and_never_begun_here(api: Api) -> None:
    text = (await browser(api).get("/izin/tdp")).text
    assert "oss.go.id" in text and "/permohonan/baru" not in text


async def test_guide_and_slip_carry_the_address_as_text_and_as_drawing(api: Api) -> None:
    for paper in ("panduan", "kartu"):
        text = (await browser(api).get(f"/izin/{REKLAME}/{paper}")).text
        assert f"localhost:8080/izin/{REKLAME}" in text and 'class="kode-qr"' in text
    assert (await browser(api).get("/izin/tidak-ada/kartu")).status_code == 404


async def test_pages_are_said_in_english_for_whoever_chose_it(api: Api) -> None:
    client = api.anonymous(Accept="text/html", Cookie="sakpore_bahasa=en")
    assert "Which permit do you need?" in (await client.get("/")).text
    assert "Documents to prepare" in (await client.get(f"/izin/{SIP}")).text


# Guessing ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/lacak/{}", "/api/v1/tracking/{}", "/v/{}", "/api/v1/verifications/{}"])
async def test_whoever_tries_many_codes_has_to_wait_alone(api: Api, path: str) -> None:
    guesser, neighbour = browser(api, "203.0.113.7"), browser(api, "203.0.113.8")
    statuses = [(await guesser.get(path.format(f"7Q2MZK4XWB3FJ5{n:02d}"))).status_code for n in range(61)]
    assert 429 not in statuses[:60] and statuses[60] == 429
    refused = await guesser.get(path.format("7Q2MZK4XWB3FJ5T8"))
    assert 0 < int(refused.headers["retry-after"]) <= 20
    assert (await neighbour.get(path.format("7Q2MZK4XWB3FJ5T8"))).status_code != 429
    api.clock.advance(minutes=3)
    assert (await guesser.get(path.format("7Q2MZK4XWB3FJ5T8"))).status_code != 429


async def test_the_page_of_too_many_tries_says_how_long_to_wait_and_why(api: Api) -> None:
    guesser = browser(api)
    for n in range(60):
        await guesser.get(f"/lacak/7Q2MZK4XWB3FJ5{n:02d}")
    text = (await guesser.get("/lacak/7Q2MZK4XWB3FJ5T8")).text
    assert "Terlalu banyak percobaan" in text and "detik" in text and "tidak dapat ditebak" in text


async def test_opening_ones_own_case_often_is_never_held_up(api: Api) -> None:
    owner = await api.as_("pemohon")
    number = await a_case(api, owner)
    code = (await owner.get(f"/api/v1/applications/{number}")).json()["tracking_code"]
    assert {(await browser(api).get(f"/lacak/{code}")).status_code for _ in range(70)} == {200}


# The map -------------------------------------------------------------------------------------------------------------


async def test_the_map_shows_a_companys_permit_with_its_place(api: Api) -> None:
    await a_permit(api, KLINIK, party=COMPANY)
    text = (await browser(api).get("/peta")).text
    assert "CV Contoh Batik" in text and "/peta/arah?ke=-6.88860,109.67530" in text
    assert 'class="sketsa__titik"' in text
    assert "Contoh Pemohon" not in text  # who filed it is nobody's business


async def test_a_person_is_never_named_and_a_persons_place_is_shown_in_public_space_alone(api: Api) -> None:
    await a_permit(api, REKLAME)
    await a_permit(api, "izin-rumah-kos")
    await a_permit(api, SIP, inspected=False)
    client = browser(api)
    page, data = (await client.get("/peta")).text, (await client.get("/peta/izin.geojson")).json()
    pins = [one["properties"] for one in data["features"] if one["properties"]["part"] == "permit"]
    assert [(pin["holder"], pin["address"]) for pin in pins] == [("Perorangan, nama tidak ditampilkan", "")]
    for hidden in ("Contoh Pemohon", "Rumah Kos", "Fisioterapis", "503/0001", "Contoh uraian"):
        assert hidden not in page and hidden not in str(data)


async def test_practice_and_revoked_permits_are_on_no_map(api: Api) -> None:
    await a_permit(api, KLINIK, party=COMPANY, practice=True)
    assert "CV Contoh Batik" not in (await browser(api).get("/peta")).text


async def test_permits_are_searched_by_type_and_by_company(api: Api) -> None:
    await a_permit(api, KLINIK, party=COMPANY)
    await a_permit(api, "izin-apotek", party={**COMPANY, "name": "PT Contoh Farma"})
    client = browser(api)
    assert "PT Contoh Farma" not in (await client.get("/peta", params={"jenis": KLINIK})).text
    found = (await client.get("/peta", params={"lembaga": "farma"})).text
    assert "PT Contoh Farma" in found and "CV Contoh Batik" not in found
    assert "Tidak ada yang cocok" in (await client.get("/peta", params={"lembaga": "100%"})).text


async def test_pictures_of_a_tile_server_are_allowed_on_the_map_alone_and_where_one_is_set(api: Api) -> None:
    client = browser(api)
    assert "https" not in (await client.get("/peta")).headers["content-security-policy"]
    tiles = {"tile_url": "https://peta.contoh.example/{z}/{x}/{y}.png"}
    api.services.settings = api.settings.model_copy(update=tiles)
    policy = (await client.get("/peta")).headers["content-security-policy"]
    assert "img-src 'self' https://peta.contoh.example data:" in policy
    assert "https" not in (await client.get("/")).headers["content-security-policy"]


async def test_directions_lead_to_a_position_and_to_no_other_site(api: Api) -> None:
    client = browser(api)
    answer = await client.get("/peta/arah", params={"ke": "-6.88860,109.67530"})
    assert answer.headers["location"] == "https://www.openstreetmap.org/directions?to=-6.88860%2C109.67530"
    for wrong in ("//jahat.example", "1,2&x=y", "-6.8,109.6\n"):
        assert (await client.get("/peta/arah", params={"ke": wrong})).status_code == 422


# Open figures --------------------------------------------------------------------------------------------------------


async def served(api: Api, net: int) -> str:
    number = await a_permit(api, SIP, inspected=False)
    await _kept(api, number, net)
    return number


async def _kept(api: Api, number: str, net: int) -> None:
    event = an_event(api, f"settled-{number}", Tag.PROMISE_SETTLED, net=net, promised=5)
    served = Served(promised=5, gross=net, net=net, paused=0)
    await api.records.keep(Step(number=number, events=(event,), served=served))


async def test_the_year_counts_what_came_what_went_and_what_was_late(api: Api) -> None:
    for net in (2, 4, 9):
        await served(api, net)
    await a_case(api, await api.as_("pemohon"), SIP)
    rows = list(csv.reader(io.StringIO((await browser(api).get("/statistik.csv?tahun=2026")).text)))
    whole = dict(zip(rows[0], rows[1], strict=True))
    counted = ("diterima", "terbit", "dihitung", "sesuai_janji", "median_hari")
    assert [whole[name] for name in counted] == ["4", "3", "3", "2", "4"]
    march = next(row for row in rows if row[1:3] == ["bulan", "03"])
    assert march[4] == "4"
    page = (await browser(api).get("/statistik?tahun=2026")).text
    assert "Dari 100 permohonan yang selesai, 66 selesai dalam waktu yang dijanjikan." in page
    assert "Contoh Pemohon" not in page and "PRM-" not in page
    assert "Belum ada permohonan di tahun ini" in (await browser(api).get("/statistik?tahun=2024")).text


async def test_practice_is_in_no_figure(api: Api) -> None:
    await a_case(api, await api.as_("pemohon"), SIP, practice=True)
    assert "Belum ada permohonan di tahun ini" in (await browser(api).get("/statistik")).text


# Problems, robots ----------------------------------------------------------------------------------------------------


async def test_every_problem_code_has_a_page_that_says_what_to_do(api: Api) -> None:
    client = browser(api)
    listed = (await client.get("/masalah")).text
    for code in api.services.problems.table.codes:
        assert f'href="/masalah/{code}"' in listed
        page = await client.get(f"/masalah/{code}")
        assert page.status_code == 200 and "Yang dapat Anda lakukan" in page.text
        assert "{" not in page.text.partition("<main")[2].partition("</main>")[0]


async def test_search_engines_find_the_catalogue_and_no_case(api: Api) -> None:
    rules = (await api.anonymous().get("/robots.txt")).text
    assert "Allow: /" in rules and "Disallow: /lacak/" in rules and "Disallow: /v/" in rules
    for page in ("/", "/izin", "/peta", "/statistik", "/privasi", "/aksesibilitas", "/lacak"):
        answer = await browser(api).get(page)
        assert answer.status_code == 200 and "noindex" not in answer.text, page
