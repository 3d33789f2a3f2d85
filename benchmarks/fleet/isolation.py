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
import socket
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from starlette.types import ASGIApp, Message

from benchmarks.fleet.comparison import MAX_RATIO, Comparison, p99, ratio
from benchmarks.fleet.gateway import KEY, Settings
from benchmarks.fleet.visitors import NO_DATA, PAGE, VIEWERS_PER_DISTRICT, Visitors, token
from benchmarks.support.edfi_process import edfi_process
from benchmarks.support.figures import Row
from student_graph.adapters.sandbox.district import make_district
from student_graph.gateway.cli.serving.loader import ServiceLoader
from student_graph.gateway.server.garbage import GarbageCollection
from student_graph.gateway.server.service import Application

STUDENT_COUNT = 120
REQUESTS_PER_SECOND = 5.0
"""Requests a second of each district that is not in trouble."""
STORM_FACTOR = 20
"""How many times its share a district sends in a storm."""
GARBAGE_CHECK_SECONDS = 0.1
"""How often a serving process looks whether garbage should be collected."""
CALM = ("east", "south", "west")
DEAD_VENDORS = {
    "refusing": "all vendors of a district refuse connections",
    "hanging": "all vendors of a district take no connections",
    "silent": "all vendors of a district never answer",
}
BOTH_SHARE = 0.4
"""The part of the rounds in which a district has dead vendors and sends a storm: more than the goal asks for."""


@dataclass
class Trouble:
    """One kind of trouble, and what is measured about it."""

    name: str
    vendor: str
    """How its vendors fail; empty if they answer."""
    factor: float
    """How many times its share the district sends."""
    rounds: int
    outcomes: Comparison = field(default_factory=Comparison)
    """Times of other districts."""
    own_seconds: list[float] = field(default_factory=list)
    """Times of the district's own answers that name what is missing."""

    def district(self, round_: int) -> str:
        """The district in trouble in a round: for dead vendors a new one, about which nothing was learned yet."""
        return "north" if not self.vendor else f"{self.vendor}{'-storm' if self.factor > 1 else ''}-{round_}"

    def rows(self) -> list[Row]:
        """What others notice of it, and how long the district waits for an answer that names what is missing."""
        has_goal = not self.vendor or self.factor == 1
        rows = self.outcomes.rows(self.name, MAX_RATIO if has_goal else None)
        if self.own_seconds:
            case = f"its own requests while {self.name}"
            rows.append(
                Row(
                    "fleet",
                    case,
                    "median until a source is named as unavailable",
                    median(self.own_seconds) * 1000,
                    "ms",
                )
            )
        return rows


def troubles(rounds: int) -> list[Trouble]:
    """All kinds of trouble: a storm, dead vendors, and for fewer rounds both at once."""
    both = max(1, round(BOTH_SHARE * rounds))
    storm = f"sends {STORM_FACTOR} times its share"
    return [
        Trouble(f"a district {storm}", "", STORM_FACTOR, rounds),
        *(Trouble(name, vendor, 1, rounds) for vendor, name in DEAD_VENDORS.items()),
        *(
            Trouble(f"{name} and it {storm} (beyond the goal)", vendor, STORM_FACTOR, both)
            for vendor, name in DEAD_VENDORS.items()
        ),
    ]


def write_settings(folder: Path, vendor: dict[str, Any], addresses: dict[str, str]) -> Settings:
    """Write settings for districts by the addresses of their vendors."""
    lines = ["[server]\nport = 0\nworkers = 1\n[disclosure]\nkey_env = 'KEY'\n[cache]\ncalendars = false"]
    vendor = dict(vendor)
    environ = {"KEY": KEY, "SECRET": vendor.pop("client_secret")}
    for district, address in addresses.items():
        lines.append(f'[[districts]]\nid = "{district}"\nname = "{district}"\ntime_zone = "America/Chicago"')
        lines.append('[[districts.sources]]\nname = "sis"\nkind = "edfi"\nclient_secret_env = "SECRET"')
        lines += [f"{key} = {value!r}" for key, value in {**vendor, "base_url": address}.items()]
    for district, number in itertools.product(addresses, range(VIEWERS_PER_DISTRICT)):
        name = f"TOKEN_{district.upper().replace('-', '_')}_{number}"
        environ[name] = token(district, number)
        lines.append(f'[[viewers]]\nsubject = "{district}-{number}"\nrole = "superintendent"')
        lines.append(f'districts = ["{district}"]\ntoken_env = "{name}"')
    lines.append('[[viewers]]\nsubject = "operator"\nrole = "service"\noperator = true\ntoken_env = "OPERATOR"')
    lines.append(f"districts = {[*addresses]}")
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
        addresses = zip(DEAD_VENDORS, (closed, full, silent), strict=True)
        yield {name: f"http://127.0.0.1:{server.getsockname()[1]}" for name, server in addresses}


