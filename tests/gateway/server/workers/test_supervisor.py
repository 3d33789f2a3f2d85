"""A supervisor keeps its workers running, says why one does not start, and leaves none behind."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.gateway.server.workers import small_worker

SCRIPT = Path(small_worker.__file__)
PATIENT_SECONDS = 60.0
HANG_SECONDS = 2.0
"""How long a worker may be silent in tests in which one hangs."""


class Supervised:
    """A running supervisor of small workers."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process, self.port = process, port

    def connect(self) -> tuple[socket.socket, int, int]:
        """A new connection, and number and process id of the worker that has it."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        number, pid = connection.makefile().readline().split()
        return connection, int(number), int(pid)

    def ask(self) -> tuple[int, int]:
        """Number and process id of the worker that takes a new connection, which is closed."""
        connection, number, pid = self.connect()
        connection.close()
        return number, pid


@contextlib.contextmanager
def started(
    folder: Path, workers: int = 2, hang_seconds: float = PATIENT_SECONDS
) -> Iterator[subprocess.Popen[str]]:
    """Start a supervisor, and kill it when the block ends."""
    process = subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, str(SCRIPT), "supervise", str(workers), str(folder), str(hang_seconds)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SCRIPT.parents[4])},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Supervised]:
    """Two running workers."""
    with started(tmp_path) as process:
        assert process.stdout is not None
        yield Supervised(process, int(process.stdout.readline()))


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds, for a minute at most."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    """Whether a process has not ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_connections_are_spread_over_the_workers(supervised: Supervised) -> None:
    """Of connections that stay open, each worker has its share."""
    held = [supervised.connect() for _ in range(40)]
    shares = Counter(number for _, number, _ in held)
    for connection, _, _ in held:
        connection.close()

    assert set(shares) == {1, 2}
    assert min(shares.values()) >= 10


def test_a_killed_worker_is_replaced_and_others_keep_their_connections(supervised: Supervised) -> None:
    """A connection that waits for a worker goes to the other one."""
    pids: dict[int, int] = {}
    held = []
    while len(pids) < 2:
        connection, number, pid = supervised.connect()
        held.append((connection, number))
        pids[number] = pid
    os.kill(pids[1], signal.SIGKILL)
    meanwhile = [supervised.ask()[0] for _ in range(5)]
    wait_until(lambda: supervised.ask()[1] not in pids.values())
    for connection, number in held:
        connection.settimeout(0.2)
        with contextlib.closing(connection):
            is_closed = number == 1
            if is_closed:
                assert connection.recv(1) == b""
            else:
                with pytest.raises(TimeoutError):
                    connection.recv(1)

    assert set(meanwhile) <= {1, 2}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_all_with_success(supervised: Supervised, number: int) -> None:
    """Nobody listens afterwards, and no worker is left."""
    pids = {supervised.ask()[1] for _ in range(20)}
    supervised.process.send_signal(number)

    assert supervised.process.wait(timeout=60) == 0
    assert not any(map(is_running, pids))
    with pytest.raises(ConnectionRefusedError):
        supervised.ask()


def test_workers_end_with_a_killed_supervisor(supervised: Supervised) -> None:
    """They hold the port no longer."""
    pids = {supervised.ask()[1] for _ in range(20)}
    supervised.process.kill()

    wait_until(lambda: not any(map(is_running, pids)))


def test_a_first_worker_that_does_not_start_ends_it(tmp_path: Path) -> None:
    """It is started once, and the line says how it ended."""
    (tmp_path / "fail").touch()
    with started(tmp_path) as process:
        _, errors = process.communicate(timeout=60)

    assert process.returncode == 1
    assert errors.count("\n") == 1
    assert f"worker 1 does not start (exit status {small_worker.FAILURE_STATUS}); giving up" in errors


def test_a_signal_ends_it_while_it_starts(tmp_path: Path) -> None:
    """Also if no worker is ever ready."""
    (tmp_path / "hang").touch()
    with started(tmp_path) as process:
        wait_until((tmp_path / "hangs").exists)
        process.send_signal(signal.SIGTERM)

        assert process.wait(timeout=60) == 0


def test_it_gives_up_when_no_worker_starts_any_more(supervised: Supervised, tmp_path: Path) -> None:
    """Each start waits twice as long as the one before, and after some of them it ends with an error."""
    pids = {supervised.ask()[1] for _ in range(20)}
    (tmp_path / "fail").touch()
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    _, errors = supervised.process.communicate(timeout=60)

    assert supervised.process.returncode == 1
    assert "giving up" in errors
    assert "another one starts in 0.01 seconds" in errors
    assert "another one starts in 0.04 seconds" in errors
    assert len(errors.splitlines()) <= 12
