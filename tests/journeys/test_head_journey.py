"""The head signs from a phone, by a code without JavaScript and by a passkey; a leader asks why a case is stuck."""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Page, expect

from sakpore.demo.office import Desk
from sakpore.people import HEAD, PASSPHRASE, PASSWORD
from sakpore.seed import TOTP_FILE
from sakpore.stack.background import BackgroundStack
from sakpore.users import ticket_for
from signing.totp import totp_now
from tests.api.test_passkeys_in_browser import AUTHENTICATOR, SCRIPT
from tests.journeys.conftest import DESK, PHONE, Opens
from tests.journeys.office import PEOPLE, Office, _apart

STEP_SECONDS = 30
PATIENCE = 90_000  # milliseconds: a letter is signed, timestamped and judged


def a_fresh_code(office: Office) -> str:
    """A code counts once, also for others who sign in this session: one of a step that has just begun."""
    secret = bytes.fromhex(json.loads((office.data_dir / "keys" / TOTP_FILE).read_text())[HEAD.id])
    time.sleep(STEP_SECONDS - time.time() % STEP_SECONDS + 0.5)
    return totp_now(secret, datetime.now(UTC))


def only_this_letter(page: Page, number: str) -> None:
    """Marks the letter of that case alone: others of this session may wait beside it."""
    mine = page.locator(".surat", has=page.locator(f"img[src*='/{number}/']"))
    expect(mine).to_have_count(1)
    for box in page.get_by_role("checkbox").all():
        box.uncheck()
    mine.get_by_role("checkbox").check()


def reads_that_the_letter_is_genuine(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "1 dari 1 surat sudah ditandatangani", timeout=PATIENCE
    )
    genuine = page.get_by_role("link", name=re.compile("Periksa keaslian"))
    expect(genuine).to_be_visible(timeout=PATIENCE)
    genuine.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("SAH")


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_the_head_signs_a_letter_by_a_code_without_javascript(opens: Opens, office: Office, width: int) -> None:
    number = office.submitted("sip-fisioterapis")
    office.waiting_at(number, "signing")
    page = opens("kepala", width=width, scripts=False)
    page.goto("/tanda-tangan")
    only_this_letter(page, number)
    page.get_by_role("button", name="Tanda tangani yang ditandai").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tanda tangani 1 surat")
    page.get_by_role("button", name="Tanda tangani 1 surat").click()
    expect(page.get_by_role("alert")).to_contain_text("Frasa sandi belum diisi.")
    page.get_by_label("Frasa sandi tanda tangan").fill(PASSPHRASE)
    page.get_by_label("Kode sekali pakai").fill(a_fresh_code(office))
    page.get_by_role("button", name="Tanda tangani 1 surat").click()
    reads_that_the_letter_is_genuine(page)
    page.goto("/tanda-tangan")
    expect(page.locator(f"img[src*='/{number}/']")).to_have_count(0)


def test_the_head_signs_a_letter_by_a_passkey_on_a_phone(opens: Opens, office: Office) -> None:
    number = office.submitted("sip-fisioterapis")
    office.waiting_at(number, "signing")
    page = opens("kepala", width=PHONE, has_touch=True)
    has_a_passkey(page, office)
    page.goto("/tanda-tangan")
    only_this_letter(page, number)
    page.locator(".surat", has=page.locator(f"img[src*='/{number}/']")).get_by_role("link", name="Baca surat").click()
    expect(page.get_by_alt_text(re.compile("Halaman 1 dari"))).to_be_visible()
    page.get_by_role("link", name="Semua surat").click()
    page.get_by_role("button", name="Tanda tangani 1 surat").click()
    button = page.get_by_role("button", name="Setujui dengan kunci sandi")
    button.click()
    expect(page.get_by_role("status")).to_have_text("Frasa sandi belum diisi.")
    page.get_by_label("Frasa sandi tanda tangan").fill(PASSPHRASE)
    button.click()
    reads_that_the_letter_is_genuine(page)


def has_a_passkey(page: Page, office: Office) -> None:
    """The device of this page makes one, let in by a ticket, so that it may sign at once."""
    protocol = page.context.new_cdp_session(page)
    protocol.send("WebAuthn.enable")
    protocol.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    page.goto("/api/health")
    page.evaluate(SCRIPT)
    assert page.evaluate("([email, password]) => logIn(email, password)", [HEAD.email, PASSWORD]) == 201
    with ThreadPoolExecutor() as beside:  # the browser's own loop lives in this thread
        proof = {"ticket": beside.submit(ticket_for, office.data_dir, HEAD.email).result()}
    made = page.evaluate("([password, proof]) => register(password, proof)", [PASSWORD, proof])
    assert made["status"] in (201, 202), made


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_leader_asks_the_holder_why_and_reads_the_answer(
    opens: Opens, office: Office, stack: BackgroundStack, width: int
) -> None:
    number = office.submitted()
    task = office.waiting_at(number, "verification")["id"]
    grown_silent(stack, task)
    page = opens("koordinator", width=width, scripts=False)
    page.goto("/macet")
    card = page.locator(".macet", has_text=number)
    card.get_by_label("Pertanyaan kepada pemegangnya").fill("Kapan selesai?")
    card.get_by_role("button", name="Tanyakan sebabnya").click()
    expect(page.get_by_role("status")).to_contain_text("Pertanyaan Anda sudah dikirim")
    expect(card).to_contain_text("Belum dijawab")
    _apart(answers(office, task, "Berkasnya selesai diperiksa besok pagi."))
    page.reload()
    expect(card).to_contain_text("Berkasnya selesai diperiksa besok pagi.")
    expect(card).not_to_contain_text("Belum dijawab")


def grown_silent(stack: BackgroundStack, task: str) -> None:
    """Days pass in the inbox alone: the task is beyond its due date, and its first rung has fallen."""
    url = stack.environment("api")["DATABASE_URL"].replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "update tasks set due_at = due_at - interval '9 days', rungs_fallen = 1 where id = %s", (task,)
        )


async def answers(office: Office, task: str, note: str) -> Any:
    desk = await Desk.open(office.address, PEOPLE["depan"])
    try:
        return await desk.write(f"/tasks/{task}/note", {"note": note}, key=f"jawab-{task}")
    finally:
        await desk.close()
