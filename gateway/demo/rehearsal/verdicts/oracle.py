"""The oracle: each page of each person, from a gateway of its own that nothing happens to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.demo.rehearsal.fleet import now
from student_graph.gateway.demo.rehearsal.load import Browser
from student_graph.gateway.demo.rehearsal.pages import Page
from student_graph.gateway.demo.rehearsal.verdicts.judge import foreign, has_trouble

MAX_SECONDS = 300.0
"""Time in which a page must become complete: each request continues the count of a large district."""
PAGES_AT_ONCE = 6
MAX_RETRY_SECONDS = 5.0
"""Longest time between two requests for a page."""


async def ask_oracle(
    browser: Browser, url: str, pages: Sequence[Page], district_numbers: Mapping[str, int]
) -> dict[Page, dict[str, Any]]:
    """
    The expected page of each page.

    A page that lacks something because a vendor is slow is requested again. Its values may be old: as long as this
    gateway runs, the data of the vendors does not change.

    Raises:
        SettingsError: a page does not become complete, or shows what its viewer may not see.
    """
    slots = asyncio.Semaphore(PAGES_AT_ONCE)

    async def ask(page: Page) -> dict[str, Any]:
        async with slots:
            ends_at, pause = now() + MAX_SECONDS, 0.0
            while True:
                answer = await browser.open(url, page)
                if answer.status == 200:
                    seen: dict[str, Any] = json.loads(answer.text)
                    if leak := foreign(answer.text, page.viewer, district_numbers[page.viewer.district]):
                        raise SettingsError(f"the oracle: {page.viewer.name}, {page.document}: {leak}")
                    if not has_trouble(seen):
                        return seen
                if now() > ends_at:
                    raise SettingsError(
                        f"the oracle has no complete page after {MAX_SECONDS:.0f} seconds: {page.viewer.name}, "
                        f"{page.document}: {answer.text[-400:]}"
                    )
                await asyncio.sleep(pause)
                pause = min(pause + 1, MAX_RETRY_SECONDS)

    return dict(zip(pages, await asyncio.gather(*map(ask, pages)), strict=True))
