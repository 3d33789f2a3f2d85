"""Time: what is given up leaves nothing behind, what is slow is waited for, what is over is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.lookup import Lookup
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.asking import ask, built, errors_of, moments, tell
from student_graph.adapters.testing.wire import Faulty, Held

HOUR = 3600.0


class Interruptions:
    """Every supported lookup, given up, held up, and asked again."""

    kind: type[Adapter]

    async def test_a_cancelled_lookup_leaves_nothing_behind(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """No task goes on behind the asker's back, and the next question is answered."""
        keys = sandbox.known_keys(lookup.key_kind)[:3]
        async with built(sandbox, kind=self.kind) as adapter:
            healthy = await ask(adapter, lookup, keys, sandbox.arguments())
        for good in moments(len(sandbox.requests)):
            wire = Held(sandbox.url, good)
            async with built(sandbox, wire, kind=self.kind) as adapter:
                before = asyncio.all_tasks()
                asking = asyncio.ensure_future(ask(adapter, lookup, keys, sandbox.arguments()))
                await wire.holding.wait()
                asking.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await asking
                left = asyncio.all_tasks() - before
                for task in left:
                    task.cancel()
                await asyncio.gather(*left, return_exceptions=True)
                wire.go_on.set()

                assert left == set()
                assert await ask(adapter, lookup, keys, sandbox.arguments()) == healthy

    async def test_an_answer_is_waited_for(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """An adapter sets no limit of its own, neither for a request nor for the whole: that is the gateway's."""
        keys = sandbox.known_keys(lookup.key_kind)[:1]
        wire = Held(sandbox.url, 0)
        async with built(sandbox, kind=self.kind) as adapter:
            healthy = await ask(adapter, lookup, keys, sandbox.arguments())
        async with built(sandbox, wire, kind=self.kind) as adapter:
            asking = asyncio.ensure_future(ask(adapter, lookup, keys, sandbox.arguments()))
            await wire.holding.wait()
            with an_hour_later():
                for _ in range(5):
                    await asyncio.sleep(0)
                wire.go_on.set()
                told = await asking
            limits = adapter.http.timeout.as_dict()

        assert told == healthy
        assert [each for each in wire.sent if each.extensions.get("timeout") != limits] == []

    async def test_nothing_is_answered_from_memory(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """An adapter keeps no answers: what the vendor can no longer tell, it does not tell either."""
        keys = sandbox.known_keys(lookup.key_kind)[:2]
        async with built(sandbox, kind=self.kind) as adapter:
            await ask(adapter, lookup, keys, sandbox.arguments())
            sandbox.switches.down = True
            told = await tell(adapter, lookup, keys, sandbox.arguments())

        assert {UnavailableError} == {type(error) for error in errors_of(told)}
        assert not isinstance(told, dict) or len(errors_of(told)) == len(keys)

    async def test_nothing_is_tried_twice(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """A failed request is not sent again: retries are the gateway's, which knows how much time is left."""
        wire = Faulty(sandbox.url, 0, lambda: httpx.Response(503))
        async with built(sandbox, wire, kind=self.kind) as adapter:
            await tell(adapter, lookup, sandbox.known_keys(lookup.key_kind)[:2], sandbox.arguments())
        asked = [(request.method, request.url, request.content) for request in wire.sent]

        assert len(set(asked)) == len(asked)


@contextmanager
def an_hour_later() -> Iterator[None]:
    """Let an hour pass on the loop's clock, so that whatever waits for less is over."""
    loop = asyncio.get_running_loop()
    now = loop.time
    loop.time = lambda: now() + HOUR  # type: ignore[method-assign]
    try:
        yield
    finally:
        loop.time = now  # type: ignore[method-assign]
