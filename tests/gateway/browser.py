"""A browser for tests, and for the screenshots of the docs."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page, async_playwright

from student_graph.gateway.web.routes.graphiql import BUILD_FOLDER

CHROMIUM = shutil.which("chromium")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium on the PATH")
needs_graphiql = pytest.mark.skipif(
    CHROMIUM is None or not (BUILD_FOLDER / "index.html").is_file(),
    reason="needs chromium on the PATH, and GraphiQL: run make graphiql",
)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",  # nothing leaves this machine
]
WAIT_MILLISECONDS = 300_000.0
"""How long anything in the browser may take: its own 30 seconds pass on a busy machine."""


@asynccontextmanager
async def browser_page(width: int = 1400, height: int = 900) -> AsyncIterator[Page]:
    """An empty page of so many pixels in a new browser, until the block ends."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=ARGUMENTS, timeout=WAIT_MILLISECONDS
        )
        page = await browser.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(WAIT_MILLISECONDS)
        yield page
        await browser.close()
