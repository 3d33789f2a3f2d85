"""
Tests of cancellation, waiting, retries and memory.

A cancelled lookup leaves nothing running. An adapter sets no timeout of its own, sends no request twice, and
keeps no answers between calls.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.lookup import Lookup
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.applicability import about_http
from student_graph.adapters.testing.harness import (
    errors_of,
    failure_points,
    open_adapter,
    run_lookup,
    run_lookup_or_error,
)
from student_graph.adapters.testing.transports import FaultyTransport, HoldingTransport

HOUR_SECONDS = 3600.0
EVENT_LOOP_TURNS = 5
"""Turns of the event loop that let an expired timer cancel its task."""


class Interruptions:
    """Tests of every supported lookup that is cancelled, delayed or repeated."""

    kind: type[Adapter]

    @about_http
    async def test_a_cancelled_lookup_leaves_nothing_running(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """After a cancelled lookup no task is left, and the next lookup is answered."""
        keys = sandbox.known_keys(lookup.key_kind)[:3]
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            healthy = await run_lookup(adapter, lookup, keys, sandbox.arguments())
        for good in failure_points(len(sandbox.requests)):
            transport = HoldingTransport(sandbox, good)
            async with open_adapter(sandbox, transport, kind=self.kind) as adapter:
                tasks_before = asyncio.all_tasks()
                running = asyncio.ensure_future(run_lookup(adapter, lookup, keys, sandbox.arguments()))
                await request_is_held(transport, running)
                running.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await running
                tasks_left = asyncio.all_tasks() - tasks_before
                for task in tasks_left:
                    task.cancel()
                await asyncio.gather(*tasks_left, return_exceptions=True)
                transport.release.set()

                assert tasks_left == set()
                assert await run_lookup(adapter, lookup, keys, sandbox.arguments()) == healthy

    @about_http
    async def test_the_adapter_sets_no_timeout(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """The adapter limits the time neither of a request nor of a batch; the gateway does that."""
        keys = sandbox.known_keys(lookup.key_kind)[:1]
        transport = HoldingTransport(sandbox, 0)
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            healthy = await run_lookup(adapter, lookup, keys, sandbox.arguments())
        async with open_adapter(sandbox, transport, kind=self.kind) as adapter:
            running = asyncio.ensure_future(run_lookup(adapter, lookup, keys, sandbox.arguments()))
            await request_is_held(transport, running)
            with an_hour_later():
                for _ in range(EVENT_LOOP_TURNS):
                    await asyncio.sleep(0)
                transport.release.set()
                batch = await running
            limits = adapter.http.timeout.as_dict()

        assert batch == healthy
        assert [request for request in transport.sent if request.extensions.get("timeout") != limits] == []

    @about_http
    async def test_no_records_are_kept_between_calls(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """
        A second lookup fails if the vendor is down: the adapter keeps no records of the first one.

        An adapter may remember what the server itself is, such as discovered addresses, tokens and supported
        options.
        """
        keys = sandbox.known_keys(lookup.key_kind)[:2]
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            await run_lookup(adapter, lookup, keys, sandbox.arguments())
            sandbox.switches.down = True
            result = await run_lookup_or_error(adapter, lookup, keys, sandbox.arguments())

        assert {UnavailableError} == {type(error) for error in errors_of(result)}
        assert not isinstance(result, dict) or len(errors_of(result)) == len(keys)

    @about_http
    async def test_no_request_is_retried(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """A failed request is not sent again: the gateway retries, because it knows how much time is left."""
        transport = FaultyTransport(sandbox, 0, lambda: httpx.Response(503))
        async with open_adapter(sandbox, transport, kind=self.kind) as adapter:
            keys = sandbox.known_keys(lookup.key_kind)[:2]
            await run_lookup_or_error(adapter, lookup, keys, sandbox.arguments())
        sent = [(request.method, request.url, request.content) for request in transport.sent]

        assert len(set(sent)) == len(sent)


async def request_is_held(transport: HoldingTransport, running: asyncio.Future[Any]) -> None:
    """Wait until a request of a running lookup is held; one that ends before fails the test, with its error."""
    holding = asyncio.ensure_future(transport.holding.wait())
    await asyncio.wait({holding, running}, return_when=asyncio.FIRST_COMPLETED)
    if not holding.done():
        holding.cancel()
        errors = sorted({str(error) for error in errors_of(await running)})
        message = f"the lookup ended after {len(transport.sent)} requests through the adapter's client: {errors}"
        pytest.fail(message)


@contextmanager
def an_hour_later() -> Iterator[None]:
    """Move the event loop's clock one hour ahead, so that any shorter timeout expires."""
    loop = asyncio.get_running_loop()
    real_time = loop.time
    loop.time = lambda: real_time() + HOUR_SECONDS  # type: ignore[method-assign]
    try:
        yield
    finally:
        loop.time = real_time  # type: ignore[method-assign]
