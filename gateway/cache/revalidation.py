"""
Confirms cached answers without fetching them again, where a source publishes a change version of its data.

Ed-Fi has one number for the whole API that grows with every change. While it is still the number that was read
before an answer was fetched, the answer is unchanged. The version is read only when a cached answer is no longer
fresh, so keys that were never cached cost no extra request.
"""

from __future__ import annotations

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
from student_graph.gateway.arrivals import ArrivedAnswers, current_receiver, receiving_arrivals
from student_graph.gateway.cache.store import Bucket
from student_graph.gateway.deadlines import within
from student_graph.gateway.shared_tasks import SharedTasks

VERSION_SECONDS = 5.0
"""How long a change version is used before it is read again: a change is noticed this much later at most."""
NO_VERSION_SECONDS = 600.0
"""Time after which a source is asked again that has no change version, or failed to return it."""


@dataclass(slots=True)
class _ChangeVersion:
    """The change version of a source when it was last read."""

    value: str | None
    """None if the source has none, or failed to return it."""
    valid_until: float


class Revalidation:
    """A `Fetch` that confirms cached answers where it can, and fetches the others."""

    def __init__(
        self, fetch: Fetch, bucket_of: Callable[[Source, Ask[Any]], Bucket | None], clock: Callable[[], float]
    ) -> None:
        """Fetch by `fetch` what cannot be confirmed; `bucket_of` returns the bucket of an ask."""
        self._fetch, self._bucket_of, self._clock = fetch, bucket_of, clock
        self._versions: dict[Source, _ChangeVersion] = {}
        self._reading: SharedTasks[Source, str | None] = SharedTasks()

    async def __call__(self, source: Source, ask: Ask[Any], /) -> Answers:
        """The answers to an ask."""
        bucket = self._bucket_of(source, ask)
        if (
            bucket is None
            or not _may_have_version(source)
            or ask.lookup.sensitivity.restricted
            or ask.max_age is not None
        ):
            return await self._fetch(source, ask)
        cached = {key: entry.answer for key in ask.keys if (entry := bucket.entries.get(key)) is not None}
        version = await self._change_version(source) if cached else None
        if version is None:
            return await self._fetch(source, ask)
        now = datetime.now(UTC)
        confirmed = {
            key: answer._replace(fetched_at=now)
            for key, answer in cached.items()
            if answer is not None and answer.version == version
        }
        pass_on = current_receiver()
        pass_on(confirmed)
        remaining = tuple(key for key in ask.keys if key not in confirmed)
        if not remaining:
            return confirmed
        with receiving_arrivals(lambda arrived: pass_on(_with_versions(arrived, version))):
            fetched = await self._fetch(source, replace(ask, keys=remaining))
        return confirmed | {key: _with_version(answer, version) for key, answer in fetched.items()}

    async def _change_version(self, source: Source) -> str | None:
        """The source's change version. Concurrent callers share one request for it."""
        version = self._versions.get(source)
        if version is not None and self._clock() < version.valid_until:
            return version.value
        return await self._reading.join(source, lambda: self._read_version(source))

    async def _read_version(self, source: Source) -> str | None:
        try:
            async with within(source.adapter.settings.timeout):
                value = await source.adapter.version()
        except (AdapterError, httpx.HTTPError, ValidationError, TimeoutError):
            value = None
        seconds = VERSION_SECONDS if value is not None else NO_VERSION_SECONDS
        self._versions[source] = _ChangeVersion(value, self._clock() + seconds)
        return value


def _may_have_version(source: Source) -> bool:
    """Whether the source's adapter implements change versions."""
    return type(source.adapter).version is not Adapter.version


def _with_versions(arrived: ArrivedAnswers, version: str) -> ArrivedAnswers:
    """Answers that were read after the version."""
    return {key: None if answer is None else _with_version(answer, version) for key, answer in arrived.items()}


def _with_version(answer: Answer[Any], version: str) -> Answer[Any]:
    return answer if isinstance(answer.value, AdapterError) else answer._replace(version=version)
