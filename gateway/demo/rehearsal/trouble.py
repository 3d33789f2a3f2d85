"""The script of trouble: what happens to the fleet and its vendors, one after the other."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from student_graph.gateway.demo.rehearsal.stage import Stage


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that happens for a while."""

    name: str
    happen: Callable[[Stage], AbstractAsyncContextManager[None]]
    """Begins when the block is entered, and ends with it."""


@contextlib.asynccontextmanager
async def _down(stage: Stage) -> AsyncIterator[None]:
    async with stage.vendors(stage.some(), "switches", down=True):
        yield


SCRIPT: tuple[Trouble, ...] = (Trouble("vendors down", _down),)
