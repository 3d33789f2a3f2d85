"""A client that goes away takes with it what was done for it alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from starlette.types import Receive


async def run_while_connected(receive: Receive, work: Awaitable[None]) -> None:
    """
    Do something while the client waits for it.

    Raises:
        GoneError: the client went away; the work was cancelled, and with it what it asked of vendors.
    """
    task = asyncio.current_task()
    assert task is not None
    gone = False

    async def watch() -> None:
        nonlocal gone
        if (await receive())["type"] == "http.disconnect":
            gone = True
            task.cancel()

    watcher = asyncio.ensure_future(watch())
    try:
        await work
    except asyncio.CancelledError:
        if gone:
            raise ClientDisconnectedError from None
        raise
    finally:
        watcher.cancel()


class ClientDisconnectedError(Exception):
    """The client went away."""
