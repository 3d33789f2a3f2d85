"""Starts workers, replaces those that end, and passes signals on. It does not import what workers need."""

from __future__ import annotations

import asyncio
import logging
import secrets
import signal
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec

from student_graph.gateway import logs
from student_graph.gateway.server.workers.assignment import SIGNING_KEY_BYTES, Assignment
from student_graph.gateway.server.workers.board import ConnectionBoard
from student_graph.gateway.server.workers.channel import Channel, ChannelError, Handler
from student_graph.gateway.server.workers.coordination import Coordination
from student_graph.gateway.server.workers.heartbeat import HANG_SECONDS, TRACEBACK_SIGNAL, wait_for_hang

log = logging.getLogger("student_graph.workers")

FIRST_DELAY_SECONDS, MAX_DELAY_SECONDS = 0.5, 60.0
"""Time until a worker that does not start is started again: twice as long each time."""
MIN_LIFE_SECONDS = 10.0
"""A worker that ends earlier after it was ready counts as one that does not start."""
TRACEBACK_SECONDS = 1.0
"""Time for that before a worker that hangs is killed."""
MAX_FAILED_STARTS = 5
"""Starts in a row that fail while no worker is left; after them the supervisor gives up."""


class Worker:
    """The process at one position, and how its predecessors ended."""

    def __init__(self, number: int, board: ConnectionBoard) -> None:
        self.number, self._board = number, board
        self.pid = 0
        self.since = 0.0
        self.process: asyncio.subprocess.Process | None = None
        self.channel: Channel
        self.is_ready = False
        self.failed_starts = 0
        """Starts in a row after which it was not ready, or not for long."""

    @property
    def connections(self) -> int | None:
        """Its open connections; None if it accepts none."""
        return self._board.read(self.number)

    def leave_alone(self) -> None:
        """Let other workers take new connections instead of leaving them to it."""
        self._board.leave(self.number)


