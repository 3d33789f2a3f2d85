"""
Complete responses as bytes, for viewers who send the same request again with the same rights.

A response is cached only if its operation was answered from the cache alone, without a stale answer or a
restricted class of data, and if its errors follow from these answers and the viewer's rights. It is used only
while all batches that it was computed from are current. If one of their answers is replaced, purged, evicted or no
longer fresh, the operation is executed again.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from operator import attrgetter
from sys import getsizeof
from typing import Any

import msgspec

from student_graph.adapters.answers import Ask
from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import District, Source
from student_graph.gateway.cache.entries import CachedBatch, are_current
from student_graph.gateway.cache.store import Store
from student_graph.gateway.concurrency.fair_lru import owner_of
from student_graph.gateway.concurrency.segmented_lru import SegmentedLRU
from student_graph.resolvers.operation import Operation, SourceTraffic, Traffic

RESPONSE_OVERHEAD_BYTES = 2048
"""Bytes of a cached response without its data and its disclosure entries."""
MAX_UNUSED_SECONDS = 300.0
"""How long an unused response is kept."""
OLD_RESPONSES_CHECKED = 4
"""Cached responses that are checked for each new one: unused ones are removed faster than new ones are added."""
MAX_RESPONSE_SHARE = 1 / 8
"""Largest share of the response memory that one response takes."""
STABLE_ERROR_CODES = frozenset({"NO_IDENTITY_LINK", "IDENTITY_CONFLICT", "FORBIDDEN", "NOT_OFFERED"})
"""
Codes of errors that a cached response may have.

They follow from identifiers in cached batches, from the viewer's grants and reach, or from the settings. A failure
of a vendor may have one of these codes, too, but it is never cached: its operation has no complete dependencies.
"""
_AGE_ZERO, _AGE_PLACEHOLDER = b'"age":0.0', b'"age":%.1f'
"""An age of 0 in an encoded response, and the placeholder that replaces it."""


@dataclass(slots=True)
class Dependencies:
    """The cached batches that an operation was answered from."""

    batches: list[CachedBatch] = field(default_factory=list)
    complete: bool = True
    """Whether the operation used nothing but these batches. If not, its response is not cached."""
    valid_until: float = math.inf
    """When the viewer's reach must be looked up again, by the cache's clock."""

    def add(self, batch: CachedBatch | None, *, restricted: bool = False) -> None:
        """Add a batch that the operation used; None for answers that are not in a current batch."""
        if restricted or batch is None or not batch.is_current:
            self.complete = False
        else:
            self.batches.append(batch)

    def add_read(self, source: Source, ask: Ask[Any], batch: CachedBatch | None) -> None:
        """Add a source's answers to an ask, by the batch in which they are cached; None if they are in none."""
        del source
        self.add(batch, restricted=ask.lookup.sensitivity.restricted)

    def note_fetched(self) -> bool:
        """Record that a source was asked. Returns whether its answers may be added: not to a response."""
        return False

    def forgetting(self) -> Dependencies:
        """The dependencies of a part that does not keep its answers; the response is then not cached."""
        self.complete = False
        return Dependencies()

    def add_reach(self, batches: Iterable[CachedBatch], valid_until: float, *, complete: bool) -> None:
        """Add the batches of a part, such as the viewer's reach, and until when the part is valid."""
        self.batches.extend(batches)
        self.valid_until = min(self.valid_until, valid_until)
        self.complete = self.complete and complete


def is_stable(error: Mapping[str, Any]) -> bool:
    """Whether an error, as a member of a response, has one of `STABLE_ERROR_CODES`."""
    return error.get("extensions", {}).get("code") in STABLE_ERROR_CODES


@dataclass(slots=True, frozen=True)
class EncodedErrors:
    """The errors of a response as JSON."""

    json: bytes
    request_id: str
    """Id of the request that is named in each of them."""

    def for_request(self, request_id: str) -> bytes:
        """The same errors with another request's id. Ids are random: no other text in the JSON equals one."""
        return self.json.replace(self.request_id.encode(), request_id.encode())


