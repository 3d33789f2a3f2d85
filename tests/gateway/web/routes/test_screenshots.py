"""The screenshots of the README show the page as it is."""

from __future__ import annotations

from pathlib import Path

from tests.gateway.browser import in_shared_browser, needs_graphiql
from tests.gateway.servers import running_demo
from tests.gateway.web.routes.screenshots import DIGEST, digest, take_screenshots


def test_the_screenshots_are_of_this_page() -> None:
    """`make screenshots` takes them again after a change of the page or of the example."""
    assert DIGEST.read_text() == digest() + "\n"


@needs_graphiql
@in_shared_browser
async def test_with_canvas_switched_off_the_page_comes_from_the_cache(tmp_path: Path) -> None:
    """The first result has its provenance; the second one calls no vendor."""
    with running_demo(tmp_path) as running:
        first, second = await take_screenshots(tmp_path, running)

    assert first["data"]["student"]["provenance"]["recordId"]
    assert [(source["calls"], source["stale"]) for source in second["extensions"]["sources"].values()] == [
        (0, 0)
    ] * 2
