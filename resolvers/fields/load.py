"""
How resolvers load records from the sources.

`load_lists` and `load_records` load for all parents of a field at once and return one outcome for each, as
`load_outcomes` does for keys. The other functions load for keys and raise when a key failed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from types import SimpleNamespace
from typing import Any, Literal, ParamSpec, Protocol, TypeAlias, TypeVar, cast

from student_graph.adapters.answers import LookupResults, SharedValues, records_in
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.lookup import Batch, Page, Window, lookup_of
from student_graph.adapters.model import DistrictId, Record
from student_graph.adapters.sources import District, Key, Keys, Method
from student_graph.resolvers.context import Context, Info
from student_graph.resolvers.fields.outcome import (
    Outcome,
    Outcomes,
    Partial,
    as_lists,
    indexes_by_value,
    scatter,
)
from student_graph.resolvers.fields.record import fetched

A = TypeVar("A", bound="Record | OfDistrict")
K = TypeVar("K")
T = TypeVar("T")
V = TypeVar("V")
P = ParamSpec("P")
Owner: TypeAlias = tuple[DistrictId, str | None]
"""The district that a key belongs to, and the name of the source if the key is an id of that source only."""

SOURCE_OWN_IDS = frozenset({"assessment_id"})
"""Attributes that hold an id of the source's own: two vendors may use the same id for different tests."""


class OfDistrict(Protocol):
    """An object of the graph that is not a record and belongs to a district."""

    @property
    def district_id(self) -> DistrictId:
        """The district it belongs to."""


def district_of(parent: Record | OfDistrict) -> DistrictId:
    """Return the id of the district that an object of the graph belongs to."""
    return fetched(parent).district if isinstance(parent, Record) else parent.district_id


def only_district_of(parents: Sequence[Any]) -> DistrictId | None:
    """Return the district that all parents belong to; None if there are several."""
    return (
        parents.once("district", _only_district) if isinstance(parents, SharedValues) else _only_district(parents)
    )


def _only_district(parents: Sequence[Any]) -> DistrictId | None:
    try:
        districts = {parent.fetched.district for parent in parents}
    except AttributeError:  # not all of them are records
        districts = {district_of(parent) for parent in parents}
    return districts.pop() if len(districts) == 1 else None


def parent_key(parent: Record | OfDistrict, attribute: str) -> Key | None:
    """Return the key in an attribute of `parent`, in its district or source; None if the attribute is None."""
    key = getattr(parent, attribute)
    if key is None:
        return None
    if isinstance(parent, Record) and attribute in SOURCE_OWN_IDS:
        return Key(district_of(parent), key, fetched(parent).source)
    return Key(district_of(parent), key)


def district_for(info: Info, parent: Record | OfDistrict) -> District:
    """Return the district that an object of the graph belongs to: its calendar day and school years are needed."""
    return info.context.sources.districts[district_of(parent)]


async def load_lists(
    info: Info,
    method: Method[K, P, list[V]],
    parents: Sequence[Any],
    attribute: str,
    *_: P.args,
    **arguments: P.kwargs,
) -> Outcomes[list[V]]:
    """Load the records of all sources for the key in each parent's `attribute`; empty if there are none."""
    return as_lists(await _load_for_parents(info, _LookupCall("load_many", method, arguments), parents, attribute))


async def load_lists_of_source(
    info: Info, method: Method[K, P, list[V]], keys: Keys[K], *_: P.args, **arguments: P.kwargs
) -> Outcomes[list[V]]:
    """Load the records of one source for each key: the one that the keys name; empty if there are none."""
    return as_lists(await _LookupCall("load_many", method, arguments).run(info.context, keys))


async def load_records(
    info: Info,
    method: Method[K, P, V],
    parents: Sequence[Any],
    attribute: str,
    *_: P.args,
    **arguments: P.kwargs,
) -> Outcomes[V | None]:
    """Load the record of the first source that knows the key in each parent's `attribute`; None if none does."""
    return await _load_for_parents(info, _LookupCall("load_one", method, arguments), parents, attribute)


async def load_by_district(
    info: Info, parents: Sequence[A], load: Callable[[District, Sequence[A]], Awaitable[Outcomes[T]]]
) -> Outcomes[T]:
    """Call `load` once for each district with the district's parents, and return the outcomes of all parents."""
    districts = info.context.sources.districts
    district = only_district_of(parents)
    if district is not None:
        return await load(districts[district], parents)
    indexes = indexes_by_value([district_of(parent) for parent in parents])
    outcomes = await asyncio.gather(
        *(load(districts[name], [parents[index] for index in group]) for name, group in indexes.items())
    )
    return scatter(len(parents), indexes.values(), outcomes)


async def load_one(
    info: Info, method: Method[K, P, V], key: Key | None, *_: P.args, **arguments: P.kwargs
) -> V | None:
    """
    Load the record of the first source that knows a key; None if none does.

    Raises:
        AdapterError: no source has the record, and one failed.
    """
    return None if key is None else (await load_batch(info, method, [key], *_, **arguments))[0]


async def load_outcomes(
    info: Info, method: Method[K, P, V], keys: Sequence[Key], *_: P.args, **arguments: P.kwargs
) -> Outcomes[V | None]:
    """Load the record of the first source that knows each key; None if none does. Aligned with `keys`."""
    return await _load_for_keys(info, _LookupCall("load_one", method, arguments), keys)


