"""
How a district is affected by trouble of another one on its process: a storm of requests, or dead vendors.

Everything happens in one process and one run, in which times with and without trouble alternate. Times are read
from a clock that stops while other programs use the processor. The effect of a busy machine on the vendors, which
are other processes, is still included: the rows of chance say how much such a ratio means.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import socket
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message

from benchmarks.fleet.comparison import Comparison, p99, ratio
from benchmarks.fleet.gateway import KEY, Settings
from benchmarks.support.edfi_process import edfi_process
from benchmarks.support.figures import Row
from student_graph.adapters.sandbox.district import make_district
from student_graph.gateway.cli.serving.loader import ServiceLoader

STUDENT_COUNT = 120
VIEWERS_PER_DISTRICT = 60
"""Viewers who send the requests of a district in turns."""
REQUESTS_PER_SECOND = 5.0
"""Requests a second of each district that is not in trouble."""
STORM_FACTOR = 20
"""How many times its share a district sends while it is in trouble."""
MAX_UNDER_WAY = 1_800
"""Most requests of a district at the same time: nearly all that a process handles at once."""
RUN_DELAY = Path("/proc/thread-self/schedstat")
CALM, TROUBLED = ("east", "south", "west"), ("north", "refusing", "hanging", "silent")
CASES = {
    "north": f"a district sends {STORM_FACTOR} times its share",
    "refusing": "all vendors of a district refuse connections",
    "hanging": "all vendors of a district take no connections",
    "silent": "all vendors of a district never answer",
}
PAGE = """query ($id: String!) { student(studentUniqueId: $id) { name { firstName lastName } gradeLevel
    courseGrades { letter numeric } attendanceEvents { totalCount } } districts { students(first: 20) {
    edges { node { studentUniqueId gradeLevel name { firstName lastName } } } } } }"""


def seconds_with_processor() -> float:
    """A clock that stands still while this thread is ready to run and others have the processor."""
    return time.monotonic() - int(RUN_DELAY.read_text(encoding="ascii").split()[1]) / 1e9


def token(district: str, viewer: int) -> str:
    """The token of a viewer."""
    return f"{district}-{viewer:04d}-".ljust(40, "t")


def write_settings(folder: Path, vendor: dict[str, Any], others: dict[str, str]) -> Settings:
    """Write settings for all districts; those in `others` have a vendor at another address."""
    lines = ["[server]\nport = 0\nworkers = 1\n[disclosure]\nkey_env = 'KEY'\n[cache]\ncalendars = false"]
    vendor = dict(vendor)
    environ = {"KEY": KEY, "SECRET": vendor.pop("client_secret")}
    for district in (*CALM, *TROUBLED):
        lines.append(f'[[districts]]\nid = "{district}"\nname = "{district}"\ntime_zone = "America/Chicago"')
        lines.append('[[districts.sources]]\nname = "sis"\nkind = "edfi"\nclient_secret_env = "SECRET"')
        source = {**vendor, "base_url": others.get(district, str(vendor["base_url"]))}
        lines += [f"{key} = {value!r}" for key, value in source.items()]
    for district, number in itertools.product((*CALM, *TROUBLED), range(VIEWERS_PER_DISTRICT)):
        name = f"TOKEN_{district.upper()}_{number}"
        environ[name] = token(district, number)
        lines.append(f'[[viewers]]\nsubject = "{district}-{number}"\nrole = "superintendent"')
        lines.append(f'districts = ["{district}"]\ntoken_env = "{name}"')
    lines.append('[[viewers]]\nsubject = "operator"\nrole = "service"\noperator = true\ntoken_env = "OPERATOR"')
    lines.append(f"districts = {[*CALM, *TROUBLED]}")
    environ["OPERATOR"] = token("operator", 0)
    path = folder / "isolation.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return Settings(path, environ)


@contextlib.contextmanager
def dead_vendors() -> Iterator[dict[str, str]]:
    """
    By district, addresses where nobody answers: one refuses, one has no room for a connection, one is silent.
    """
    with (
        socket.socket() as closed,
        socket.socket() as full,
        socket.socket() as silent,
        contextlib.ExitStack() as open_,
    ):
        for server in (closed, full, silent):
            server.bind(("127.0.0.1", 0))
        full.listen(0)
        silent.listen(4_096)  # the system accepts connections, and nobody reads from them
        for _ in range(2):  # fill the queue of those that wait to be accepted
            client = open_.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(full.getsockname())
        addresses = zip(("refusing", "hanging", "silent"), (closed, full, silent), strict=True)
        yield {name: f"http://127.0.0.1:{server.getsockname()[1]}" for name, server in addresses}


@dataclass
class Visitors:
    """The viewers of one district, who send requests in turns."""

    app: ASGIApp
    district: str
    students: Sequence[str]
    numbers: Iterator[int] = field(default_factory=itertools.count)
    under_way: int = 0
    seconds: list[float] = field(default_factory=list)
    """Time of each complete answer, from the moment at which its request was due."""
    refused: int = 0
    """Requests that were refused, or whose answer is incomplete."""
    own_seconds: float = 0.0
    """Processor time for making the requests. It is included in the times, but is no work of the gateway."""

    async def send(self, due_at: float | None = None) -> None:
        """Send the request of the next viewer, which was due at a time or is due now, and note its outcome."""
        cpu = time.thread_time()
        number = next(self.numbers)
        viewer, round_ = number % VIEWERS_PER_DISTRICT, number // VIEWERS_PER_DISTRICT
        student = self.students[(7 * viewer + round_) % len(self.students)]  # almost never the same page again
        body = json.dumps({"query": PAGE, "variables": {"id": student}}).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"authorization", f"Bearer {token(self.district, viewer)}".encode()),
        ]
        scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}
        sent: list[Any] = []
        messages: list[Message] = [{"type": "http.request", "body": body}]

        async def receive() -> Message:
            if not messages:
                await asyncio.Event().wait()
            return messages.pop()

        async def keep(message: Message) -> None:
            sent.append(message)

        now = (
            seconds_with_processor()
        )  # before the time that is due if another program had the processor meanwhile
        began_at = now if due_at is None else min(due_at, now)
        self.under_way += 1
        self.own_seconds += time.thread_time() - cpu
        try:
            await self.app(scope, receive, keep)
        finally:
            self.under_way -= 1
        if sent[0]["status"] == 200 and b'"errors"' not in sent[1]["body"]:
            self.seconds.append(seconds_with_processor() - began_at)
        else:
            self.refused += 1

    async def send_steadily(self, per_second: float) -> None:
        """Send so many requests a second until cancelled, `MAX_UNDER_WAY` of them at once at most."""
        tasks, due_at = set[asyncio.Task[None]](), seconds_with_processor()
        try:
            while True:
                if self.under_way < MAX_UNDER_WAY:
                    task = asyncio.create_task(self.send(due_at))
                    tasks.add(task)
                    task.add_done_callback(tasks.discard)
                due_at += 1 / per_second
                await asyncio.sleep(max(0.0, due_at - seconds_with_processor()))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def sending(self, per_second: float) -> AsyncIterator[None]:
        """Send so many requests a second inside the context."""
        task = asyncio.create_task(self.send_steadily(per_second))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@contextlib.asynccontextmanager
async def started(settings: Settings) -> AsyncIterator[ASGIApp]:
    """The application of these settings, started in this process."""
    secrets = settings.path.with_suffix(".env")
    secrets.write_text("".join(f"{name}={value}\n" for name, value in settings.environ.items()), encoding="utf-8")
    secrets.chmod(0o600)
    app = ServiceLoader(settings.path, secrets).start().app()
    messages, has_started = asyncio.Queue[Message](), asyncio.Event()

    async def note(_: Message) -> None:
        has_started.set()

    await messages.put({"type": "lifespan.startup"})
    lifespan = asyncio.ensure_future(app({"type": "lifespan"}, messages.get, note))
    await has_started.wait()
    try:
        yield app
    finally:
        await messages.put({"type": "lifespan.shutdown"})
        await lifespan


async def isolation_rows(folder: Path, *, rounds: int, answers: int, settle_seconds: float) -> list[Row]:
    """
    Times of districts without trouble while another one is in trouble, compared with times just before.

    In each round they get so many `answers` without trouble, and as many with each kind of trouble. These count
    after `settle_seconds`, because a new viewer goes after others for three seconds.
    """
    comparisons = {case: Comparison() for case in TROUBLED}
    students = [student.id for student in make_district(STUDENT_COUNT, towns=1).students]
    with dead_vendors() as others, edfi_process(STUDENT_COUNT) as vendor, edfi_process(STUDENT_COUNT) as of_storm:
        others["north"] = of_storm.settings["base_url"]  # a vendor of its own: calls of others do not wait there
        settings = write_settings(folder, vendor.settings, others)
        async with started(settings) as app, contextlib.AsyncExitStack() as load:
            districts = {name: Visitors(app, name, students) for name in (*CALM, *TROUBLED)}
            for visitors in districts.values():  # by now, no viewer is new
                await asyncio.gather(*(visitors.send() for _ in range(VIEWERS_PER_DISTRICT)))
            await asyncio.sleep(settle_seconds)
            calm = [districts[name] for name in CALM]
            for visitors in calm:
                await load.enter_async_context(visitors.sending(REQUESTS_PER_SECOND))
            began_at, own = time.thread_time(), sum(visitors.own_seconds for visitors in districts.values())
            for _, case in itertools.product(range(rounds), TROUBLED):
                for is_troubled in (False, True):
                    async with contextlib.AsyncExitStack() as storm:
                        if is_troubled:
                            sending = districts[case].sending(REQUESTS_PER_SECOND * STORM_FACTOR)
                            await storm.enter_async_context(sending)
                        await asyncio.sleep(settle_seconds)
                        for visitors in calm:
                            visitors.seconds, visitors.refused = [], 0
                        await _wait_for(calm, answers)
                        times = [took for visitors in calm for took in visitors.seconds]
                        refused = sum(visitors.refused for visitors in calm)
                        comparisons[case].note(times, refused, is_troubled=is_troubled)
            own = sum(visitors.own_seconds for visitors in districts.values()) - own
            share = own / (time.thread_time() - began_at)
    quiet = [comparison.before for comparison in comparisons.values()]
    halves = [[*itertools.chain.from_iterable(quiet[first::2])] for first in range(2)]
    rows = [
        Row("fleet", "districts without trouble", "p99", p99([*halves[0], *halves[1]]) * 1000, "ms"),
        Row("fleet", "districts without trouble", "p99, one half of them and the other", ratio(*halves), "x"),
        Row("fleet", "districts without trouble", "processor time that the load itself takes", 100 * share, "%"),
    ]
    return rows + [row for case, comparison in comparisons.items() for row in comparison.rows(CASES[case])]


async def _wait_for(calm: Sequence[Visitors], answers: int) -> None:
    """Wait until districts have so many answers."""
    while sum(len(visitors.seconds) for visitors in calm) < answers:  # noqa: ASYNC110 - they come all the time
        await asyncio.sleep(0.1)
