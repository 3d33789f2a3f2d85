"""Counts the requests of each viewer over all workers, which report to each other what they have answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from student_graph.gateway.server.workers.channel import ChannelError
from student_graph.gateway.server.workers.member import Membership
from student_graph.gateway.web.token_bucket import ViewerRates

REPORT_INTERVAL_SECONDS = 0.1
"""Time between two messages, if there were requests."""
MANY_WORKERS = 8
"""With more workers the time is longer: each message goes to all of them through one supervisor."""
BROADCAST_TIMEOUT_SECONDS = 0.5
"""How long a message may wait for a worker that is busy or hangs; then the next message is sent."""
RATES = "rates"
"""Name of the messages."""


async def share_rates(member: Membership, rates: Callable[[], ViewerRates | None]) -> None:
    """Report this worker's `rates` to the others and count what they report, until the supervisor has ended."""

    def charge(uses: dict[str, int]) -> None:
        present = rates()
        if present is not None:
            present.charge(uses)

    member.listen(RATES, charge)
    while True:
        await asyncio.sleep(REPORT_INTERVAL_SECONDS * max(1.0, member.workers / MANY_WORKERS))
        present = rates()
        if present is None:
            continue
        present.is_shared = True
        if uses := present.take_uses():
            try:
                await member.broadcast(RATES, dict(uses), BROADCAST_TIMEOUT_SECONDS)
            except ChannelError as error:
                if error.is_gone:
                    return
