"""
`python -m benchmarks.fleet.large`: one large district on Ed-Fi and Canvas, on one gateway of one process.

It opens the morning's pages of a parent, a teacher, a principal and a superintendent, each until nothing is
missing, and once more. It prints seconds, vendor calls and memory. It compares each page with that of a second
gateway, and with the students that its viewer may see by the district's facts. It compares the schools of
the superintendent's page with what follows from the facts of the sandbox alone.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.fleet.facts import wrong_schools
from student_graph.gateway.demo.rehearsal.fleet import Gateway, running_gateway
from student_graph.gateway.demo.rehearsal.load import Browser
from student_graph.gateway.demo.rehearsal.pages import Page, pages_of
from student_graph.gateway.demo.rehearsal.processes import module_process, read_line, vendors
from student_graph.gateway.demo.rehearsal.settings import FleetSettings, make_secrets
from student_graph.gateway.demo.rehearsal.sign_in import require_package, sign_in
from student_graph.gateway.demo.rehearsal.stage import District, vendor_calls
from student_graph.gateway.demo.rehearsal.vendors.certificates import write_certificates
from student_graph.gateway.demo.rehearsal.vendors.district import Viewer, build_district
from student_graph.gateway.demo.rehearsal.vendors.plan import (
    MAX_STUDENTS,
    MIN_STUDENTS,
    DistrictPlan,
    plan_districts,
)
from student_graph.gateway.demo.rehearsal.verdicts.judge import Verdict, foreign, has_trouble, judge

ROLES = ("parent", "teacher", "principal", "superintendent")
"""One viewer of each opens pages, in this order."""
COMPARED_WITH_FACTS = "10-schools-compared"
MAX_ATTEMPTS = 40
"""Maximum number of attempts to open a page that is incomplete because it takes longer than a request may."""
PAUSE_SECONDS = 2.0
"""Time between two attempts; reads of the vendors go on."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The cost of opening a page."""

    seconds: float
    """Until the first answer."""
    complete_seconds: float
    """Until nothing was missing, with the pauses between attempts."""
    attempts: int
    """How many times it was opened until nothing was missing."""
    calls: int
    """Vendor calls of all attempts."""
    seen: dict[str, Any]
    """The last page."""
    text: str
    status: int

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing."""
        return _is_complete(self.status, self.seen)

    @property
    def age(self) -> float:
        """Seconds since the oldest answer of a source was read; what is no longer fresh is marked as stale."""
        sources = self.seen.get("extensions", {}).get("sources", {})
        return max((source["age"] for source in sources.values()), default=0.0)


@dataclass(frozen=True, slots=True)
class Stage:
    """A district with its vendors and its people."""

    plan: DistrictPlan
    district: District
    browser: Browser
    client: httpx.AsyncClient
    settings: FleetSettings
    certificates: Path
    built_seconds: float
    own_requests: list[int] = field(default_factory=lambda: [0])
    """Number of requests for the vendors' counts, because vendors count these requests too."""

    def viewers(self) -> list[Viewer]:
        """The first viewer of each role."""
        by_role = {viewer.role: viewer for viewer in reversed(self.district.viewers)}
        return [by_role[role] for role in ROLES if role in by_role]

    async def calls(self) -> int:
        """Requests that the vendors have received so far, without requests for this number."""
        requests = (await vendor_calls(self.client, [self.district]))[self.district.id]
        self.own_requests[0] += len(self.district.controls)
        return requests - self.own_requests[0]

    async def open(self, gateway: Gateway, page: Page, attempts: int = MAX_ATTEMPTS) -> Opened:
        """Open a page until nothing is missing."""
        calls, first_seconds, began_at = await self.calls(), 0.0, time.monotonic()
        for attempt in range(1, attempts + 1):
            answer = await self.browser.open(gateway.url, page)
            first_seconds = first_seconds or answer.seconds
            seen = json.loads(answer.text) if answer.text.startswith("{") else {}
            if _is_complete(answer.status, seen) or attempt == attempts:
                break
            await asyncio.sleep(PAUSE_SECONDS)
        seconds = time.monotonic() - began_at
        calls = await self.calls() - calls
        return Opened(first_seconds, seconds, attempt, calls, seen, answer.text, answer.status)


def _is_complete(status: int, seen: dict[str, Any]) -> bool:
    return status == 200 and not has_trouble(seen)


@contextlib.asynccontextmanager
async def stage(students: int, memory_mib: int | None) -> AsyncIterator[Stage]:
    """
    Build a district and start its vendors, in a process of their own.

    Raises:
        SettingsError: a process did not start, or the package with the sign-in server is missing.
    """
    require_package()
    plans = plan_districts(1, 1, largest=students)
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="student-graph-large-")))
        certificates = folder / "certificates"
        certificates.mkdir()
        write_certificates(certificates)
        began_at = time.monotonic()
        [description] = stack.enter_context(vendors(plans, 1, certificates))
        built_seconds = time.monotonic() - began_at
        district = District.of(description)
        [issuer] = read_line(stack.enter_context(module_process("sign_in", "1")))
        client = await stack.enter_async_context(httpx.AsyncClient(timeout=60.0, trust_env=False))
        tokens = {}
        for viewer in district.viewers:
            claims = {"district": viewer.district, "role": viewer.role, viewer.claim: viewer.number}
            tokens[viewer.name] = await sign_in(client, issuer, viewer.name, claims)
        browser = Browser(tokens)
        stack.push_async_callback(browser.close)
        settings = FleetSettings(
            folder=folder,
            districts=[description],
            issuers={district.id: issuer},
            secrets=make_secrets(plans),
            extra="" if memory_mib is None else f"[cache]\nmemory = {memory_mib}",
        )
        yield Stage(plans[0], district, browser, client, settings, certificates, built_seconds)


