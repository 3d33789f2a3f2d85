"""The link of a demo that was started again works in the tab of the demo before it."""

from __future__ import annotations

import pytest

from tests.gateway.browser import browser_page, in_shared_browser, needs_graphiql
from tests.gateway.servers import RunningDemo
from tests.long_runs import LONG_RUNS

pytestmark = [needs_graphiql, in_shared_browser, pytest.mark.long_run]
__test__ = LONG_RUNS


async def test_a_link_in_the_same_tab_replaces_an_older_token(running: RunningDemo) -> None:
    """Only the fragment of the address differs, so the browser loads nothing by itself."""
    async with browser_page() as page:
        await page.goto(running.ready["graphql"])
        await page.locator(".graphiql-query-editor .view-line").first.wait_for()
        await page.evaluate("sessionStorage.setItem('student-graph.token', 'of an older run')")
        await page.goto(running.ready["graphiql"])
        await page.get_by_test_id("people").wait_for()
        person = await page.get_by_test_id("people").input_value()
        address = page.url

    assert person == "superintendent"
    assert "code" not in address
