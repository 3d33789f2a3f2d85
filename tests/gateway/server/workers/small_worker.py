"""
A supervisor and its workers without a gateway.

`small_worker.py supervise WORKERS FOLDER HANG_SECONDS` runs a supervisor, `small_worker.py work FOLDER PLACE` a
worker of it. A worker answers each connection with its number and process id. A file `fail` in the folder lets it
end at once, a file `hang` lets it never be ready, and a file `stay` lets it never end after a signal to stop.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import threading
from pathlib import Path

import msgspec

from student_graph.gateway.server.workers import heartbeat, supervisor
from student_graph.gateway.server.workers.accepting import Acceptor
from student_graph.gateway.server.workers.assignment import Assignment
from student_graph.gateway.server.workers.member import Membership

FAILURE_STATUS = 7


class _NoReload:
    """Settings that are the files in a folder."""

    async def prepare(self, *, check_sources: bool) -> tuple[str | None, str]:
        """Say that nothing is wrong."""
        return None, "files"

    async def apply(self) -> None:
        """Do nothing."""

    async def refuse(self, reason: str) -> None:
        """Do nothing."""


class _Answer(asyncio.Protocol):
    """Says who answers, and keeps the connection open."""

    open = 0

    def __init__(self, text: bytes) -> None:
        self._text = text

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the text."""
        _Answer.open += 1
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._text)

    def connection_lost(self, exc: Exception | None) -> None:
        """Count the connection no more."""
        _Answer.open -= 1


async def _work(folder: Path, assignment: Assignment) -> int:
    heartbeat.write_traceback_on_signal()
    member = Membership(assignment)
    if (folder / "fail").exists():
        return FAILURE_STATUS
    if (folder / "hang").exists():
        (folder / "hangs").touch()
        await asyncio.Event().wait()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await member.connect(_NoReload(), lambda _: stopped.set(), stopped.set)
    assert await member.admission("files") is None
    text = f"{member.number} {os.getpid()}\n".encode()
    acceptor = Acceptor(member.listener, member.board, member.number, lambda: _Answer(text), lambda: _Answer.open)
    acceptor.start()
    await stopped.wait()
    acceptor.stop()
    await member.close()
    if (folder / "stay").exists():
        threading.Event().wait()
    return 0


def _say(port: int) -> None:
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()


def main(command: str, *arguments: str) -> int:
    """Run the supervisor, or one worker."""
    if command == "work":
        return asyncio.run(_work(Path(arguments[0]), msgspec.json.decode(arguments[1], type=Assignment)))
    workers, folder, hang_seconds = arguments
    supervisor.FIRST_DELAY_SECONDS = 0.01
    heartbeat.BEAT_SECONDS, heartbeat.BUSY_SECONDS = float(hang_seconds) / 8, float(hang_seconds) / 4
    heartbeat.MAX_START_SECONDS = heartbeat.MAX_END_SECONDS = float(hang_seconds)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        command = [sys.executable, __file__, "work", folder]
        running = supervisor.Supervisor(command, int(workers), listener, float(hang_seconds))
        return asyncio.run(running.run(lambda: _say(port)))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
