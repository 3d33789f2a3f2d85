"""A school morning: people open their pages again and again, and each answer is kept until it is judged."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import httpx

from student_graph.gateway.demo.rehearsal.fleet import now
from student_graph.gateway.demo.rehearsal.pages import Page, pages_of
from student_graph.gateway.demo.rehearsal.vendors.district import Viewer

PAGE_SECONDS = 60.0
"""How long a person waits for a page."""
FIRST_PAGE_WEIGHT = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one page."""

    page: Page
    trouble: str
    """Name of the trouble during which it was requested."""
    began_at: float
    """Monotonic seconds."""
    seconds: float
    status: int
    """HTTP status; 0 if nothing came."""
    text: str
    was_repeated: bool
    """Whether the connection broke before anything came, and the page was requested once more."""


class Browser:
    """Requests pages as the browsers of the people do, over connections that stay open."""

    def __init__(self, tokens: Mapping[str, str]) -> None:
        """`tokens` are the tokens of the viewers, by name."""
        limits = httpx.Limits()  # without a bound: nobody's browser waits for the connection of another person's
        self._client = httpx.AsyncClient(timeout=PAGE_SECONDS, trust_env=False, limits=limits)
        self._tokens = tokens

    async def open(self, url: str, page: Page, trouble: str = "") -> Answer:
        """Open a page. If a connection breaks before anything came, request it once more, as a proxy does."""
        headers = {"Authorization": f"Bearer {self._tokens[page.viewer.name]}"}
        began_at, was_repeated, status, text = now(), False, 0, ""
        for attempt in range(2):
            try:
                response = await self._client.post(f"{url}/graphql", json=page.body, headers=headers)
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError) as error:
                was_repeated, text = attempt == 0, type(error).__name__
            except httpx.HTTPError as error:
                text = type(error).__name__
                break
            else:
                status, text = response.status_code, response.text
                break
        return Answer(page, trouble, began_at, now() - began_at, status, text, was_repeated)

    def token(self, viewer: str) -> str:
        """The token of a viewer, by name."""
        return self._tokens[viewer]

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


class Morning:
    """The people who look at their pages until it ends."""

    def __init__(self, browser: Browser, url: str, pause_seconds: float, judge: Callable[[Answer], None]) -> None:
        """Each person waits about `pause_seconds` between two pages; `judge` gets each answer."""
        self._browser, self._url, self._pause_seconds, self._judge = browser, url, pause_seconds, judge
        self._people: dict[str, list[asyncio.Task[None]]] = {}
        self.trouble = "nothing"
        """Name of the trouble that is going on."""

    def add(self, viewers: Sequence[Viewer]) -> None:
        """Let people begin to look at their pages."""
        for viewer in viewers:
            choice = random.Random(viewer.name)  # noqa: S311 - the same pages in each run
            task = asyncio.create_task(self._view_pages(pages_of(viewer), choice))
            self._people.setdefault(viewer.district, []).append(task)

    async def remove(self, district: str) -> None:
        """Let the people of a district stop, at once."""
        await _cancel(self._people.pop(district, []))

    async def end(self) -> None:
        """Let all people stop."""
        await _cancel([task for tasks in self._people.values() for task in tasks])
        self._people.clear()

    async def _view_pages(self, pages: Sequence[Page], rng: random.Random) -> None:
        weights = [FIRST_PAGE_WEIGHT, *[1] * (len(pages) - 1)]
        await asyncio.sleep(rng.uniform(0, self._pause_seconds))
        while True:
            [page] = rng.choices(pages, weights)
            self._judge(await self._browser.open(self._url, page, self.trouble))
            await asyncio.sleep(rng.uniform(0.5, 1.5) * self._pause_seconds)


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    """
    Cancel tasks and wait for them.

    Raises:
        Exception: what a task has failed with.
    """
    for task in tasks:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError):
            await task
