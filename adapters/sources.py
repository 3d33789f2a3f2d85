"""
The configured adapters of all districts, and how to ask all sources of a district at once.

`Fetch` is the one call shape of the project: it takes a source and an `Ask` and returns an `Answer` for each known
key. Authorization, identity, access paths, limits and tracing are functions from `Fetch` to `Fetch`.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Concatenate, Generic, NamedTuple, ParamSpec, Protocol, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from student_graph.adapters.answers import (
    Answer,
    Answers,
    Ask,
    LookupResults,
    Ref,
    all_records,
    combine,
    distinct,
    first_value,
)
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError, NotOfferedError
from student_graph.adapters.identity import IdentityRules
from student_graph.adapters.lookup import Batch, Lookup, Page, Window, lookup_of
from student_graph.adapters.model import DistrictId
from student_graph.adapters.model.code_mapping import CodeMapping

K = TypeVar("K")
V = TypeVar("V")
P = ParamSpec("P")
Method: TypeAlias = Callable[Concatenate[Any, Sequence[K], P], Awaitable[Batch[K, V]]]


class Freshness(NamedTuple):
    """How long the cache may serve the answers of a lookup."""

    fresh: timedelta
    """How long an answer is fresh: until then it is served from the cache."""
    stale: timedelta
    """How long after that it may still be served, marked as stale, if the vendor fails."""


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A configured adapter of a district."""

    name: str
    """Its name in the district, such as `sis`."""
    kind: str
    """The name under which its adapter is installed, such as `edfi`."""
    district: DistrictId
    adapter: Adapter
    identity: IdentityRules | None = None
    """Rules that link the vendor's ids to the district's; None if the vendor uses the district's ids."""
    allowed_lookups: frozenset[str] | None = None
    """Names of the lookups that the district uses it for; None allows all that its adapter supports."""
    freshness_by_lookup: Mapping[str, Freshness] = field(default_factory=dict)
    """Cache times that the district configured, by the name of the lookup; they replace those of the lookup."""
    codes: CodeMapping | None = None
    """Meanings that the district gives to codes of the source; None if it gives none."""
    files_digest: str = ""
    """Digest of the files that define it besides the settings file: with other contents it is another source."""

    def freshness(self, lookup: Lookup) -> Freshness:
        """The cache times of its answers to a lookup."""
        return self.freshness_by_lookup.get(lookup.name) or Freshness(lookup.fresh, lookup.stale)

    def maps(self, kind: str) -> bool:
        """Whether the district gives meanings to codes of this kind, such as `grade_level`, in its records."""
        return self.codes is not None and kind in self.codes.names

    def offers(self, lookup: Lookup) -> bool:
        """Whether its adapter supports the lookup and the district allows it."""
        allowed = self.allowed_lookups
        return self.adapter.supports(lookup.method) and (allowed is None or lookup.name in allowed)


class Fetch(Protocol):
    """Executes one ask at one source."""

    async def __call__(self, source: Source, ask: Ask[Any], /) -> Answers:
        """Return answers by key, without keys that the source does not know. A vendor's failure is an answer."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class District:
    """A school district: its sources, in order of precedence, and its calendar."""

    id: DistrictId
    name: str
    sources: tuple[Source, ...]
    time_zone: ZoneInfo = ZoneInfo("UTC")
    school_year_starts: tuple[int, int] = (7, 1)
    """The month and day on which a school year begins."""
    frozen_on: datetime | None = None
    """For sample data of a past year: the instant to use as now. None uses the clock."""
    weight: float = 1.0
    """How large its share of the process is while districts compete, compared with those of others."""
    _sources_by_lookup: dict[Callable[..., Any], Sequence[Source]] = field(
        default_factory=dict, init=False, repr=False
    )
    """The sources of lookups that were asked for, by method."""

    def today(self, now: datetime | None = None) -> date:
        """Return the date in the district's time zone, now or at an instant."""
        return (self.frozen_on or now or datetime.now(UTC)).astimezone(self.time_zone).date()

    def end_of_day(self, now: datetime | None = None) -> float:
        """Return when the day of `today(now)` ends, in seconds since 1970; infinity if the date is frozen."""
        if self.frozen_on is not None:
            return math.inf
        return datetime.combine(self.today(now) + timedelta(days=1), time.min, self.time_zone).timestamp()

    def school_year(self, day: date) -> int:
        """Return the school year of a day, named by the calendar year in which it ends."""
        return day.year + ((day.month, day.day) >= self.school_year_starts)

    def sources_for(self, lookup: Lookup) -> Sequence[Source]:
        """Return the sources that offer the lookup, in order of precedence."""
        sources = self._sources_by_lookup.get(lookup.method)
        if sources is None:
            sources = [source for source in self.sources if source.offers(lookup)]
            self._sources_by_lookup[lookup.method] = sources
        return sources

    def authority(self, lookup: Lookup) -> Source | None:
        """Return the first source that offers the lookup and uses the district's own ids, or None."""
        return next((source for source in self.sources_for(lookup) if source.identity is None), None)


