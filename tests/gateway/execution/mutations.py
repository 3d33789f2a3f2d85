"""Mutations whose order is visible: each returns the same object, and each changes it."""

from __future__ import annotations

import asyncio

import strawberry

from tests.gateway.execution.hostile import BoomError, World


@strawberry.type
class Counted:
    """The result of a mutation: the same counter each time."""

    world: strawberry.Private[World]

    @strawberry.field
    def count(self) -> int:
        """Value of the counter."""
        return self.world.counter

    @strawberry.field
    async def later(self) -> int | None:
        """Value of the counter one turn of the event loop later."""
        await asyncio.sleep(0)
        return self.world.counter


@strawberry.type
class Mutation:
    """Mutations of the counter."""

    @strawberry.mutation
    async def count(self, info: strawberry.Info, by: int = 1) -> Counted:
        """Increase the counter."""
        await asyncio.sleep(0)
        info.context.counter += by
        return Counted(world=info.context)

    @strawberry.mutation
    def refuse(self, info: strawberry.Info) -> Counted | None:
        """Fail without changing the counter."""
        raise BoomError("refused")
