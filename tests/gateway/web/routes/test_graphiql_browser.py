"""GraphiQL in a real browser: all files are from the gateway, and no request goes to another host."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.async_api import ConsoleMessage, Page, Request, Route

from tests.gateway.browser import browser_page, needs_graphiql
from tests.gateway.servers import RunningDemo, running_demo

pytestmark = needs_graphiql


class Visit:
    """Requests and errors of a page."""

    def __init__(self) -> None:
        self.other_hosts: list[str] = []
        """URLs of requests to other hosts."""
        self.with_token: list[str] = []
        """URLs that contain a token."""
        self.errors: list[str] = []

    async def watch(self, page: Page) -> None:
        """Record the page's requests and errors, and abort requests that would leave this machine."""
        await page.route("**/*", self._route)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._console)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    async def _route(self, route: Route, request: Request) -> None:
        parts = urlsplit(request.url)
        if "token=" in request.url:
            self.with_token.append(request.url)
        if parts.hostname == "127.0.0.1" or parts.scheme in ("data", "blob"):
            await route.continue_()
        else:
            self.other_hosts.append(request.url)
            await route.abort()


async def run_example(page: Page, running: RunningDemo) -> str:
    """Open the page with a token, select the first example, execute it, and return the result that is shown."""
    await page.goto(f"{running.ready['graphql']}#token={running.ready['tokens']['superintendent']}")
    menu = page.get_by_test_id("examples")
    await menu.and_(page.locator(":enabled")).wait_for()
    await menu.select_option("01-one-student")
    await page.locator(".graphiql-query-editor", has_text="OneStudent").wait_for()
    await page.locator(".graphiql-execute-button").click()
    result = page.locator(".result-window", has_text="firstName")
    await result.wait_for()
    return (await result.inner_text()).replace("\xa0", " ")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """A demo of a small district."""
    with running_demo(tmp_path_factory.mktemp("demo"), "--students", "20") as demo:
        yield demo


async def test_an_example_is_executed_offline(running: RunningDemo) -> None:
    """A developer opens the page, selects an example, executes it and sees a student of the SIS."""
    visit = Visit()
    async with browser_page() as page:
        await visit.watch(page)
        shown = await run_example(page, running)
        address = page.url

    assert '"source": "edfi"' in shown
    assert visit.other_hosts == []
    assert visit.errors == []
    assert "token" not in address
    assert visit.with_token == []


async def test_a_query_is_executed_as_another_of_the_demos_people(running: RunningDemo) -> None:
    """The link that the demo prints offers its people; its code is removed from the page's URL."""
    visit = Visit()
    async with browser_page() as page:
        await visit.watch(page)
        await page.goto(running.ready["graphiql"])
        roles = []
        for name in ("superintendent", "parent"):
            async with page.expect_event("load"):  # the page loads again as the other person
                await page.get_by_test_id("people").select_option(name)
            await page.locator(".graphiql-query-editor", has_text="viewer").wait_for()
            await page.locator(".graphiql-execute-button").click()
            result = page.locator(".result-window", has_text=name.upper())
            await result.wait_for()
            roles.append((await result.inner_text()).replace("\xa0", " "))
        address = page.url
    assert ['"role": "SUPERINTENDENT"' in roles[0], '"role": "PARENT"' in roles[1]] == [True, True]
    assert (visit.other_hosts, visit.errors, "code" in address) == ([], [], False)