@contextlib.asynccontextmanager
async def started(settings: Settings) -> AsyncIterator[ASGIApp]:
    """The application of these settings in this process, which collects garbage as a serving process does."""
    secrets = settings.path.with_suffix(".env")
    secrets.write_text("".join(f"{name}={value}\n" for name, value in settings.environ.items()), encoding="utf-8")
    secrets.chmod(0o600)
    application = Application(ServiceLoader(settings.path, secrets).start())
    messages, has_started = asyncio.Queue[Message](), asyncio.Event()

    async def note(_: Message) -> None:
        has_started.set()

    await messages.put({"type": "lifespan.startup"})
    lifespan = asyncio.ensure_future(application.asgi({"type": "lifespan"}, messages.get, note))
    await has_started.wait()
    garbage = GarbageCollection(cached_bytes=lambda: application.memory.used_bytes)
    garbage.start()
    check = asyncio.create_task(_check(garbage, application))
    try:
        yield application.asgi
    finally:
        check.cancel()
        garbage.stop()
        await messages.put({"type": "lifespan.shutdown"})
        await lifespan


async def _check(garbage: GarbageCollection, application: Application) -> None:
    """Look again and again whether garbage should be collected."""
    while True:
        garbage.check(is_idle=not application.load_shedder.in_flight)
        await asyncio.sleep(GARBAGE_CHECK_SECONDS)


async def isolation_rows(folder: Path, *, rounds: int, answers: int, settle_seconds: float) -> list[Row]:
    """
    Times of districts without trouble while another one is in trouble, compared with times just before.

    In each round they get so many `answers` with each kind of trouble, from its first moment on. Before that they
    get half as many without trouble, `settle_seconds` after the trouble before it.
    """
    kinds = troubles(rounds)
    students = [student.id for student in make_district(STUDENT_COUNT, towns=1).students]
    with dead_vendors() as dead, edfi_process(STUDENT_COUNT) as vendor, edfi_process(STUDENT_COUNT) as of_storm:
        addresses = dict.fromkeys(CALM, str(vendor.settings["base_url"]))
        addresses["north"] = str(of_storm.settings["base_url"])  # of its own: calls of others do not wait there
        addresses |= {
            kind.district(i): dead[kind.vendor] for kind in kinds if kind.vendor for i in range(kind.rounds)
        }
        settings = write_settings(folder, vendor.settings, addresses)
        async with started(settings) as app, contextlib.AsyncExitStack() as load:
            districts = {name: Visitors(app, name, students) for name in addresses}
            for name, visitors in districts.items():  # new viewers would go after others for three seconds
                query = PAGE if name in (*CALM, "north") else NO_DATA
                await asyncio.gather(*(visitors.send(query=query) for _ in range(VIEWERS_PER_DISTRICT)))
            calm = [districts[name] for name in CALM]
            for visitors in calm:
                await load.enter_async_context(visitors.sending(REQUESTS_PER_SECOND))
            began_at, own = time.thread_time(), sum(visitors.own_seconds for visitors in districts.values())
            for round_, kind in itertools.product(range(rounds), kinds):
                if round_ < kind.rounds:
                    await asyncio.sleep(settle_seconds)
                    kind.outcomes.note(*await _outcomes(calm, answers // 2), is_troubled=False)
                    troubled = districts[kind.district(round_)]
                    troubled.forget()
                    async with troubled.sending(REQUESTS_PER_SECOND * kind.factor):
                        kind.outcomes.note(*await _outcomes(calm, answers), is_troubled=True)
                    kind.own_seconds += troubled.incomplete_seconds
            own = sum(visitors.own_seconds for visitors in districts.values()) - own
            share = own / (time.thread_time() - began_at)
    quiet = [kind.outcomes.before for kind in kinds]
    halves = [[*itertools.chain.from_iterable(quiet[first::2])] for first in range(2)]
    rows = [
        Row("fleet", "districts without trouble", "p99", p99([*halves[0], *halves[1]]) * 1000, "ms"),
        Row("fleet", "districts without trouble", "p99, one half of them and the other", ratio(*halves), "x"),
        Row("fleet", "districts without trouble", "processor time that the load itself takes", 100 * share, "%"),
    ]
    return rows + [row for kind in kinds for row in kind.rows()]


async def _outcomes(calm: Sequence[Visitors], answers: int) -> tuple[list[float], int]:
    """The times of so many complete answers from now on, and the number of others meanwhile."""
    for visitors in calm:
        visitors.forget()
    while sum(len(visitors.seconds) for visitors in calm) < answers:  # noqa: ASYNC110 - they come all the time
        await asyncio.sleep(0.1)
    times = [seconds for visitors in calm for seconds in visitors.seconds]
    return times, sum(visitors.refused for visitors in calm)
