"""The status page in a browser: it turns when a source is killed, and is readable for everybody."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from tests.clients import post
from tests.gateway.browser import browser_page, expect, in_shared_browser, needs_chromium
from tests.gateway.servers import RunningDemo, running_demo
from tests.graphiql.visit import Visit, needs_axe

if TYPE_CHECKING:
    from playwright.async_api import Page

pytestmark = [needs_chromium, in_shared_browser]
QUERY = "{ viewer { students(first: 3) { edges { node { assignments { title } courseGrades { letter } } } } } }"
Colors = Literal["dark", "light"]
COLORS: tuple[Colors, ...] = ("light", "dark")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """A running demo."""
    with running_demo(tmp_path_factory.mktemp("demo"), "--students", "40") as demo:
        yield demo


@asynccontextmanager
async def status_page(demo: RunningDemo, *, code: bool = True) -> AsyncIterator[Visit]:
    """The page, with the demo's code or without; nothing may be wrong with it in the end."""
    base, _, fragment = demo.ready["graphiql"].partition("/graphql")
    async with browser_page() as page:
        visit = Visit(page)
        visit.watch()
        await page.goto(f"{base}/{fragment if code else ''}")
        await expect(page.locator("#service")).to_have_text("The service is up.")
        yield visit
        assert visit.problems() == []


def switch(demo: RunningDemo, source: str, *, down: bool) -> None:
    """Kill a source, or let it live again."""
    post(f"{demo.ready['sources'][source]['url']}/-/switches", json={"down": down})


async def show_as(page: Page, person: str) -> None:
    """Look at the page as a person of the demo."""
    await page.get_by_label("Person of the demo").select_option(person)
    await page.get_by_role("button", name="Show").click()


async def test_the_page_turns_when_a_source_is_killed(demo: RunningDemo) -> None:
    """By itself, and back when the source lives again; the other source does not turn."""
    async with status_page(demo) as visit:
        page = visit.page
        canvas, edfi = (page.locator("li", has_text=name) for name in ("canvas (canvas)", "edfi (edfi)"))
        demo.post(QUERY)
        await expect(canvas.locator(".state")).to_have_text("answers")
        await expect(page.locator("#message")).to_have_text("2 sources, no failure.")
        switch(demo, "canvas", down=True)
        try:
            demo.purge_cache()
            demo.post(QUERY)
            await expect(canvas.locator(".state")).to_have_text("does not answer (SOURCE_UNAVAILABLE)")
            await expect(canvas).to_have_attribute("data-state", "bad")
            await expect(edfi.locator(".state")).to_have_text("answers")
            await expect(page.locator("#message")).to_have_text("Without an answer: 1 of 2 sources.")
        finally:
            switch(demo, "canvas", down=False)

        def answers_again() -> bool:
            demo.purge_cache()
            return "SOURCE_UNAVAILABLE" not in str(demo.post(QUERY).get("errors"))

        demo.wait_for(answers_again)
        await expect(canvas.locator(".state")).to_have_text("answers")
        await expect(edfi.locator("dl")).to_contain_text("Circuit breaker")


async def test_without_a_token_the_page_says_that_the_service_is_up(demo: RunningDemo) -> None:
    """It asks for a token, and a wrong one is reported; the page then works with a right one."""
    async with status_page(demo, code=False) as visit:
        page = visit.page
        assert await page.locator("#districts").inner_text() == ""
        await page.get_by_label("Token of a viewer").fill(demo.ready["tokens"]["superintendent"])
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="canvas (canvas)")).to_be_visible()
        stored = "() => [localStorage.length, sessionStorage.length, document.cookie, location.href]"
        assert (await page.evaluate(stored))[:3] == [0, 0, ""]
        assert demo.ready["tokens"]["superintendent"] not in page.url


async def test_viewers_who_are_not_operators_see_only_names(demo: RunningDemo) -> None:
    """The page says why it shows nothing more."""
    async with status_page(demo) as visit:
        page = visit.page
        await show_as(page, "teacher")
        await expect(page.locator("#message")).to_have_text("Health of sources is shown to operators only.")
        await expect(page.get_by_role("heading", name="edfi (edfi)")).to_be_visible()
        assert await page.locator("dl").count() == 0


@needs_axe
async def test_the_page_is_readable(demo: RunningDemo) -> None:
    """Axe finds nothing, also with a source that is down; at 400 pixels nothing is cut off."""
    looks = [(width, colors) for width in (1400, 400) for colors in COLORS]
    problems: dict[tuple[int, Colors], list[str]] = {}
    switch(demo, "canvas", down=True)
    try:
        async with status_page(demo) as visit:
            page = visit.page
            demo.purge_cache()
            demo.post(QUERY)
            await expect(page.locator("li[data-state=bad]")).to_be_visible()
            for width, colors in looks:
                await page.set_viewport_size({"width": width, "height": 900})
                await page.emulate_media(color_scheme=colors)
                problems[width, colors] = await visit.accessibility_problems()
                assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    finally:
        switch(demo, "canvas", down=False)
    assert problems == {look: [] for look in looks}


async def test_the_page_says_when_the_service_is_gone(tmp_path: Path) -> None:
    """It keeps the last report, marked as such."""
    with running_demo(tmp_path, "--students", "10") as demo:
        base, _, fragment = demo.ready["graphiql"].partition("/graphql")
        async with browser_page() as page:
            await page.goto(f"{base}/{fragment}")
            await expect(page.get_by_role("heading", name="canvas (canvas)")).to_be_visible()
            demo.process.kill()
            await expect(page.locator("#service")).to_have_text("The service does not answer.")
            await expect(page.get_by_role("heading", name="canvas (canvas)")).to_be_visible()
