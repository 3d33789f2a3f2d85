"""
`python -m tests.attacks.mixed_load`: an hour of mixed load, and the memory of the gateway by minute.

Each request has another document, other variables and a purpose of its own, and comes from one of thousands of
viewers; a vendor goes down and comes back all the time. Goal: the memory is level after minute five, and no
response has the status 500 or the code `INTERNAL`.

A minute is so many requests: on a machine that is too slow for them it takes longer than 60 seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import random
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.attacks.client import Attackers
from tests.attacks.gateway import AttackedGateway, attacked_gateway
from tests.attacks.plot import line_plot

DISTINCT_DOCUMENTS = 20_000
"""Documents, purposes and viewers, each of them: far more than the gateway remembers. All are used in turn."""
CONNECTIONS = 6
REQUESTS_PER_SECOND = 20.0
"""Together, so that the gateway is busy and not overloaded."""
SECONDS_BETWEEN_LOOKS = 1.0
"""Time between two looks whether a minute is over."""
WARM_UP_MINUTES = 5
MAX_GROWTH_PERCENT = 1.0
"""Goal: how much larger the memory is at the end than after the warm-up."""
UP_SECONDS, DOWN_SECONDS = 20.0, 10.0
"""How long the flapping vendor answers, and how long it does not."""
ROWS_FOR_A_LEVEL = 5
"""Minutes over which the memory is averaged at the beginning and at the end."""
FIELDS = (
    "gradeLevel",
    "name { firstName lastName }",
    "courseGrades { courseName letter numeric }",
    "attendanceEvents { totalCount }",
    "assignments { title status score }",
    "enrollments { entryDate school { name } }",
    "assessments { administrationDate }",
    "provenance { source fetchedAt stale }",
)


@dataclass(frozen=True)
class Minute:
    """The figures of one minute."""

    minute: int
    resident_mib: float
    seconds: float
    """How long it took: more than 60 if the machine was too slow."""
    requests: int
    cpu_percent: float
    """Processor time of the gateway in percent of the minute."""
    open_files: int
    log_bytes: int
    cached_mib: dict[str, float]
    """What each cache takes by its own account: each has a bound, and may take long to be full."""

    @property
    def other_mib(self) -> float:
        """Memory that is in no cache."""
        return self.resident_mib - self.cached_mib["total"]


class MixedLoad:
    """The load, and what was answered."""

    def __init__(self, gateway: AttackedGateway, minutes: float) -> None:
        self._gateway = gateway
        self._load = Attackers(gateway, "mixed", math.inf)
        self._max_minutes = math.ceil(minutes)
        self._seconds = 60 * minutes / max(1, self._max_minutes)
        """Length of a minute at least: shorter if the load lasts for a part of one."""
        self._random = random.Random(1)  # noqa: S311 - not for security
        self._students = [student.id for student in gateway.facts.students]
        self._documents, self._viewers, self._purposes = (self._numbers() for _ in range(3))
        self.distinct: dict[str, set[int]] = {"documents": set(), "viewers": set(), "purposes": set()}
        """What was sent so far, by number."""
        self.minutes: list[Minute] = []

    @property
    def replies(self) -> Counter[str]:
        """Number of responses by HTTP status."""
        return self._load.replies

    @property
    def internal_errors(self) -> int:
        """Responses with the code `INTERNAL`."""
        return self._load.internal_errors

    async def run(self) -> None:
        """Send requests until the last minute is over, and read the figures each minute."""
        tasks = [asyncio.create_task(self._send()) for _ in range(CONNECTIONS)]
        tasks.append(asyncio.create_task(self._flap()))
        try:
            await self._observe(tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._load.close()

    def _numbers(self) -> Iterator[int]:
        """All numbers below `DISTINCT_DOCUMENTS` in a random order, and then again in another one."""
        while True:
            yield from self._random.sample(range(DISTINCT_DOCUMENTS), DISTINCT_DOCUMENTS)

    async def _send(self) -> None:
        while True:
            started = time.monotonic()
            document, viewer, purpose = next(self._documents), next(self._viewers), next(self._purposes)
            headers = {"Student-Graph-Purpose": f"purpose {purpose}"}
            variables = {"n": self._random.choice(self._students)}
            await self._load.post(_document(document), variables, viewer=viewer, headers=headers)
            for name, number in zip(self.distinct, (document, viewer, purpose), strict=True):
                self.distinct[name].add(number)
            pause = CONNECTIONS / REQUESTS_PER_SECOND - (time.monotonic() - started)
            await asyncio.sleep(max(0.0, pause))

    async def _flap(self) -> None:
        """Switch the LMS off and on again."""
        while True:
            for down, seconds in ((False, UP_SECONDS), (True, DOWN_SECONDS)):
                await asyncio.to_thread(self._gateway.vendors.switch, "canvas", down=down)
                await asyncio.sleep(seconds)

    async def _observe(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        """Read the figures at the end of each minute; raises what a task raised."""
        before, requests = self._gateway.figures(), 0
        while len(self.minutes) < self._max_minutes:
            started = time.monotonic()
            while not self._is_over(time.monotonic() - started, sum(self._load.replies.values()) - requests):
                await asyncio.sleep(min(SECONDS_BETWEEN_LOOKS, self._seconds))
                for task in tasks:
                    if task.done():
                        task.result()
            seconds = time.monotonic() - started
            figures, sent = self._gateway.figures(), sum(self._load.replies.values())
            cached_mib = await asyncio.to_thread(self._gateway.cached_mib)
            self.minutes.append(
                Minute(
                    minute=len(self.minutes) + 1,
                    resident_mib=round(figures.resident_mib, 2),
                    seconds=round(seconds, 1),
                    requests=sent - requests,
                    cpu_percent=round(100 * (figures.cpu_seconds - before.cpu_seconds) / seconds, 1),
                    open_files=figures.open_files,
                    log_bytes=figures.log_bytes,
                    cached_mib=cached_mib,
                )
            )
            before, requests = figures, sent
            print(_row(self.minutes[-1]), flush=True)

    def _is_over(self, seconds: float, requests: int) -> bool:
        """Whether a minute is over that began so many seconds and requests ago."""
        # Pauses between requests cannot make up for slow ones: a little less than the rate is enough.
        return seconds >= self._seconds and requests >= 0.9 * self._seconds * REQUESTS_PER_SECOND


def _document(number: int) -> str:
    """The document of a number: some of the fields, some of them with an alias of its own."""
    generator = random.Random(number)  # noqa: S311 - not for security
    fields = generator.sample(FIELDS, generator.randint(2, len(FIELDS)))
    selection = " ".join(f"a{number}_{n}: {field}" if n % 2 else field for n, field in enumerate(fields))
    if generator.random() < 0.2:
        first = generator.randint(1, 20)
        students = f"students(filter: {{}}, first: {first})"
        return f"query M{number} {{ {students} {{ edges {{ node {{ {selection} }} }} }} }}"
    return f"query M{number} ($n: String!) {{ student(studentUniqueId: $n) {{ {selection} }} }}"


def _row(minute: Minute | None) -> str:
    cells = (
        ("minute", "seconds", "MiB", "caches", "other", "requests", "cpu %", "files", "log B")
        if minute is None
        else (
            minute.minute,
            f"{minute.seconds:.0f}",
            f"{minute.resident_mib:.1f}",
            f"{minute.cached_mib['total']:.1f}",
            f"{minute.other_mib:.1f}",
            minute.requests,
            f"{minute.cpu_percent:.0f}",
            minute.open_files,
            minute.log_bytes,
        )
    )
    return "  ".join(str(cell).rjust(9) for cell in cells)


def growth_percent(values: Sequence[float]) -> float | None:
    """
    How much larger the memory of the last minutes is than after the warm-up, in percent; None after a shorter run.

    `values` has one for each minute. Both are means: a garbage collection or a large answer moves one value.
    """
    level = values[WARM_UP_MINUTES:]
    if len(level) < 2 * ROWS_FOR_A_LEVEL:
        return None
    first, last = statistics.mean(level[:ROWS_FOR_A_LEVEL]), statistics.mean(level[-ROWS_FOR_A_LEVEL:])
    return 100 * (last / first - 1)


def main() -> int:
    """Run the load, print the figures, and write them to `soak.json` and `soak.svg`, also when interrupted."""
    parser = argparse.ArgumentParser(prog="python -m tests.attacks.mixed_load", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="how long the load lasts (default: 60)")
    parser.add_argument("--output", type=Path, default=Path("soak"), help="path of the files without their suffix")
    options = parser.parse_args()
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # a shell lets what runs behind it ignore interruptions
    print(_row(None))
    with tempfile.TemporaryDirectory() as folder, attacked_gateway(Path(folder), []) as gateway:
        load = MixedLoad(gateway, options.minutes)
        try:
            asyncio.run(load.run())
        except KeyboardInterrupt:
            print(f"interrupted in minute {len(load.minutes) + 1}")
    return report(load, options.output)


def report(load: MixedLoad, output: Path) -> int:
    """Print what a load did, write it to files with this path, and return 1 if it missed a goal, else 0."""
    growth = growth_percent([minute.resident_mib for minute in load.minutes])
    other_growth = growth_percent([minute.other_mib for minute in load.minutes])
    failures = load.replies["500"] + load.internal_errors
    results = {
        "growth_percent": growth,
        "growth_outside_caches_percent": other_growth,
        "internal_errors": failures,
        "replies": dict(load.replies),
        "distinct": {name: len(numbers) for name, numbers in load.distinct.items()},
        "minutes": [asdict(minute) for minute in load.minutes],
    }
    output.with_suffix(".json").write_text(json.dumps(results, indent=1), encoding="utf-8")
    plot = line_plot([minute.resident_mib for minute in load.minutes], "minute", "resident memory in MiB")
    output.with_suffix(".svg").write_text(plot, encoding="utf-8")
    print(", ".join(f"{len(numbers)} {name}" for name, numbers in load.distinct.items()))
    print(f"answers by status: {dict(load.replies)}, {failures} with status 500 or the code INTERNAL")
    if growth is None:
        print(f"growth: not measured; it needs {WARM_UP_MINUTES + 2 * ROWS_FOR_A_LEVEL} minutes")
    else:
        print(f"growth after minute {WARM_UP_MINUTES}: {growth:+.2f} %, the goal is {MAX_GROWTH_PERCENT:g} %")
        print(f"growth of what is in no cache: {other_growth:+.2f} %")
    return 1 if failures or (growth or 0.0) > MAX_GROWTH_PERCENT else 0


if __name__ == "__main__":
    sys.exit(main())
