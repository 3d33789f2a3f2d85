"""
Confirms cached answers without fetching them again, or lets a lookup read only the changes since then.

Ed-Fi has one number for the whole API that grows with every change. While it is still the number that was read
before an answer was fetched, the answer is unchanged. When it has grown, a lookup gets its earlier answer and may
read the changes only. When it has become smaller, the vendor's data were restored from a backup: all answers of
the source are forgotten.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx
from pydantic import ValidationError

from student_graph.adapters.answers import Answer, Answers, Ask
from student_graph.adapters.changes import EarlierAnswer, earlier_answers
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.reading import SharedReads
from student_graph.adapters.sources import Fetch, Source
from student_graph.gateway.cache.entries import Bucket
from student_graph.gateway.concurrency.arrivals import ArrivedAnswers, current_receiver, receiving_arrivals
from student_graph.gateway.concurrency.deadlines import within

log = logging.getLogger("student_graph.cache")

VERSION_SECONDS = 5.0
"""
How long a change version is used before it is read again. An answer that it confirms is as old as the version.
"""
NO_VERSION_SECONDS = 600.0
"""Time after which a source without a change version, or with a failed request for it, is asked again."""
LISTS_WITH_CHANGES = frozenset({"school", "district"})
"""Kinds of keys whose lists are long enough to be brought up to date; their first answer gets a version, too."""


@dataclass(frozen=True, slots=True)
class _ChangeVersion:
    """The change version of a source when it was last read."""

    value: str | None
    """None if the source has none, or failed to return it."""
    read_at: datetime
    """When the request for it was sent: answers with this version were unchanged then."""
    clock_at: float
    """When the request for it was sent, by the cache's clock."""

    def is_recent(self, now: float, fresh_seconds: float) -> bool:
        """Whether the version is recent enough for answers that are fresh for `fresh_seconds`."""
        seconds = NO_VERSION_SECONDS if self.value is None else min(VERSION_SECONDS, fresh_seconds)
        return now < self.clock_at + seconds


class Revalidation:
    """A `Fetch` that confirms cached answers where it can, and fetches the others."""

    def __init__(
        self,
        fetch: Fetch,
        bucket_of: Callable[[Source, Ask[Any]], Bucket | None],
        clock: Callable[[], float],
        on_restore: Callable[[Source], object],
    ) -> None:
        """
        Call `fetch` for answers that cannot be confirmed.

        `bucket_of` returns the bucket of an ask. `on_restore` is called with a source whose version went back.
        """
        self._fetch, self._bucket_of, self._clock, self._on_restore = fetch, bucket_of, clock, on_restore
        self._versions: dict[Source, _ChangeVersion] = {}
        self._reading = SharedReads()

    def forget(self, sources: Collection[Source]) -> None:
        """Forget the versions of sources that are no longer configured."""
        for source in sources:
            self._versions.pop(source, None)

    async def __call__(self, source: Source, ask: Ask[Any], /) -> Answers:
        """The answers to an ask."""
        if not _may_have_version(source) or ask.lookup.sensitivity.restricted or ask.max_age is not None:
            return await self._fetch(source, ask)
        bucket = self._bucket_of(source, ask)
        entries = bucket.entries if bucket is not None else {}
        cached = {key: entry.answer for key in ask.keys if (entry := entries.get(key)) is not None}
        known = await self._known_version(source, ask, is_cached=bool(cached))
        if known is None or known.value is None:
            return await self._fetch(source, ask)
        confirmed = {
            key: answer._replace(fetched_at=known.read_at)
            for key, answer in cached.items()
            if answer is not None and answer.version == known.value
        }
        pass_on = current_receiver()
        pass_on(confirmed)
        remaining = tuple(key for key in ask.keys if key not in confirmed)
        if not remaining:
            return confirmed
        earlier = {
            key: EarlierAnswer(answer.value, answer.version)
            for key in remaining
            if (answer := cached.get(key)) is not None
            and answer.version
            # A row that could not be read has no known key, so changes would not show whether it still exists.
            and not answer.withheld
            and isinstance(answer.value, list)
            and not _is_before(known.value, answer.version)
        }
        with receiving_arrivals(lambda arrived: pass_on(_with_versions(arrived, known))), earlier_answers(earlier):
            fetched = await self._fetch(source, replace(ask, keys=remaining))
        return confirmed | {key: _with_version(answer, known) for key, answer in fetched.items()}

    async def _known_version(self, source: Source, ask: Ask[Any], *, is_cached: bool) -> _ChangeVersion | None:
        """
        The version to compare cached answers with, and to note on new ones.

        An old version is good enough for a new answer: later, the changes since that version are read, which
        includes more than necessary. For a short list that was never cached, the version is not worth a request.
        """
        known = self._versions.get(source)
        fresh_seconds = source.freshness(ask.lookup).fresh.total_seconds()
        is_recent = known is not None and known.is_recent(self._clock(), fresh_seconds)
        if is_recent or (known is not None and known.value is not None and not is_cached):
            return known
        if not is_cached and not (ask.lookup.is_list and ask.lookup.key_kind in LISTS_WITH_CHANGES):
            return None
        return await self._reading.read(source, partial(self._read_version, source))

    async def _read_version(self, source: Source) -> _ChangeVersion:
        read_at, clock_at = datetime.now(UTC), self._clock()
        try:
            async with within(source.adapter.settings.timeout):
                value = await source.adapter.version()
        except (AdapterError, httpx.HTTPError, ValidationError, TimeoutError):
            value = None
        last = self._versions.get(source)
        if last is not None and _is_before(value, last.value):
            log.error(
                "source %s went back from change version %s to %s, as after a restore: its answers are forgotten",
                source.name,
                last.value,
                value,
            )
            self._on_restore(source)
        version = _ChangeVersion(value, read_at, clock_at)
        self._versions[source] = version
        return version


def _may_have_version(source: Source) -> bool:
    """Whether the source's adapter implements change versions."""
    return type(source.adapter).version is not Adapter.version


def _is_before(value: str | None, last: str | None) -> bool:
    """Whether a version is a smaller number than the last one; versions that are no numbers have no order."""
    return (
        value is not None
        and last is not None
        and value.isdecimal()
        and last.isdecimal()
        and int(value) < int(last)
    )


def _with_versions(arrived: ArrivedAnswers, known: _ChangeVersion) -> ArrivedAnswers:
    """Answers with the version that was read before them."""
    return {key: None if answer is None else _with_version(answer, known) for key, answer in arrived.items()}


def _with_version(answer: Answer[Any], known: _ChangeVersion) -> Answer[Any]:
    """The answer with the version; without one if it was fetched earlier, by another process of the fleet."""
    is_newer = answer.fetched_at >= known.read_at
    return (
        answer if isinstance(answer.value, AdapterError) or not is_newer else answer._replace(version=known.value)
    )
