"""For everyone: rules of accessibility in both themes, on a phone, and in the theme that somebody chose."""

from __future__ import annotations

from typing import Literal

import pytest

from tests.gateway.browser import in_shared_browser, needs_graphiql
from tests.gateway.servers import RunningDemo
from tests.graphiql.visit import address_of, needs_axe, visit_to
from tests.long_runs import LONG_RUNS

pytestmark = [needs_graphiql, in_shared_browser, needs_axe, pytest.mark.long_run]
__test__ = LONG_RUNS
PANES = ("Examples", "Sources and gaps", "Plan", "Table", "History", "Documentation Explorer")
QUERY = (
    "# Two lists, one without a source\n"
    "{ viewer { students(first: 2) { edges { node { id demographics { birthDate } assignments { title } } } } } }"
)

BRIGHTNESS = """(selector) => {
  const color = getComputedStyle(document.querySelector(selector)).color;
  return color.match(/\\d+/g).slice(0, 3).map(Number).reduce((sum, part) => sum + part) / 3;
}"""
"""Brightness of an element's text, from 0 to 255."""


@pytest.mark.parametrize(("width", "colors"), [(1400, "light"), (400, "dark")])
async def test_axe_accepts_every_pane(running: RunningDemo, width: int, colors: Literal["dark", "light"]) -> None:
    """Every pane with a response that has gaps, and two tabs. On a phone nothing is wider than the screen."""
    async with visit_to(address_of(running, "teacher"), width=width, colors=colors) as visit:
        await visit.page.get_by_role("button", name="New tab").click()
        await visit.write(QUERY)
        await visit.run()
        pressed = await visit.page.get_by_role("group").get_by_role("button", pressed=True).all_inner_texts()
        problems = {}
        for pane in PANES:
            await visit.show(pane)
            problems[pane] = await visit.accessibility_problems()
            assert await visit.page.evaluate("() => document.documentElement.scrollWidth") <= width

    assert problems == {pane: [] for pane in PANES}
    assert len(pressed) == 1


async def test_a_chosen_theme_holds_everywhere(running: RunningDemo) -> None:
    """Dark is chosen on a light system: the bar, the panes, the editors and the dialogs are dark, and legible."""
    async with visit_to(address_of(running)) as visit:
        await visit.page.get_by_role("button", name="Open settings dialog").click()
        await visit.page.get_by_role("button", name="Dark", exact=True).click()
        await visit.page.locator(".graphiql-query-editor .monaco-editor.vs-dark").wait_for()
        await visit.page.get_by_role("button", name="Close", exact=False).last.click()
        dark = [
            selector
            for selector in (".sg-bar", ".sg-bar select", ".sg-pane", ".sg-pane button", ".sg-status")
            if await visit.page.evaluate(BRIGHTNESS, selector) < 128
        ]
        problems = await visit.accessibility_problems()

    assert dark == []
    assert problems == []
