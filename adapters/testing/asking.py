"""How the suite builds an adapter for a sandbox and asks it."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, TypeAlias

import httpx

from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError, translate
from student_graph.adapters.lookup import Lookup, Page, Window
from student_graph.adapters.model import Record
from student_graph.adapters.registry import find_adapter
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.wire import Wire

Told: TypeAlias = dict[Any, Any]
"""A batch."""

WINDOW = Window(first=20)
"""The page that is asked for where paging is not the point."""


def build(
    sandbox: Sandbox, transport: httpx.AsyncBaseTransport | None = None, *, kind: type[Adapter] | None = None
) -> Adapter:
    """
    The adapter that speaks to the sandbox, as the gateway builds it; whoever builds it closes `adapter.http`.

    Its client asks the configured origin and nobody else, keeps no cookies, follows no redirects and heeds no
    proxy of the environment. `kind` is for an adapter that is not installed.
    """
    kind = kind or find_adapter(sandbox.kind)
    settings = kind.settings_type().model_validate(sandbox.settings())
    http = httpx.AsyncClient(
        base_url=str(settings.base_url),
        transport=transport if isinstance(transport, Wire) else Wire(settings.base_url, transport),
        headers={"Accept-Encoding": "identity"},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        trust_env=False,
        follow_redirects=False,
    )
    adapter = kind("under-test", settings, http)
    http.auth = adapter.auth()  # type: ignore[assignment]  # None is allowed, the annotation forgot it
    return adapter


@asynccontextmanager
async def built(
    sandbox: Sandbox, transport: httpx.AsyncBaseTransport | None = None, *, kind: type[Adapter] | None = None
) -> AsyncIterator[Adapter]:
    """The adapter that speaks to the sandbox, until the block ends."""
    adapter = build(sandbox, transport, kind=kind)
    async with adapter.http:
        yield adapter


async def ask(
    adapter: Adapter, lookup: Lookup, keys: Sequence[Any], arguments: dict[str, Any], window: Window = WINDOW
) -> Told:
    """Carry out a lookup, with the keyword arguments that it takes."""
    parameters = inspect.signature(lookup.method).parameters
    given = {name: value for name, value in arguments.items() if name in parameters}
    if lookup.paged:
        given["window"] = window
    return dict(await getattr(adapter, lookup.name)(tuple(keys), **given))


async def tell(
    adapter: Adapter, lookup: Lookup, keys: Sequence[Any], arguments: dict[str, Any], window: Window = WINDOW
) -> Told | AdapterError:
    """Carry out a lookup as the gateway does; a failure of the batch in place of the batch."""
    try:
        return await ask(adapter, lookup, keys, arguments, window)
    except Exception as exc:  # noqa: BLE001 - `translate` raises again what is none of the family
        return translate(exc)


def records_of(answer: Any) -> list[Record]:
    """The records of an answer, which is one, a list or a page; an error and None have none."""
    match answer:
        case None | AdapterError():
            return []
        case Page():
            return list(answer.items)
        case list():
            return answer
        case _:
            return [answer]


def unknown_key(known: Sequence[str]) -> str:
    """A key of the same form as the known ones that is none of them."""
    model = known[0]
    for digit in "9876543210":
        if (made := "".join(digit if c.isdigit() else c for c in model)) not in known:
            return made
    return model + "x"


def sample(keys: Sequence[Any], at_most: int) -> list[Any]:
    """So many keys, spread over all."""
    step = max(1, -(-len(keys) // at_most))
    return list(keys[::step])


def in_order(records: Iterable[Record]) -> list[str]:
    """Records as text, so that they can be compared whatever their order."""
    return sorted(repr(record) for record in records)


def moments(requests: int) -> list[int]:
    """After how many good answers the vendor fails: in the middle, and before the last."""
    return sorted({requests // 2, requests - 1})


def errors_of(told: Told | AdapterError) -> list[AdapterError]:
    """The failures of a batch."""
    return [told] if isinstance(told, AdapterError) else [e for e in told.values() if isinstance(e, AdapterError)]
