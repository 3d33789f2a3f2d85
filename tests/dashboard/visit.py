"""A visit of a browser at the dashboard: what it asked, what went wrong, and what axe says about the page."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from student_graph.gateway.web.routes.dashboard import BUILD_FOLDER
from tests.gateway.browser import CHROMIUM, browser_page
from tests.gateway.servers import ROOT, RunningDemo

if TYPE_CHECKING:
    from playwright.async_api import ConsoleMessage, Page, Request

AXE = ROOT / "examples" / "dashboard" / "node_modules" / "axe-core" / "axe.min.js"
needs_dashboard = pytest.mark.skipif(
    CHROMIUM is None or not (BUILD_FOLDER / "index.html").is_file() or not AXE.is_file(),
    reason="needs chromium on the PATH, and the dashboard: run make dashboard",
)
COMPLETE = "main:has(h1):not(:has(.waiting)):not(:has([aria-busy=true]))"
"""A page that waits for nothing more."""
DRAWN = "main:not(:has([role=img]:empty))"
"""A page whose charts are there: they come after the numbers."""
NARROW_PIXELS = 400
SMALL_TARGETS = """
[...document.querySelectorAll("a, button, input:not([type=checkbox]), summary, [role=tab], label:has(input)")]
  .filter((node) => !node.closest("thead, [aria-hidden=true]") && node.getBoundingClientRect().left >= 0)
  .map((node) => [Math.round(node.getBoundingClientRect().height), node.outerHTML])
  .filter(([height]) => height > 0 && height < 44)
  .map(([height, html]) => `${height} pixels high: ${html}`)
"""
"""What is too small for a finger. Headers of tables are not shown on narrow screens."""
RUN_AXE = (
    "axe.run().then((results) => JSON.stringify(results.violations.flatMap("
    "({id, nodes}) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`))))"
)


class Visit:
    """A person's visit."""

    def __init__(self, page: Page, running: RunningDemo, person: str) -> None:
        self.page, self._running, self._person = page, running, person
        self.errors: list[str] = []
        """Messages of the browser's console about errors and warnings, and exceptions."""
        self.hosts: set[str] = set()
        """Hosts that were asked."""
        self.bodies: list[dict[str, Any]] = []
        """Bodies of the requests to the graph."""
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._console)
        page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(message.text)

    def _request(self, request: Request) -> None:
        self.hosts.add(urlsplit(request.url).netloc)
        if urlsplit(request.url).path == "/graphql":
            self.bodies.append(json.loads(request.post_data or "{}"))

    async def open(self, address: str) -> str:
        """Open a page of the dashboard as the person; return its text when it is complete."""
        tokens = self._running.ready["tokens"]
        entries = {
            "student-graph.token": tokens[self._person],
            "student-graph.people": json.dumps(tokens),
        }
        script = (
            f"for (const [key, text] of Object.entries({json.dumps(entries)})) sessionStorage.setItem(key, text)"
        )
        await self.page.add_init_script(script)
        await self.page.goto(f"{self._running.ready['dashboard'].partition('#')[0]}#{address}")
        return await self.text()

    async def text(self) -> str:
        """The text of the page when it waits for nothing more."""
        main = self.page.locator(COMPLETE)
        await main.wait_for()
        return await main.inner_text()

    async def faults(self) -> list[str]:
        """What is wrong: errors of the console, other hosts, what axe finds, and what does not fit a phone."""
        host = urlsplit(self._running.ready["dashboard"]).netloc
        await self.page.locator(DRAWN).wait_for()
        return [
            *self.errors,
            *(f"asked {other}" for other in self.hosts - {host}),
            *await self._violations(),
            *await self._faults_when_narrow_and_dark(),
        ]

    async def _violations(self) -> list[str]:
        """What axe finds. Evaluated by the browser's debugger: the page's policy allows no other script."""
        session = await self.page.context.new_cdp_session(self.page)
        source = AXE.read_text(encoding="utf-8")
        outcome = await session.send(
            "Runtime.evaluate",
            {"expression": f"{source};{RUN_AXE}", "awaitPromise": True, "returnByValue": True},
        )
        violations: list[str] = json.loads(outcome["result"]["value"])
        return violations

    async def _faults_when_narrow_and_dark(self) -> list[str]:
        await self.page.set_viewport_size({"width": NARROW_PIXELS, "height": 900})
        await self.page.emulate_media(color_scheme="dark")
        width = await self.page.evaluate("document.documentElement.scrollWidth")
        wide = [] if width <= NARROW_PIXELS else [f"the page is {width} pixels wide"]
        small: list[str] = await self.page.evaluate(SMALL_TARGETS)
        return [*wide, *small, *(f"narrow and dark: {violation}" for violation in await self._violations())]

    def sent_texts(self) -> Sequence[str]:
        """Texts of documents that were sent; none if each was sent by its hash."""
        return [body["query"] for body in self.bodies if body.get("query")]


@asynccontextmanager
async def visit(running: RunningDemo, person: str) -> AsyncIterator[Visit]:
    """A visit of one of the demo's people with a new browser."""
    async with browser_page(1280, 900) as page:
        yield Visit(page, running, person)
