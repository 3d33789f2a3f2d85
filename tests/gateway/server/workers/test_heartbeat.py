"""A worker that hangs is ended and replaced, and one that is only busy is not."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from student_graph.gateway.server.workers import heartbeat
from student_graph.gateway.server.workers.channel import Channel
from tests.gateway.server.workers.test_supervisor import HANG_SECONDS, Supervised, started, wait_until


@pytest.fixture
def impatient(tmp_path: Path) -> Iterator[Supervised]:
    """Two running workers. Each may be silent for two seconds."""
    with started(tmp_path, hang_seconds=HANG_SECONDS) as process:
        assert process.stdout is not None
        yield Supervised(process, int(process.stdout.readline()))


def state(pid: int) -> str:
    """The letter by which `ps` says what a process does: `T` if it is stopped."""
    command = ["ps", "-o", "state=", "-p", str(pid)]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout[:1]  # noqa: S603


def pids_of_both(supervised: Supervised) -> dict[int, int]:
    """Process ids by number. On a busy machine the first worker takes many connections before there is another."""
    pids: dict[int, int] = {}
    while len(pids) < 2:
        number, pid = supervised.ask()
        pids[number] = pid
    return pids


def test_a_stopped_worker_is_replaced_and_the_other_one_answers_meanwhile(impatient: Supervised) -> None:
    """A process that the system has stopped neither ends nor closes its channel."""
    pids = pids_of_both(impatient)
    os.kill(pids[1], signal.SIGSTOP)
    wait_until(lambda: state(pids[1]) == "T")
    meanwhile = {impatient.ask() for _ in range(5)}
    wait_until(lambda: impatient.ask()[1] not in pids.values())

    assert meanwhile == {(2, pids[2])}


def test_a_worker_that_goes_on_in_time_is_kept(impatient: Supervised) -> None:
    """A long collection of garbage, or a machine with too much to do, is no reason to lose requests."""
    pids = pids_of_both(impatient)
    os.kill(pids[1], signal.SIGSTOP)
    time.sleep(HANG_SECONDS / 3)
    os.kill(pids[1], signal.SIGCONT)
    time.sleep(HANG_SECONDS)

    assert {impatient.ask()[1] for _ in range(20)} <= set(pids.values())


def test_a_worker_that_does_not_start_in_time_counts_as_one_that_fails(tmp_path: Path) -> None:
    """The first one ends the gateway, which says why."""
    (tmp_path / "hang").touch()
    with started(tmp_path, hang_seconds=HANG_SECONDS) as process:
        _, errors = process.communicate(timeout=60)

    assert process.returncode == 1
    assert "worker 1 is ended: it did not start for 2 seconds" in errors
    assert "worker 1 does not start (SIGKILL); giving up" in errors
    assert re.search(r'[Tt]hread 0x.* \(most recent call first\):\n  File ".*", line', errors), "where it hangs"


def test_a_worker_that_does_not_end_holds_up_nobody(tmp_path: Path) -> None:
    """It has answered all its requests, and is killed after some time."""
    (tmp_path / "stay").touch()
    with started(tmp_path, hang_seconds=HANG_SECONDS) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)

    assert process.returncode == 0
    assert "it did not end for 2 seconds" in errors


class Watched:
    """A worker with a channel of this process."""

    number, is_ready, left_alone = 1, True, 0

    def __init__(self, channel: Channel, pid: int = 0) -> None:
        self.channel, self.pid = channel, pid

    def leave_alone(self) -> None:
        """Count it."""
        self.left_alone += 1


async def _answer(_: Any) -> None:
    """Answer a question."""


def test_no_worker_hangs_while_the_machine_stands_still() -> None:
    """A computer that slept for an hour has asked one question in it, which is answered after it."""

    async def play() -> bool:
        ends = socket.socketpair()
        channels = [Channel(end, {"beat": _answer}) for end in ends]
        talking = [await channel.open() for channel in channels]
        watching = asyncio.create_task(heartbeat.wait_for_hang(Watched(channels[0]), 1.0))
        await asyncio.sleep(0.1)
        time.sleep(1.5)  # noqa: ASYNC251 - supervisor and worker stand still together
        await asyncio.sleep(0.2)
        has_hung = watching.done()
        for task in (watching, *talking):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        return has_hung

    with mock.patch.object(heartbeat, "BEAT_SECONDS", 0.05):
        assert not asyncio.run(play())


async def _never(_: object) -> bool:
    """Do not answer."""
    await asyncio.Event().wait()
    return True


def test_a_worker_hangs_only_while_it_could_run() -> None:
    """If it waits for a processor for three quarters of the time, it has four times as long."""

    async def beats_until_it_hangs(waiting_share: float) -> int:
        beats = 0

        def since_last(_: object) -> float:
            nonlocal beats
            beats += 1
            return waiting_share * heartbeat.BEAT_SECONDS

        ends = socket.socketpair()
        with mock.patch.object(heartbeat._ProcessorWait, "since_last", since_last):
            await heartbeat.wait_for_hang(Watched(Channel(ends[0], {})), 13 * heartbeat.BEAT_SECONDS)
        for end in ends:
            end.close()
        return beats

    with mock.patch.object(heartbeat, "BEAT_SECONDS", 1 / 64), mock.patch.object(heartbeat, "_ask", _never):
        assert asyncio.run(beats_until_it_hangs(0.0)) == 13
        assert asyncio.run(beats_until_it_hangs(0.75)) == 52


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="the system does not count such waits")
def test_the_system_says_how_long_a_process_has_waited_for_a_processor() -> None:
    """Two that compute on one processor wait for each other; one that sleeps waits for none."""
    processor = min(os.sched_getaffinity(0))
    compute = f"import os; os.sched_setaffinity(0, {{{processor}}})\nwhile True: pass"
    with contextlib.ExitStack() as stack:
        processes = [subprocess.Popen([sys.executable, "-c", compute]) for _ in range(2)]  # noqa: S603 - our own program
        for process in processes:
            stack.callback(process.wait)
            stack.callback(process.kill)
        wait, seconds = heartbeat._ProcessorWait(processes[0].pid), [0.0]
        wait_until(lambda: seconds.append(wait.since_last()) is None and sum(seconds) > 0.1)
    assert heartbeat._ProcessorWait(processes[0].pid).since_last() == 0.0
