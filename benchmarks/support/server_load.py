"""Servers in processes of their own on the first core, and load on them from the second core."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from benchmarks.support.figures import Row
from benchmarks.support.in_process import PAGE_REQUEST, TOKEN

CASE_NAMES = {30: "class of 30", 500: "school of 500"}
"""Names of the cases, by the number of students of the page."""
HEADERS = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}


class CannotMeasureError(Exception):
    """A tool is missing; the message says which one and how to install it."""


def rows_for_sizes(bench: str, measure: Callable[[int, int], list[Row]], *, quick: bool) -> list[Row]:
    """
    The rows of a benchmark for each page size, of a quick run for the first one.

    If a tool is missing, print why and return no rows.
    """
    sizes, seconds = (list(CASE_NAMES)[:1], 1) if quick else (list(CASE_NAMES), 6)
    try:
        return [row for students in sizes for row in measure(students, seconds)]
    except CannotMeasureError as missing:
        print(f"{bench}: not measured: {missing}")
        return []


@contextlib.contextmanager
def run_server(
    command: Sequence[str], folder: Path | None = None, environ: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Run a server on the first core and yield its URL; `{port}` in the command becomes its port."""
    port = _free_port()
    arguments: list[str] = ["taskset", "-c", "0", *(word.replace("{port}", str(port)) for word in command)]
    environ = {**os.environ, "NODE_ENV": "production", **(environ or {})}
    with subprocess.Popen(arguments, cwd=folder, env=environ) as process:  # noqa: S603 - our own servers
        try:
            _wait_until_listening(port, process)
            yield f"http://127.0.0.1:{port}/graphql"
        finally:
            process.terminate()


def server_command(name: str, students: int) -> list[str]:
    """The command of a server of `benchmarks.support.servers`."""
    return [sys.executable, "-m", "benchmarks.support.servers", name, "{port}", str(students)]


def response_data(url: str) -> Any:
    """The data of a server's response to the page request, without fetch times, which differ between requests."""
    response = httpx.post(url, content=PAGE_REQUEST, headers=HEADERS, timeout=60, trust_env=False).json()
    assert "errors" not in response, response["errors"][:1]
    return without_fetch_times(response["data"])


def without_fetch_times(data: Any) -> Any:
    """Data without the values of `fetchedAt`."""
    if isinstance(data, list):
        return [without_fetch_times(item) for item in data]
    if isinstance(data, dict):
        return {name: without_fetch_times(value) for name, value in data.items() if name != "fetchedAt"}
    return data


def requests_per_second(url: str, seconds: int, connections: int = 8) -> float:
    """
    Responses per second to the load of `wrk` on the second core.

    Raises:
        CannotMeasureError: wrk is not installed.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        raise CannotMeasureError("wrk is not installed: apt-get install wrk")
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "post.lua"
        headers = "".join(f"wrk.headers[{json.dumps(k)}] = {json.dumps(v)}\n" for k, v in HEADERS.items())
        script.write_text(
            f'wrk.method = "POST"\nwrk.body = {_lua(PAGE_REQUEST.decode())}\n{headers}', encoding="utf-8"
        )
        arguments = ["taskset", "-c", "1", wrk, "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script), url]
        output = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout  # noqa: S603
    if failed := re.search(r"Non-2xx or 3xx responses: (\d+)", output):
        raise AssertionError(f"{failed[1]} responses had an error status")
    match = re.search(r"Requests/sec:\s+([\d.]+)", output)
    assert match is not None, output
    # A slow server completes no response in a short time under concurrent load.
    return float(match[1]) or sequential_requests_per_second(url, seconds)


def sequential_requests_per_second(url: str, seconds: int) -> float:
    """Responses per second to sequential requests, at least two: for servers that are slow."""
    count, started = 0, time.perf_counter()
    with httpx.Client(timeout=60, trust_env=False) as client:
        while count < 2 or time.perf_counter() - started < seconds:
            client.post(url, content=PAGE_REQUEST, headers=HEADERS).raise_for_status()
            count += 1
    return count / (time.perf_counter() - started)


def _lua(text: str) -> str:
    """Text as a Lua string literal."""
    return "[==[" + text + "]==]"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _wait_until_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait up to 30 seconds until a server accepts connections."""
    for _ in range(600):
        if process.poll() is not None:
            raise AssertionError(f"{process.args!r} exited")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError(f"{process.args!r} does not listen")
