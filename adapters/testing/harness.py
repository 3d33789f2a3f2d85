"""How the suite builds an adapter for a sandbox and runs a lookup."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, TypeAlias

import httpx

from student_graph.adapters.concurrency import reporting_answers
from student_graph.adapters.contract import Adapter, AdapterSettings
from student_graph.adapters.errors import AdapterError, translate
from student_graph.adapters.lookup import Lookup, Window
from student_graph.adapters.model import Record
from student_graph.adapters.registry import find_adapter
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.transports import InProcessTransport, RecordingTransport

BatchResult: TypeAlias = dict[Any, Any]
"""The answers of a lookup by key, as a dictionary."""

DEFAULT_WINDOW = Window(first=20)
"""The window of paged lookups in tests that are not about paging."""


@cache
def _settings_type(kind: type[Adapter]) -> type[AdapterSettings]:
    """The settings model of an adapter; to find it resolves all annotations of the class."""
    return kind.settings_type()


def build_adapter(
    sandbox: Sandbox, transport: httpx.AsyncBaseTransport | None = None, *, kind: type[Adapter] | None = None
) -> Adapter:
    """
    Build the adapter for a sandbox as the gateway builds it. The caller closes `adapter.http`.

    Its client sends requests only to the configured origin, keeps no cookies, follows no redirects and ignores the
    environment's proxies. Without a `transport` it calls the sandbox in this process, which need not be served.
    `kind` is the class of an adapter that is not installed.
    """
    kind = kind or find_adapter(sandbox.kind)
    transport = transport or InProcessTransport(sandbox)
    settings_type = _settings_type(kind)  # type: ignore[arg-type] # mypy takes the hash of an instance, and a class has another
    settings = settings_type.model_validate(sandbox.settings())
    if not isinstance(transport, RecordingTransport):
        transport = RecordingTransport(sandbox, transport)
    http = httpx.AsyncClient(
        base_url=str(settings.base_url),
        transport=transport,
        headers={"Accept-Encoding": "identity"},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        trust_env=False,
        follow_redirects=False,
    )
    adapter = kind("under-test", settings, http)
    http.auth = adapter.auth()  # type: ignore[assignment]  # None is allowed; the annotation omits it
    return adapter


@asynccontextmanager
async def open_adapter(
    sandbox: Sandbox, transport: httpx.AsyncBaseTransport | None = None, *, kind: type[Adapter] | None = None
) -> AsyncIterator[Adapter]:
    """Build the adapter for a sandbox, and close its client when the block ends."""
    adapter = build_adapter(sandbox, transport, kind=kind)
    async with adapter.http:
        yield adapter


async def run_lookup(
    adapter: Adapter,
    lookup: Lookup,
    keys: Sequence[Any],
    arguments: dict[str, Any],
    window: Window = DEFAULT_WINDOW,
) -> BatchResult:
    """
    Run a lookup with those of the keyword arguments that it takes.

    Answers that it reports before its end must be those that it returns.
    """
    parameters = inspect.signature(lookup.method).parameters
    accepted = {name: value for name, value in arguments.items() if name in parameters}
    if lookup.paged:
        accepted["window"] = window
    reports: list[tuple[Any, Any]] = []
    with reporting_answers(lambda key, answer, _: reports.append((key, answer))):
        batch = dict(await getattr(adapter, lookup.name)(tuple(keys), **accepted))
    for key, answer in reports:
        assert key in keys, f"{lookup.name} reported a key that it was not asked for"
        assert batch.get(key) is answer, f"{lookup.name} reported another answer than it returned"
    return batch


async def run_lookup_or_error(
    adapter: Adapter,
    lookup: Lookup,
    keys: Sequence[Any],
    arguments: dict[str, Any],
    window: Window = DEFAULT_WINDOW,
) -> BatchResult | AdapterError:
    """Run a lookup as the gateway does: return the error if the whole batch fails."""
    try:
        return await run_lookup(adapter, lookup, keys, arguments, window)
    except Exception as exc:  # noqa: BLE001 - `translate` raises a bug again
        return translate(exc)


def errors_of(result: BatchResult | AdapterError) -> list[AdapterError]:
    """The errors in the result of a lookup."""
    if isinstance(result, AdapterError):
        return [result]
    return [answer for answer in result.values() if isinstance(answer, AdapterError)]


def unknown_key(known_keys: Sequence[str]) -> str:
    """A key of the same form as the known keys that is not one of them."""
    model = known_keys[0]
    for digit in "9876543210":
        if (key := "".join(digit if c.isdigit() else c for c in model)) not in known_keys:
            return key
    return model + "x"


def sample(keys: Sequence[Any], at_most: int) -> list[Any]:
    """At most `at_most` keys, evenly spread over all keys."""
    step = max(1, -(-len(keys) // at_most))
    return list(keys[::step])


def sorted_texts(records: Iterable[Record]) -> list[str]:
    """Records as sorted text, to compare them in any order."""
    return sorted(repr(record) for record in records)


def failure_points(request_count: int) -> list[int]:
    """After how many good responses a test lets the vendor fail: in the middle, and before the last request."""
    return sorted({request_count // 2, request_count - 1})
