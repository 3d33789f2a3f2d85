"""Waiting for several things at once, so that nothing is left running when one of them fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Any


async def gathered(work: Iterable[Awaitable[Any]]) -> list[Any]:
    """What comes of each, side by side; when one raises, the others are cancelled and waited for."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


async def outcome(awaitable: Awaitable[Any]) -> Any:
    """What comes of it, a failure as its value."""
    try:
        return await awaitable
    except Exception as error:  # noqa: BLE001 - a field error of this object
        return error
