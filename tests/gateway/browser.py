"""A browser for tests, and for the screenshots of the docs."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import pytest

from student_graph.gateway.web.routes.graphiql import BUILD_FOLDER

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

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


in_shared_browser = pytest.mark.usefixtures("shared_browser")
"""Tests whose pages are in one browser of this process: to start one takes longer than most visits."""
_shared: dict[asyncio.AbstractEventLoop, Browser] = {}
"""The browser of the fixture `shared_browser` by its event loop, while there is one."""


@asynccontextmanager
async def sharing_browser() -> AsyncIterator[None]:
    """Start a browser that has all pages of this event loop until the block ends."""
    async with _new_browser() as browser:
        loop = asyncio.get_running_loop()
        _shared[loop] = browser
        yield
        del _shared[loop]


@asynccontextmanager
async def browser_page(width: int = 1400, height: int = 900) -> AsyncIterator[Page]:
    """An empty page of so many pixels with a new profile, until the block ends."""
    shared = _shared.get(asyncio.get_running_loop())
    async with nullcontext(shared) if shared else _new_browser() as browser:
        context = await browser.new_context(viewport={"width": width, "height": height})
        context.set_default_timeout(WAIT_MILLISECONDS)
        try:
            yield await context.new_page()
        finally:
            await context.close()


@asynccontextmanager
async def _new_browser() -> AsyncIterator[Browser]:
    from playwright.async_api import async_playwright  # noqa: PLC0415 - slow to import, and few processes need it

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=ARGUMENTS, timeout=WAIT_MILLISECONDS
        )
        yield browser
        await browser.close()


def expect(target: Any) -> Any:
    """Playwright's assertions about a page or a part of it, which wait for what they say."""
    from playwright.async_api import expect as patient_expect  # noqa: PLC0415 - slow to import, and few processes need it

    patient_expect.set_options(timeout=WAIT_MILLISECONDS)
    return patient_expect(target)
