"""
The configured adapters of all districts, asked at once.

`Fetch` is the one call shape of the project: a source and an `Ask` in; an `Answer` for each known key out.
Authorization, identity, access paths, bounds and tracing are functions from `Fetch` to `Fetch`.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Concatenate, Generic, NamedTuple, ParamSpec, Protocol, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from student_graph.adapters.answers import Answer, Answers, Ask, Ref
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError, NotOfferedError
from student_graph.adapters.identity import IdentityRules
from student_graph.adapters.lookup import Batch, Lookup, Page, Window, lookup_of
from student_graph.adapters.model import DistrictId

K = TypeVar("K")
V = TypeVar("V")
P = ParamSpec("P")
Method: TypeAlias = Callable[Concatenate[Any, Sequence[K], P], Awaitable[Batch[K, V]]]


class Aging(NamedTuple):
    """How the answers to a lookup age."""

    fresh: timedelta
    """How long an answer needs no second asking."""
    stale: timedelta
    """How long after that it may be served, marked as stale, when the vendor fails."""


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A configured adapter of a district, by its name."""

    name: str
    kind: str
    district: DistrictId
    adapter: Adapter
    identity: IdentityRules | None = None
    """How the district's ids become this source's; None when it speaks them."""
    only: frozenset[str] | None = None
    """Names of the lookups that it is asked; None for all that its adapter answers."""
    ages: Mapping[str, Aging] = field(default_factory=dict)
    """How answers age where the district says otherwise than the lookup, by its name."""

    def aging(self, lookup: Lookup) -> Aging:
        """How its answers to a lookup age."""
        return self.ages.get(lookup.name) or Aging(lookup.fresh, lookup.stale)

    def offers(self, lookup: Lookup) -> bool:
        """Whether the source answers the lookup, and is asked it."""
        return self.adapter.supports(lookup.method) and (self.only is None or lookup.name in self.only)


class Fetch(Protocol):
    """Carry out one ask at one source."""

    async def __call__(self, source: Source, ask: Ask[Any], /) -> Answers:
        """Answers by key; a key that the source does not know is absent. Raises nothing a vendor did."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class District:
    """A school district: its sources in order of precedence, and its calendar."""

    id: DistrictId
    name: str
    sources: tuple[Source, ...]
    time_zone: ZoneInfo = ZoneInfo("UTC")
    school_year_starts: tuple[int, int] = (7, 1)
    """Month and day on which a school year begins."""
    frozen_on: datetime | None = None
    """For sample data of a past year: the instant that counts as now; None for the clock."""

    def today(self) -> date:
        """Today in the district."""
        return (self.frozen_on or datetime.now(UTC)).astimezone(self.time_zone).date()

    def day_ends(self) -> float:
        """When it will be tomorrow in the district, in seconds since 1970; never where today does not change."""
        if self.frozen_on is not None:
            return math.inf
        return datetime.combine(self.today() + timedelta(days=1), time.min, self.time_zone).timestamp()

    def school_year(self, day: date) -> int:
        """School year of a day, by the calendar year in which it ends."""
        return day.year + ((day.month, day.day) >= self.school_year_starts)

    def offering(self, lookup: Lookup) -> list[Source]:
        """Sources that answer the lookup, in order of precedence."""
        return [source for source in self.sources if source.offers(lookup)]

    def authority(self, lookup: Lookup) -> Source | None:
        """The first source that answers the lookup in the district's own ids."""
        return next((source for source in self.offering(lookup) if source.identity is None), None)


class Key(NamedTuple):
    """A key and the district it belongs to."""

    district: DistrictId
    id: Any
    source: str | None = None
    """The one source whose own id it is; None for the district's ids, which every source is asked."""


@dataclass(frozen=True, slots=True)
class Keys(Generic[K]):
    """Keys of one district; the same one may stand in it twice."""

    district: DistrictId
    ids: Sequence[K]
    source: str | None = None
    """The one source whose own ids they are; None for the district's ids, which every source is asked."""


@dataclass(frozen=True, slots=True)
class Column(Generic[V]):
    """What the district's sources say to many keys, aligned with them."""

    values: Sequence[V | AdapterError | None]
    """For each key a value; None when nobody knows the key; an error when no source could say."""
    failures: Mapping[int, tuple[AdapterError, ...]] = field(default_factory=dict)
    """Who failed although there is a value, by the key's place."""
    stale: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """Names of the sources whose answer was stale, by the key's place."""


