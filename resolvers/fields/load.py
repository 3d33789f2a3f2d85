"""
Questions of resolvers to the sources.

`lists` and `records` ask for all parents of a field at once and tell of each; `load_...` ask for one thing, and
raise when nobody could say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, ParamSpec, Protocol, TypeAlias, TypeVar

from student_graph.adapters.errors import AdapterError, NotOfferedError
from student_graph.adapters.lookup import Batch, Page, Window, lookup_of
from student_graph.adapters.model import DistrictId, Record
from student_graph.adapters.sources import District, Key, Keys, LookupResults, Method
from student_graph.resolvers.context import Context, Info
from student_graph.resolvers.fields.outcome import Partial, Told
from student_graph.resolvers.fields.record import fetched

A = TypeVar("A", bound="Record | OfDistrict")
K = TypeVar("K")
H = TypeVar("H", bound=Hashable)
T = TypeVar("T")
V = TypeVar("V")
P = ParamSpec("P")
Owner: TypeAlias = tuple[DistrictId, str | None]
"""The district that a key belongs to, and the source whose own id it is, if any."""


OWN_IDS = frozenset({"assessment_id"})
"""Attributes that hold an id of the source's own: two vendors may give the same one to different tests."""


class OfDistrict(Protocol):
    """Something of the graph that is no record and belongs to a district."""

    @property
    def district_id(self) -> DistrictId:
        """The district it belongs to."""


def district_of(parent: Record | OfDistrict) -> DistrictId:
    """The district that something of the graph belongs to."""
    return fetched(parent).district if isinstance(parent, Record) else parent.district_id


def only_district_of(parents: Sequence[Any]) -> DistrictId | None:
    """The district that all of them belong to; None when there are several."""
    try:
        named = {parent.fetched.district for parent in parents}
    except AttributeError:  # not all of them are records
        named = {district_of(parent) for parent in parents}
    return named.pop() if len(named) == 1 else None


def key_of(parent: Record | OfDistrict, attribute: str) -> Key | None:
    """What `parent` names by an attribute, in its district or its source; None when it names nothing."""
    named = getattr(parent, attribute)
    if named is None:
        return None
    if isinstance(parent, Record) and attribute in OWN_IDS:
        return Key(district_of(parent), named, fetched(parent).source)
    return Key(district_of(parent), named)


def district_calendar(info: Info, parent: Record | OfDistrict) -> District:
    """The district of something: its today and its school years."""
    return info.context.sources.districts[district_of(parent)]


async def lists(
    info: Info,
    method: Method[K, P, list[V]],
    parents: Sequence[Any],
    attribute: str,
    *_: P.args,
    **arguments: P.kwargs,
) -> Told[list[V]]:
    """For each parent the records of all sources about what it names by `attribute`; empty when they have none."""
    told = await _of_parents(info, _Question("load_many", method, arguments), parents, attribute)
    return [[] if each is None else each for each in told]


async def records(
    info: Info,
    method: Method[K, P, V],
    parents: Sequence[Any],
    attribute: str,
    *_: P.args,
    **arguments: P.kwargs,
) -> Told[V | None]:
    """For each parent the record of the first source that has one about what it names; None when nobody has."""
    return await _of_parents(info, _Question("load_one", method, arguments), parents, attribute)


async def by_district(
    info: Info, parents: Sequence[A], ask: Callable[[District, Sequence[A]], Awaitable[Told[T]]]
) -> Told[T]:
    """What `ask` tells of parents, asked for those of each district together."""
    districts = info.context.sources.districts
    district = only_district_of(parents)
    if district is not None:
        return await ask(districts[district], parents)
    places = _grouped([district_of(parent) for parent in parents])
    told = await asyncio.gather(
        *(ask(districts[name], [parents[place] for place in those]) for name, those in places.items())
    )
    return _aligned(len(parents), places.values(), told)


async def load_one(
    info: Info, method: Method[K, P, V], key: Key | None, *_: P.args, **arguments: P.kwargs
) -> V | None:
    """
    The record of the first source that has one; None when nobody has.

    Raises:
        AdapterError: no source could say.
    """
    return None if key is None else (await load_each(info, method, [key], *_, **arguments))[0]


async def load_each(
    info: Info, method: Method[K, P, V], keys: Sequence[Key], *_: P.args, **arguments: P.kwargs
) -> list[V | None]:
    """
    For each key the record of the first source that has one; aligned with `keys`.

    Raises:
        AdapterError: for one of the keys no source could say.
    """
    told = await _of_keys(info, _Question("load_one", method, arguments), keys)
    return [settle(info, each) for each in told]


async def load_many(
    info: Info, method: Method[K, P, list[V]], key: Key | None, *_: P.args, **arguments: P.kwargs
) -> list[V]:
    """
    The records of all sources; empty when they have none.

    Raises:
        AdapterError: no source could say.
    """
    if key is None:
        return []
    [told] = await _of_keys(info, _Question("load_many", method, arguments), [key])
    return settle(info, told) or []


