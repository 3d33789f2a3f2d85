"""
Answers that are confirmed instead of fetched: a source that marks its state is asked for the mark first.

Ed-Fi has one number for the whole API that grows with every change. While it is the number that was seen before an
answer was fetched, the answer is what it would be now. What was never kept costs no extra request: the mark is
looked for when something that was kept is no longer fresh.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import httpx
from pydantic import ValidationError

from student_graph.adapters.answers import Answer, Answers, Ask
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.sources import Fetch, Source
from student_graph.gateway.cache.store import Shelf
from student_graph.gateway.deadlines import within

LOOKED = 5.0
"""Seconds for which a mark holds: as much later than it happens a change is seen, at most."""
WITHOUT = 600.0
"""Seconds for which a source is not asked again that has no mark, or does not tell it."""


@dataclass(slots=True)
class _Mark:
    """A source's mark, or that it has none."""

    version: str | None
    until: float


class Epochs:
    """A `Fetch` that confirms what it can."""

    def __init__(
        self, fetch: Fetch, shelf: Callable[[Source, Ask[Any]], Shelf | None], clock: Callable[[], float]
    ) -> None:
        """Fetch by `fetch` what cannot be confirmed; `shelf` tells what is kept of an ask."""
        self._fetch, self._shelf, self._clock = fetch, shelf, clock
        self._marks: dict[Source, _Mark] = {}
        self._looking: dict[Source, asyncio.Task[str | None]] = {}

    async def __call__(self, source: Source, ask: Ask[Any], /) -> Answers:
        """The answers to an ask."""
        shelf = self._shelf(source, ask)
        if shelf is None or not _marks(source) or ask.lookup.sensitivity.restricted or ask.max_age is not None:
            return await self._fetch(source, ask)
        kept = {key: entry.answer for key in ask.keys if (entry := shelf.entries.get(key)) is not None}
        version = await self._version(source) if kept else None
        if version is None:
            return await self._fetch(source, ask)
        now = datetime.now(UTC)
        same = {
            key: answer._replace(fetched_at=now)
            for key, answer in kept.items()
            if answer is not None and answer.version == version
        }
        rest = tuple(key for key in ask.keys if key not in same)
        told = await self._fetch(source, replace(ask, keys=rest)) if rest else {}
        return same | {key: _marked(answer, version) for key, answer in told.items()}

    async def _version(self, source: Source) -> str | None:
        """The source's mark, looked for by one for all."""
        mark = self._marks.get(source)
        if mark is not None and self._clock() < mark.until:
            return mark.version
        task = self._looking.get(source)
        if task is None:
            task = self._looking[source] = asyncio.create_task(self._look(source))
            task.add_done_callback(lambda _: self._looking.pop(source, None))
        return await asyncio.shield(task)

    async def _look(self, source: Source) -> str | None:
        try:
            async with within(source.adapter.settings.timeout):
                version = await source.adapter.version()
        except (AdapterError, httpx.HTTPError, ValidationError, TimeoutError):
            version = None
        self._marks[source] = _Mark(version, self._clock() + (LOOKED if version is not None else WITHOUT))
        return version


def _marks(source: Source) -> bool:
    """Whether a source's adapter knows of marks at all."""
    return type(source.adapter).version is not Adapter.version


def _marked(answer: Answer[Any], version: str) -> Answer[Any]:
    return answer if isinstance(answer.value, AdapterError) else answer._replace(version=version)
