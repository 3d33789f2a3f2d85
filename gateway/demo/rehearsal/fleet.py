"""A gateway of a rehearsal: `student-graph serve` as a process, and what it says about itself."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.demo.rehearsal.settings import OPERATOR, FleetSettings
from student_graph.gateway.demo.rehearsal.vendors.certificates import AUTHORITY

POLL_SECONDS = 0.1
MAX_ATTEMPTS = 100


@dataclass
class Gateway:
    """A running gateway."""

    process: asyncio.subprocess.Process
    url: str
    """Its address without a path."""
    settings: FleetSettings
    client: httpx.AsyncClient
    log: Path

    async def report(self, path: str) -> dict[str, Any]:
        """
        What the operator sees at a path.

        Raises:
            SettingsError: it is not answered for a long time.
        """
        headers = {"Authorization": f"Bearer {self.settings.secrets[OPERATOR]}"}
        for _ in range(MAX_ATTEMPTS):
            with contextlib.suppress(httpx.TransportError, ValueError):
                response = await self.client.get(self.url + path, headers=headers)
                if response.status_code == httpx.codes.OK:
                    report: dict[str, Any] = response.json()
                    return report
            await asyncio.sleep(POLL_SECONDS)
        raise SettingsError(f"the gateway does not answer {path}")

    async def worker_pids(self) -> list[int]:
        """Process ids of the workers; that of the only process if there are none."""
        workers = (await self.report("/health/workers"))["workers"]
        return [worker["pid"] for worker in workers] or [self.process.pid]

    async def wait_for_workers(self, count: int, without: int | None = None) -> None:
        """Wait until so many workers are ready, none of them with this process id."""
        for _ in range(MAX_ATTEMPTS):
            pids = await self.worker_pids()
            if len(pids) >= count and without not in pids:
                return
            await asyncio.sleep(POLL_SECONDS)

    async def purge(self, district: str) -> bool:
        """Let it forget what it has cached of a district; False if it was too busy for that, again and again."""
        headers = {"Authorization": f"Bearer {self.settings.secrets[OPERATOR]}"}
        for _ in range(MAX_ATTEMPTS):
            with contextlib.suppress(httpx.TransportError):
                response = await self.client.post(
                    f"{self.url}/cache/purge", json={"district": district}, headers=headers
                )
                if response.is_success:
                    return True
            await asyncio.sleep(POLL_SECONDS)
        return False

    def reload(self) -> None:
        """Let it read its settings again."""
        self.process.send_signal(signal.SIGHUP)

    async def wait_for_reload(self, applied: int, *, is_refused: bool) -> bool:
        """Wait until it has applied so many reloads, or refuses the newest one; return False if it does not."""
        seen = 0
        for _ in range(MAX_ATTEMPTS):
            status = await self.report("/health/settings")
            is_done = status["reloads"] >= applied and (status["refusal"] is not None) == is_refused
            seen = seen + 1 if is_done else 0
            if seen == 4:
                return True
            await asyncio.sleep(POLL_SECONDS)
        return False

    async def memory(self) -> Memory:
        """The memory of all its processes, and of their caches."""
        caches = (await self.report("/health/memory"))["total"]
        resident = sum(map(resident_mib, await self._pids()))
        return Memory(resident, caches["bytes"] / 2**20, caches["maxBytes"] / 2**20)

    async def processor_times(self) -> dict[int, ProcessorTimes]:
        """What all its processes had of the processors so far, by process."""
        return {pid: times for pid in await self._pids() if (times := processor_times(pid)) is not None}

    async def _pids(self) -> set[int]:
        return {self.process.pid, *await self.worker_pids()}


class Memory(NamedTuple):
    """Memory of a gateway at one moment, in MiB."""

    resident: float
    """Of all its processes."""
    cached: float
    """What the caches of its workers hold, by their own estimate; without workers that are too busy to say it."""
    max_cached: float
    """What these caches may hold."""


class ProcessorTimes(NamedTuple):
    """What a process has had of the processors since it started, in seconds."""

    ran: float
    waited: float
    """While it could run, and other processes had the processors."""


def processor_times(pid: int) -> ProcessorTimes | None:
    """What a process has had of the processors; None if it has ended or the system does not say."""
    with contextlib.suppress(OSError):
        ran, waited, _ = Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()
        return ProcessorTimes(int(ran) / 1e9, int(waited) / 1e9)
    return None


def waiting_share(times: Iterable[ProcessorTimes]) -> float | None:
    """Share of the time in which processes could run that they waited for a processor; None without a time."""
    ran, waited = (sum(values) for values in zip(ProcessorTimes(0.0, 0.0), *times, strict=True))
    return waited / (ran + waited) if ran + waited else None


def resident_mib(pid: int) -> float:
    """Resident memory of a process in MiB; 0 if it has ended or the system does not say."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    return 0.0


@contextlib.asynccontextmanager
async def running_gateway(settings: FleetSettings, workers: int, certificates: Path) -> AsyncIterator[Gateway]:
    """
    A gateway with so many workers, until the block ends.

    Raises:
        SettingsError: it did not start.
    """
    settings.write()
    log = settings.folder / "gateway.log"
    command = [str(Path(sys.executable).with_name("student-graph")), "serve", "--config", str(settings.path)]
    environ: Mapping[str, str] = {**os.environ, "SSL_CERT_FILE": str(certificates / AUTHORITY)}
    # Through a pipe: a limit for the size of files is one of the troubles, and must not end the log.
    with log.open("wb") as file:
        copy = subprocess.Popen(  # noqa: ASYNC220 - starts within milliseconds
            ["cat"],  # noqa: S607 - of this machine
            stdin=subprocess.PIPE,
            stdout=file,
        )
        assert copy.stdin is not None
        process = await asyncio.create_subprocess_exec(
            *command, "--env-file", str(settings.secrets_path), "--workers", str(workers),
            stdout=asyncio.subprocess.PIPE, stderr=copy.stdin, env=environ,
        )  # fmt: skip
        copy.stdin.close()
    try:
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode()
        url = line.removeprefix("student-graph answers at ").strip().removesuffix("/graphql")
        if not url:
            raise SettingsError(f"the gateway did not start: {log.read_text(encoding='utf-8')}")
        async with httpx.AsyncClient(timeout=30.0, trust_env=False) as client:
            gateway = Gateway(process, url, settings, client, log)
            await gateway.wait_for_workers(workers)
            yield gateway
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 20)
        except TimeoutError:
            process.kill()
            await process.wait()
        await asyncio.to_thread(copy.wait)


def now() -> float:
    """Monotonic seconds, by which all of a rehearsal is timed."""
    return time.monotonic()