@dataclass(slots=True, frozen=True)
class CachedResponse:
    """The encoded data of a response, and the batches that it was computed from."""

    data: bytes
    batches: Sequence[CachedBatch]
    fresh_until: float
    """When the first of its answers becomes stale, by the cache's clock."""
    day_ends_at: float
    """When the first of the viewer's districts reaches midnight, in seconds since 1970."""
    fetched_at: Mapping[str, float]
    """By source, when its oldest answer was fetched, by the cache's clock."""
    extensions_format: bytes
    """The extensions as JSON, with a placeholder for the age of each source."""
    disclosures: Sequence[Any] = ()
    """Entries to write to the disclosure log each time that the response is sent."""
    errors: EncodedErrors | None = None
    """The errors of the response; None if it has none."""

    @property
    def oldest_fetched_at(self) -> float:
        """When the oldest answer was fetched, by the cache's clock."""
        return min(self.fetched_at.values(), default=0.0)

    @property
    def size(self) -> int:
        """Bytes that the response takes in memory."""
        errors = getsizeof(self.errors.json) if self.errors is not None else 0
        return RESPONSE_OVERHEAD_BYTES + getsizeof(self.data) + errors + sum(map(getsizeof, self.disclosures))

    def ages(self, now: float) -> dict[str, tuple[bytes, float]]:
        """For the disclosure log, by source: `fresh`, and the age of its oldest answer in seconds."""
        return {name: (b"fresh", now - fetched_at) for name, fetched_at in self.fetched_at.items()}

    def body(self, now: float, request_id: str) -> Sequence[bytes]:
        """
        The parts of the response body, with the current age of each source, and in its errors the id of a request.

        The data is one part, which all responses share, so that a client that reads slowly keeps no copy of it.
        """
        ages = tuple([now - fetched_at for fetched_at in self.fetched_at.values()])
        errors = self.errors.for_request(request_id) if self.errors is not None else None
        return body_parts((self.data,), errors, self.extensions_format % ages)


def body_parts(data: Sequence[bytes], errors: bytes | None, extensions_json: bytes) -> Sequence[bytes]:
    """The parts of a response's body from its members as JSON; one without errors has no such member."""
    errors_member = (b',"errors":', errors) if errors is not None else ()
    return (b'{"data":', *data, *errors_member, b',"extensions":', extensions_json, b"}")


def extensions(traffic: Traffic) -> dict[str, Any]:
    """The extensions of a response: the traffic with each source, and the parts of the data that are missing."""
    values: dict[str, Any] = {"sources": {n: _source_extension(counts) for n, counts in traffic.by_source.items()}}
    if missing := [
        {"path": list(d.path), "source": d.source, "code": d.code, "retryable": d.retryable}
        for d in traffic.degraded
    ]:
        values["degraded"] = missing
    return values


def _source_extension(traffic: SourceTraffic) -> dict[str, Any]:
    return {
        "calls": traffic.calls,
        "asks": traffic.asks,
        "hits": traffic.hits,
        "stale": traffic.stale,
        "failures": traffic.failures,
        "age": round(traffic.age, 1),
        "ms": round(traffic.milliseconds, 1),
    }


