"""
The witnesses: four viewers who read meanwhile, and what the attack did to them.

They run in a process of their own: the work of the attackers must not count as a delay of the gateway. The process
prints a line for each response: when its request was sent, by the monotonic clock of the machine, how many seconds
the response took, its HTTP status (0 for none within `TIMEOUT_SECONDS`), the witness, and how long the gateway's
event loop used the processor meanwhile. On a machine that other work keeps busy, the last one is the honest time.
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
WITNESSES = 4
PAUSE_SECONDS = 0.125
"""Time between a witness's response and the next request: below the rate that each viewer is allowed."""
TIMEOUT_SECONDS = 30.0
ADDRESS = "127.0.0.2"
"""Where the witnesses are: the gateway bounds the connections of one address, which is the attackers'."""
QUERY = (
    "query ($n: String!) { student(studentUniqueId: $n) { name { lastName } gradeLevel "
    "courseGrades { courseName numeric provenance { source } } attendanceEvents { totalCount } } }"
)


class Sample(NamedTuple):
    """One response of a witness."""

    sent_at: float
    seconds: float
    status: int
    witness: int
    loop_seconds: float
    """Processor time of the gateway's event loop from the request to its response: no other process counts."""


class Witnesses:
    """
    The running process of the witnesses.

    A thread reads what they print at once: a witness whose line nobody takes stands still, as if not answered.
    """

    def __init__(self, lines: IO[str]) -> None:
        """Read the witnesses' lines until their process ends."""
        self._lines = lines
        self._samples: list[Sample] = []
        self._latest = dict.fromkeys(range(WITNESSES), 0.0)
        """When each witness sent the request that was answered last."""
        self._has_ended = False
        self._changed = threading.Condition()
        self.reading = threading.Thread(target=self._read, daemon=True)
        """Reads the lines; it ends with the process."""
        self.reading.start()

    def _read(self) -> None:
        for line in self._lines:
            sent_at, seconds, status, witness, loop_seconds = line.split()
            sample = Sample(float(sent_at), float(seconds), int(status), int(witness), float(loop_seconds))
            with self._changed:
                self._samples.append(sample)
                self._latest[sample.witness] = sample.sent_at
                self._changed.notify_all()
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()

    def between(self, begin: float, end: float) -> list[Sample]:
        """The responses to requests sent between two moments; waits until each witness is past the second one."""
        with self._changed:
            self._changed.wait_for(lambda: self._has_ended or min(self._latest.values()) >= end)
            assert not self._has_ended, "the witnesses have ended"
            # A request that was under way when the attack began belongs to it, too.
            return [
                sample
                for sample in self._samples
                if begin <= sample.sent_at + sample.seconds and sample.sent_at < end
            ]


@contextlib.contextmanager
def witnesses(
    gateway: int, host: str, port: int, tokens: Sequence[str], students: Sequence[str]
) -> Iterator[Witnesses]:
    """Let four viewers read until the block ends; `gateway` is the id of the gateway's process."""
    settings = {
        "clock": f"/proc/{gateway}/schedstat",
        "host": host,
        "port": port,
        "tokens": list(tokens),
        "students": list(students),
    }
    command = [sys.executable, "-m", "tests.attacks.witness"]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        running = Witnesses(process.stdout)
        try:
            process.stdin.write(json.dumps(settings) + "\n")
            process.stdin.flush()
            yield running
        finally:
            process.kill()
            running.reading.join()


def go_first() -> None:
    """Let this process run before others, where it may: who waits for the processor sees a response late."""
    with contextlib.suppress(PermissionError):
        os.nice(-10)


def loop_seconds(clock: int) -> float:
    """Processor time of the gateway's first thread, which runs the event loop, so far."""
    return int(os.pread(clock, 64, 0).split()[0]) / 1e9


async def _read(number: int, clock: int, address: tuple[str, int], token: str, students: Sequence[str]) -> None:
    """Send a request after the other, and print what came."""
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