class Supervisor:
    """Runs several workers that accept connections from one listening socket."""

    def __init__(
        self, command: Sequence[str], workers: int, listener: socket.socket, hang_seconds: float = HANG_SECONDS
    ) -> None:
        """
        Start each worker by a command, to which the JSON of its `Assignment` is appended.

        A worker that is silent for `hang_seconds` is replaced.
        """
        self._command, self._listener, self._hang_seconds = command, listener, hang_seconds
        self._board = ConnectionBoard.create(workers)
        self._signing_key = secrets.token_bytes(SIGNING_KEY_BYTES)
        self._workers = [Worker(number, self._board) for number in range(1, workers + 1)]
        self._restarts = 0
        self._coordination = Coordination(self._ready, lambda: self._restarts)
        self._has_started, self._stopping = asyncio.Event(), asyncio.Event()
        """Set after the first start of a worker, and at the signal to stop."""
        self._stop_requests: set[asyncio.Task[None]] = set()
        self._status = 0

    def _ready(self) -> list[Worker]:
        return [worker for worker in self._workers if worker.is_ready]

    async def run(self, on_ready: Callable[[], None]) -> int:
        """
        Run the workers until a signal to stop, and return the exit status.

        `on_ready` is called once when all of them answer requests. The first one starts alone: if it finds a
        mistake in the settings, it says so once.
        """
        logs.configure()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop, number)
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        first, *others = self._workers
        tasks = [asyncio.create_task(self._keep_running(first))]
        await self._has_started.wait()
        if first.is_ready:
            tasks += [asyncio.create_task(self._keep_running(worker)) for worker in others]
            tasks.append(asyncio.create_task(self._announce(on_ready)))
        await self._stopping.wait()
        self._listener.close()
        await asyncio.gather(*tasks)
        return self._status

    async def _announce(self, on_ready: Callable[[], None]) -> None:
        """Say once that all workers are ready, or that some do not start."""
        while not self._stopping.is_set():
            if all(worker.is_ready or worker.failed_starts for worker in self._workers):
                on_ready()
                return
            await asyncio.sleep(0.02)

    def _reload(self) -> None:
        self._reloading = asyncio.create_task(self._coordination.reload())

    def _stop(self, number: int) -> None:
        """Stop all workers; at the second signal, at once."""
        is_second = self._stopping.is_set()
        self._stopping.set()
        self._has_started.set()  # nobody waits for it any more
        for worker in self._workers:
            if worker.is_ready and not is_second:
                # Not by a signal: systemd sends its own to all processes, and two of them mean to end at once.
                self._stop_requests.add(asyncio.create_task(_request_stop(worker, number)))
            elif worker.process is not None and worker.process.returncode is None:
                worker.process.send_signal(number)

    async def _keep_running(self, worker: Worker) -> None:
        """Run a worker, and start another one whenever it ends, until all workers stop."""
        while not self._stopping.is_set():
            status = await self._run_once(worker)
            if self._stopping.is_set():
                return
            is_first = not self._has_started.is_set()
            self._has_started.set()
            if is_first or self._is_hopeless(worker):
                self._status = status if status == 2 else 1
                if not is_first or status != 2:  # which has said itself what is wrong with the settings
                    log.error("worker %s does not start (%s); giving up", worker.number, _reason(status))
                self._stop(signal.SIGTERM)
                return
            self._restarts += 1
            delay = self._delay(worker)
            log.error(
                "worker %s ended (%s); another one starts in %s seconds", worker.number, _reason(status), delay
            )
            await self._wait_to_stop(delay)

    def _is_hopeless(self, worker: Worker) -> bool:
        return worker.failed_starts >= MAX_FAILED_STARTS and not self._ready()

    async def _wait_to_stop(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    @staticmethod
    def _delay(worker: Worker) -> float:
        """Seconds until the next start; none for a worker that ran for a while."""
        if not worker.failed_starts:
            return 0.0
        return min(FIRST_DELAY_SECONDS * 2.0 ** (worker.failed_starts - 1), MAX_DELAY_SECONDS)

    async def _run_once(self, worker: Worker) -> int:
        """Run a worker until it ends, and return its exit status."""
        supervisor_end, worker_end = socket.socketpair()
        assignment = Assignment(
            worker.number, len(self._workers), self._listener.fileno(), worker_end.fileno(), self._board.descriptor
        )
        with worker_end:
            supervisor_end.sendall(self._signing_key)
            process = worker.process = await asyncio.create_subprocess_exec(
                *self._command,
                msgspec.json.encode(assignment).decode(),
                pass_fds=(assignment.listener, assignment.channel, assignment.board),
                process_group=0,  # Ctrl+C in a terminal reaches the supervisor alone, which passes it on
            )
        worker.pid = process.pid
        worker.channel = Channel(
            supervisor_end, {**self._coordination.handlers(worker.number), **self._start(worker)}
        )
        talking = await worker.channel.open()
        if self._stopping.is_set():
            process.terminate()
        status = await self._wait_for_exit(worker, process)
        lived = time.time() - worker.since if worker.is_ready else 0.0
        worker.is_ready = False
        worker.leave_alone()
        await talking
        worker.failed_starts = 0 if lived >= MIN_LIFE_SECONDS else worker.failed_starts + 1
        return status

    async def _wait_for_exit(self, worker: Worker, process: asyncio.subprocess.Process) -> int:
        """Wait until a worker ends, or hangs and is killed; return its exit status."""
        ending = asyncio.create_task(process.wait())
        watching = asyncio.create_task(wait_for_hang(worker, self._hang_seconds))
        await asyncio.wait({ending, watching}, return_when=asyncio.FIRST_COMPLETED)
        if not ending.done():
            log.error("worker %s is ended: %s", worker.number, watching.result())
            process.send_signal(TRACEBACK_SIGNAL)
            await asyncio.wait({ending}, timeout=TRACEBACK_SECONDS)
            if process.returncode is None:
                process.kill()
        watching.cancel()
        await asyncio.wait({watching})
        return await ending

    def _start(self, worker: Worker) -> dict[str, Handler]:
        """What a worker asks for when it starts."""

        async def ready(files: str) -> str | None:
            """Let a worker accept connections, or return why it must not."""
            refusal = await self._coordination.admit(files)
            if refusal is None:
                worker.is_ready, worker.since = True, time.time()
                self._has_started.set()
            return refusal

        return {"ready": ready}


async def _request_stop(worker: Worker, number: int) -> None:
    with suppress(ChannelError):  # it has ended
        await worker.channel.request("stop", number)


def _reason(status: int) -> str:
    """How a process ended."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
