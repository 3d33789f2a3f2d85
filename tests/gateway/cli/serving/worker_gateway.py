"""A gateway of several workers, as the processes that `student-graph serve --workers` starts."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from tests.clients import get, sync_client
from tests.gateway.cli.serving.gateway import QUERY, TOKEN, SettingsFiles
from tests.gateway.servers import running_command

CONNECTIONS = 8
"""Connections that tests open at least."""
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


@dataclass
class WorkerGateway:
    """A running gateway."""

    process: subprocess.Popen[str]
    """The supervisor."""
    url: str
    """Address without a path."""
    files: SettingsFiles

    @property
    def workers(self) -> dict[int, int]:
        """The process id of each worker that answers requests, by its number."""
        report = get(f"{self.url}/health/workers", headers=HEADERS).json()
        return {worker["number"]: worker["pid"] for worker in report["workers"]}

    @contextlib.contextmanager
    def connections(self) -> Iterator[list[httpx.Client]]:
        """Clients with one open connection each, so many that each worker has two."""
        clients: list[httpx.Client] = []
        with contextlib.ExitStack() as stack:
            while len(clients) < CONNECTIONS or min(self.connection_counts().values()) <= 2:
                clients.append(stack.enter_context(sync_client(base_url=self.url, headers=HEADERS)))
                assert clients[-1].get("/health/live").status_code == 200
            yield clients

    def connection_counts(self) -> dict[int, int]:
        """How many connections each worker has, by its number. One of them has that of this question, too."""
        workers = self.report("/health/workers")["workers"]
        return {worker["number"]: worker["connections"] for worker in workers}

    def report(self, path: str) -> dict[str, Any]:
        """What operators see at a path."""
        report: dict[str, Any] = get(self.url + path, headers=HEADERS).json()
        return report


def ask(client: httpx.Client, query: str = QUERY) -> dict[str, Any]:
    """Send a query; return its data."""
    response = client.post("/graphql", json={"query": query}).json()
    assert "errors" not in response, response
    data: dict[str, Any] = response["data"]
    return data


@contextlib.contextmanager
def running_workers(files: SettingsFiles, workers: int = 2) -> Iterator[WorkerGateway]:
    """Run a gateway until the block ends. Its workers end with the supervisor."""
    arguments = ["serve", "--config", str(files.path), "--env-file", str(files.environment_file)]
    with running_command([*arguments, "--workers", str(workers)]) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("student-graph answers at "), process.communicate()
        gateway = WorkerGateway(process, line.split()[-1].removesuffix("/graphql"), files)
        wait_until(lambda: len(gateway.workers) == workers)
        yield gateway


def wait_until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until a condition holds; fail after so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
