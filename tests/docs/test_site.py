"""The built site: no link leads nowhere, nothing is asked of another host, and any device can show it."""

from __future__ import annotations

import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest

from tests.docs.pages import ROOT
from tests.gateway.browser import ARGUMENTS, CHROMIUM, WAIT_MILLISECONDS, needs_chromium
from tests.long_runs import LONG_RUNS

if TYPE_CHECKING:
    from playwright.async_api import ConsoleMessage, Request

pytestmark = pytest.mark.long_run
__test__ = LONG_RUNS
SITE = ROOT / "docs" / "site"
MERMAID = SITE / "node_modules" / "@mermaid-js" / "tiny" / "dist" / "mermaid.tiny.js"
KINDS_OF_PAGES = ("docs/how-it-works", "docs/reference/others", "docs/absence", "search")
"""A page with a diagram, one with tables of types, one with queries, and the search."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` does."""
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(  # noqa: S603 - Sphinx with our own settings
        [
            sys.executable,
            "-m",
            "sphinx",
            "-b",
            "html",
            "-c",
            str(SITE),
            "-W",
            "--keep-going",
            "-q",
            ".",
            str(folder),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return folder


class Anchors(HTMLParser):
    """The links of a page, what it loads, and the names in it that a link may lead to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.loads: set[str] = set()
        self.names: set[str] = {""}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the link, the file or the name of an element."""
        values = {key: value for key, value in attrs if value}
        self.names |= {values[key] for key in ("id", "name") if key in values}
        if tag == "a" and "href" in values:
            self.links.add(values["href"])
        elif tag in ("script", "img", "link", "iframe") and (values.get("src") or values.get("href")):
            self.loads.add(values.get("src") or values["href"])


def test_no_link_of_the_site_leads_nowhere(site: Path) -> None:
    """
    Every file and every anchor that a page links to is there, and nothing is loaded from another host.

    Links to other hosts are listed with their pages, so that a person can look at them.
    """
    pages = {path: Anchors(path.read_text()) for path in site.rglob("*.html")}
    wrong = []
    for path, page in pages.items():
        for link in page.links | page.loads:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                wrong += [f"{path.name} loads {link}"] if link in page.loads and parts.scheme != "data" else []
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            known = pages[target].names if target in pages else {""}
            fragment = unquote(parts.fragment) if target.suffix == ".html" else ""
            if not target.exists() or fragment not in known:
                wrong.append(f"{path.relative_to(site)}: {link}")
    listed = (site / "external-links.txt").read_text().splitlines()

    assert len(pages) > 100
    assert wrong == []
    assert "https://graphql.github.io/graphql-over-http/draft/  docs/executing" in listed


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files without a line for each."""

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def address(site: Path) -> Iterator[str]:
    """The site, served on this machine."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(site))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@needs_chromium
@pytest.mark.skipif(not MERMAID.exists(), reason="needs the diagram's npm package: run make setup")
async def test_the_site_is_read_in_a_browser(address: str) -> None:
    """In light and dark, wide and at 400 pixels: no error, no other host, nothing that axe objects to."""
    from axe_playwright_python.async_playwright import Axe  # noqa: PLC0415 - slow to import, and few processes need it
    from playwright.async_api import async_playwright  # noqa: PLC0415 - slow to import, and few processes need it

    problems: list[str] = []

    def note_request(request: Request) -> None:
        if not request.url.startswith((address, "data:")):
            problems.append(request.url)

    def note_message(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            problems.append(message.text)

    def note_error(error: object) -> None:
        problems.append(str(error))

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=ARGUMENTS, timeout=WAIT_MILLISECONDS
        )
        for scheme, width in (("light", 1400), ("dark", 400)):
            context = await browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
            for name in KINDS_OF_PAGES:
                page = await context.new_page()
                page.set_default_timeout(WAIT_MILLISECONDS)
                page.on("request", note_request)
                page.on("console", note_message)
                page.on("pageerror", note_error)
                await page.goto(f"{address}{name}.html", wait_until="load")
                if name == "docs/how-it-works":
                    await page.locator("pre.mermaid svg").wait_for()
                result = await Axe().run(page)
                problems += [f"{name}, {scheme}: {rule['id']}" for rule in result.response["violations"]]
                wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
                problems += [f"{name} scrolls sideways at {width} pixels"] if wide else []
        await browser.close()

    assert problems == []
