"""Cancels the work for a request when its client disconnects, or has waited for too long."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import Receive

from student_graph.gateway.concurrency.coroutines import StartedCoroutine, start
from student_graph.gateway.web.load_shedding import OverloadError

T = TypeVar("T")


class ClientDisconnectedError(Exception):
    """The client disconnected before its response was ready."""


async def run_while_connected(receive: Receive, work: Coroutine[Any, Any, None]) -> None:
    """
    Await `work`, and cancel it with its vendor calls if the client disconnects while it waits for something.

    Raises:
        ClientDisconnectedError: the client disconnected, and the work was cancelled.
    """
    task = asyncio.current_task()
    assert task is not None
    disconnected = False

    async def watch() -> None:
        nonlocal disconnected
        if (await receive())["type"] == "http.disconnect":
            disconnected = True
            task.cancel()

    started = start(work)
    if started is None:  # the work has ended without waiting for anything
        return
    watcher = asyncio.ensure_future(watch())
    try:
        await started
    except asyncio.CancelledError:
        if disconnected:
            raise ClientDisconnectedError from None
        raise
    finally:
        watcher.cancel()


async def refused_after(seconds: float | None, work: Coroutine[Any, Any, T]) -> T:
    """
    Await `work`, and cancel it after `seconds`: its client gives up soon anyway, and others need the processor.

    None sets no limit. The time begins when the work first waits for something; until then it cannot be cancelled.

    Raises:
        OverloadError: the work took longer.
    """
    result: T | StartedCoroutine = start(work)
    if not isinstance(result, StartedCoroutine):
        return result
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            finished: T = await result
            return finished
    except TimeoutError:
        if limit.expired():
            raise OverloadError from None
        raise
