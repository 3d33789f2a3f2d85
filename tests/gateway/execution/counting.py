"""Mutations whose order shows: they answer with one object, which each of them changes."""

from __future__ import annotations

import asyncio

import strawberry

from tests.gateway.execution.hostile import BoomError, World


@strawberry.type
class Counted:
    """What a mutation answers: the same object each time, changed."""

    total: strawberry.Private[World]

    @strawberry.field
    def count(self) -> int:
        """How often it was counted by now."""
        return self.total.counter

    @strawberry.field
    async def later(self) -> int | None:
        """The same, a moment later."""
        await asyncio.sleep(0)
        return self.total.counter


@strawberry.type
class Mutation:
    """Counts."""

    @strawberry.mutation
    async def count(self, info: strawberry.Info, by: int = 1) -> Counted:
        """Count."""
        await asyncio.sleep(0)
        info.context.counter += by
        return Counted(total=info.context)

    @strawberry.mutation
    def refuse(self, info: strawberry.Info) -> Counted | None:
        """Count nothing."""
        raise BoomError("refused")
