"""
The screenshots of the README. Run as `make screenshots`.

Next to them is a digest of what they show: the sources of the page and the example query. If one of these changes,
a test asks for new screenshots.
"""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from pathlib import Path

from playwright.async_api import Page

from tests.gateway.browser import browser_page
from tests.gateway.servers import ROOT, RunningDemo, running_demo
from tests.gateway.web.routes.test_graphiql_browser import run_example

IMAGES = ROOT / "docs" / "images"
DIGEST = IMAGES / "digest.txt"
EXAMPLE = ROOT / "examples" / "queries" / "01-one-student.graphql"


def digest() -> str:
    """SHA-256 of what the screenshots show."""
    sources = [EXAMPLE, *sorted((ROOT / "graphiql" / "src").iterdir())]
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()


async def take_screenshots(folder: Path, running: RunningDemo) -> list[str]:
    """Write both screenshots into a folder; return the results that they show."""
    async with browser_page(1500, 950) as page:
        first = await run_example(page, running)
        await page.screenshot(path=folder / "graphiql.png")
        switches = f"{running.ready['sources']['canvas']['url']}/-/switches"
        await page.request.post(switches, data={"down": True})
        second = await run_again(page)
        await page.screenshot(path=folder / "canvas-down.png")
    return [first, second]


async def run_again(page: Page) -> str:
    """Execute the query again, scroll to the end of the result and return what is shown there."""
    result = page.locator(".result-window")
    async with page.expect_response(lambda response: response.url.endswith("/graphql")):
        await page.locator(".graphiql-execute-button").click()
    await result.locator(".view-lines").first.click()
    await page.keyboard.press("Control+End")
    await page.locator(".result-window", has_text="extensions").wait_for()
    return (await result.inner_text()).replace("\xa0", " ")


def main() -> None:
    """Take the screenshots of the docs."""
    with tempfile.TemporaryDirectory() as folder, running_demo(Path(folder)) as running:
        asyncio.run(take_screenshots(IMAGES, running))
    DIGEST.write_text(digest() + "\n")


if __name__ == "__main__":
    main()
