"""The memory of one process that serves eighteen districts: before any request, and after a morning."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx

from benchmarks.fleet.gateway import Gateway, Settings, resident_mib, running
from benchmarks.support.figures import Row
from student_graph.adapters.sandbox.serving import Sandbox

DISTRICT_COUNT = 18
CACHE_MIB = 32
"""
The gateway's memory for answers: so small that a morning fills it several times. Other caches are not included.
"""
READER_COUNT = 2
"""People who read at the same time."""
MAX_GROWTH = 1.2
"""Goal: growth over what all caches may hold."""
PAGE = """query ($after: String) { districts { students(first: 25, after: $after) {
    pageInfo { endCursor hasNextPage } edges { node { studentUniqueId gradeLevel name { firstName lastName }
    courseGrades { letter numeric } attendanceEvents { totalCount } assessments { schoolYear } } } } } }"""


async def memory_rows(folder: Path, sandbox: Sandbox, *, max_pages: int, settle_seconds: float) -> list[Row]:
    """
    Let viewers of each district read the lists of all students, of at most so many pages.

    Memory is measured `settle_seconds` after the last page.
    """
    with running(_settings(folder, sandbox)) as gateway:
        idle = resident_mib(gateway.process.pid)
        bound, _ = _caches(gateway)
        pages = await _morning(gateway, max_pages)
        await asyncio.sleep(settle_seconds)
        _, held = _caches(gateway)
        after = resident_mib(gateway.process.pid)
    case = f"{DISTRICT_COUNT} districts on one process, caches of {bound:.0f} MiB"
    growth = (after - idle) / bound
    return [
        Row("fleet", case, "growth in a morning over what the caches may hold", growth, "x", MAX_GROWTH),
        Row("fleet", case, "memory after a morning", after, "MiB"),
        Row("fleet", case, "memory idle", idle, "MiB"),
        Row("fleet", case, "counted by the caches", held, "MiB"),
        Row("fleet", case, "pages of 25 students", pages, "pages"),
    ]


def _settings(folder: Path, sandbox: Sandbox) -> Settings:
    """Settings of all districts with the same vendor, and a viewer for each of them."""
    districts = {f"District {number}": sandbox for number in range(DISTRICT_COUNT)}
    server = "workers = 1\ndrain = 0"
    settings = Settings.write(folder, districts, redis=f"memory = {CACHE_MIB}", server=server)
    with settings.path.open("a", encoding="utf-8") as file:
        for number in range(DISTRICT_COUNT):
            file.write(f'\n[[viewers]]\nsubject = "reader-{number}"\nrole = "superintendent"\n')
            file.write(f'districts = ["d{number}"]\ntoken_env = "READER_{number}"\n')
    return Settings(
        settings.path, {**settings.environ, **{f"READER_{n}": _token(n) for n in range(DISTRICT_COUNT)}}
    )


def _token(number: int) -> str:
    return f"reader-{number}-".ljust(40, "t")


def _caches(gateway: Gateway) -> tuple[float, float]:
    """How much all caches may hold, and how much they hold by their own count, in MiB."""
    total = gateway.report("/health/memory")["total"]
    return total["maxBytes"] / 2**20, total["bytes"] / 2**20


async def _morning(gateway: Gateway, max_pages: int) -> int:
    """Read the lists of all districts page by page; return how many pages were read."""
    waiting = list(range(DISTRICT_COUNT))

    async def read(client: httpx.AsyncClient) -> int:
        pages = 0
        while waiting:
            headers, after = {"Authorization": f"Bearer {_token(waiting.pop())}"}, None
            for _ in range(max_pages):
                body = {"query": PAGE, "variables": {"after": after}}
                response = await client.post("/graphql", json=body, headers=headers)
                result = json.loads(response.content)
                codes = {error["extensions"]["code"] for error in result.get("errors", ())}
                assert codes <= {"DEADLINE"}, codes  # a busy machine: answers that arrived are cached anyway
                pages += 1
                info = result["data"]["districts"][0]["students"]["pageInfo"]
                after = info["endCursor"]
                if not info["hasNextPage"]:
                    break
        return pages

    async with httpx.AsyncClient(base_url=gateway.url, timeout=120, trust_env=False) as client:
        return sum(await asyncio.gather(*(read(client) for _ in range(READER_COUNT))))
