"""
Questions of resolvers to the sources: values in, or an error raised.

What one of several sources failed to tell is noted as degraded; a question that nobody answered raises.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, ParamSpec, Protocol, TypeVar

from adapters.errors import AdapterError, NotOfferedError
from adapters.lookup import Batch, Page, Window, lookup_of
from adapters.model import DistrictId, Record
from adapters.sources import District, Found, Key, Method, Ref, Sources
from resolvers.context import Context, Info
from resolvers.record import fetched

K = TypeVar("K")
V = TypeVar("V")
P = ParamSpec("P")


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


async def load_one(
    info: Info, method: Method[K, P, V], key: Key | None, *args: P.args, **arguments: P.kwargs
) -> V | None:
    """
    The record of the first source that has one; None when nobody has.

    Raises:
        AdapterError: no source could say.
    """
    return None if key is None else (await load_each(info, method, [key], *args, **arguments))[0]


async def load_each(
    info: Info, method: Method[K, P, V], keys: Sequence[Key], *args: P.args, **arguments: P.kwargs
) -> list[V | None]:
    """
    For each key the record of the first source that has one; aligned with `keys`.

    Raises:
        AdapterError: for one of the keys no source could say.
    """
    sources = _near(info.context, method, keys)
    return [settle(info, found) for found in await sources.load_one(method, keys, *args, **arguments)]


async def load_many(
    info: Info, method: Method[K, P, list[V]], key: Key | None, *args: P.args, **arguments: P.kwargs
) -> list[V]:
    """
    The records of all sources; empty when they have none.

    Raises:
        AdapterError: no source could say.
    """
    if key is None:
        return []
    return settle(info, await ask_many(info, method, key, *args, **arguments)) or []


async def load_page(
    info: Info, method: Callable[..., Awaitable[Batch[Any, Page[V]]]], key: Key, window: Window, **arguments: Any
) -> Page[V]:
    """
    One page of a long list, from the first source that offers it; empty when the source does not know the key.

    Raises:
        AdapterError: the source failed, or no source offers the list.
    """
    found = await info.context.sources.load_page(method, key, window, **arguments)
    return settle(info, found) or Page([], None)


async def ask_many(
    info: Info, method: Method[K, P, list[V]], key: Key, *args: P.args, **arguments: P.kwargs
) -> Found[list[V]]:
    """What all sources say, failures beside it."""
    [found] = await _near(info.context, method, [key]).load_many(method, [key], *args, **arguments)
    return found


async def load_all(info: Info, questions: Iterable[Awaitable[Found[list[V]]]]) -> list[V]:
    """
    The records of several questions as one list: a question that no source offers is degraded beside the others.

    Raises:
        AdapterError: a question could not be answered; a list without it would be taken for the whole.
    """
    founds = await asyncio.gather(*questions)
    answered = [found for found in founds if found.value is not None or not found.failures]
    unanswered = [found.failures[0] for found in founds if found.value is None and found.failures]
    failed = [failure for failure in unanswered if not isinstance(failure, NotOfferedError)]
    if failed or not answered:
        raise (failed or unanswered)[0]
    for failure in unanswered:
        degrade(info, failure)
    return [record for found in answered for record in settle(info, found) or []]


def settle(info: Info, found: Found[V]) -> V | None:
    """
    The value that was found; failures beside it and stale records are noted in the operation.

    Raises:
        AdapterError: nothing was found and somebody failed.
    """
    if found.value is None:
        if found.failures:
            raise found.failures[0]
        return None
    for failure in found.failures:
        degrade(info, failure)
    if found.stale:
        info.context.operation.note_stale(r for r in _records(found.value) if fetched(r).source in found.stale)
    return found.value


def _records(value: Any) -> Sequence[Record]:
    """The records of an answer, which is one record, a list or a page."""
    whole = value.items if isinstance(value, Page) else value
    return whole if isinstance(whole, Sequence) else [whole]


def degrade(info: Info, failure: AdapterError) -> None:
    """Note that a part of the field's answer is missing."""
    info.context.operation.degrade(info.path.as_list(), failure)


def _near(context: Context, method: Any, keys: Sequence[Key]) -> Sources:
    """The sources, told through which schools and sections the keys were reached."""
    kind, reached = lookup_of(method).key_kind, context.operation.reached
    near = [reached.get((key.district, Ref(kind, key.id)), frozenset()) for key in keys]
    return context.sources.reached_through(*frozenset().union(*near))
