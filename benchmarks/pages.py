"""First visits: bytes on the wire and time until a page can be used on a slow phone, beside an empty page's.

`python -m benchmarks.pages [--rounds 3]`. The whole product runs; Chromium is slowed down through its own protocol to
400 kbit/s, 400 ms a round trip and a quarter of the processor, with nothing in its cache. The floor is an empty page of
the same frame, in the same run. The list goes to var/bench/pages.json. A first page over 60 kB is a failure.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import socket
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, Response

from api.main import Assets
from api.pages import page_environment
from benchmarks.machine import about, load
from sakpore.assets import WEB, build
from sakpore.demo.cases import CASES
from sakpore.demo.drive import submit
from sakpore.demo.office import Desk
from sakpore.people import APPLICANTS, OFFICERS, PASSWORD
from sakpore.stack import Stack
from sakpore.stack.background import BackgroundStack

DATA = Path("var/bench")
MOST_BYTES = 60_000
BITS_PER_SECOND = 400_000
ROUND_TRIP_MILLISECONDS = 400
SLOWER = 4
PHONE = {"width": 360, "height": 780}
USABLE = """() => { const [page] = performance.getEntriesByType('navigation');
  const painted = performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0;
  return Math.max(painted, page.domContentLoadedEventEnd); }"""
"""Painted, and every script that the page waits for has run: milliseconds since the visit began."""

PEOPLE = {person.id: person for person in (*OFFICERS, *APPLICANTS)}


@dataclass(frozen=True)
class Journey:
    """Where somebody begins."""

    name: str
    address: str
    person: str | None = None


@dataclass(frozen=True)
class Visit:
    """One first visit."""

    status: int
    bytes: int  # headers and contents as they came over the wire
    requests: int
    seconds: float


def journeys(tracking_code: str, number: str) -> list[Journey]:
    """The first page of each journey."""
    applicant = CASES[0].applicant.id
    return [
        Journey("a visitor at the front page", "/"),
        Journey("a visitor tracks a case", f"/lacak/{tracking_code}"),
        Journey("a visitor looks for a permit type", "/izin"),
        Journey("a visitor reads a permit type", f"/izin/{CASES[0].permit_type}"),
        Journey("a visitor checks a letter", "/v"),
        Journey("somebody signs in", "/masuk"),
        Journey("somebody registers", "/daftar"),
        Journey("an applicant's applications", "/permohonan", applicant),
        Journey("an applicant begins an application", f"/permohonan/baru?izin={CASES[0].permit_type}", applicant),
        Journey("an applicant's case", f"/permohonan/{number}", applicant),
        Journey("the front office's inbox", "/tugas", "depan"),
        Journey("the front office's counter", "/loket", "depan"),
        Journey("a case as the office sees it", f"/kasus/{number}", "depan"),
        Journey("the head signs", "/tanda-tangan", "kepala"),
        Journey("operations", "/kelola", "ops"),
        Journey("without a network", "/luring"),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: 0 when no first page is over 60 kB."""
    parser = argparse.ArgumentParser(prog="benchmarks.pages", description="First visits on a slow phone.")
    parser.add_argument("--rounds", type=int, default=3, help="visits of each page, and of the floor beside each")
    parser.add_argument("--out", type=Path, default=DATA / "pages.json")
    chosen = parser.parse_args(arguments)
    console = Console(soft_wrap=True, highlight=False)
    build(WEB)
    before = load()
    with BackgroundStack(Stack(DATA / "pages-stack", ports={"api": 0})) as running, empty_page() as floor:
        address = running.addresses["api"]
        code, number = asyncio.run(_a_case(address))
        with sync_playwright() as playwright:
            chromium = shutil.which("chromium") or shutil.which("google-chrome")
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            rows = [
                measure(browser, address, journey, floor, chosen.rounds, console) for journey in journeys(code, number)
            ]
            browser.close()
    result = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": about(),
        "load_before": before,
        "load_after": load(),
        "rounds": chosen.rounds,
        "network": {"bits_per_second": BITS_PER_SECOND, "round_trip_ms": ROUND_TRIP_MILLISECONDS, "slower": SLOWER},
        "pages": [row for row in rows if row],
    }
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(json.dumps(result, indent=2) + "\n")
    console.print(f"Written: {chosen.out}", markup=False)
    heavy = [row["address"] for row in rows if row and row["bytes"] > MOST_BYTES]
    if heavy:
        console.print(f"Over {MOST_BYTES} bytes: {', '.join(heavy)}", markup=False)
    return 1 if heavy else 0


