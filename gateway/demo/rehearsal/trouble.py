"""The script of trouble: what happens to the fleet and its vendors, one after the other."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import secrets
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import httpx

from student_graph.gateway.demo.rehearsal.hostile import send_hostile_requests
from student_graph.gateway.demo.rehearsal.pages import document_text, pages_of
from student_graph.gateway.demo.rehearsal.settings import FleetSettings, service_variable
from student_graph.gateway.demo.rehearsal.stage import Stage
from student_graph.gateway.demo.rehearsal.vendors.certificates import EXPIRED, VALID, show
from student_graph.gateway.demo.rehearsal.verdicts.judge import Verdict

SLOW_MILLISECONDS = 3_000
LATE_SECONDS = 15.0
"""Longer than the gateway waits for one attempt."""
REQUESTS_PER_MINUTE = 30
CLOCK_HOURS = 30.0
FREE_RECORD_BYTES = 4_096
"""What the record of disclosures may still write to its files on a full disk."""
THIEF_SECONDS = 0.5
MAX_THEFTS = 40
"""How often a thief tries while the gateway is overloaded."""
REMOVED_PAGES = 10
EDFI = "edfi"
"""Name of the sources whose data can change."""
MAX_CHANGED_DISTRICTS = 2
LISTED = "04-find-students"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that happens for a while."""

    name: str
    happen: Callable[[Stage], AbstractAsyncContextManager[None]]
    """Begins when the block is entered, and ends with it."""


@contextlib.asynccontextmanager
async def _attendance(stage: Stage) -> AsyncIterator[None]:
    """Attendance is taken: no trouble, but pages must show it after a while."""
    able = [district for district in stage.districts if EDFI in district.controls]
    for district in able[:MAX_CHANGED_DISTRICTS]:
        stage.tally.note_change(district.id)
        reply = await stage.client.post(f"{district.controls[EDFI]}/-/change")
        stage.notes.append(f"attendance taken: {reply.json()['rows']} absences in {district.id}")
    yield


@contextlib.asynccontextmanager
async def _down(stage: Stage) -> AsyncIterator[None]:
    async with stage.vendors(stage.some(), "switches", down=True):
        yield


@contextlib.asynccontextmanager
async def _slow(stage: Stage) -> AsyncIterator[None]:
    async with stage.vendors(stage.some(first=1), "switches", is_cold=True, latency=float(SLOW_MILLISECONDS)):
        yield


@contextlib.asynccontextmanager
async def _lying(stage: Stage) -> AsyncIterator[None]:
    liars = stage.some(0.5)
    async with stage.vendors(liars, "trouble", is_cold=True, lies=0.4):
        yield
    for district in liars:  # later troubles must not show what lies have left in the cache
        is_purged = await stage.gateway.purge(district.id)
        stage.expect(is_purged, f"what lies have left in the cache of {district.id} was not purged")


@contextlib.asynccontextmanager
async def _late(stage: Stage) -> AsyncIterator[None]:
    async with stage.vendors(stage.some(first=2), "trouble", is_cold=True, late=0.3, late_seconds=LATE_SECONDS):
        yield


@contextlib.asynccontextmanager
async def _broken(stage: Stage) -> AsyncIterator[None]:
    async with stage.vendors(stage.some(0.5, first=1), "trouble", is_cold=True, closes=0.3):
        yield


@contextlib.asynccontextmanager
async def _rate_limits(stage: Stage) -> AsyncIterator[None]:
    async with (
        stage.vendors(stage.some(), "switches", is_cold=True, requests_per_minute=REQUESTS_PER_MINUTE),
        stage.vendors(stage.some(first=1), "switches", is_cold=True, throttled=True),
    ):
        yield


@contextlib.asynccontextmanager
async def _clock(stage: Stage) -> AsyncIterator[None]:
    async with (
        stage.vendors(stage.some(first=1), "trouble", clock_hours=CLOCK_HOURS),
        stage.vendors(stage.some(first=2), "trouble", clock_hours=-CLOCK_HOURS),
    ):
        yield


@contextlib.asynccontextmanager
async def _certificate(stage: Stage) -> AsyncIterator[None]:
    show(stage.certificates, EXPIRED)
    try:
        yield
    finally:
        show(stage.certificates, VALID)


@contextlib.asynccontextmanager
async def _redis(stage: Stage) -> AsyncIterator[None]:
    if stage.redis is not None:
        stage.redis.kill()
    await stage.last(0.5)
    if stage.redis is not None:
        await asyncio.to_thread(stage.redis.start)
    yield


@contextlib.asynccontextmanager
async def _worker(stage: Stage) -> AsyncIterator[None]:
    pid = (await stage.gateway.worker_pids())[0]
    os.kill(pid, signal.SIGKILL)
    yield
    await stage.gateway.wait_for_workers(stage.workers, without=pid)


