"""Waiting for several awaitables at once, without leaving any of them running when one fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Any


async def gather_or_cancel(awaitables: Iterable[Awaitable[Any]]) -> list[Any]:
    """Return all results. When one awaitable raises, the others are cancelled and awaited before it is raised."""
    tasks = [asyncio.ensure_future(awaitable) for awaitable in awaitables]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


async def result_or_error(awaitable: Awaitable[Any]) -> Any:
    """Return the result, or the exception if it fails."""
    try:
        return await awaitable
    except Exception as error:  # noqa: BLE001 - a field error of this object
        return error
