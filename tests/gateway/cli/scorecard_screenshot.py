"""The screenshot of docs/scorecard.md: the demo's page. Run as `make screenshots`."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import pytest

from student_graph.gateway.cli.main import main as student_graph
from tests.gateway.browser import browser_page
from tests.gateway.cli.scorecard_page import DIGEST, IMAGE, digest
from tests.gateway.servers import running_demo


async def take_screenshot(page_path: Path, image: Path) -> None:
    """Write a picture of the top of a page."""
    async with browser_page(1000, 1250) as page:
        await page.goto(page_path.as_uri())
        await page.screenshot(path=image)


def main() -> None:
    """Measure the demo's districts, and take the screenshot of their page."""
    with tempfile.TemporaryDirectory() as name, running_demo(Path(name)):
        folder = Path(name)
        arguments = ["scorecard", "--ready-file", str(folder / "ready.json"), "--html", str(folder / "page.html")]
        with pytest.raises(SystemExit, match=r"^0$"):
            student_graph(arguments)
        asyncio.run(take_screenshot(folder / "page.html", IMAGE))
    DIGEST.write_text(digest() + "\n")


if __name__ == "__main__":
    main()