class ResponseCache:
    """
    The cached responses of a process. The district that uses most loses its least recently used ones first.

    Responses that were requested only once have a small part of the memory. They replace no others.
    """

    def __init__(
        self,
        store: Store,
        districts: Mapping[DistrictId, District],
        memory: int,
        clock: Callable[[], float],
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """Hold at most `memory` bytes; `clock` is the cache's clock, `wall_clock` returns seconds since 1970."""
        self._store, self._districts, self._memory = store, districts, memory
        self._clock, self._wall_clock = clock, wall_clock
        self._responses: SegmentedLRU[Hashable, CachedResponse] = SegmentedLRU(memory, attrgetter("size"))
        self._responses.share_among({name: district.weight for name, district in districts.items()})
        self._used_at: OrderedDict[Hashable, float] = OrderedDict()
        """When each response was last used, in this order. Contains some responses that were evicted since."""

    def __len__(self) -> int:
        return len(self._responses)

    @property
    def used_bytes(self) -> int:
        """Bytes that the responses take in memory."""
        return self._responses.used_size

    @property
    def max_bytes(self) -> int:
        """Bytes that the responses may take."""
        return self._memory

    @property
    def now(self) -> float:
        """The time by the cache's clock."""
        return self._clock()

    def get(self, key: Hashable, max_age: timedelta | None = None) -> CachedResponse | None:
        """The response to a request; None if there is none, it is outdated, or it is older than `max_age`."""
        response = self._responses.get(key)
        if response is None:
            return None
        now = self._clock()
        if self._is_outdated(response, now):
            self._responses.pop(key)
            return None
        if max_age is not None and now - response.oldest_fetched_at > max_age.total_seconds():
            return None
        self._note_use(key, now)
        self._store.touch_batches(response.batches)
        return response

    def clear(self) -> None:
        """Drop all responses."""
        self._responses.clear()
        self._used_at.clear()

    def set(
        self,
        key: Hashable,
        operation: Operation,
        data: Iterable[bytes],
        districts: Collection[DistrictId],
        disclosures: Sequence[Any] = (),
        *,
        errors: EncodedErrors | None = None,
    ) -> None:
        """
        Cache the response of an operation, if its dependencies are complete and current.

        `data` is JSON in parts, `districts` are the viewer's districts. `disclosures` are written to the
        disclosure log each time that the response is sent. All `errors` have one of `STABLE_ERROR_CODES`.
        """
        dependencies, traffic = operation.dependencies, operation.traffic
        if not self._memory or not isinstance(dependencies, Dependencies) or not dependencies.complete:
            return
        batches = dependencies.batches
        if not batches or not are_current(batches):
            return
        now = self._clock()
        fetched_at = {name: now - seen.age for name, seen in traffic.by_source.items()}
        # A cached response needs no calls and no waiting; its ages are filled in when it is sent.
        counts = {name: SourceTraffic(asks=seen.asks, hits=seen.hits) for name, seen in traffic.by_source.items()}
        encoded = _encode(extensions(Traffic(counts, traffic.degraded)))
        extensions_format = encoded.replace(b"%", b"%%").replace(_AGE_ZERO, _AGE_PLACEHOLDER)
        days_end_at = [self._districts[name].end_of_day(operation.started_at) for name in districts]
        day_ends_at = min(days_end_at, default=0.0)
        fresh_until = min(dependencies.valid_until, *(batch.valid_until for batch in batches))
        content = b"".join(data)
        response = CachedResponse(
            content, tuple(batches), fresh_until, day_ends_at, fetched_at, extensions_format, disclosures, errors
        )
        self._drop_unused(now)
        if response.size <= self._memory * MAX_RESPONSE_SHARE:
            self._responses.set(key, response, owner_of(districts))
            self._note_use(key, now)

    def _is_outdated(self, response: CachedResponse, now: float) -> bool:
        day_is_over = self._wall_clock() >= response.day_ends_at
        return now >= response.fresh_until or day_is_over or not are_current(response.batches)

    def _note_use(self, key: Hashable, now: float) -> None:
        self._used_at[key] = now
        self._used_at.move_to_end(key)

    def _drop_unused(self, now: float) -> None:
        """Drop the least recently used responses that nobody uses any more: some hold evicted answers."""
        for key, used_at in list(islice(self._used_at.items(), OLD_RESPONSES_CHECKED)):
            if key not in self._responses or now - used_at > MAX_UNUSED_SECONDS:
                self._responses.pop(key)
                del self._used_at[key]


_encode = msgspec.json.Encoder().encode
