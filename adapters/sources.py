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
from itertools import repeat
from operator import attrgetter
from typing import Any, Concatenate, Generic, NamedTuple, ParamSpec, Protocol, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from student_graph.adapters.answers import Answer, Answers, Ask, Ref, SharedAnswers, SharedValues, distinct
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

    def sources_for(self, lookup: Lookup) -> list[Source]:
        """Return the sources that offer the lookup, in order of precedence."""
        return [source for source in self.sources if source.offers(lookup)]

    def authority(self, lookup: Lookup) -> Source | None:
        """Return the first source that offers the lookup and uses the district's own ids, or None."""
        return next((source for source in self.sources_for(lookup) if source.identity is None), None)


class Key(NamedTuple):
    """A key and its district."""

    district: DistrictId
    id: Any
    source: str | None = None
    """The only source to ask, if the key is its own id; None for a district's id, which all sources take."""


@dataclass(frozen=True, slots=True)
class Keys(Generic[K]):
    """Keys of one district; a key may occur twice."""

    district: DistrictId
    ids: Sequence[K]
    source: str | None = None
    """The only source to ask, if the keys are its own ids; None for the district's ids, which all sources take."""


@dataclass(frozen=True, slots=True)
class LookupResults(Generic[V]):
    """The combined answers of a district's sources, aligned with the requested keys."""

    values: Sequence[V | AdapterError | None]
    """A value for each key; None if no source knows the key, an error if no source has a value and one failed."""
    failures: Mapping[int, tuple[AdapterError, ...]] = field(default_factory=dict)
    """Errors of sources that failed for a key that has a value, by the position of the key."""
    stale: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """Names of the sources whose answer was stale, by the position of the key."""


class Sources:
    """The configured sources of all districts, for one operation of one viewer."""

    def __init__(
        self,
        districts: Mapping[DistrictId, District],
        fetch: Fetch,
        reached_via: frozenset[Ref] = frozenset(),
        *,
        at_enrolled_schools: bool = False,
    ) -> None:
        self.districts = districts
        self.fetch = fetch
        self._reached_via = reached_via
        self._at_enrolled_schools = at_enrolled_schools

    def reached_via(self, *refs: Ref) -> Sources:
        """Return the same sources, for keys that the query reached from these schools or sections."""
        if not refs:
            return self
        via = self._reached_via | frozenset(refs)
        return Sources(self.districts, self.fetch, via, at_enrolled_schools=self._at_enrolled_schools)

    def at_enrolled_schools(self) -> Sources:
        """Return the same sources, for records of students at the schools where they are enrolled."""
        return Sources(self.districts, self.fetch, self._reached_via, at_enrolled_schools=True)

    async def load_one(
        self, method: Method[K, P, V], keys: Keys[K], *args: P.args, **arguments: P.kwargs
    ) -> LookupResults[V]:
        """Return for each key the record of the first source that has one."""
        answers = await self._ask(lookup_of(method), keys, arguments)
        return _combine(answers, keys.ids, _first_value)

    async def load_many(
        self, method: Method[K, P, list[V]], keys: Keys[K], *args: P.args, **arguments: P.kwargs
    ) -> LookupResults[list[V]]:
        """Return for each key the records of all sources, in order of precedence."""
        answers = await self._ask(lookup_of(method), keys, arguments)
        return _combine(answers, keys.ids, _all_records)

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
        return _combine([answers], [key.id], _first_value)

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
        if len(sources) == 1:
            return [await self.fetch(sources[0], ask)]
        return await asyncio.gather(*(self.fetch(source, ask) for source in sources))


def _has_lists_of_schools(source: Source, lookup: Lookup) -> bool:
    """Whether lists of schools answer a lookup for the students who are enrolled there."""
    return any(path.has_enrolled_schools for path in source.adapter.paths.get(lookup.method, ()))


def _not_offered(lookup: Lookup) -> AdapterError:
    return NotOfferedError(f"no source of the district offers {lookup.name}")


_UNKNOWN: Answer[Any] = Answer(None, "", datetime.min.replace(tzinfo=UTC))
"""Stands for the answer to a key that a source does not know."""
_value, _withheld = attrgetter("value"), attrgetter("withheld")

_Combined: TypeAlias = tuple[Any, tuple[AdapterError, ...], frozenset[str]]
"""The result for a key: a value or an error, the errors of other sources, and the names of stale sources."""


def _combine(
    answers_by_source: Sequence[Answers],
    ids: Sequence[Any],
    combine_key: Callable[[Sequence[Answer[Any]]], _Combined],
) -> LookupResults[Any]:
    """Combine the answers of all sources, key by key."""
    if len(answers_by_source) == 1 and (results := _of_single_source(answers_by_source[0], ids)) is not None:
        return results
    values: list[Any] = []
    failures: dict[int, tuple[AdapterError, ...]] = {}
    stale: dict[int, frozenset[str]] = {}
    for position, key in enumerate(ids):
        value, errors, stale_sources = combine_key([part[key] for part in answers_by_source if key in part])
        values.append(value)
        if errors:
            failures[position] = errors
        if stale_sources:
            stale[position] = stale_sources
    return LookupResults(values, failures, stale)


def _of_single_source(answers_by_key: Answers, ids: Sequence[Any]) -> LookupResults[Any] | None:
    """The answers of the only source; None if it withholds records, which takes more work."""
    shared = answers_by_key if isinstance(answers_by_key, SharedAnswers) else None
    return _aligned(answers_by_key, ids) if shared is None else shared.for_ids(ids, _aligned)


def _aligned(answers_by_key: Answers, ids: Sequence[Any]) -> LookupResults[Any] | None:
    answers = list(map(answers_by_key.get, ids, repeat(_UNKNOWN)))
    results = LookupResults(SharedValues(map(_value, answers)), stale=_stale_names(answers))
    return None if any(map(_withheld, answers)) else results


def _first_value(answers: Sequence[Answer[Any]]) -> _Combined:
    """The first value, with the errors of the sources before it; the first error if there is no value."""
    errors: list[AdapterError] = []
    for answer in answers:
        if not isinstance(answer.value, AdapterError):
            return answer.value, (*errors, *answer.withheld), _stale_sources([answer])
        errors.append(answer.value)
    return (errors[0] if errors else None), (), frozenset()


def _all_records(answers: Sequence[Answer[Any]]) -> _Combined:
    """All records as one list, in order of precedence; the first error if no source has a list."""
    lists = [answer.value for answer in answers if not isinstance(answer.value, AdapterError)]
    errors = [answer.value for answer in answers if isinstance(answer.value, AdapterError)]
    if not lists:
        return (errors[0] if errors else None), (), frozenset()
    withheld = (error for answer in answers for error in answer.withheld)
    return [item for items in lists for item in items], (*errors, *withheld), _stale_sources(answers)


def _stale_names(answers: Sequence[Answer[Any]]) -> dict[int, frozenset[str]]:
    """The name of the source of each stale answer, by position."""
    names = {answer.source: frozenset({answer.source}) for answer in answers}
    return {position: names[answer.source] for position, answer in enumerate(answers) if answer.stale}


def _stale_sources(answers: Sequence[Answer[Any]]) -> frozenset[str]:
    """The names of the sources whose answer is stale."""
    return frozenset(answer.source for answer in answers if answer.stale)
