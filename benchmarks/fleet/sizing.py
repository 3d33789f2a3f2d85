"""
`python -m benchmarks.fleet.sizing`: how large a fleet must be, from measured figures and by simulation.

The figures are those of `benchmarks/results.json`. Assumptions about schools are options. Each worker is a
separate queue: a connection stays with its worker, so a page waits for the pages that came to that worker before.
"""

from __future__ import annotations

import argparse
import json
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.support.figures import RESULTS_FILE

MAX_PAGE_SECONDS = 0.3
"""Goal: 99 of 100 pages within it."""
SIMULATED_PAGES = 60_000
"""Pages of one simulation. The same number of pages comes before, to fill the queues."""
CORE_COUNTS = (1, 2, 4, 8, 16, 32, 64)
RELOAD_SECONDS = 40.0
"""Mean time until a person reloads a page, as in the benchmark `day`."""
STUDENT_MIB = 0.15
"""Memory of a student whose pages were opened today, as `docs/caching.md` explains."""
WORKER_MIB = 120
"""Memory of an idle worker with eighteen districts: the goal of the benchmark `fleet`."""
ANSWERS_SHARE = 11 / 16
"""Share of `cache.memory` that is for answers; the rest is for responses and tables."""
BESIDE_MIB = 88
"""Bounds of what each worker keeps beside `cache.memory`: reaches, documents, plans, rows and tokens."""
COMPUTED_MIB = 44
"""
Memory of caches that are bounded by number: 24,000 measures and 20,000 translated records of about a kilobyte.
"""
FILES_MIB, SUPERVISOR_MIB = 40, 25
"""Libraries of a worker with districts that are read from files, and the supervisor of several workers."""
VENDOR_SECONDS, VENDOR_AT_ONCE = 0.04, 32
"""Time of a vendor call in the benchmark `day`, and the calls at once that an adapter sends by default."""
WARMED_STUDENTS = 1_500
"""Students of the district whose warm-up the benchmark `day` counts."""
RECORD_BYTES = 2_400
"""Bytes that a list of 50 students adds to the record of disclosures; a page of one student adds 900."""
SECONDS_IN_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured."""

    page_seconds: float
    """Processor time of a page, in a school morning with a warm cache."""
    vendor_calls: float
    """Vendor calls of such a page."""
    warm_calls: float
    """Vendor calls of the warm-up before it."""
    gain: float
    """
    Responses of two workers, divided by those of one, for each second of the busier worker; 2 would be perfect.
    """

    @classmethod
    def read(cls) -> Figures:
        """
        The saved figures.

        Raises:
            KeyError: a benchmark was not run.
        """
        rows = json.loads(RESULTS_FILE.read_text(encoding="utf-8"))["rows"]
        values = {(row["bench"], row["case"], row["metric"]): float(row["value"]) for row in rows}
        morning = ("day", "morning, gateway")
        return cls(
            values[*morning, "processor time a page"] / 1000,
            values[*morning, "vendor calls a page"],
            values[*morning, "vendor calls of the warm-up"],
            values.get(("fleet", "mixed pages", "two workers, compared with one"), 1.8),
        )

    @property
    def worker_seconds(self) -> float:
        """Processor time of a page in one of several workers, including what they do for each other."""
        return self.page_seconds * 2 / self.gain


@dataclass(frozen=True, slots=True)
class Fleet:
    """What is assumed about the schools of a fleet."""

    districts: int = 18
    students: int = 100_000
    """Of each district."""
    per_teacher: float = 16.0
    """Students for each teacher."""
    active: float = 0.3
    """Share of the teachers who look at pages in the busiest minutes."""
    opened: float = 0.3
    """Share of the students whose pages are opened in a day."""
    pages_a_day: float = 40.0
    """Pages that a teacher opens in a day."""

    @property
    def pages_per_second(self) -> float:
        """Pages in a second of the busiest minutes, of all districts."""
        return self.districts * self.students / self.per_teacher * self.active / RELOAD_SECONDS


def response_seconds(page_seconds: float, cores: int, pages_per_second: float) -> Sequence[float]:
    """
    Simulate the responses of a fleet with a worker for each core, sorted.

    Pages come at random times, to a random worker. Their durations are exponentially distributed with this mean,
    so some take several times as long.
    """
    rng = random.Random(19)  # noqa: S311 - a simulation, the same each time
    free_at = [0.0] * cores
    now, responses = 0.0, []
    for page in range(2 * SIMULATED_PAGES):
        now += rng.expovariate(pages_per_second)
        worker = rng.randrange(cores)
        free_at[worker] = max(free_at[worker], now) + rng.expovariate(1 / page_seconds)
        if page >= SIMULATED_PAGES:
            responses.append(free_at[worker] - now)
    return sorted(responses)


def p99(page_seconds: float, cores: int, pages_per_second: float) -> float:
    """
    Seconds within which 99 of 100 simulated pages are answered; infinite if more pages come than can be answered.
    """
    if pages_per_second * page_seconds >= cores:
        return math.inf
    responses = response_seconds(page_seconds, cores, pages_per_second)
    return responses[int(0.99 * len(responses))]


def capacity(page_seconds: float, cores: int) -> float:
    """The highest number of pages per second at which 99 of 100 meet the goal, by bisection of the simulation."""
    low, high = 0.0, cores / page_seconds
    for _ in range(8):
        middle = (low + high) / 2
        low, high = (middle, high) if p99(page_seconds, cores, middle) <= MAX_PAGE_SECONDS else (low, middle)
    return low


def tables(figures: Figures, fleet: Fleet, cores: int) -> Iterator[str]:
    """The lines that are printed."""
    per_core = fleet.per_teacher / fleet.active * RELOAD_SECONDS
    yield f"A page takes {figures.worker_seconds * 1000:.1f} ms of processor time in one of several workers."
    yield ""
    yield "| cores | pages a second | p99 | busy | students |"
    yield "|---|---|---|---|---|"
    one_core = capacity(figures.worker_seconds, 1)
    for count in CORE_COUNTS:
        pages = one_core * count  # workers share no queue
        yield (
            f"| {count} | {pages:,.0f} | {_milliseconds(p99(figures.worker_seconds, count, pages))} | "
            f"{pages * figures.worker_seconds / count:.0%} | {_rounded(pages * per_core):,} |"
        )
    yield ""
    yield f"| {fleet.districts} districts of {fleet.students:,} students | |"
    yield "|---|---|"
    for name, value in _fleet_lines(figures, fleet, cores).items():
        yield f"| {name} | {value} |"


def worker_lines(workers: int, memory: int, districts: int) -> Iterator[str]:
    """How much memory one gateway takes by its bounds, without the memory of running operations."""
    one_worker = WORKER_MIB + memory / workers + BESIDE_MIB + COMPUTED_MIB + FILES_MIB
    total = one_worker * workers + (SUPERVISOR_MIB if workers > 1 else 0)
    yield f"| a gateway with {workers} workers, {districts} districts and `cache.memory = {memory}` | MiB |"
    yield "|---|---|"
    yield f"| a worker that is idle | {WORKER_MIB} |"
    yield f"| its part of `cache.memory`: answers, responses and tables | {memory / workers:.0f} |"
    yield f"| reaches, documents, plans, rows and tokens | {BESIDE_MIB} |"
    yield f"| measures and translated records | {COMPUTED_MIB} |"
    yield f"| libraries for districts that are read from files | {FILES_MIB} |"
    yield f"| a worker, when all of it is full | {one_worker:.0f} |"
    yield f"| the gateway, with its supervisor | {total:,.0f} |"
    yield f"| students whose pages it holds for a day | {memory * ANSWERS_SHARE / STUDENT_MIB:,.0f} |"


def _fleet_lines(figures: Figures, fleet: Fleet, cores: int) -> Mapping[str, str]:
    pages = fleet.pages_per_second
    students = fleet.districts * fleet.students
    left = cores * 3 // 4
    record = students / fleet.per_teacher * fleet.pages_a_day * RECORD_BYTES
    calls = pages * figures.vendor_calls / fleet.districts
    warm = figures.warm_calls * fleet.students / WARMED_STUDENTS
    vendor_rate = VENDOR_AT_ONCE / VENDOR_SECONDS
    return {
        "pages a second in the busiest minutes": f"{pages:,.0f}",
        "processors that work then": f"{pages * figures.worker_seconds:.0f}",
        f"p99 with {cores} cores": _milliseconds(p99(figures.worker_seconds, cores, pages)),
        f"p99 with {left} of them, after a machine of four has failed": _milliseconds(
            p99(figures.worker_seconds, left, pages)
        ),
        "the same if all teachers look at pages": _milliseconds(
            p99(figures.worker_seconds, cores, pages / fleet.active)
        ),
        "memory of cached answers": f"{students * fleet.opened * STUDENT_MIB / 1024:,.0f} GiB",
        "memory of idle workers": f"{cores * WORKER_MIB / 1024:.1f} GiB",
        "the record of disclosures grows in a day by": f"{record / 1e9:.0f} GB",
        "vendor calls a second of a district": f"{calls:.0f}, with {calls * VENDOR_SECONDS:.1f} at once",
        "warm-up of a district": f"{warm:,.0f} calls, {warm / vendor_rate / SECONDS_IN_MINUTE:.0f} minutes with "
        f"{VENDOR_AT_ONCE} at once, or {warm / 1200:,.0f} minutes with 1,200 calls a minute",
    }


def _milliseconds(seconds: float) -> str:
    return "more pages than it can answer" if math.isinf(seconds) else f"{seconds * 1000:.0f} ms"


def _rounded(students: float) -> int:
    """A number rounded to two digits, which are enough."""
    digits = max(int(math.log10(students)) - 1, 0)
    return int(round(students, -digits))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet.sizing", description=__doc__)
    defaults = Fleet()
    parser.add_argument("--districts", type=int, default=defaults.districts, help="districts of the fleet")
    parser.add_argument("--students", type=int, default=defaults.students, help="students of each district")
    parser.add_argument(
        "--per-teacher", type=float, default=defaults.per_teacher, help="students for each teacher"
    )
    parser.add_argument(
        "--active", type=float, default=defaults.active, help="share of teachers who look at pages"
    )
    parser.add_argument("--opened", type=float, default=defaults.opened, help="share of students opened in a day")
    parser.add_argument("--pages-a-day", type=float, default=defaults.pages_a_day, help="pages of a teacher")
    parser.add_argument("--cores", type=int, default=64, help="processors of the fleet")
    parser.add_argument("--workers", type=int, default=2, help="workers of one gateway")
    parser.add_argument("--memory", type=int, default=512, help="`cache.memory` of one gateway in MiB")
    options = vars(parser.parse_args())
    cores, workers, memory = (options.pop(name) for name in ("cores", "workers", "memory"))
    fleet = Fleet(**options)
    print("\n".join(tables(Figures.read(), fleet, cores)))
    print("\n".join(["", *worker_lines(workers, memory, fleet.districts)]))


if __name__ == "__main__":
    main()