def measure(
    browser: Browser, address: str, journey: Journey, floor: str, rounds: int, console: Console
) -> dict[str, Any] | None:
    """Medians of a page and of the floor, turn about; None for a page that is not there."""
    cookies = _signed_in(address, journey.person) if journey.person else {}
    first = visit(browser, address, journey.address, cookies)  # the server's own caches are warm from here on
    if first.status != 200:
        console.print(f"{journey.name:36} {journey.address}: status {first.status}, not measured", markup=False)
        return None
    ours, floors = [], []
    for n in range(rounds):
        for side in ("ours", "floor") if n % 2 == 0 else ("floor", "ours"):
            if side == "ours":
                ours.append(visit(browser, address, journey.address, cookies))
            else:
                floors.append(visit(browser, floor, "/", {}))
    row = {
        **asdict(journey),
        "bytes": max(one.bytes for one in ours),
        "requests": ours[0].requests,
        "seconds": round(statistics.median(one.seconds for one in ours), 2),
        "floor_bytes": max(one.bytes for one in floors),
        "floor_seconds": round(statistics.median(one.seconds for one in floors), 2),
    }
    row["ratio"] = round(row["seconds"] / row["floor_seconds"], 2)
    console.print(
        f"{journey.name:36} {row['bytes']:6} bytes {row['requests']:2} requests {row['seconds']:5.2f} s, "
        f"floor {row['floor_seconds']:5.2f} s, ratio {row['ratio']:.2f}",
        markup=False,
    )
    return row


def visit(browser: Browser, address: str, path: str, cookies: dict[str, str]) -> Visit:
    """One first visit of a slow phone with an empty cache."""
    context = browser.new_context(viewport=PHONE, service_workers="block", locale="id-ID")  # type: ignore[arg-type]
    context.add_cookies([{"name": name, "value": value, "url": address} for name, value in cookies.items()])
    page = context.new_page()
    asking = context.new_cdp_session(page)
    came: list[float] = []
    asking.on("Network.loadingFinished", lambda event: came.append(event["encodedDataLength"]))
    asking.send("Network.enable")
    asking.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": ROUND_TRIP_MILLISECONDS,
            "downloadThroughput": BITS_PER_SECOND / 8,
            "uploadThroughput": BITS_PER_SECOND / 8,
        },
    )
    asking.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    answer = page.goto(f"{address}{path}", wait_until="load", timeout=120_000)
    page.evaluate("document.fonts.ready.then(() => true)")
    page.wait_for_timeout(300)
    seconds = page.evaluate(USABLE) / 1000
    context.close()
    return Visit(answer.status if answer else 0, round(sum(came)), len(came), seconds)


@contextmanager
def empty_page() -> Iterator[str]:
    """The floor: the frame of every page with nothing in it, served as our pages are."""
    html = page_environment(WEB).get_template("base.html").render()
    app = FastAPI()
    app.add_middleware(GZipMiddleware, compresslevel=6)

    @app.get("/")
    async def frame() -> Response:
        return HTMLResponse(html)

    app.mount("/assets", Assets(directory=WEB / "dist"))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = server.force_exit = True
        thread.join(10)


async def _a_case(address: str) -> tuple[str, str]:
    """A submitted case of the demonstration: its tracking code and number."""
    desk = await Desk.open(address, CASES[0].applicant)
    try:
        number = await submit(desk, CASES[0])
        return str((await desk.get(f"/applications/{number}"))["tracking_code"]), number
    finally:
        await desk.close()


def _signed_in(address: str, person: str) -> dict[str, str]:
    asked = {"email": PEOPLE[person].email, "password": PASSWORD}
    answer = httpx.post(f"{address}/api/v1/sessions", json=asked, timeout=30)
    answer.raise_for_status()
    return {"sakpore_session": answer.json()["token"]}


if __name__ == "__main__":
    raise SystemExit(main())
