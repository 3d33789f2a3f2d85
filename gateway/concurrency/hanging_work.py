"""Work in threads that may never end, such as a request to a server that hangs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

_T = TypeVar("_T")


async def in_daemon_thread(work: Callable[[], _T], seconds: float | None = None) -> _T:
    """
    Return what `work` returns, which is called in a thread.

    The thread ends with the process, unlike those of `asyncio.to_thread`, which the interpreter waits for.

    Raises: TimeoutError: the work took longer than so many seconds; it continues.
        Exception: what `work` raises.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_T] = loop.create_future()

    def end(result: _T | None, error: Exception | None) -> None:
        if future.done():  # nobody waits any more
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type] # which is what `work` has returned

    def run() -> None:
        result, error = None, None
        try:
            result = work()
        except Exception as exc:  # noqa: BLE001 - who waits gets it
            error = exc
        with suppress(RuntimeError):  # the event loop is closed
            loop.call_soon_threadsafe(end, result, error)

    threading.Thread(target=run, daemon=True, name=getattr(work, "__qualname__", "work")).start()
    async with asyncio.timeout(seconds):
        return await future
