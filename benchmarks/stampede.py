"""
`stampede`: vendor requests while a gateway with an empty cache gets a thousand equal page requests at once.

The vendor is the Ed-Fi sandbox over real HTTP with a latency of 100 ms. The gateways are processes of their own:
first one, then two with one Redis.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import httpx

from benchmarks.support.figures import Row
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import Sandbox, served

PAGE_COUNT = 1000
TOKEN = secrets.token_urlsafe(32)
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
PAGE = """query ($section: ID!) { section(id: $section) { courseTitle roster { student {
    studentUniqueId name { lastName } courseGrades { letter } attendanceEvents { totalCount } } } } }"""


async def measure(*, quick: bool) -> list[Row]:
    """The rows of this benchmark."""
    pages = 100 if quick else PAGE_COUNT
    synthetic_district = make_district(60)
    sandbox: Sandbox = next(iter(entry_points(group="student_graph.sandboxes", name="edfi"))).load()(
        synthetic_district
    )
    sandbox.switches.latency = 100
    rows = []
    with served(sandbox):
        for count in (1, 2):
            with contextlib.ExitStack() as stack:
                cache = stack.enter_context(running_redis()) if count == 2 else ""
                if cache is None:
                    print("stampede: two processes not measured: redis-server is not installed")
                    continue
                urls = [stack.enter_context(_gateway(sandbox, cache)) for _ in range(count)]
                rows += await _stampede(sandbox, urls, synthetic_district.students[0].id, pages)
    return rows


async def _stampede(sandbox: Sandbox, urls: Sequence[str], student: str, pages: int) -> list[Row]:
    """Vendor requests of one page, and of many at once."""
    limits = httpx.Limits(max_connections=pages)
    async with httpx.AsyncClient(headers=HEADERS, timeout=60, trust_env=False, limits=limits) as client:
        query = f'{{ student(studentUniqueId: "{student}") {{ sections {{ section {{ id }} }} }} }}'
        for url in urls:  # each gateway gets its token, and discovers the others
            response, _ = await _ask(client, url, {"query": query})
        section = response["data"]["student"]["sections"][0]["section"]["id"]
        body = {"query": PAGE, "variables": {"section": section}}
        single = await _requests_of_one_page(client, urls, body, sandbox)
        started = time.perf_counter()
        answers = await asyncio.gather(*(_ask(client, urls[n % len(urls)], body) for n in range(pages)))
        seconds = time.perf_counter() - started
    case = f"{pages} cold pages, {len(urls)} process{'es' if len(urls) > 1 else ''}"
    return [
        Row(
            "stampede",
            case,
            "vendor calls over those of one page",
            len(_take_vendor_requests(sandbox)) / single,
            "x",
            1.0,
        ),
        Row("stampede", case, "vendor calls of one page", single, "calls"),
        Row("stampede", case, "until all are answered", seconds, "s"),
        Row("stampede", case, "pages that were refused first", sum(refused for _, refused in answers), "pages"),
    ]


async def _requests_of_one_page(
    client: httpx.AsyncClient, urls: Sequence[str], body: dict[str, Any], sandbox: Sandbox
) -> int:
    """
    The number of vendor requests of one page with an empty cache, once all gateways send the same requests.

    The cache is empty afterwards.
    A gateway learns from the first pages how long the vendor's lists are, and then reads some of them whole.
    Gateways that read different lists cannot use the same answers.
    """
    pages: list[list[str]] = []
    while len(pages) < 2 * len(urls) or any(page != pages[-1] for page in pages[-2 * len(urls) :]):
        for url in urls:
            await _purge(client, urls[0], sandbox)
            await _ask(client, url, body)
            pages.append(sorted(_take_vendor_requests(sandbox)))
    await _purge(client, urls[0], sandbox)
    return len(pages[-1])


async def _ask(client: httpx.AsyncClient, url: str, body: dict[str, Any]) -> tuple[Any, bool]:
    """
    A complete response, and whether the gateway refused the request first.

    A gateway that has too much work refuses a request, and says when to send it again.
    """
    refused = False
    while True:
        response = await client.post(url, json=body)
        if response.status_code != 503:
            answer = response.json()
            assert "errors" not in answer, answer["errors"][0]
            return answer, refused
        refused = True
        await asyncio.sleep(int(response.headers["Retry-After"]))


async def _purge(client: httpx.AsyncClient, url: str, sandbox: Sandbox) -> None:
    """Purge the cache, and wait longer than the clocks of two processes may differ."""
    (await client.post(url.replace("/graphql", "/cache/purge"), json={"district": "here"})).raise_for_status()
    await asyncio.sleep(1.5)
    _take_vendor_requests(sandbox)


def _take_vendor_requests(sandbox: Sandbox) -> list[str]:
    """The requests for data that the vendor received since the last call."""
    requests = [request for request in sandbox.requests if "/ed-fi/" in request]
    sandbox.requests.clear()
    return requests


@contextlib.contextmanager
def _gateway(sandbox: Sandbox, cache: str) -> Iterator[str]:
    """Run a gateway over the sandbox in a process of its own, and yield its URL."""
    source_settings = sandbox.source_settings()
    secret = source_settings.pop("client_secret")
    settings = "\n".join(
        [
            '[server]\nport = 0\nworkers = 1\n[disclosure]\nkey_env = "KEY"',
            "[load]\nviewer_in_flight = 2000\nviewer_rate = 1e6\nviewer_burst = 100000",
            "[cache]\ncalendars = false",
            cache,
            '[[districts]]\nid = "here"\nname = "Here"\ntime_zone = "America/Chicago"',
            '[[districts.sources]]\nname = "sis"\nkind = "edfi"\nclient_secret_env = "SECRET"',
            *(f"{name} = {value!r}" for name, value in source_settings.items()),
            '[[viewers]]\nsubject = "bench"\nrole = "superintendent"\ndistricts = ["here"]\noperator = true',
            'token_env = "TOKEN"',
        ]
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gateway.toml"
        path.write_text(settings, encoding="utf-8")
        command = [str(Path(sys.executable).parent / "student-graph"), "serve", "--config", str(path)]
        environ = {**os.environ, "SECRET": secret, "TOKEN": TOKEN, "KEY": base64.b64encode(b"k" * 32).decode()}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as process:  # noqa: S603 - ours
            assert process.stdout is not None
            try:
                yield process.stdout.readline().removeprefix("student-graph answers at ").strip()
            finally:
                process.terminate()


@contextlib.contextmanager
def running_redis() -> Iterator[str | None]:
    """Run a Redis server and yield the cache settings for it; None if Redis is not installed."""
    binary = shutil.which("redis-server")
    if binary is None:
        yield None
        return
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [binary, "--port", str(port), "--save", "", "--bind", "127.0.0.1"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:  # noqa: S603 - a program of this machine
        try:
            while True:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.02)
            yield f'redis = "redis://127.0.0.1:{port}/0"\nkey_env = "KEY"'
        finally:
            process.kill()
