"""
`python -m tests.attacks.mixed_load`: an hour of mixed load, and the memory of the gateway by minute.

Each request has another document, other variables and a purpose of its own, and comes from one of thousands of
viewers; a vendor goes down and comes back all the time. Goal: the memory is level after minute five, and no
response has the status 500 or the code `INTERNAL`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.attacks.client import Attackers
from tests.attacks.gateway import AttackedGateway, attacked_gateway
from tests.attacks.plot import line_plot

DISTINCT_DOCUMENTS = 20_000
"""Documents, purposes and viewers, each of them: far more than the gateway remembers."""
CONNECTIONS = 6
REQUESTS_PER_SECOND = 20.0
"""Together, so that the gateway is busy and not overloaded."""
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
        self._load = Attackers(gateway, "mixed", minutes * 60)
        self._random = random.Random(1)  # noqa: S311 - not for security
        self._students = [student.id for student in gateway.facts.students]
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
        """Send requests until the time is over, and read the figures each minute."""
        tasks = [asyncio.create_task(self._send()) for _ in range(CONNECTIONS)]
        tasks.append(asyncio.create_task(self._flap()))
        try:
            await self._observe()
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await self._load.close()

    async def _send(self) -> None:
        while self._load.goes_on:
            started = time.monotonic()
            number = self._random.randrange(DISTINCT_DOCUMENTS)
            viewer = self._random.randrange(DISTINCT_DOCUMENTS)
            purpose = {"Student-Graph-Purpose": f"purpose {self._random.randrange(DISTINCT_DOCUMENTS)}"}
            variables = {"n": self._random.choice(self._students)}
            await self._load.post(_document(number), variables, viewer=viewer, headers=purpose)
            pause = CONNECTIONS / REQUESTS_PER_SECOND - (time.monotonic() - started)
            await asyncio.sleep(max(0.0, pause))

    async def _flap(self) -> None:
        """Switch the LMS off and on again."""
        switches = self._gateway.sandboxes["canvas"].switches
        while self._load.goes_on:
            switches.down = False
            await asyncio.sleep(min(UP_SECONDS, self._load.remaining_seconds))
            switches.down = True
            await asyncio.sleep(min(DOWN_SECONDS, self._load.remaining_seconds))

    async def _observe(self) -> None:
        before, requests = self._gateway.figures(), 0
        while self._load.goes_on:
            await asyncio.sleep(min(60.0, self._load.remaining_seconds))
            figures, sent = self._gateway.figures(), sum(self._load.replies.values())
            cached_mib = await asyncio.to_thread(self._gateway.cached_mib)
            self.minutes.append(
                Minute(
                    minute=len(self.minutes) + 1,
                    resident_mib=round(figures.resident_mib, 2),
                    requests=sent - requests,
                    cpu_percent=round((figures.cpu_seconds - before.cpu_seconds) / 0.6, 1),
                    open_files=figures.open_files,
                    log_bytes=figures.log_bytes,
                    cached_mib=cached_mib,
                )
            )
            before, requests = figures, sent
            print(_row(self.minutes[-1]), flush=True)


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
        ("minute", "MiB", "caches", "other", "requests", "cpu %", "files", "log B")
        if minute is None
        else (
            minute.minute,
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
    """Run the load, print the figures, and write them to `soak.json` and `soak.svg`."""
    parser = argparse.ArgumentParser(prog="python -m tests.attacks.mixed_load", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="how long the load lasts (default: 60)")
    parser.add_argument("--output", type=Path, default=Path("soak"), help="path of the files without their suffix")
    options = parser.parse_args()
    print(_row(None))
    with tempfile.TemporaryDirectory() as folder, attacked_gateway(Path(folder), []) as gateway:
        load = MixedLoad(gateway, options.minutes)
        asyncio.run(load.run())
    growth = growth_percent([minute.resident_mib for minute in load.minutes])
    other_growth = growth_percent([minute.other_mib for minute in load.minutes])
    failures = load.replies["500"] + load.internal_errors
    results = {
        "growth_percent": growth,
        "growth_outside_caches_percent": other_growth,
        "internal_errors": failures,
        "replies": dict(load.replies),
        "minutes": [asdict(minute) for minute in load.minutes],
    }
    options.output.with_suffix(".json").write_text(json.dumps(results, indent=1), encoding="utf-8")
    plot = line_plot([minute.resident_mib for minute in load.minutes], "minute", "resident memory in MiB")
    options.output.with_suffix(".svg").write_text(plot, encoding="utf-8")
    print(f"answers by status: {dict(load.replies)}, {failures} with status 500 or the code INTERNAL")
    if growth is None:
        print(f"growth: not measured; it needs {WARM_UP_MINUTES + 2 * ROWS_FOR_A_LEVEL} minutes")
    else:
        print(f"growth after minute {WARM_UP_MINUTES}: {growth:+.2f} %, the goal is {MAX_GROWTH_PERCENT:g} %")
        print(f"growth of what is in no cache: {other_growth:+.2f} %")
    return 1 if failures or (growth or 0.0) > MAX_GROWTH_PERCENT else 0


if __name__ == "__main__":
    sys.exit(main())
