"""Servers and processes for tests, which talk to them over loopback HTTP."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp

from student_graph.gateway.cli.main import main
from student_graph.gateway.server.clients.connection_table import ConnectionTable
from student_graph.gateway.server.process import server_config
from tests.clients import post, sync_client
from tests.gateway.forked import ForkedProcess, forked_command

COMMAND = Path(sys.executable).parent / "student-graph"
ROOT = Path(__file__).parents[2]


class _Server(uvicorn.Server):
    """A server that does not handle the process's signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.contextmanager
def client_for(app: ASGIApp, trusted_proxies: Sequence[str] = ()) -> Iterator[httpx.Client]:
    """Serve an application in a thread until the block ends, and yield a client for it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = _Server(server_config(app, ConnectionTable(), trusted_proxies))
        thread = threading.Thread(target=lambda: server.run(sockets=[listener]), daemon=True)
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive()
                time.sleep(0.005)
            host, port = listener.getsockname()
            with sync_client(base_url=f"http://{host}:{port}") as client:
                yield client
        finally:
            server.should_exit = True
            thread.join(timeout=60)


def run_command(*arguments: str, environ: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run `student-graph` with these arguments until it ends, and return its output and exit code."""
    return subprocess.run(  # noqa: S603 - our own command
        [COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        env={**os.environ, **(environ or {})},
    )


def run_forked(*arguments: str, environ: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run `student-graph` in a forked process, without the second that a new process needs to start."""
    with forked_command(arguments, environ) as process:
        output, errors = process.stdout.read(), process.stderr.read()
        return subprocess.CompletedProcess(arguments, process.wait(timeout=600), output, errors)


def run_here(*arguments: str, environ: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run `student-graph` in this process, without the second that a process needs to start."""
    output, errors = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, environ or {}),
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(errors),
        pytest.raises(SystemExit) as exit_info,
    ):
        main(arguments)
    return subprocess.CompletedProcess(
        arguments, int(exit_info.value.code or 0), output.getvalue(), errors.getvalue()
    )


def table_rows(printed: str) -> list[list[str]]:
    """The cells of a printed table, by row, its head first. Columns are separated by two blanks."""
    return [re.split(" {2,}", line.strip(), maxsplit=5) for line in printed.splitlines()]


def error_line(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run `student-graph` with wrong arguments, and return the one line of its error; it prints nothing else."""
    with pytest.raises(SystemExit) as exit_info:
        main(arguments)
    output, error = capsys.readouterr()

    assert (exit_info.value.code, output) == (2, "")
    assert len(error.splitlines()) == 1
    return error.rstrip()


@dataclass
class RunningDemo:
    """A running `student-graph demo`."""

    process: ForkedProcess
    ready: dict[str, Any]
    """Content of its ready file."""

    def post(self, query: str, viewer: str = "superintendent", **variables: Any) -> dict[str, Any]:
        """Send a query as a viewer, and return the response."""
        response = post(
            self.ready["graphql"],
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {self.ready['tokens'][viewer]}"},
            timeout=600,
        )
        content: dict[str, Any] = response.json()
        return content

    def wait_for(self, condition: Callable[[], bool], seconds: float = 600.0) -> None:
        """Wait until a condition holds; fail after so many seconds."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def purge_cache(self, district: str = "cedar-hollow-school-district") -> None:
        """Remove all cache entries of a district."""
        post(
            self.ready["graphql"].replace("/graphql", "/cache/purge"),
            json={"district": district},
            headers={"Authorization": f"Bearer {self.ready['tokens']['superintendent']}"},
        ).raise_for_status()


@contextlib.contextmanager
def running_command(
    arguments: Sequence[str], environ: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Start the installed `student-graph`, and kill it when the block ends."""
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
def running_demo(folder: Path, *arguments: str) -> Iterator[RunningDemo]:
    """Start a demo on a free port in a forked process, and yield it once it answers requests."""
    file = folder / "ready.json"
    with forked_command(["demo", "--port", "0", "--ready-file", str(file), *arguments]) as process:
        while not file.exists():
            if process.poll() is not None:
                raise AssertionError(process.stderr.read())
            time.sleep(0.02)
        yield RunningDemo(process, json.loads(file.read_text()))
