"""
Normal viewers: four viewers who read while an attack runs, and how long they wait.

They run in a process of their own: the work of the attackers must not count as a delay of the gateway. The process
prints a line for each response: when its request was sent, by the monotonic clock of the machine, how many seconds
the response took, its HTTP status (0 for none within `TIMEOUT_SECONDS`), the viewer, and how long the gateway's
event loop used the processor meanwhile. On a machine that is busy with other work, only the last one is reliable.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import IO, NamedTuple

ROOT = Path(__file__).parents[2]
NORMAL_VIEWERS = 4
PAUSE_SECONDS = 0.125
"""Time between a normal viewer's response and the next request: below the rate that each viewer is allowed."""
TIMEOUT_SECONDS = 30.0
ADDRESS = "127.0.0.2"
"""The address of the normal viewers. The attackers have another one, whose connections the gateway limits."""
QUERY = (
    "query ($n: String!) { student(studentUniqueId: $n) { name { lastName } gradeLevel "
    "courseGrades { courseName numeric provenance { source } } attendanceEvents { totalCount } } }"
)


class Sample(NamedTuple):
    """One response of a normal viewer."""

    sent_at: float
    seconds: float
    status: int
    viewer: int
    loop_seconds: float
    """Processor time of the gateway's event loop from the request to its response: no other process counts."""


class NormalViewers:
    """
    The running process of the normal viewers.

    A thread reads their lines at once. Otherwise the pipe would fill, and a viewer would seem to get no answer.
    """

    def __init__(self, lines: IO[str]) -> None:
        """Read the normal viewers' lines until their process ends."""
        self._lines = lines
        self._samples: list[Sample] = []
        self._latest = dict.fromkeys(range(NORMAL_VIEWERS), 0.0)
        """When each normal viewer sent the request that was answered last."""
        self._has_ended = False
        self._changed = threading.Condition()
        self.reading = threading.Thread(target=self._read, daemon=True)
        """Reads the lines; it ends with the process."""
        self.reading.start()

    def _read(self) -> None:
        for line in self._lines:
            sent_at, seconds, status, viewer, loop_seconds = line.split()
            sample = Sample(float(sent_at), float(seconds), int(status), int(viewer), float(loop_seconds))
            with self._changed:
                self._samples.append(sample)
                self._latest[sample.viewer] = sample.sent_at
                self._changed.notify_all()
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()

    def between(self, begin: float, end: float) -> list[Sample]:
        """The responses to requests sent between two moments; waits until each viewer is past the second one."""
        with self._changed:
            self._changed.wait_for(lambda: self._has_ended or min(self._latest.values()) >= end)
            assert not self._has_ended, "the normal viewers have ended"
            # A request that was under way when the attack began belongs to it, too.
            return [
                sample
                for sample in self._samples
                if begin <= sample.sent_at + sample.seconds and sample.sent_at < end
            ]


@contextlib.contextmanager
def normal_viewers(
    gateway: int, host: str, port: int, tokens: Sequence[str], students: Sequence[str]
) -> Iterator[NormalViewers]:
    """Let four viewers read until the block ends; `gateway` is the id of the gateway's process."""
    settings = {
        "clock": f"/proc/{gateway}/schedstat",
        "host": host,
        "port": port,
        "tokens": list(tokens),
        "students": list(students),
    }
    command = [sys.executable, "-m", "tests.attacks.normal_viewers"]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        running = NormalViewers(process.stdout)
        try:
            process.stdin.write(json.dumps(settings) + "\n")
            process.stdin.flush()
            yield running
        finally:
            process.kill()
            running.reading.join()


def go_first() -> None:
    """Give this process a high priority, if that is allowed: waiting for the processor delays its responses."""
    with contextlib.suppress(PermissionError):
        os.nice(-10)


def loop_seconds(clock: int) -> float:
    """Processor time of the gateway's first thread, which runs the event loop, so far."""
    return int(os.pread(clock, 64, 0).split()[0]) / 1e9


async def _read(number: int, clock: int, address: tuple[str, int], token: str, students: Sequence[str]) -> None:
    """Send one request after the other, and print a line for each response."""
    streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    for index in count(number):
        body = json.dumps({"query": QUERY, "variables": {"n": students[index % len(students)]}}).encode()
        head = (
            f"POST /graphql HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        sent_at, worked, status = time.monotonic(), loop_seconds(clock), 0
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
            async with asyncio.timeout(TIMEOUT_SECONDS):
                reader, writer = streams or await asyncio.open_connection(*address, local_addr=(ADDRESS, 0))
                streams = None
                writer.write(head.encode() + body)
                answer = await reader.readuntil(b"\r\n\r\n")
                lengths = [line[15:] for line in answer.lower().split(b"\r\n") if line[:15] == b"content-length:"]
                content = await reader.readexactly(int(lengths[0]))
                status, streams = int(answer[9:12]), (reader, writer)
                if b'"INTERNAL"' in content:
                    status = 500
        print(sent_at, time.monotonic() - sent_at, status, number, loop_seconds(clock) - worked, flush=True)
        await asyncio.sleep(PAUSE_SECONDS)


async def _main() -> None:
    settings = json.loads(sys.stdin.readline())
    go_first()
    clock = os.open(settings["clock"], os.O_RDONLY)
    async with asyncio.TaskGroup() as group:
        for number, token in enumerate(settings["tokens"]):
            group.create_task(
                _read(number, clock, (settings["host"], settings["port"]), token, settings["students"])
            )


if __name__ == "__main__":
    asyncio.run(_main())
