"""The oracle: each page of each person, from a gateway of its own that nothing happens to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.demo.rehearsal.load import Browser
from student_graph.gateway.demo.rehearsal.pages import Page
from student_graph.gateway.demo.rehearsal.verdicts.judge import foreign, has_trouble, is_marked_stale

MAX_ATTEMPTS = 6
PAGES_AT_ONCE = 6
RETRY_SECONDS = 1.0


async def ask_oracle(
    browser: Browser, url: str, pages: Sequence[Page], district_numbers: Mapping[str, int]
) -> dict[Page, dict[str, Any]]:
    """
    The expected page of each page.

    A page that lacks something because a vendor is slow is requested again.

    Raises:
        SettingsError: a page does not become complete, or shows what its viewer may not see.
    """
    slots = asyncio.Semaphore(PAGES_AT_ONCE)

    async def ask(page: Page) -> dict[str, Any]:
        async with slots:
            for attempt in range(MAX_ATTEMPTS):
                answer = await browser.open(url, page)
                if answer.status == 200:
                    seen: dict[str, Any] = json.loads(answer.text)
                    if leak := foreign(answer.text, page.viewer, district_numbers[page.viewer.district]):
                        raise SettingsError(f"the oracle: {page.viewer.name}, {page.document}: {leak}")
                    if not has_trouble(seen) and not is_marked_stale(seen):
                        return seen
                await asyncio.sleep(RETRY_SECONDS * attempt)
        raise SettingsError(
            f"the oracle has no complete page: {page.viewer.name}, {page.document}: {answer.text[-400:]}"
        )

    return dict(zip(pages, await asyncio.gather(*map(ask, pages)), strict=True))
