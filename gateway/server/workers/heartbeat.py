"""Notices a worker that runs but does nothing: blocked in a loop, stopped, or stuck at its start or end."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import signal
from pathlib import Path
from typing import Protocol

from student_graph.gateway.server.workers.channel import Channel, ChannelError

log = logging.getLogger("student_graph.workers")

HANG_SECONDS = 20.0
"""How long a worker may be silent by default. Collecting all garbage of a full cache takes a second or two."""
BEAT_SECONDS = 1.0
"""Time between two questions to a worker, and until a question counts as not answered yet."""
BUSY_SECONDS = 3.0
"""After this time of silence, other workers stop leaving connections to a worker until it accepts one again."""
MAX_START_SECONDS = 180.0
"""How long a worker may take until it answers the first question. It imports and checks everything before that."""
MAX_END_SECONDS = 20.0
"""How long a process may go on after it has left the channel, when its requests are finished."""
TRACEBACK_SIGNAL = signal.SIGUSR1
"""Lets a worker write to standard error where in the code each of its threads is."""


class WatchedWorker(Protocol):
    """A worker whose process runs."""

    number: int
    pid: int
    channel: Channel

    @property
    def is_ready(self) -> bool:
        """Whether it answers requests."""

    def leave_alone(self) -> None:
        """Let other workers take new connections instead of leaving them to it."""


def write_traceback_on_signal() -> None:
    """Let this worker do that: places in the code and no values, also while Python code is blocked."""
    faulthandler.register(TRACEBACK_SIGNAL)


async def wait_for_hang(worker: WatchedWorker, hang_seconds: float) -> str:
    """
    Return once a worker hangs, with what it does not do.

    Silence is counted in questions and not by the clock: while the whole machine stood still, no worker hung. Nor
    does a worker hang that waits for a processor, because others use them all.
    """
    waiting = _ProcessorWait(worker.pid)
    question = asyncio.create_task(_ask(worker.channel))
    silent, has_left, is_left_alone = 0.0, False, False
    try:
        while True:
            await asyncio.wait({question}, timeout=BEAT_SECONDS)
            beat = max(BEAT_SECONDS - waiting.since_last(), 0.0)
            if not question.done():
                silent += beat
            elif question.result():
                silent, is_left_alone = 0.0, False
                await asyncio.sleep(BEAT_SECONDS)
                question = asyncio.create_task(_ask(worker.channel))
            else:  # it has left the channel, and should end now
                silent = silent + beat if has_left else 0.0
                has_left = True
                await asyncio.sleep(BEAT_SECONDS)
            patience = MAX_END_SECONDS if has_left else hang_seconds if worker.is_ready else MAX_START_SECONDS
            if silent >= patience:
                action = "end" if has_left else "answer" if worker.is_ready else "start"
                return f"it did not {action} for {silent:.0f} seconds"
            if silent >= BUSY_SECONDS and worker.is_ready and not (is_left_alone or has_left):
                log.warning("worker %s has not answered for %.0f seconds", worker.number, silent)
                worker.leave_alone()
                is_left_alone = True
    finally:
        question.cancel()


class _ProcessorWait:
    """How long the event loop of a process has waited for a processor. See proc(5), `/proc/pid/schedstat`."""

    def __init__(self, pid: int) -> None:
        self._path = Path(f"/proc/{pid}/schedstat")
        self._seconds = self._total()

    def since_last(self) -> float:
        """Seconds since the last call; 0 where the system does not count them, and when the process has ended."""
        before, self._seconds = self._seconds, self._total()
        return max(self._seconds - before, 0.0)

    def _total(self) -> float:
        try:
            return int(self._path.read_text(encoding="ascii").split()[1]) / 1e9
        except (OSError, IndexError, ValueError):
            return 0.0


async def _ask(channel: Channel) -> bool:
    """Whether a worker answers; False if it has left the channel."""
    try:
        await channel.request("beat")
    except ChannelError:
        return False
    return True
