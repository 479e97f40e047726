"""The whole office on one machine: it answers, and every one of its processes may be killed."""

import httpx

from sakpore.stack.background import BackgroundStack
from sakpore.stack.parts import EMBEDDED, OWN


def answers(stack: BackgroundStack) -> bool:
    return httpx.get(f"{stack.addresses['api']}/api/openapi.json", timeout=30).status_code == 200


def test_every_part_of_the_product_runs(stack: BackgroundStack) -> None:
    assert set(stack.stack.part_names) == {*EMBEDDED, *OWN}
    assert answers(stack)


def test_the_accounts_to_be_shown_are_fictional_people(stack: BackgroundStack) -> None:
    accounts = stack.result("seed")
    assert accounts
    assert all("contoh" in str(account).lower() for account in accounts)


def test_the_office_answers_again_after_kill_9_of_every_part_at_once(stack: BackgroundStack) -> None:
    before = {name: stack.pid(name) for name in stack.stack.part_names}
    for name in before:
        stack.kill(name)
    for name in before:
        stack.wait_ready(name)
    assert all(stack.pid(name) not in (None, pid) for name, pid in before.items())
    assert answers(stack)
