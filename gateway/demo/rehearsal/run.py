"""`student-graph rehearse`: starts everything, and lets the script of trouble happen on a school morning."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.demo.rehearsal.fleet import ProcessorTimes, now, running_gateway, waiting_share
from student_graph.gateway.demo.rehearsal.load import Browser, Morning
from student_graph.gateway.demo.rehearsal.pages import pages_of
from student_graph.gateway.demo.rehearsal.processes import module_process, read_line, running_redis, vendors
from student_graph.gateway.demo.rehearsal.settings import FleetSettings, make_secrets
from student_graph.gateway.demo.rehearsal.sign_in import require_package, sign_in
from student_graph.gateway.demo.rehearsal.stage import District, Stage, vendor_calls
from student_graph.gateway.demo.rehearsal.trouble import SCRIPT
from student_graph.gateway.demo.rehearsal.vendors.certificates import write_certificates
from student_graph.gateway.demo.rehearsal.vendors.plan import (
    MAX_STUDENTS,
    MIN_STUDENTS,
    plan_districts,
    time_zones_of_one_day,
)
from student_graph.gateway.demo.rehearsal.verdicts.oracle import ask_oracle
from student_graph.gateway.demo.rehearsal.verdicts.result import MemorySample, Result
from student_graph.gateway.demo.rehearsal.verdicts.tally import Tally

OWN_ISSUER_EVERY = 4
"""One in this number of districts has an issuer of its own; the others share one."""
MEMORY_SECONDS = 5.0
"""Time between two measurements of the memory."""
MIN_DISTRICTS_FOR_NEWCOMER = 3
SETUP_TIME = timedelta(minutes=30)
"""Time in which the districts are built and all pages are requested once, on a slow machine."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What is rehearsed."""

    districts: int = 18
    minutes: float = 10.0
    """How long the morning lasts: all troubles, and the quiet time before and after them."""
    seed: int = 1
    largest: int = MAX_STUDENTS
    """Students of the largest district; the others are scaled alike."""
    others: int | None = None
    """Scale the others as if the largest had so many students; None for its own number."""
    smallest: int = MIN_STUDENTS
    """Students of a district at least."""
    pages_per_second: float = 6.0
    vendor_processes: int = 6
    workers: int = 2
    evidence: Path | None = None
    """Folder for the expected and the seen pages of what was wrong; None to keep nothing."""


async def rehearse(options: Options, say: Callable[[str], None] = print) -> Result:
    """
    Rehearse, and return what was seen.

    Raises:
        SettingsError: a process did not start, or the package with the sign-in server is missing.
    """
    require_package()
    plans = plan_districts(
        options.districts,
        options.seed,
        largest=options.largest,
        others=options.others,
        smallest=options.smallest,
        time_zones=time_zones_of_one_day(datetime.now(UTC), SETUP_TIME + timedelta(minutes=options.minutes)),
    )
    numbers = {plan.id: plan.number for plan in plans}
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="student-graph-rehearsal-")))
        certificates, fleet_folder, oracle_folder = folder / "certificates", folder / "fleet", folder / "oracle"
        for path in (certificates, fleet_folder, oracle_folder):
            path.mkdir()
        write_certificates(certificates)
        students = [plan.students for plan in plans]
        sizes = f"of {min(students):,} to {max(students):,} students, {sum(students):,} in all"
        say(f"building {len(plans)} districts {sizes}")
        described = stack.enter_context(vendors(plans, options.vendor_processes, certificates))
        districts = [District.of(description) for description in described]
        own = [district.id for district in districts[::OWN_ISSUER_EVERY]][1:]
        sign_in_server = stack.enter_context(module_process("sign_in", str(1 + len(own))))
        shared, *others = read_line(sign_in_server)
        issuers = {district.id: shared for district in districts} | dict(zip(own, others, strict=True))
        redis = stack.enter_context(running_redis())
        client = await stack.enter_async_context(httpx.AsyncClient(timeout=30.0, trust_env=False))
        say("signing people in")
        tokens = await _sign_in(client, districts, issuers)
        browser = Browser(tokens)
        stack.push_async_callback(browser.close)
        settings = FleetSettings(
            folder=fleet_folder, districts=described, issuers=issuers, secrets=make_secrets(plans)
        )
        say("asking the oracle")
        pages = [page for district in districts for viewer in district.viewers for page in pages_of(viewer)]
        async with running_gateway(settings.changed(folder=oracle_folder), 1, certificates) as gateway:
            oracle = await ask_oracle(browser, gateway.url, pages, numbers)
        again = settings.changed(folder=oracle_folder / "again")
        again.folder.mkdir()
        newcomer = districts[-1] if len(districts) >= MIN_DISTRICTS_FOR_NEWCOMER else None
        first = [district for district in districts if district is not newcomer]
        settings = settings.changed(
            districts=[district.description for district in first], redis=redis.url if redis else None
        )
        tally = Tally(oracle, numbers, options.evidence)
        say(f"starting the fleet: {options.workers} workers")
        gateway = await stack.enter_async_context(running_gateway(settings, options.workers, certificates))
        people = sum(len(district.viewers) for district in first)
        morning = Morning(browser, gateway.url, people / options.pages_per_second, tally.add)
        stage = Stage(
            gateway=gateway,
            settings=settings,
            districts=first,
            newcomer=newcomer,
            redis=redis,
            certificates=certificates,
            browser=browser,
            morning=morning,
            tally=tally,
            client=client,
            seconds=60 * options.minutes / (len(SCRIPT) * 1.5 + 2),
            workers=options.workers,
        )
        result = await _morning(stage, districts, options, say)
        if changed := [page for page in pages if page.viewer.district in tally.changed_districts]:
            say("asking the oracle again")
            async with running_gateway(again, 1, certificates) as other:
                tally.finish(await ask_oracle(browser, other.url, changed, numbers))
        return result


