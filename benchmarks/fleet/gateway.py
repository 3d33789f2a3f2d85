"""Gateways of several workers for the benchmark `fleet`: their settings, and what their processes use."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from student_graph.adapters.sandbox.serving import Sandbox

TOKEN = "fleet-" + "t" * 32
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
KEY = base64.b64encode(b"k" * 32).decode()
CLOSED_PORT = 9
"""A port of this machine where no vendor answers."""
MAX_ATTEMPTS = 5
SOURCE_SECONDS = 60.0
"""Time that a vendor has for a page: the sandboxes share a busy machine with the load."""
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Settings:
    """A settings file and the environment variables with its secrets."""

    path: Path
    environ: Mapping[str, str]

    @classmethod
    def write(
        cls, folder: Path, districts: Mapping[str, Sandbox | None], *, redis: str = "", server: str = ""
    ) -> Settings:
        """Write settings for districts by their names. A district without a sandbox has a vendor that is down."""
        environ = {"TOKEN": TOKEN, "KEY": KEY}
        lines = [f"[server]\nport = 0\n{server}\n[disclosure]\nkey_env = 'KEY'"]
        lines.append("[load]\nwait = 10\nviewer_in_flight = 2000\nviewer_rate = 1e6\nviewer_burst = 100000")
        lines.append(f"[cache]\ncalendars = false\n{redis}")
        for number, (name, sandbox) in enumerate(districts.items()):
            lines.append(f'[[districts]]\nid = "d{number}"\nname = "{name}"\ntime_zone = "America/Chicago"')
            lines.append('[[districts.sources]]\nname = "sis"\nkind = "edfi"\nclient_secret_env = "SECRET"')
            source = (
                _source_down() if sandbox is None else {**sandbox.source_settings(), "timeout": SOURCE_SECONDS}
            )
            environ["SECRET"] = source.pop("client_secret")
            lines += [f"{key} = {value!r}" for key, value in source.items()]
        ids = [f"d{number}" for number in range(len(districts))]
        lines.append(f'[[viewers]]\nsubject = "bench"\nrole = "superintendent"\ndistricts = {ids}')
        lines.append('operator = true\ntoken_env = "TOKEN"')
        path = folder / "gateway.toml"
        new = path.with_suffix(".new")
        new.write_text("\n".join(lines), encoding="utf-8")
        new.replace(path)
        return cls(path, environ)


def _source_down() -> dict[str, Any]:
    url = f"http://127.0.0.1:{CLOSED_PORT}"
    return {"base_url": url, "networks": ["127.0.0.0/8"], "client_id": "down", "client_secret": "down"}


@dataclass
class Gateway:
    """A running gateway."""

    process: subprocess.Popen[str]
    url: str
    seconds_to_start: float
    """Seconds from the start of the command to its line that says that it answers."""

    @property
    def port(self) -> int:
        """Its port."""
        return int(self.url.rsplit(":", 1)[1])

    def report(self, path: str) -> dict[str, Any]:
        """What operators see at a path."""
        for _ in range(MAX_ATTEMPTS):
            with contextlib.suppress(httpx.TransportError):  # the worker that had the connection was killed
                response = httpx.get(self.url + path, headers=HEADERS, timeout=60, trust_env=False)
                report: dict[str, Any] = response.json()
                return report
        raise AssertionError(f"{path} is not answered")

    def workers(self) -> list[dict[str, Any]]:
        """The workers as operators see them; the only process if there are none."""
        workers: list[dict[str, Any]] = self.report("/health/workers")["workers"]
        return workers or [{"number": 1, "pid": self.process.pid}]

    def worker_pids(self) -> list[int]:
        """Process ids of the workers."""
        return [worker["pid"] for worker in self.workers()]


@contextlib.contextmanager
def running(settings: Settings, *arguments: str) -> Iterator[Gateway]:
    """Run a gateway, and kill it when the block ends; its workers end with it."""
    command = [str(Path(sys.executable).parent / "student-graph"), "serve", "--config", str(settings.path)]
    started = time.perf_counter()
    with subprocess.Popen(  # noqa: S603 - our own command
        [*command, *arguments], stdout=subprocess.PIPE, text=True, env={**os.environ, **settings.environ}
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            seconds = time.perf_counter() - started
            url = line.removeprefix("student-graph answers at ").strip().removesuffix("/graphql")
            yield Gateway(process, url, seconds)
        finally:
            process.kill()


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far, without its children."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def resident_mib(pid: int) -> float:
    """Resident memory of a process."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def total_cpu(pids: Sequence[int]) -> list[float]:
    """Processor time of each process so far."""
    return [cpu_seconds(pid) for pid in pids]


async def wait_for_workers(gateway: Gateway, count: int, without: int | None = None) -> list[int]:
    """
    Wait until so many workers are ready, and none has a certain process id; return their process ids.
    """
    while True:
        pids = await asyncio.to_thread(gateway.worker_pids)
        if len(pids) == count and without not in pids:
            return pids
        await asyncio.sleep(0.05)