async def load_page(
    info: Info, method: Callable[..., Awaitable[Batch[Any, Page[V]]]], key: Key, window: Window, **arguments: Any
) -> Page[V]:
    """
    One page of a long list, from the first source that offers it; empty when the source does not know the key.

    Raises:
        AdapterError: the source failed, or no source offers the list.
    """
    column = await info.context.sources.load_page(method, key, window, **arguments)
    return settle(info, _told(info.context, column)[0]) or Page([], None)


def joined(parts: Sequence[Told[list[V]]]) -> Told[list[V]]:
    """
    The records of several questions as one list for each parent.

    A question that no source offers is missing beside the others; one that could not be answered is the answer,
    for a list without it would be taken for the whole.
    """
    return [_joined(told) for told in zip(*parts, strict=True)]


def _joined(told: Sequence[Any]) -> Any:
    unanswered = [each for each in told if isinstance(each, AdapterError)]
    failed = [each for each in unanswered if not isinstance(each, NotOfferedError)]
    if failed or len(unanswered) == len(told):
        return (failed or unanswered)[0]
    rows: list[Any] = []
    missing: list[AdapterError] = list(unanswered)
    for each in told:
        if isinstance(each, Partial):
            rows += each.value
            missing += each.failures
        elif not isinstance(each, AdapterError):
            rows += each
    return Partial(rows, tuple(missing)) if missing else rows


def settle(info: Info, told: V | AdapterError | Partial[V]) -> V:
    """
    The value that was told; what is missing of it is noted in the operation.

    Raises:
        AdapterError: no source could say.
    """
    if isinstance(told, AdapterError):
        raise told
    if isinstance(told, Partial):
        for failure in told.failures:
            degrade(info, failure)
        return told.value
    return told


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked of the sources, whatever the keys."""

    load: Literal["load_one", "load_many"]
    method: Any
    arguments: Mapping[str, Any]

    async def ask(self, context: Context, keys: Keys[Any]) -> list[Any]:
        """What is told of each key."""
        sources = context.sources
        if context.operation.reached:
            near = context.operation.near(keys.district, lookup_of(self.method).key_kind, keys.ids)
            sources = sources.reached_via(*near)
        load: Any = getattr(sources, self.load)
        return _told(context, await load(self.method, keys, **self.arguments))


async def _of_parents(info: Info, question: _Question, parents: Sequence[Any], attribute: str) -> list[Any]:
    """What is told of what each parent names; None where a parent names nothing."""
    named = [getattr(parent, attribute) for parent in parents]
    district = only_district_of(parents)
    if district is not None and attribute not in OWN_IDS and None not in named:
        return await question.ask(info.context, Keys(district, named))
    own = attribute in OWN_IDS
    owners: list[Owner | None] = [
        (district_of(p), fetched(p).source if own and isinstance(p, Record) else None) for p in parents
    ]
    if None in named:
        owners = [None if name is None else owner for name, owner in zip(named, owners, strict=True)]
    return await _asked(info, question, named, owners)


async def _of_keys(info: Info, question: _Question, keys: Sequence[Key]) -> list[Any]:
    return await _asked(info, question, [key.id for key in keys], [(key.district, key.source) for key in keys])


async def _asked(info: Info, question: _Question, ids: Sequence[Any], owners: Sequence[Owner | None]) -> list[Any]:
    """What is told of each id, asked for those of each owner together."""
    places = {owner: those for owner, those in _grouped(owners).items() if owner is not None}
    if len(places) == 1 and None not in owners:
        [(district, source)] = places
        return await question.ask(info.context, Keys(district, ids, source))
    told = await asyncio.gather(
        *(
            question.ask(info.context, Keys(owner[0], [ids[place] for place in those], owner[1]))
            for owner, those in places.items()
        )
    )
    return _aligned(len(ids), places.values(), told)


def _told(context: Context, column: LookupResults[Any]) -> list[Any]:
    """A column as resolvers have it; stale records are noted in the operation."""
    values = list(column.values)
    if old := column.stale.items():
        stale = [r for place, names in old for r in _records(values[place]) if fetched(r).source in names]
        context.operation.note_stale(stale)
    for place, failures in column.failures.items():
        values[place] = Partial(values[place], failures)
    return values


def _grouped(owners: Sequence[H]) -> dict[H, list[int]]:
    """Places by owner."""
    if len(set(owners)) == 1:
        return {owners[0]: list(range(len(owners)))}
    places: dict[H, list[int]] = {}
    for place, owner in enumerate(owners):
        places.setdefault(owner, []).append(place)
    return places


def _aligned(length: int, places: Iterable[Sequence[int]], told: Iterable[Sequence[Any]]) -> list[Any]:
    """Parts of a column put back in their places; None where nothing was asked."""
    whole: list[Any] = [None] * length
    for those, part in zip(places, told, strict=True):
        for place, each in zip(those, part, strict=True):
            whole[place] = each
    return whole


def _records(value: Any) -> Sequence[Record]:
    """The records of an answer, which is one record, a list or a page."""
    whole = value.items if isinstance(value, Page) else value
    return whole if isinstance(whole, Sequence) else [whole]


def degrade(info: Info, failure: AdapterError) -> None:
    """Note that a part of the field's answer is missing."""
    info.context.operation.degrade(info.path.as_list(), failure)
