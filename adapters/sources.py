"""
The configured adapters of all districts, asked at once.

`Fetch` is the one call shape of the project: a source and an `Ask` in; an `Answer` for each known key out.
Authorization, identity, access paths, bounds and tracing are functions from `Fetch` to `Fetch`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Concatenate, Generic, NamedTuple, ParamSpec, Protocol, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from adapters.contract import Adapter
from adapters.errors import AdapterError, NotOfferedError
from adapters.identity import IdentityRules
from adapters.lookup import Batch, Lookup, Page, Window, lookup_of
from adapters.model import DistrictId

K = TypeVar("K")
V = TypeVar("V")
P = ParamSpec("P")
Method: TypeAlias = Callable[Concatenate[Any, Sequence[K], P], Awaitable[Batch[K, V]]]


class Ref(NamedTuple):
    """Something of a district, such as the school that students were reached through."""

    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class Ask(Generic[K]):
    """One lookup, asked for keys of one district."""

    lookup: Lookup
    keys: tuple[K, ...]
    arguments: Mapping[str, Hashable] = field(default_factory=dict)
    window: Window | None = None
    near: frozenset[Ref] = frozenset()
    """The school or section that the keys were reached through: changes cost, never the answer."""

    @property
    def shape(self) -> tuple[Hashable, ...]:
        """What two asks must share to be carried out as one."""
        return (self.lookup.name, *sorted(self.arguments.items()), self.window)


@dataclass(frozen=True, slots=True)
class Answer(Generic[V]):
    """What one source says to one key. Absent from the mapping: the source does not know the key."""

    value: V | AdapterError
    source: str
    fetched_at: datetime
    stale: bool = False
    withheld: tuple[AdapterError, ...] = ()
    """Why records are missing from the value: rows whose subject could not be established."""


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

    def offers(self, lookup: Lookup) -> bool:
        """Whether the source answers the lookup, and is asked it."""
        return self.adapter.supports(lookup.method) and (self.only is None or lookup.name in self.only)


class Fetch(Protocol):
    """Carry out one ask at one source."""

    async def __call__(self, source: Source, ask: Ask[Any], /) -> Mapping[Any, Answer[Any]]:
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
class Found(Generic[V]):
    """What the district's sources say to one key: a value (None when nobody knows the key), and who failed."""

    value: V | None
    failures: tuple[AdapterError, ...] = ()
    stale: frozenset[str] = frozenset()
    """Names of the sources whose answer was stale."""


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
        return Sources(self.districts, self.fetch, self._near | frozenset(refs))

    async def load_one(
        self, method: Method[K, P, V], keys: Sequence[Key], *args: P.args, **arguments: P.kwargs
    ) -> list[Found[V]]:
        """For each key the record of the first source that has one; aligned with `keys`."""
        return [_first(told) for told in await self._ask(lookup_of(method), keys, arguments)]

    async def load_many(
        self, method: Method[K, P, list[V]], keys: Sequence[Key], *args: P.args, **arguments: P.kwargs
    ) -> list[Found[list[V]]]:
        """For each key the records of all sources; aligned with `keys`."""
        return [_union(told) for told in await self._ask(lookup_of(method), keys, arguments)]

    async def load_page(
        self, method: Callable[..., Awaitable[Batch[Any, Page[V]]]], key: Key, window: Window, **arguments: Any
    ) -> Found[Page[V]]:
        """One page of a long list, from the first source that offers it."""
        lookup = lookup_of(method)
        offering = self._district(key).offering(lookup)
        if not offering:
            return Found(None, (NotOfferedError(f"no source of the district answers {lookup.name}"),))
        told = await self.fetch(offering[0], Ask(lookup, (key.id,), arguments, window, near=self._near))
        return _first([told[key.id]] if key.id in told else [])

    def _district(self, key: Key) -> District:
        return self.districts[key.district]

    async def _ask(
        self, lookup: Lookup, keys: Sequence[Key], arguments: Mapping[str, Any]
    ) -> list[list[Answer[Any]]]:
        """For each key the answers of its district's sources that know it, in order of precedence."""
        whose: dict[tuple[DistrictId, str | None], dict[Any, None]] = {}
        for key in keys:
            whose.setdefault((key.district, key.source), {})[key.id] = None
        asked = [
            (owner, source, Ask(lookup, tuple(ids), arguments, near=self._near))
            for owner, ids in whose.items()
            for source in self.districts[owner[0]].offering(lookup)
            if owner[1] in {None, source.name}
        ]
        told = await asyncio.gather(*(self.fetch(source, ask) for _, source, ask in asked))
        offered = {owner for owner, _, _ in asked}
        nobody = NotOfferedError(f"no source of the district answers {lookup.name}")
        return [
            [batch[key.id] for (owner, _, _), batch in zip(asked, told, strict=True)
             if owner == (key.district, key.source) and key.id in batch]
            if (key.district, key.source) in offered
            else [Answer(nobody, "", datetime.now(UTC))]
            for key in keys
        ]  # fmt: skip


def _first(told: Sequence[Answer[V]]) -> Found[V]:
    """The first value; failures before it are told beside it."""
    failures: list[AdapterError] = []
    for answer in told:
        if not isinstance(answer.value, AdapterError):
            return Found(answer.value, tuple(failures), _stale([answer]))
        failures.append(answer.value)
    return Found(None, tuple(failures))


def _union(told: Sequence[Answer[list[V]]]) -> Found[list[V]]:
    """All values as one list, in order of precedence; None when no source had any."""
    lists = [answer.value for answer in told if not isinstance(answer.value, AdapterError)]
    failed = (answer.value for answer in told if isinstance(answer.value, AdapterError))
    failures = (*failed, *(error for answer in told for error in answer.withheld))
    whole = [item for items in lists for item in items] if lists else None
    return Found(whole, failures, _stale(told))


def _stale(told: Sequence[Answer[Any]]) -> frozenset[str]:
    """Names of the sources whose answer is stale."""
    return frozenset(answer.source for answer in told if answer.stale)
