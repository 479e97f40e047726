"""`make screens`: every sample of every page as a picture, at phone and desk width, with an index to leaf through.

    python -m tests.pages.screens [part of a name ...]

Writes `var/screens/<width>/<name>.png` and `var/screens/index.html`.
"""

import html
import sys

from playwright.sync_api import sync_playwright

from api.pages import page_environment
from sakpore.assets import WEB, build
from tests.browser_fixture import find_chromium
from tests.pages import samples
from tests.pages.shown import SITE, serve

OUT = WEB.parent / "var" / "screens"
WIDTHS = {"telepon": 360, "meja": 1280}


def main(parts: list[str]) -> int:
    """Take the pictures; names that hold none of `parts` are left out."""
    build(WEB)
    environment = page_environment(WEB)
    names = [name for name in samples.pages() if not parts or any(part in name for part in parts)]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        for folder, width in WIDTHS.items():
            (OUT / folder).mkdir(parents=True, exist_ok=True)
            context = browser.new_context(viewport={"width": width, "height": 780}, reduced_motion="reduce")
            serve(context, environment, WEB)
            page = context.new_page()
            for number, name in enumerate(names, 1):
                page.goto(f"{SITE}/{name}")
                page.evaluate("document.fonts.ready")
                page.screenshot(path=OUT / folder / f"{name}.png", full_page=True)
                print(f"\r{folder}: {number}/{len(names)} {name:<50}", end="", flush=True)
            print()
            context.close()
        browser.close()
    (OUT / "index.html").write_text(index(sorted(samples.pages())))
    print(f"{OUT / 'index.html'}")
    return 0


def index(names: list[str]) -> str:
    """One line for each sample that has a picture."""
    shown = [name for name in names if (OUT / "telepon" / f"{name}.png").is_file()]
    rows = "".join(
        f"<section id='{html.escape(name)}'><h2>{html.escape(name)}</h2>"
        + "".join(f"<img loading='lazy' src='{folder}/{html.escape(name)}.png' alt=''>" for folder in WIDTHS)
        + "</section>"
        for name in shown
    )
    style = (
        "body{font-family:sans-serif;margin:20px}section{border-top:1px solid #999;padding:10px 0}"
        "img{vertical-align:top;margin:0 20px 10px 0;border:1px solid #ccc;max-width:60%}"
    )
    links = " · ".join(f"<a href='#{html.escape(name)}'>{html.escape(name)}</a>" for name in shown)
    return f"<!doctype html><meta charset='utf-8'><title>Sakpore</title><style>{style}</style><p>{links}</p>{rows}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
