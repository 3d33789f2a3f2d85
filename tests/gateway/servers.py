"""Servers and processes that tests of the service talk to, over loopback HTTP."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp

from student_graph.gateway.cli.main import main

COMMAND = Path(sys.executable).parent / "student-graph"
ROOT = Path(__file__).parents[2]


class _Server(uvicorn.Server):
    """A server that leaves the process's signals alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.contextmanager
def answering(app: ASGIApp) -> Iterator[httpx.Client]:
    """A client of the application, served in a thread until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        server = _Server(uvicorn.Config(app, log_level="critical", access_log=False))
        thread = threading.Thread(target=lambda: server.run(sockets=[bound]), daemon=True)
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive()
                time.sleep(0.005)
            host, port = bound.getsockname()
            with httpx.Client(base_url=f"http://{host}:{port}", trust_env=False) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join(timeout=10)


def command(*arguments: str, environ: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """What `student-graph` says to these arguments, once it has ended."""
    return subprocess.run(  # noqa: S603 - our own command
        [COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **(environ or {})},
    )


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line with which `student-graph` refuses these arguments; nothing else is printed."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    printed, said = capsys.readouterr()

    assert (ended.value.code, printed) == (2, "")
    assert len(said.splitlines()) == 1
    return said.rstrip()


@dataclass
class Running:
    """A `student-graph` that has not ended."""

    process: subprocess.Popen[str]
    ready: dict[str, Any]
    """What the demo's ready file says; empty for `serve`."""

    def post(self, query: str, viewer: str = "superintendent", **variables: Any) -> dict[str, Any]:
        """The answer to a query."""
        answer = httpx.post(
            self.ready["graphql"],
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {self.ready['tokens'][viewer]}"},
            timeout=30,
            trust_env=False,
        )
        found: dict[str, Any] = answer.json()
        return found

    def wait_for(self, come: Callable[[], bool], seconds: float = 20.0) -> None:
        """Until something has come to be, such as a source that is no longer left alone."""
        until = time.monotonic() + seconds
        while not come():
            assert time.monotonic() < until
            time.sleep(0.1)

    def forget(self, district: str = "cedar-hollow-school-district") -> None:
        """Have it forget all that it keeps of a district."""
        httpx.post(
            self.ready["graphql"].replace("/graphql", "/cache/purge"),
            json={"district": district},
            headers={"Authorization": f"Bearer {self.ready['tokens']['superintendent']}"},
            trust_env=False,
        ).raise_for_status()


@contextlib.contextmanager
def started(arguments: Sequence[str], environ: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """A `student-graph` process, ended with the block."""
    process = subprocess.Popen(  # noqa: S603 - our own command
        [COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environ or {})},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextlib.contextmanager
def demo(folder: Path, *arguments: str) -> Iterator[Running]:
    """A demo that answers, on a free port."""
    file = folder / "ready.json"
    with started(["demo", "--port", "0", "--ready-file", str(file), *arguments]) as process:
        while not file.exists():
            if process.poll() is not None:
                raise AssertionError(process.communicate()[1])
            time.sleep(0.02)
        yield Running(process, json.loads(file.read_text()))
