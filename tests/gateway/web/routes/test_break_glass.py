"""Break-glass: how often a person opens, over a fleet, and whose ticket counts when it is used."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from student_graph.adapters.model import DistrictId
from student_graph.gateway.disclosure import DisclosureKeys, DisclosureLog
from student_graph.gateway.disclosure.log_file import LogFile
from student_graph.gateway.signing import HmacSigner
from student_graph.gateway.web.request import BadRequestError
from student_graph.gateway.web.routes.break_glass import BreakGlass
from student_graph.gateway.web.routes.opening_limit import (
    MAX_OPENINGS_PER_HOUR,
    WINDOW_SECONDS,
    Claims,
    OpeningLimit,
)
from student_graph.resolvers.context import Viewer, ViewerRole

HILL, DALE = DistrictId("hill"), DistrictId("dale")
STAFF_ISSUER, PORTAL = "https://staff.hill.example", "https://portal.hill.example"
ADA = Viewer("ada", ViewerRole.TEACHER, frozenset({HILL, DALE}), issuer=STAFF_ISSUER)
BODY = {"district": "hill", "students": ["1"], "classes": ["MEAL"], "reason": "SAFETY", "text": "x" * 20}
NO_SPACE = OSError(28, "no space")


@dataclass
class Clock:
    """Unix seconds that a test sets."""

    now: float = 1_780_000_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@dataclass
class FleetOfTests:
    """The slots that the processes of a fleet hold, as Redis would keep them."""

    clock: Clock
    held: dict[str, float] = field(default_factory=dict)

    async def claim(self, name: str, seconds: int) -> bool:
        """Give a slot to the first process that asks, until its time is over."""
        await asyncio.sleep(0)
        if self.held.get(name, 0) > self.clock.now:
            return False
        self.held[name] = self.clock.now + seconds
        return True

    async def release(self, name: str) -> None:
        """Free a slot."""
        del self.held[name]


class FleetWithoutRedis:
    """Gives every slot, as `Fleet.claim` does while Redis is away."""

    async def claim(self, _: str, __: int) -> bool:
        """Give a slot."""
        return True

    async def release(self, _: str) -> None:
        """Do nothing: the slot ends with its time."""


@dataclass
class Process:
    """One gateway process with break-glass; every token is the name of a viewer in `viewers`."""

    viewers: dict[str, Viewer]
    clock: Clock
    break_glass: BreakGlass
    client: httpx.AsyncClient

    async def open(self, viewer: str = "ada", **changes: Any) -> httpx.Response:
        """Open data as a viewer."""
        headers = {"Authorization": f"Bearer {viewer}"}
        return await self.client.post("/break-glass", json={**BODY, **changes}, headers=headers)

    async def statuses(self, number: int, viewer: str = "ada") -> list[int]:
        """Open data so many times at once, and return the statuses in order."""
        responses = await asyncio.gather(*(self.open(viewer) for _ in range(number)))
        return sorted(response.status_code for response in responses)


class _Tokens:
    """Stands for the authenticator: everybody signed in now."""

    def __init__(self, viewers: dict[str, Viewer], clock: Clock) -> None:
        self._viewers, self._clock = viewers, clock

    async def viewer(self, authorization: str) -> Viewer | None:
        return self._viewers.get(authorization.removeprefix("Bearer "))

    def signed_in_at(self, _: str) -> float:
        return self._clock.now


@contextlib.asynccontextmanager
async def running(
    folder: Path, fleets: Sequence[Claims | None] = (None,), clock: Clock | None = None, **settings: Any
) -> AsyncIterator[list[Process]]:
    """Run a process of each fleet in `fleets`; all have one signing key and one record."""
    clock = clock or Clock()
    viewers = {"ada": ADA, "ben": replace(ADA, subject="ben"), "portal": replace(ADA, issuer=PORTAL)}
    log = DisclosureLog(folder, DisclosureKeys(b"s" * 32), wall_clock=clock, **settings)
    async with contextlib.AsyncExitStack() as stack:
        processes = []
        for fleet in fleets:
            limit = None if fleet is None else OpeningLimit(fleet, clock)
            tokens: Any = _Tokens(viewers, clock)
            break_glass = BreakGlass(tokens, HmacSigner(b"k" * 32), log, limit=limit, wall_clock=clock)
            transport = httpx.ASGITransport(Starlette(routes=break_glass.routes()))
            client = httpx.AsyncClient(transport=transport, base_url="http://gateway.example")
            processes.append(Process(viewers, clock, break_glass, await stack.enter_async_context(client)))
        yield processes
        await log.close()


@pytest.mark.row("K13")
async def test_a_person_opens_a_few_times_an_hour(tmp_path: Path) -> None:
    """Forty attempts at once open six times. Others may go on, as may this subject of another issuer."""
    async with running(tmp_path) as [process]:
        assert await process.statuses(40) == [200] * MAX_OPENINGS_PER_HOUR + [429] * (40 - MAX_OPENINGS_PER_HOUR)
        refused = await process.open(district="dale")
        assert (refused.status_code, refused.headers["retry-after"].isdecimal()) == (429, True)
        assert [(await process.open(name)).status_code for name in ("ben", "portal")] == [200, 200]
        process.clock.now += WINDOW_SECONDS - 1
        assert (await process.open()).status_code == 429
        process.clock.now += 2
        assert await process.statuses(MAX_OPENINGS_PER_HOUR + 1) == [200] * MAX_OPENINGS_PER_HOUR + [429]


def recorded_openings(folder: Path) -> int:
    """How many openings the record in a folder has."""
    lines = [line for path in folder.glob("*.jsonl") for line in path.read_text().splitlines()]
    return sum('"opening"' in line for line in lines)


async def test_refused_openings_are_not_recorded(tmp_path: Path) -> None:
    """Nobody fills the disk of the record."""
    async with running(tmp_path) as [process]:
        await process.statuses(20)
    assert recorded_openings(tmp_path) == MAX_OPENINGS_PER_HOUR


@pytest.mark.row("K13")
async def test_the_processes_of_a_fleet_count_together(tmp_path: Path) -> None:
    """Whichever process a person reaches, the hour has as many openings as with one."""
    clock = Clock()
    fleet = FleetOfTests(clock)
    async with running(tmp_path, [fleet] * 3, clock) as processes:
        statuses = [await process.statuses(10) for process in processes]
        assert sum(answer.count(200) for answer in statuses) == MAX_OPENINGS_PER_HOUR
        assert all("ada" not in name and "staff" not in name for name in fleet.held)
        clock.now += WINDOW_SECONDS + 1
        assert (await processes[2].open()).status_code == 200


async def test_without_redis_every_process_counts_for_itself(tmp_path: Path) -> None:
    """The limit holds in each process, and an emergency does not wait."""
    async with running(tmp_path, [FleetWithoutRedis()] * 2) as processes:
        statuses = [await process.statuses(10) for process in processes]
    assert [answer.count(200) for answer in statuses] == [MAX_OPENINGS_PER_HOUR] * 2


@pytest.mark.parametrize("processes", [1, 3])
async def test_an_opening_that_cannot_be_recorded_does_not_count(tmp_path: Path, processes: int) -> None:
    """When the disk has room again, the person has all openings, in each process of a fleet."""
    full = [True]

    class FullDisk(LogFile):
        """A log file that takes no line while the disk is full."""

        def append(self, line: bytes) -> None:
            if full[0] and b'"opening":{' in line:
                raise NO_SPACE
            super().append(line)

    clock = Clock()
    fleets = [FleetOfTests(clock)] * processes if processes > 1 else [None]
    async with running(tmp_path, fleets, clock, open_file=FullDisk) as all_processes:
        assert [(await all_processes[0].open()).status_code for _ in range(10)] == [503] * 10
        full[0] = False
        assert (await all_processes[-1].statuses(10)).count(200) == MAX_OPENINGS_PER_HOUR


@pytest.mark.row("K13")
@pytest.mark.parametrize("changes", [
    {"role": ViewerRole.STUDENT},
    {"role": ViewerRole.PARENT},
    {"role": ViewerRole.SERVICE},
    {"role": ViewerRole.COUNSELOR},
    {"issuer": PORTAL},
    {"issuer": None},
    {"subject": "ben"},
    {"districts": frozenset({DALE})},
    {"districts": frozenset()},
    {"issuer": f"{STAFF_ISSUER}|ada", "subject": "ada"},
])  # fmt: skip
async def test_a_ticket_counts_only_for_the_viewer_who_opened(tmp_path: Path, changes: dict[str, Any]) -> None:
    """The token at its use may be another one: issuer, subject, role and district are compared again."""
    async with running(tmp_path) as [process]:
        ticket = (await process.open()).json()["ticket"]
        used = process.break_glass.use_ticket(replace(ADA, purpose="other", staff_id=None), ticket)
        assert used.emergency is not None
        with pytest.raises(BadRequestError) as error:
            process.break_glass.use_ticket(replace(ADA, **changes), ticket)
        assert error.value.status == 403


async def test_a_number_with_a_comma_is_one_student(tmp_path: Path) -> None:
    """A ticket for the student `1,2` shows neither `1` nor `2`."""
    async with running(tmp_path) as [process]:
        ticket = (await process.open(students=["1,2"])).json()["ticket"]
        emergency = process.break_glass.use_ticket(ADA, ticket).emergency
        assert emergency is not None
        assert emergency.students == {"1,2"}


@pytest.mark.parametrize("text", ["\x1b[2J" + "x" * 20, "x" * 20 + "\u202e", "x" * 20 + "\x9b", "x\u200b" * 20])
async def test_a_text_that_no_terminal_should_get_is_refused(tmp_path: Path, text: str) -> None:
    """It is read by reviewers in the record; several lines are fine."""
    async with running(tmp_path) as [process]:
        assert (await process.open(text=text)).status_code == 400
        assert (await process.open(text="An allergic shock.\r\n\tNobody at the office.")).status_code == 200