async def _morning(
    stage: Stage, districts: list[District], options: Options, say: Callable[[str], None]
) -> Result:
    """The morning with its troubles, and a quiet time after each."""
    calls = await vendor_calls(stage.client, districts)
    began_at = now()
    memory: list[MemorySample] = []
    processors: dict[int, ProcessorTimes] = {}
    watching = asyncio.create_task(_watch_memory(stage, began_at, memory, processors))
    stage.morning.add([viewer for district in stage.districts for viewer in district.viewers])
    try:
        await stage.last(1.5)
        for trouble in SCRIPT:
            say(f"trouble: {trouble.name}")
            stage.morning.trouble = trouble.name
            async with trouble.happen(stage):
                await stage.last()
            stage.morning.trouble = f"after: {trouble.name}"
            await stage.last(0.5)
        await stage.last(0.5)
    finally:
        await stage.morning.end()
        watching.cancel()
    after = await vendor_calls(stage.client, districts)
    if (waited := waiting_share(processors.values())) is not None:
        stage.notes.append(
            f"the fleet waited for a processor in {waited:.0%} of the time in which it had work; "
            "above a half, its times are those of a machine that is too busy"
        )
    return Result(
        options={name: value for name, value in vars(options).items() if name != "evidence"},
        districts=[district.description["plan"] for district in districts],
        tally=stage.tally,
        calls={name: after[name] - calls[name] for name in after},
        memory=memory,
        seconds=now() - began_at,
        notes=stage.notes,
        failures=stage.failures,
        has_redis=stage.redis is not None,
    )


async def _watch_memory(
    stage: Stage, began_at: float, memory: list[MemorySample], processors: dict[int, ProcessorTimes]
) -> None:
    """Measure the memory of the fleet from time to time, and what its processes have of the processors."""
    while True:
        with contextlib.suppress(SettingsError):
            used = await stage.gateway.memory()
            memory.append(MemorySample(now() - began_at, *used, stage.morning.trouble))
            processors |= await stage.gateway.processor_times()
        await asyncio.sleep(MEMORY_SECONDS)


async def _sign_in(
    client: httpx.AsyncClient, districts: list[District], issuers: Mapping[str, str]
) -> dict[str, str]:
    """Sign all people in, and return their tokens by name."""
    tokens = {}
    for district in districts:
        for viewer in district.viewers:
            claims = {"district": viewer.district, "role": viewer.role, viewer.claim: viewer.number}
            tokens[viewer.name] = await sign_in(client, issuers[district.id], viewer.name, claims)
    return tokens
