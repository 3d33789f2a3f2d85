"""Load from a second process, on the other core: how many answers a server gives in a second."""

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

from benchmarks.asking import BODY, TOKEN
from benchmarks.measuring import Row

CASES = {30: "class of 30", 500: "school of 500"}
"""Sizes of the page, and what they are called."""
HEADERS = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}


class CannotMeasureError(Exception):
    """A tool is missing; the message says which and how to get it."""


def cases(bench: str, measure: Callable[[int, int], list[Row]], *, quick: bool) -> list[Row]:
    """The rows of a benchmark of servers, for each size; none, and a word why, where a tool is missing."""
    seconds = 1 if quick else 6
    try:
        return [row for students in CASES for row in measure(students, seconds)]
    except CannotMeasureError as missing:
        print(f"{bench}: not measured: {missing}")
        return []


@contextlib.contextmanager
def serving(
    command: Sequence[str], folder: Path | None = None, environ: Mapping[str, str] | None = None
) -> Iterator[str]:
    """The address of a server started on the first core; `{port}` in the command is where it is to listen."""
    port = _free_port()
    words: list[str] = ["taskset", "-c", "0", *(word.replace("{port}", str(port)) for word in command)]
    environ = {**os.environ, "NODE_ENV": "production", **(environ or {})}
    with subprocess.Popen(words, cwd=folder, env=environ) as process:  # noqa: S603 - our own servers
        try:
            _wait(port, process)
            yield f"http://127.0.0.1:{port}/graphql"
        finally:
            process.terminate()


def python_server(name: str, students: int) -> list[str]:
    """The command of one of our servers."""
    return [sys.executable, "-m", "benchmarks.servers", name, "{port}", str(students)]


def answer(url: str) -> Any:
    """What a server answers to the load's request, without what differs from one request to the next."""
    told = httpx.post(url, content=BODY, headers=HEADERS, timeout=60, trust_env=False).json()
    assert "errors" not in told, told["errors"][:1]
    return undated(told["data"])


def undated(part: Any) -> Any:
    """The same without the instants at which records were fetched."""
    if isinstance(part, list):
        return [undated(each) for each in part]
    if isinstance(part, dict):
        return {name: undated(each) for name, each in part.items() if name != "fetchedAt"}
    return part


def rate(url: str, seconds: int, connections: int = 8) -> float:
    """
    Answers a second, by wrk on the second core.

    Raises:
        CannotMeasureError: wrk is not installed.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        raise CannotMeasureError("wrk is not installed: apt-get install wrk")
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "post.lua"
        headers = "".join(f"wrk.headers[{json.dumps(k)}] = {json.dumps(v)}\n" for k, v in HEADERS.items())
        script.write_text(f'wrk.method = "POST"\nwrk.body = {_lua(BODY.decode())}\n{headers}', encoding="utf-8")
        words = ["taskset", "-c", "1", wrk, "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script), url]
        said = subprocess.run(words, capture_output=True, text=True, check=True).stdout  # noqa: S603
    if failed := re.search(r"Non-2xx or 3xx responses: (\d+)", said):
        raise AssertionError(f"{failed[1]} answers were refusals")
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    assert found is not None, said
    return float(found[1])


def slow_rate(url: str, seconds: int) -> float:
    """Answers a second of a server that takes long for each: one after the other, at least two."""
    count, started = 0, time.perf_counter()
    with httpx.Client(timeout=60, trust_env=False) as client:
        while count < 2 or time.perf_counter() - started < seconds:
            client.post(url, content=BODY, headers=HEADERS).raise_for_status()
            count += 1
    return count / (time.perf_counter() - started)


def _lua(text: str) -> str:
    """Text as a literal of Lua."""
    return "[==[" + text + "]==]"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port: int = bound.getsockname()[1]
        return port


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    """Until a server listens."""
    for _ in range(600):
        if process.poll() is not None:
            raise AssertionError(f"{process.args!r} ended")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError(f"{process.args!r} does not listen")