async def measure(students: int, memory_mib: int | None) -> int:
    """
    Print the cost of the pages.

    Returns how many were incomplete, showed foreign students, or differed from another gateway's.
    """
    async with stage(students, memory_mib) as of:
        print(f"{students:,} students, built and served after {of.built_seconds:.0f} s\n", flush=True)
        print(
            "| page | first answer, s | opened until whole | whole, s | oldest, s | vendor calls | again, s "
            "| calls | memory, MiB | |"
        )
        print("|---|--:|--:|--:|--:|--:|--:|--:|--:|---|")
        opened: dict[Page, Opened] = {}
        bad = 0
        async with running_gateway(of.settings, 1, of.certificates) as gateway:
            idle = (await gateway.memory()).resident
            for page in [page for viewer in of.viewers() for page in pages_of(viewer)]:
                first = opened[page] = await of.open(gateway, page)
                again = await of.open(gateway, page, attempts=1)
                leak = foreign(first.text, page.viewer, of.district.number)
                bad += not first.is_complete or bool(leak)
                print(_row(page, first, again, (await gateway.memory()).resident, leak), flush=True)
            print(f"\nMemory: {idle:.0f} MiB idle, {(await gateway.memory()).resident:.0f} MiB after all pages.")
            for name, cache in (await gateway.report("/health/memory")).items():
                print(f"{name}: {cache['bytes'] / 2**20:.1f} of {cache['maxBytes'] / 2**20:.0f} MiB", flush=True)
        return bad + await _compare(of, opened) + _compare_with_facts(of, opened)


def _row(page: Page, first: Opened, again: Opened, memory: float, leak: str) -> str:
    """A row of the table."""
    says = leak or _reasons(first)
    cells = (
        f"{page.viewer.role}, {page.document}",
        f"{first.seconds:.1f}",
        first.attempts,
        f"{first.complete_seconds:.1f}",
        f"{first.age:.0f}",
        first.calls,
        f"{again.seconds:.2f}",
        again.calls,
        f"{memory:.0f}",
        says,
    )
    return f"| {' | '.join(map(str, cells))} |"


async def _compare(of: Stage, opened: dict[Page, Opened]) -> int:
    """Compare the pages with those of another gateway, in another order; returns how many differ."""
    other = of.settings.changed(folder=of.settings.folder / "other")
    other.folder.mkdir()
    differing = 0
    async with running_gateway(other, 1, of.certificates) as gateway:
        for page, first in reversed(opened.items()):
            expected = await of.open(gateway, page)
            verdict = judge(expected.seen, first.seen)
            if verdict.verdict not in {Verdict.COMPLETE, Verdict.STALE} or not expected.is_complete:
                differing += 1
                print(f"{page.viewer.role}, {page.document}: {verdict.verdict.value} {verdict.detail}")
    print(f"{len(opened) - differing} of {len(opened)} pages are those of another gateway.")
    return differing


def _compare_with_facts(of: Stage, opened: dict[Page, Opened]) -> int:
    """Compare the schools with what follows from the facts of the sandbox; returns how many differ."""
    pages = [seen for page, seen in opened.items() if page.document == COMPARED_WITH_FACTS and seen.is_complete]
    if not pages:
        return 0
    wrong, count = wrong_schools(build_district(of.plan).demo.facts, of.plan, pages[0].seen)
    print(f"{count - len(wrong)} of {count} schools have the numbers that follow from the facts of the sandbox.")
    return len(wrong)


def _reasons(opened: Opened) -> str:
    """What a page says about the parts that it lacks."""
    errors: Sequence[dict[str, Any]] = opened.seen.get("errors", ())
    codes = {str(error.get("extensions", {}).get("code")) for error in errors}
    codes |= {f"degraded: {part['code']}" for part in opened.seen.get("extensions", {}).get("degraded", ())}
    return ", ".join(sorted(codes)) or ("" if opened.status == 200 else f"status {opened.status}")


def main() -> None:
    """Measure, with exit status 1 if a page was not as it should be."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet.large", description=__doc__)
    parser.add_argument(
        "--students", type=int, default=MAX_STUDENTS, help=f"of the district, at least {MIN_STUDENTS}"
    )
    parser.add_argument("--memory", type=int, help="`cache.memory` of the gateway in MiB; its default if left out")
    options = parser.parse_args()
    raise SystemExit(1 if asyncio.run(measure(options.students, options.memory)) else 0)


if __name__ == "__main__":
    main()
