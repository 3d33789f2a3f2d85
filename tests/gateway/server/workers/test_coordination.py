"""Workers that are connected by channels: reports, purges, claims, and a reload that all or none apply."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from student_graph.adapters.model import DistrictId
from student_graph.gateway.cache import Purge
from student_graph.gateway.server.workers.assignment import Assignment
from student_graph.gateway.server.workers.board import ConnectionBoard
from student_graph.gateway.server.workers.channel import Channel, ChannelError
from student_graph.gateway.server.workers.coordination import Claims, Coordination
from student_graph.gateway.server.workers.fleet import WorkersFleet
from student_graph.gateway.server.workers.member import Membership
from tests.gateway.cache.small_cache import Clock

KEY = b"k" * 32


class Settings:
    """The settings of one worker, as a test says what it finds in the files."""

    def __init__(self) -> None:
        self.refusal: str | None = None
        self.files = ["files 1"]
        """Digests of what it reads, one for each time; the last one stays."""
        self.events: list[str] = []

    async def prepare(self, *, check_sources: bool) -> tuple[str | None, str]:
        """Say what was found."""
        self.events.append("asked sources" if check_sources else "prepared")
        files = self.files.pop(0) if len(self.files) > 1 else self.files[0]
        return self.refusal, files

    async def apply(self) -> None:
        """Note it."""
        self.events.append("applied")

    async def refuse(self, reason: str) -> None:
        """Note it."""
        self.events.append(f"refused: {reason}")


class SmallWorker:
    """A worker in this process, with both ends of its channel."""

    def __init__(self, number: int, workers: int, board: ConnectionBoard, listener: socket.socket) -> None:
        self.number, self.pid, self.since = number, 1000 + number, 0.0
        self.connections = 0
        supervisor_end, worker_end = socket.socketpair()
        self.socket = supervisor_end
        supervisor_end.sendall(KEY)
        descriptors = [listener.dup().detach(), worker_end.detach(), board.descriptor]
        self.member = Membership(Assignment(number, workers, *descriptors))
        self.settings = Settings()
        self.channel: Channel

    async def connect(self, coordination: Coordination) -> None:
        """Connect both ends."""
        self.channel = Channel(self.socket, coordination.handlers(self.number))
        self.talking = await self.channel.open()
        await self.member.connect(self.settings, lambda _: None, lambda: None)


@contextlib.asynccontextmanager
async def connected(count: int) -> AsyncIterator[tuple[list[SmallWorker], Coordination]]:
    """Connected workers, and what coordinates them."""
    board = ConnectionBoard.create(count)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        workers = [SmallWorker(number, count, board, listener) for number in range(1, count + 1)]
        coordination = Coordination(lambda: workers, lambda: 0)
        for worker in workers:
            await worker.connect(coordination)
            assert await coordination.admit("files 0") is None
        try:
            yield workers, coordination
        finally:
            for worker in workers:
                await worker.member.close()
                await worker.talking
                worker.member.listener.close()


async def test_reports_of_all_workers_are_collected() -> None:
    """By the number of the worker, whichever asks; one that fails is left out."""
    async with connected(3) as (workers, _):
        for worker in workers:
            worker.member.offer("answers", lambda number=worker.number: {"count": number * 10})
        workers[2].member.offer("answers", lambda: 1 / 0)
        collected = await workers[1].member.collect("answers")

    assert collected == {1: {"count": 10}, 2: {"count": 20}}


async def test_a_purge_reaches_the_other_workers() -> None:
    """It has been done in all of them when the one that sent it goes on."""
    purge = Purge(district=DistrictId("hill"), source="sis", students=frozenset({"604822"}))
    received: list[list[Purge]] = [[], [], []]
    async with connected(3) as (workers, _):
        fleets = [WorkersFleet(worker.member, None) for worker in workers]
        for fleet, purges in zip(fleets, received, strict=True):
            fleet.start(purges.append)
        await fleets[0].publish_purge(purge)

    assert received == [[], [purge], [purge]]


async def test_a_claim_belongs_to_one_worker() -> None:
    """Until it is released."""
    async with connected(2) as (workers, _):
        fleets = [WorkersFleet(worker.member, None) for worker in workers]
        claimed = [await fleet.claim("break-glass:ada:0", 3600) for fleet in fleets]
        await fleets[0].release("break-glass:ada:0")
        again = await fleets[1].claim("break-glass:ada:0", 3600)

    assert (claimed, again) == ([True, False], True)


def test_a_claim_ends_with_its_time() -> None:
    """Then another worker may have it."""
    clock = Clock()
    claims = Claims(clock)
    assert claims.take("work", 10)
    clock.now += 9
    assert not claims.take("work", 10)
    clock.now += 1
    assert claims.take("work", 10)


async def test_settings_are_applied_by_all() -> None:
    """One worker asks the sources; nobody takes them up before all have prepared them."""
    async with connected(3) as (workers, _):
        await workers[1].member.request_reload()

    assert [worker.settings.events for worker in workers] == [
        ["asked sources", "applied"],
        ["prepared", "applied"],
        ["prepared", "applied"],
    ]


async def test_if_one_worker_refuses_settings_all_do() -> None:
    """All of them report its reason."""
    async with connected(2) as (workers, coordination):
        workers[1].settings.refusal = "a mistake"
        await coordination.reload()

    assert [worker.settings.events[-1] for worker in workers] == ["refused: a mistake"] * 2


async def test_files_that_change_meanwhile_are_read_again() -> None:
    """All workers must have read the same; if they never do, nothing is applied."""
    async with connected(2) as (workers, coordination):
        workers[0].settings.files = ["files 1", "files 2"]
        workers[1].settings.files = ["files 2"]
        await coordination.reload()
        applied = [worker.settings.events[-1] for worker in workers]
        workers[0].settings.files = ["files 3"]
        await coordination.reload()
        refused = [worker.settings.events[-1] for worker in workers]

    assert applied == ["applied"] * 2
    assert refused == ["refused: the files changed while they were read"] * 2


async def test_a_new_worker_has_the_settings_of_the_others() -> None:
    """If the files have changed since, the others take them up first, or the worker is not admitted."""
    async with connected(2) as (workers, coordination):
        same = await coordination.admit("files 0")
        before = [list(worker.settings.events) for worker in workers]
        newer = await coordination.admit("files 1")
        workers[0].settings.refusal = "a mistake"
        wrong = await coordination.admit("files 2")

    assert (same, before) == (None, [[], []])
    assert newer is None
    assert [worker.settings.events[1] for worker in workers] == ["applied"] * 2
    assert wrong == "a mistake"


async def test_a_worker_that_has_gone_holds_nothing_up() -> None:
    """The others apply new settings, and who waits for the one that has gone waits no longer."""
    async with connected(2) as (workers, coordination):
        await workers[1].member.close()
        with pytest.raises(ChannelError):
            await workers[1].channel.request("report", "answers", 60)
        await asyncio.wait_for(coordination.reload(), 60)

    assert workers[0].settings.events == ["asked sources", "applied"]


async def test_a_request_without_an_answer_ends_with_its_time() -> None:
    """After the time that the request has."""

    async def never(_: Any) -> None:
        await asyncio.Event().wait()

    supervisor_end, worker_end = socket.socketpair()
    first, second = Channel(supervisor_end, {}), Channel(worker_end, {"report": never})
    tasks = [await first.open(), await second.open()]
    with pytest.raises(ChannelError, match="does not answer"):
        await first.request("report", None, 0.01)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