class Sources:
    """The configured sources of all districts, as one viewer's operation may ask them."""

    def __init__(
        self, districts: Mapping[DistrictId, District], fetch: Fetch, near: frozenset[Ref] = frozenset()
    ) -> None:
        self.districts = districts
        self.fetch = fetch
        self._near = near

    def reached_through(self, *refs: Ref) -> Sources:
        """The same sources, for keys that were reached through a school or a section."""
        return Sources(self.districts, self.fetch, self._near | frozenset(refs)) if refs else self

    async def load_one(
        self, method: Method[K, P, V], keys: Keys[K], *args: P.args, **arguments: P.kwargs
    ) -> Column[V]:
        """For each key the record of the first source that has one."""
        told = await self._ask(lookup_of(method), keys, arguments)
        return _combined(told, keys.ids, _first)

    async def load_many(
        self, method: Method[K, P, list[V]], keys: Keys[K], *args: P.args, **arguments: P.kwargs
    ) -> Column[list[V]]:
        """For each key the records of all sources, in order of precedence."""
        told = await self._ask(lookup_of(method), keys, arguments)
        return _combined(told, keys.ids, _union)

    async def load_page(
        self, method: Callable[..., Awaitable[Batch[Any, Page[V]]]], key: Key, window: Window, **arguments: Any
    ) -> Column[Page[V]]:
        """One page of a long list, from the first source that offers it: a column of one."""
        lookup = lookup_of(method)
        offering = self.districts[key.district].offering(lookup)
        if not offering:
            return Column([_nobody(lookup)])
        told = await self.fetch(offering[0], Ask(lookup, (key.id,), arguments, window, near=self._near))
        return _combined([told], [key.id], _first)

    async def _ask(
        self, lookup: Lookup, keys: Keys[Any], arguments: Mapping[str, Any]
    ) -> list[Mapping[Any, Answer[Any]]]:
        """What each of the district's sources says, in order of precedence."""
        offering = self.districts[keys.district].offering(lookup)
        if keys.source is not None:
            offering = [source for source in offering if source.name == keys.source]
        if not offering:
            nobody: Answer[Any] = Answer(_nobody(lookup), "", datetime.now(UTC))
            return [dict.fromkeys(keys.ids, nobody)]
        ask = Ask(lookup, tuple(dict.fromkeys(keys.ids)), arguments, near=self._near)
        if len(offering) == 1:
            return [await self.fetch(offering[0], ask)]
        return await asyncio.gather(*(self.fetch(source, ask) for source in offering))


def _nobody(lookup: Lookup) -> AdapterError:
    return NotOfferedError(f"no source of the district answers {lookup.name}")


Found: TypeAlias = tuple[Any, tuple[AdapterError, ...], frozenset[str]]
"""A value or an error, who failed beside it, and whose answer was stale."""


def _combined(
    told: Sequence[Mapping[Any, Answer[Any]]],
    ids: Sequence[Any],
    combine: Callable[[Sequence[Answer[Any]]], Found],
) -> Column[Any]:
    """What the sources say, key by key."""
    values: list[Any] = []
    failures: dict[int, tuple[AdapterError, ...]] = {}
    stale: dict[int, frozenset[str]] = {}
    only = told[0] if len(told) == 1 else None
    names = {"": frozenset[str]()}
    for place, key in enumerate(ids):
        if only is not None:
            answer = only.get(key)
            if answer is None or not answer.withheld:
                values.append(None if answer is None else answer.value)
                if answer is not None and answer.stale:
                    stale[place] = names.get(answer.source) or names.setdefault(
                        answer.source, frozenset({answer.source})
                    )
                continue
        value, failed, old = combine([batch[key] for batch in told if key in batch])
        values.append(value)
        if failed:
            failures[place] = failed
        if old:
            stale[place] = old
    return Column(values, failures, stale)


def _first(told: Sequence[Answer[Any]]) -> Found:
    """The first value; failures before it are told beside it."""
    failures: list[AdapterError] = []
    for answer in told:
        if not isinstance(answer.value, AdapterError):
            return answer.value, tuple(failures), _stale([answer])
        failures.append(answer.value)
    return (failures[0] if failures else None), (), frozenset()


def _union(told: Sequence[Answer[Any]]) -> Found:
    """All values as one list, in order of precedence; the first failure when no source had any."""
    lists = [answer.value for answer in told if not isinstance(answer.value, AdapterError)]
    failed = [answer.value for answer in told if isinstance(answer.value, AdapterError)]
    if not lists:
        return (failed[0] if failed else None), (), frozenset()
    withheld = (error for answer in told for error in answer.withheld)
    return [item for items in lists for item in items], (*failed, *withheld), _stale(told)


def _stale(told: Sequence[Answer[Any]]) -> frozenset[str]:
    """Names of the sources whose answer is stale."""
    return frozenset(answer.source for answer in told if answer.stale)