class Key(NamedTuple):
    """A key and its district."""

    district: DistrictId
    id: Any
    source: str | None = None
    """The only source to ask, if the key is its own id; None for a district's id, which all sources take."""


class Keys(NamedTuple, Generic[K]):
    """Keys of one district; a key may occur twice."""

    district: DistrictId
    ids: Sequence[K]
    source: str | None = None
    """The only source to ask, if the keys are its own ids; None for the district's ids, which all sources take."""


CachedAnswers: TypeAlias = Callable[[Source, Ask[Any]], Answers | None]
"""Returns the answers to an ask without waiting; None if a source must be asked."""


def no_cached_answers(_: Source, __: Ask[Any]) -> None:
    """Return None: nothing is cached."""


class Sources:
    """The configured sources of all districts, for one operation of one viewer."""

    def __init__(
        self,
        districts: Mapping[DistrictId, District],
        fetch: Fetch,
        reached_via: frozenset[Ref] = frozenset(),
        *,
        at_enrolled_schools: bool = False,
        from_cache: CachedAnswers = no_cached_answers,
    ) -> None:
        """Ask by `fetch` what `from_cache` does not answer: to look there first takes a fraction of the time."""
        self.districts = districts
        self.fetch = fetch
        self._from_cache = from_cache
        self._reached_via = reached_via
        self._at_enrolled_schools = at_enrolled_schools

    def reached_via(self, *refs: Ref) -> Sources:
        """Return the same sources, for keys that the query reached from these schools or sections."""
        if not refs:
            return self
        return self._changed(self._reached_via | frozenset(refs), at_enrolled_schools=self._at_enrolled_schools)

    def at_enrolled_schools(self) -> Sources:
        """Return the same sources, for records of students at the schools where they are enrolled."""
        return self._changed(self._reached_via, at_enrolled_schools=True)

    def _changed(self, reached_via: frozenset[Ref], *, at_enrolled_schools: bool) -> Sources:
        return Sources(
            self.districts,
            self.fetch,
            reached_via,
            at_enrolled_schools=at_enrolled_schools,
            from_cache=self._from_cache,
        )

    async def load_one(
        self, method: Method[K, P, V], keys: Keys[K], *args: P.args, **arguments: P.kwargs
    ) -> LookupResults[V]:
        """Return for each key the record of the first source that has one."""
        answers = await self._ask(lookup_of(method), keys, arguments)
        return combine(answers, keys.ids, first_value)

    async def load_many(
        self, method: Method[K, P, list[V]], keys: Keys[K], *args: P.args, **arguments: P.kwargs
    ) -> LookupResults[list[V]]:
        """Return for each key the records of all sources, in order of precedence."""
        answers = await self._ask(lookup_of(method), keys, arguments)
        return combine(answers, keys.ids, all_records)

    async def load_page(
        self, method: Callable[..., Awaitable[Batch[Any, Page[V]]]], key: Key, window: Window, **arguments: Any
    ) -> LookupResults[Page[V]]:
        """Return one page of a long list, from the first source that offers it, as the result of one key."""
        lookup = lookup_of(method)
        sources = self.districts[key.district].sources_for(lookup)
        if not sources:
            return LookupResults([_not_offered(lookup)])
        ask = Ask(lookup, (key.id,), arguments, window, reached_via=self._reached_via)
        answers = await self.fetch(sources[0], ask)
        return combine([answers], [key.id], first_value)

    async def _ask(self, lookup: Lookup, keys: Keys[Any], arguments: Mapping[str, Any]) -> Sequence[Answers]:
        """Return the answers of each source of the district, in order of precedence."""
        sources = self.districts[keys.district].sources_for(lookup)
        if keys.source is not None:
            sources = [source for source in sources if source.name == keys.source]
        if not sources:
            not_offered: Answer[Any] = Answer(_not_offered(lookup), "", datetime.now(UTC))
            return [dict.fromkeys(keys.ids, not_offered)]
        ask = Ask(lookup, distinct(keys.ids), arguments, reached_via=self._reached_via)
        if self._at_enrolled_schools and any(_has_lists_of_schools(source, lookup) for source in sources):
            ask = replace(ask, at_enrolled_schools=True)
        cached = [self._from_cache(source, ask) for source in sources]
        uncached = [source for source, answers in zip(sources, cached, strict=True) if answers is None]
        if len(uncached) > 1:
            fetched = iter(await asyncio.gather(*(self.fetch(source, ask) for source in uncached)))
        else:
            fetched = iter([await self.fetch(source, ask) for source in uncached])
        return [next(fetched) if answers is None else answers for answers in cached]


def _has_lists_of_schools(source: Source, lookup: Lookup) -> bool:
    """Whether lists of schools answer a lookup for the students who are enrolled there."""
    return any(path.has_enrolled_schools for path in source.adapter.paths.get(lookup.method, ()))


def _not_offered(lookup: Lookup) -> AdapterError:
    return NotOfferedError(f"no source of the district offers {lookup.name}")