@contextlib.asynccontextmanager
async def _reload(stage: Stage) -> AsyncIterator[None]:
    await stage.reload(stage.settings.changed(viewer_rate=stage.settings.viewer_rate + 1))
    yield


@contextlib.asynccontextmanager
async def _bad_reload(stage: Stage) -> AsyncIterator[None]:
    good = stage.settings
    await stage.reload(good.changed(districts=[*good.districts, good.districts[0]]), is_refused=True)
    yield
    await stage.reload(good)


@contextlib.asynccontextmanager
async def _disk(stage: Stage) -> AsyncIterator[None]:
    """Bound the size of files that the workers write; they may write very little more into the present ones."""
    files = [*(stage.settings.folder / "disclosures").rglob("*.jsonl")]
    limit = max((file.stat().st_size for file in files), default=0) + FREE_RECORD_BYTES
    pids = await stage.gateway.worker_pids()
    for pid in pids:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@contextlib.asynccontextmanager
async def _leaked_token(stage: Stage) -> AsyncIterator[None]:
    """A thief uses the token of a service until it is replaced."""
    district = stage.districts[0]
    variable = service_variable(district.id)
    leaked = stage.settings.secrets[variable]
    before = await _steal(stage, leaked)
    stage.expect(before == httpx.codes.OK, f"the token of a service is not accepted (status {before})")
    await stage.reload(
        stage.settings.changed(secrets={**stage.settings.secrets, variable: secrets.token_urlsafe(32)})
    )
    after = [await _steal(stage, leaked) for _ in range(REMOVED_PAGES)]
    stage.expect(set(after) == {httpx.codes.UNAUTHORIZED}, f"a revoked token is answered with {set(after)}")
    new = await _steal(stage, stage.settings.secrets[variable])
    stage.expect(new == httpx.codes.OK, f"the new token of a service is not accepted (status {new})")
    yield


async def _steal(stage: Stage, token: str) -> int:
    """The status of an answer to somebody with a token, asked again while the gateway is overloaded."""
    body, headers, status = {"query": document_text(LISTED)}, {"Authorization": f"Bearer {token}"}, 0
    for _ in range(MAX_THEFTS):
        with contextlib.suppress(httpx.TransportError):
            reply = await stage.client.post(f"{stage.gateway.url}/graphql", json=body, headers=headers)
            status = reply.status_code
        if status not in (0, httpx.codes.SERVICE_UNAVAILABLE):
            break
        await asyncio.sleep(THIEF_SECONDS)
    return status


@contextlib.asynccontextmanager
async def _districts(stage: Stage) -> AsyncIterator[None]:
    """A district is added, and another one is removed."""
    if stage.newcomer is not None:
        described = [*stage.settings.districts, stage.newcomer.description]
        await stage.reload(stage.settings.changed(districts=described))
        stage.morning.add(stage.newcomer.viewers)
        stage.districts = [*stage.districts, stage.newcomer]
        await stage.last(0.5)
    leaver = stage.districts[1]
    await stage.morning.remove(leaver.id)
    await stage.reload(_without(stage.settings, leaver.id))
    stage.districts = [district for district in stage.districts if district.id != leaver.id]
    for viewer in leaver.viewers[:REMOVED_PAGES]:
        answer = await stage.browser.open(stage.gateway.url, pages_of(viewer)[0], stage.morning.trouble)
        verdict = stage.tally.judgement(answer).verdict
        stage.tally.add(answer)
        stage.expect(verdict is Verdict.REFUSED, f"a page of the removed district was {verdict.value}")
    yield


def _without(settings: FleetSettings, district: str) -> FleetSettings:
    rest = [description for description in settings.districts if description["plan"]["id"] != district]
    return settings.changed(districts=rest)


@contextlib.asynccontextmanager
async def _hostile(stage: Stage) -> AsyncIterator[None]:
    attacks = asyncio.create_task(send_hostile_requests(stage))
    try:
        yield
    finally:
        attacks.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await attacks


SCRIPT: tuple[Trouble, ...] = (
    Trouble("attendance taken", _attendance),
    Trouble("vendors down", _down),
    Trouble("vendors slow", _slow),
    Trouble("vendors lie", _lying),
    Trouble("vendors answer late", _late),
    Trouble("answers break off", _broken),
    Trouble("rate limits", _rate_limits),
    Trouble("Redis killed and started", _redis),
    Trouble("worker killed", _worker),
    Trouble("reload", _reload),
    Trouble("bad reload", _bad_reload),
    Trouble("certificate expired", _certificate),
    Trouble("vendors' clocks moved", _clock),
    Trouble("disk full", _disk),
    Trouble("leaked token", _leaked_token),
    Trouble("hostile viewer", _hostile),
    Trouble("district added and removed", _districts),
)
