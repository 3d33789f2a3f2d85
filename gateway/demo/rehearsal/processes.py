"""The processes of a rehearsal besides the gateways: vendors, sign-in, and Redis."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.demo.rehearsal.vendors.plan import DistrictPlan

PACKAGE = __package__
STOP_SECONDS = 10.0


@contextlib.contextmanager
def module_process(name: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A module of this package as a process that ends when its standard input does."""
    process = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-P", "-m", f"{PACKAGE}.{name}", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        process_group=0,  # an interruption of the rehearsal is not for it
    )
    try:
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def read_line(process: subprocess.Popen[str]) -> Any:
    """
    The line of JSON that a process has printed.

    Raises:
        SettingsError: it ended without one.
    """
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise SettingsError("a process of the rehearsal did not start")
    return json.loads(line)


@contextlib.contextmanager
def vendors(plans: Sequence[DistrictPlan], processes: int, certificates: Path) -> Iterator[list[dict[str, Any]]]:
    """
    The vendors of all districts, in so many processes; yields the descriptions of the districts.

    Raises:
        SettingsError: a process did not start.
    """
    groups = [plans[number::processes] for number in range(min(processes, len(plans)))]
    with contextlib.ExitStack() as stack:
        running = [stack.enter_context(module_process("vendors.serving")) for _ in groups]
        for process, group in zip(running, groups, strict=True):
            assert process.stdin is not None
            request = {"plans": [asdict(plan) for plan in group], "certificates": str(certificates)}
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
        with ThreadPoolExecutor(len(running)) as threads:
            described = [district for group in threads.map(read_line, running) for district in group]
        yield sorted(described, key=lambda district: district["plan"]["number"])


class Redis:
    """A Redis server that can be killed and started again on the same port."""

    def __init__(self, binary: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port: int = listener.getsockname()[1]
        self._command = [binary, "--port", str(self.port), "--save", "", "--bind", "127.0.0.1"]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address as the settings of a gateway have it."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, and wait until it listens."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)  # noqa: S603 - found by its name
        while self._process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.02)

    def kill(self) -> None:
        """Kill it, with all that it holds."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextlib.contextmanager
def running_redis() -> Iterator[Redis | None]:
    """A running Redis server until the block ends; None if none is installed."""
    binary = shutil.which("redis-server")
    if binary is None:
        yield None
        return
    redis = Redis(binary)
    redis.start()
    try:
        yield redis
    finally:
        redis.kill()
