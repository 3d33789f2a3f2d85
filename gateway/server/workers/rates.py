"""Counts the requests of each viewer over all workers: each tells the others what it has answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from student_graph.gateway.server.workers.channel import ChannelError
from student_graph.gateway.server.workers.member import Membership
from student_graph.gateway.web.token_bucket import ViewerRates

TELL_SECONDS = 0.1
"""Time between two messages, if there were requests."""
MANY_WORKERS = 8
"""With more workers the time is longer: each message goes to all of them through one supervisor."""
NOTE_SECONDS = 0.5
"""How long a message waits for a worker that is busy or hangs, before the next one is sent."""
RATES = "rates"
"""Name of the messages."""


async def share_rates(member: Membership, rates: Callable[[], ViewerRates | None]) -> None:
    """Tell the other workers and count what they tell, until the supervisor has gone; `rates` are this one's."""

    def charge(uses: dict[str, int]) -> None:
        present = rates()
        if present is not None:
            present.charge(uses)

    member.listen(RATES, charge)
    while True:
        await asyncio.sleep(TELL_SECONDS * max(1.0, member.workers / MANY_WORKERS))
        present = rates()
        if present is None:
            continue
        present.is_shared = True
        if uses := present.take_uses():
            try:
                await member.tell(RATES, dict(uses), NOTE_SECONDS)
            except ChannelError as error:
                if error.is_gone:
                    return
