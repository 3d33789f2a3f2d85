"""The servers of the benchmark `day`, each in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.support.day_district import ServedDistrict
from benchmarks.support.day_gateway import Plan

NODE_FOLDER = Path(__file__).parents[1] / "node"
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
"""Units of processor time in a second, in the kernel's files."""


@dataclass(slots=True)
class Server:
    """A running server."""

    url: str
    headers_by_person: Mapping[str, Mapping[str, str]]
    process: subprocess.Popen[str]
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60, trust_env=False))

    def headers(self, person: str) -> Mapping[str, str]:
        """Return the headers of a person's requests."""
        return self.headers_by_person[person]

    def page(self, person: str, query: str, **variables: Any) -> tuple[dict[str, Any], float]:
        """Return a response and the seconds that it took."""
        started = time.perf_counter()
        body = {"query": query, "variables": variables}
        response = self.client.post(self.url, json=body, headers=dict(self.headers(person)))
        seconds = time.perf_counter() - started
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer, seconds

    def all_pages(self, person: str, query: str, **variables: Any) -> tuple[list[dict[str, Any]], float]:
        """Return the responses of all pages of a list, and the seconds that they took together."""
        responses, total, after = [], 0.0, None
        while True:
            body, seconds = self.page(person, query, **variables, after=after)
            responses.append(body)
            total += seconds
            info = body["data"]["students"]["pageInfo"]
            if not info["hasNextPage"]:
                return responses, total
            after = info["endCursor"]

    @property
    def cpu_seconds(self) -> float:
        """Processor time of the process so far."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii")
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / CLOCK_TICKS


@contextlib.contextmanager
def gateway(plan: Plan) -> Iterator[Server]:
    """Run a gateway."""
    command = [sys.executable, "-m", "benchmarks.support.day_gateway"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:  # noqa: S603 - our own program
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(plan.as_json() + "\n")
            process.stdin.flush()
            ready = json.loads(process.stdout.readline())
            headers = {name: {"Authorization": f"Bearer {token}"} for name, token in ready["tokens"].items()}
            running = Server(ready["url"], headers, process)
            with running.client:
                yield running
        finally:
            process.terminate()


def can_run_node() -> bool:
    """Whether Node and the packages of the server are installed."""
    return shutil.which("node") is not None and (NODE_FOLDER / "node_modules").is_dir()


@contextlib.contextmanager
def node_server(district: ServedDistrict) -> Iterator[Server]:
    """Run the hand-written server on Node over the same vendors."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    edfi, canvas = district.demo.sandboxes["edfi"], district.demo.sandboxes["canvas"]
    credentials, facts = edfi.settings(), district.demo.facts
    settings = {
        "edfi": edfi.url,
        "canvas": canvas.url,
        "key": credentials["client_id"],
        "secret": credentials["client_secret"],
        "token": canvas.settings()["token"],
        "year": facts.year,
        "today": facts.now.date().isoformat(),
        "people": dict(district.staff),
    }
    environ = {**os.environ, "DAY": json.dumps(settings), "NODE_ENV": "production"}
    command = ["node", "day.js", str(port)]
    with subprocess.Popen(command, cwd=NODE_FOLDER, env=environ, text=True) as process:  # noqa: S603 - our own program
        try:
            while process.poll() is None:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.02)
            people = [*district.staff, "superintendent"]
            headers = {person: {"X-Person": person} for person in people}
            running = Server(f"http://127.0.0.1:{port}/graphql", headers, process)
            with running.client:
                yield running
        finally:
            process.terminate()
