"""What a page needs first comes first: requests before its code, and numbers before charts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tests.dashboard.visit import DRAWN, Visit, needs_dashboard, visit
from tests.gateway.browser import in_shared_browser
from tests.gateway.servers import RunningDemo
from tests.long_runs import LONG_RUNS

if TYPE_CHECKING:
    from playwright.async_api import Route

pytestmark = [needs_dashboard, in_shared_browser, pytest.mark.long_run]
__test__ = LONG_RUNS
CHARTS = "[role=img] svg"
MAX_BYTES_BEFORE_CHARTS = 115_000
"""What a student's page may load until its numbers are there, compressed."""
LOADED_BYTES = """
performance.getEntriesByType("resource")
  .filter(({name}) => name.includes("/assets/"))
  .reduce((total, {encodedBodySize}) => total + encodedBodySize, 0)
"""


@asynccontextmanager
async def held(visitor: Visit, pattern: str) -> AsyncIterator[None]:
    """Keep the responses to requests that match a pattern back until the block ends."""
    released = asyncio.Event()

    async def hold(route: Route) -> None:
        await released.wait()
        await route.continue_()

    await visitor.page.route(pattern, hold)
    yield
    released.set()


async def test_the_first_requests_do_not_wait_for_the_code_of_the_page(running: RunningDemo, student: str) -> None:
    """The viewer and the student are asked for while the code is on its way, and once."""
    async with visit(running, "superintendent") as visitor:
        async with held(visitor, "**/assets/start-*.js"):
            opening = asyncio.create_task(visitor.open(f"/student/{student}"))
            while len(visitor.bodies) < 2:
                await visitor.page.wait_for_event("request")
            early = len(visitor.bodies)
        text = await opening

    assert "Days in school" in text
    assert early == len(visitor.bodies) == 2
    assert visitor.errors == []


async def test_the_numbers_do_not_wait_for_the_charts(running: RunningDemo, student: str) -> None:
    """Text and tables need little code, and are there before that of the charts; then the charts are drawn."""
    async with visit(running, "superintendent") as visitor:
        charts = visitor.page.locator(CHARTS)
        async with held(visitor, "**/assets/plot-*.js"):
            await visitor.open(f"/student/{student}")
            table = await visitor.page.get_by_role("table", name="Grades by course").is_visible()
            early = await charts.count()
            loaded = await visitor.page.evaluate(LOADED_BYTES)
        await visitor.page.locator(DRAWN).wait_for()
        drawn = await charts.count()

    assert table
    assert early == 0
    assert 0 < loaded <= MAX_BYTES_BEFORE_CHARTS
    assert drawn >= 3
    assert visitor.errors == []


async def test_numbers_remain_without_the_code_of_the_charts(running: RunningDemo, student: str) -> None:
    """Without the code of the charts, their text and their tables are there, and no empty place."""
    async with visit(running, "superintendent") as visitor:
        await visitor.page.route("**/assets/plot-*.js", lambda route: route.abort())
        await visitor.open(f"/student/{student}")
        await visitor.page.locator("[role=img]").first.wait_for(state="detached")
        captions = await visitor.page.locator("figcaption").all_inner_texts()
        table = await visitor.page.get_by_role("table", name="Grades by course").is_visible()

    assert any(caption.startswith("Grades in ") for caption in captions)
    assert table


async def test_a_page_whose_code_does_not_load_says_so(running: RunningDemo, student: str) -> None:
    """The first words of the page are not the last ones."""
    async with visit(running, "superintendent") as visitor:
        await visitor.page.route("**/assets/start-*.js", lambda route: route.abort())
        opening = asyncio.create_task(visitor.open(f"/student/{student}"))
        await visitor.page.get_by_text("The dashboard did not load.").wait_for()
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