async def load_batch(
    info: Info, method: Method[K, P, V], keys: Sequence[Key], *_: P.args, **arguments: P.kwargs
) -> list[V | None]:
    """
    Load the record of the first source that knows each key; aligned with `keys`.

    Raises:
        AdapterError: for one of the keys no source has a record, and one failed.
    """
    outcomes = await load_outcomes(info, method, keys, *_, **arguments)
    return [value_or_raise(info, outcome) for outcome in outcomes]


async def load_many(
    info: Info, method: Method[K, P, list[V]], key: Key | None, *_: P.args, **arguments: P.kwargs
) -> list[V]:
    """
    Load the records of all sources for a key; an empty list if there are none.

    Raises:
        AdapterError: no source has records, and one failed.
    """
    if key is None:
        return []
    [outcome] = await _load_for_keys(info, _LookupCall("load_many", method, arguments), [key])
    return value_or_raise(info, outcome) or []


async def load_page(
    info: Info, method: Callable[..., Awaitable[Batch[Any, Page[V]]]], key: Key, window: Window, **arguments: Any
) -> Page[V]:
    """
    Load one page of a long list from the first source that offers it; an empty page if it does not know the key.

    Raises:
        AdapterError: the source failed, or no source offers the list.
    """
    results = await info.context.sources.load_page(method, key, window, **arguments)
    return value_or_raise(info, _outcomes(info.context, results)[0]) or Page([], None)


def value_or_raise(info: Info, outcome: Outcome[V]) -> V:
    """
    Return the value of an outcome; the failures of a partial value are recorded in the operation.

    Raises:
        AdapterError: the outcome is this error.
    """
    if isinstance(outcome, AdapterError):
        raise outcome
    if isinstance(outcome, Partial):
        for failure in outcome.failures:
            note_failure(info, failure)
        return outcome.value
    return outcome


@dataclass(slots=True)
class _LookupCall:
    """One lookup with its arguments, to be called with keys."""

    load: Literal["load_one", "load_many"]
    method: Any
    arguments: Mapping[str, Any]

    async def run(self, context: Context, keys: Keys[Any]) -> Sequence[Any]:
        """Return the outcome for each key."""
        sources = context.sources
        hints = context.operation.access_hints
        if hints.reached:
            refs = hints.for_keys(keys.district, lookup_of(self.method).key_kind, keys.ids)
            sources = sources.reached_via(*refs)
        load: Any = getattr(sources, self.load)
        return _outcomes(context, await load(self.method, keys, **self.arguments))


async def _load_for_parents(
    info: Info, call: _LookupCall, parents: Sequence[Any], attribute: str
) -> Sequence[Any]:
    """Return the outcome for the key of each parent; None for a parent whose attribute is None."""
    ids: Sequence[Any] = (
        parents.once(("ids", attribute), lambda shared: SharedValues(map(attrgetter(attribute), shared)))
        if isinstance(parents, SharedValues)
        else list(map(attrgetter(attribute), parents))
    )
    district = only_district_of(parents)
    if district is not None and attribute not in SOURCE_OWN_IDS and None not in ids:
        return await call.run(info.context, Keys(district, ids))
    is_source_own = attribute in SOURCE_OWN_IDS
    owners: list[Owner | None] = [
        (
            district_of(parent),
            fetched(parent).source if is_source_own and isinstance(parent, Record) else None,
        )
        for parent in parents
    ]
    if None in ids:
        owners = [None if id_ is None else owner for id_, owner in zip(ids, owners, strict=True)]
    return await _load_by_owner(info, call, ids, owners)


async def _load_for_keys(info: Info, call: _LookupCall, keys: Sequence[Key]) -> Sequence[Any]:
    return await _load_by_owner(info, call, [key.id for key in keys], [(key.district, key.source) for key in keys])


async def _load_by_owner(
    info: Info, call: _LookupCall, ids: Sequence[Any], owners: Sequence[Owner | None]
) -> Sequence[Any]:
    """Return the outcome for each id, with one call for the ids of each owner; None for an id without an owner."""
    indexes = {owner: group for owner, group in indexes_by_value(owners).items() if owner is not None}
    if len(indexes) == 1 and None not in owners:
        [(district, source)] = indexes
        return await call.run(info.context, Keys(district, ids, source))
    outcomes = await asyncio.gather(
        *(
            call.run(info.context, Keys(district, [ids[index] for index in group], source))
            for (district, source), group in indexes.items()
        )
    )
    return scatter(len(ids), indexes.values(), outcomes)


def _outcomes(context: Context, results: LookupResults[Any]) -> Sequence[Any]:
    """Return lookup results as outcomes; stale records are recorded in the operation."""
    values: Sequence[Any] = results.values
    if stale := results.stale.items():
        stale_records = [
            record
            for index, sources in stale
            for record in records_in(values[index])
            if fetched(record).source in sources
        ]
        context.operation.staleness.note_stale(stale_records)
    if not results.failures:
        return values
    failures = results.failures
    return [Partial(value, failures[i]) if i in failures else value for i, value in enumerate(values)]


def note_failure(info: Info, failure: AdapterError) -> None:
    """Record in the operation that a part of the field's value is missing."""
    info.context.operation.traffic.degrade(info.path.as_list(), failure)


def with_context(info: Info, context: Context) -> Info:
    """Return the same field with another context of its operation, such as that of a part of the students."""
    return info if context is info.context else cast("Info", SimpleNamespace(context=context, path=info.path))
