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
from typing import Any

from tests.gateway.servers import ROOT, RunningDemo, running_demo
from tests.graphiql.visit import Visit, address_of, visit_to

IMAGES = ROOT / "docs" / "images"
DIGEST = IMAGES / "digest.txt"
EXAMPLE = ROOT / "examples" / "queries" / "01-one-student.graphql"


def digest() -> str:
    """SHA-256 of what the screenshots show."""
    sources = [EXAMPLE, *sorted((ROOT / "graphiql" / "src").iterdir())]
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()


async def take_screenshots(folder: Path, running: RunningDemo) -> list[dict[str, Any]]:
    """Write both screenshots into a folder; return the responses that they show."""
    async with visit_to(address_of(running), width=1500, height=950) as visit:
        await visit.open_example("01-one-student")
        await visit.run()
        await visit.show("Sources and gaps")
        await visit.page.get_by_text("Ed-Fi ODS/API").wait_for()
        await visit.page.screenshot(path=folder / "graphiql.png")
        first = await visit.response()
        switches = f"{running.ready['sources']['canvas']['url']}/-/switches"
        await visit.page.request.post(switches, data={"down": True})
        second = await run_again(visit)
        await visit.page.screenshot(path=folder / "canvas-down.png")
    return [first, second]


async def run_again(visit: Visit) -> dict[str, Any]:
    """Execute the query again, scroll to the end of the response and return it."""
    await visit.run()
    await visit.page.locator(".result-window .view-lines").first.click()
    await visit.page.keyboard.press("Control+End")
    await visit.page.locator(".result-window", has_text="extensions").wait_for()
    response: dict[str, Any] = await visit.response()
    return response


def main() -> None:
    """Take the screenshots of the docs."""
    with tempfile.TemporaryDirectory() as folder, running_demo(Path(folder)) as running:
        asyncio.run(take_screenshots(IMAGES, running))
    DIGEST.write_text(digest() + "\n")


if __name__ == "__main__":
    main()
