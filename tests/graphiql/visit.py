"""Visits to GraphiQL in a browser: what the page requests and reports, and what people do on it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import pytest

from tests.gateway.browser import browser_page
from tests.gateway.servers import ROOT, RunningDemo

if TYPE_CHECKING:
    from playwright.async_api import ConsoleMessage, Page, Request

AXE = ROOT / "tests" / "graphiql" / "node_modules" / "axe-core" / "axe.min.js"
needs_axe = pytest.mark.skipif(not AXE.is_file(), reason="needs axe-core: run npm ci in tests/graphiql")

RESPONSE_EDITOR = "__MONACO.editor.getEditors().find((one) => one.getModel().uri.path.endsWith('response.json'))"


@dataclass
class Visit:
    """A page that is open, its requests and its errors."""

    page: Page
    other_hosts: list[str] = field(default_factory=list)
    """URLs of requests to other hosts."""
    with_token: list[str] = field(default_factory=list)
    """URLs that contain a token."""
    errors: list[str] = field(default_factory=list)
    """Exceptions, errors of the console, and refusals by the content security policy."""

    def watch(self) -> None:
        """Record the page's requests and errors. A route would do that too, but makes each request `no-cache`."""
        self.page.on("request", self._request)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._console)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if "token=" in request.url:
            self.with_token.append(request.url)
        if parts.hostname != "127.0.0.1" and parts.scheme not in ("data", "blob"):
            self.other_hosts.append(request.url)

    def problems(self) -> list[str]:
        """Everything that no visit should see."""
        return [*self.other_hosts, *self.with_token, *self.errors]

    async def choose_person(self, name: str) -> None:
        """Choose one of the demo's people; the page loads again."""
        async with self.page.expect_event("load"):
            await self.page.get_by_test_id("people").select_option(name)
        await self.page.locator(".graphiql-query-editor", has_text="viewer").wait_for()

    async def open_example(self, name: str) -> None:
        """Open an example document by its file's name."""
        await self.show("Examples")
        await self.page.locator(f"[data-example='{name}']").click()
        await self.page.locator(".graphiql-tab-active .graphiql-tab-button:not(:text('untitled'))").wait_for()

    async def write(self, query: str) -> None:
        """Put a query into the editor."""
        await self.page.locator(".graphiql-query-editor .view-line").first.wait_for()
        await self.page.evaluate("(text) => __MONACO.editor.getEditors()[0].setValue(text)", query)

    async def run(self) -> str:
        """Execute the query, and return the line below the response when the response is complete."""
        status = self.page.get_by_test_id("status")
        number = int(await status.get_attribute("data-request") or "0") + 1
        await self.page.locator(".graphiql-execute-button").click()
        await status.and_(self.page.locator(f"[data-phase=done][data-request='{number}']")).wait_for()
        return await status.inner_text()

    async def response(self) -> Any:
        """The response in the editor."""
        return json.loads(await self.page.evaluate(f"() => {RESPONSE_EDITOR}.getModel().getValue()"))

    async def selected_text(self) -> str:
        """The text that is selected in the response."""
        script = f"() => {RESPONSE_EDITOR}.getModel().getValueInRange({RESPONSE_EDITOR}.getSelection())"
        selected: str = await self.page.evaluate(script)
        return selected

    async def show(self, pane: str) -> None:
        """Show a pane beside the editors, unless it is shown already."""
        button = self.page.get_by_role("button", name=f"Show {pane}", exact=True)
        if await button.count():
            await button.click()
        await self.page.get_by_role("button", name=f"Hide {pane}", exact=True).wait_for()

    async def accessibility_problems(self) -> list[str]:
        """What axe finds on the page as it is."""
        if not await self.page.evaluate("() => 'axe' in window"):
            await self.page.evaluate(AXE.read_text())
        result = await self.page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{violation['id']}: {node['target'][0]} {node['failureSummary']}"
            for violation in result["violations"]
            for node in violation["nodes"]
        ]


@asynccontextmanager
async def visit_to(
    address: str,
    *,
    width: int = 1400,
    height: int = 900,
    colors: Literal["dark", "light"] = "light",
) -> AsyncIterator[Visit]:
    """A visit to a page; at its end nothing may be wrong with it."""
    async with browser_page(width, height) as page:
        await page.emulate_media(color_scheme=colors)
        visit = Visit(page)
        visit.watch()
        await page.goto(address)
        await page.locator(".graphiql-query-editor .view-line").first.wait_for()
        yield visit
        assert visit.problems() == []


def address_of(running: RunningDemo, viewer: str = "superintendent") -> str:
    """The address of a demo's page with the token of a viewer."""
    return f"{running.ready['graphql']}#token={running.ready['tokens'][viewer]}"
