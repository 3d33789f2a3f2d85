"""Runs an attack and measures it: what it cost the gateway, and what the normal viewers got meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from tests.attacks.client import Attackers
from tests.attacks.gateway import DISTRICT, AttackedGateway, Figures
from tests.attacks.normal_viewers import NormalViewers, Sample

MAX_REMAINING_MIB = 32.0
"""Goal: memory that an attack leaves behind."""
MAX_PEAK_MIB = 64.0
"""Goal: memory that an attack takes while it lasts."""
MAX_SLOWDOWN = 2.0
"""Goal: the normal viewers' p99 during the attack, as a multiple of the one without an attack. Reported only."""
MAX_LOG_BYTES = 64 * 1024
"""Most bytes that an attack writes to the gateway's log."""
OVERLOAD_STATUS = "503"
RECOVERY_SECONDS = 30.0
"""How long the memory and the connections of an attack may take to come back."""

Script = Callable[[Attackers], Awaitable[None]]


@dataclass(frozen=True)
class Attack:
    """A way to attack."""

    name: str
    kind: str
    """Slow, flooding, growing, forging or confusing."""
    script: Script
    district: str = DISTRICT
    """District of the attackers; if a vendor attacks, a district of its own."""
    max_request_cpu_ms: float | None = 50.0
    """Goal: processor time of the gateway for one request of the attack; None if it sends no complete requests."""


@dataclass(frozen=True)
class Measurement:
    """What an attack did."""

    name: str
    kind: str
    seconds: float
    cpu_seconds: float
    """Processor time of the gateway, without that for the normal viewers."""
    replies: dict[str, int]
    """What the attackers got: number of responses by HTTP status."""
    largest_body_kib: float
    internal_errors: int
    """Responses with status 500 or the code `INTERNAL`, to attackers or normal viewers."""
    peak_mib: float
    """Growth of the resident memory at its highest."""
    remaining_mib: float
    """Growth of the resident memory after the attack, at most `RECOVERY_SECONDS` later."""
    remaining_files: int
    """Connections and files that are open after the attack and were not before it."""
    log_bytes: int
    record_bytes: int
    """Bytes of the record of disclosures."""
    broken_promises: list[str]
    """What the attackers got or did, and must not."""
    viewer_requests: int
    viewer_refusals: dict[str, int]
    """Their requests that were not answered with status 200, by status; 0 is for no answer."""
    viewer_p99_ms: float
    slowdown: float
    """The normal viewers' p99 as a multiple of that without an attack."""
    longest_wait_ms: float
    """The longest time that a normal viewer waited."""
    viewer_loop_p99_ms: float
    """The p99 of the processor time that the gateway's event loop used while a normal viewer waited."""
    loop_slowdown: float
    """
    `viewer_loop_p99_ms` as a multiple of that without an attack. It is too high, because work that the gateway did
    while a viewer waited for a vendor delayed nobody.
    """

    @property
    def request_cpu_ms(self) -> float:
        """Processor time of the gateway for one response to the attackers; all of it if there was none."""
        return self.cpu_seconds * 1000 / max(1, sum(self.replies.values()))


@dataclass
class Laboratory:
    """A gateway, its normal viewers, and how long they wait when nobody attacks."""

    gateway: AttackedGateway
    viewers: NormalViewers
    quiet: list[Sample] = field(default_factory=list)
    """Responses to the normal viewers when nobody attacked."""
    max_tasks: int = 16
    """How many requests an attack has in flight at most."""
    quiet_cpu_seconds: float = 0.0
    """Processor time of the gateway for them."""
    quiet_loop_seconds: list[float] = field(default_factory=list)
    """Processor time of the event loop for each response to a normal viewer without an attack, since the start."""

    def forget_quiet(self) -> None:
        """Forget how long normal viewers waited without an attack: the machine has become slower or faster."""
        self.quiet.clear()
        self.quiet_cpu_seconds = 0.0

    def observe_quiet(self, seconds: float) -> None:
        """Observe the normal viewers without an attack; the first half of the time fills the caches."""
        time.sleep(seconds / 2)
        before, begin = self.gateway.figures(), time.monotonic()
        time.sleep(seconds / 2)
        samples = self.viewers.between(begin, time.monotonic())
        self.quiet += samples
        self.quiet_loop_seconds += [sample.loop_seconds for sample in samples]
        self.quiet_cpu_seconds += self.gateway.figures().cpu_seconds - before.cpu_seconds

    def run(self, attacks: Sequence[Attack], seconds: float, cut_seconds: float = math.inf) -> Measurement:
        """
        Run attacks one after the other, for so many seconds each, and measure them together.

        An attack that takes longer than `cut_seconds` is cut off: its last requests may wait for a vendor.
        """
        self.gateway.reset_peak()
        before, begin = self.gateway.figures(), time.monotonic()
        groups = asyncio.run(self._attack(attacks, seconds, cut_seconds))
        end = time.monotonic()
        samples = self.viewers.between(begin, end)
        during = self.gateway.figures()
        after = self._recover(before)
        viewers_cpu = len(samples) * self.quiet_cpu_seconds / len(self.quiet)
        refusals = Counter(str(sample.status) for sample in samples if sample.status != 200)
        replies = sum((attackers.replies for attackers in groups), Counter[str]())
        return Measurement(
            name=attacks[0].name if len(attacks) == 1 else f"{len(attacks)} one after the other",
            kind=attacks[0].kind,
            seconds=end - begin,
            cpu_seconds=max(0.0, during.cpu_seconds - before.cpu_seconds - viewers_cpu),
            replies=dict(sorted(replies.items())),
            largest_body_kib=max(attackers.largest_body for attackers in groups) / 1024,
            internal_errors=sum(attackers.internal_errors for attackers in groups)
            + replies["500"]
            + refusals["500"],
            peak_mib=during.peak_mib - before.resident_mib,
            remaining_mib=after.resident_mib - before.resident_mib,
            remaining_files=after.open_files - before.open_files,
            log_bytes=after.log_bytes - before.log_bytes,
            record_bytes=after.record_bytes - before.record_bytes,
            broken_promises=sorted(set().union(*(attackers.broken_promises for attackers in groups))),
            viewer_requests=len(samples),
            viewer_refusals=dict(refusals),
            viewer_p99_ms=_p99_ms(samples),
            slowdown=_p99_ms(samples) / _p99_ms(self.quiet),
            longest_wait_ms=max(sample.seconds for sample in samples) * 1000,
            viewer_loop_p99_ms=_p99([sample.loop_seconds for sample in samples]) * 1000,
            loop_slowdown=_p99([sample.loop_seconds for sample in samples]) / _p99(self.quiet_loop_seconds),
        )

    async def _attack(self, attacks: Sequence[Attack], seconds: float, cut_seconds: float) -> list[Attackers]:
        groups = []
        for attack in attacks:
            attackers = Attackers(self.gateway, attack.name, seconds, self.max_tasks, attack.district)
            groups.append(attackers)
            try:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(None if math.isinf(cut_seconds) else cut_seconds):
                        await attack.script(attackers)
            finally:
                await attackers.close()
        return groups

    def _recover(self, before: Figures) -> Figures:
        """The figures once memory and connections of an attack have come back, or after `RECOVERY_SECONDS`."""
        until = time.monotonic() + RECOVERY_SECONDS
        while True:
            figures = self.gateway.figures()
            is_back = (
                figures.resident_mib - before.resident_mib <= MAX_REMAINING_MIB
                and figures.open_files <= before.open_files + 4
            )
            if is_back or time.monotonic() > until:
                return figures
            time.sleep(0.1)


def _p99_ms(samples: Sequence[Sample]) -> float:
    return _p99([sample.seconds for sample in samples]) * 1000


def _p99(values: Sequence[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.99))]


COLUMNS = (
    "attack", "kind", "requests", "cpu s", "ms each", "peak MiB", "left MiB", "files", "log B", "record B",
    "others", "refused", "p99 x", "cpu x", "longest ms", "answers",
)  # fmt: skip
_WIDTHS = (34, 10, 8, 6, 7, 8, 8, 5, 6, 8, 6, 7, 5, 5, 10, 0)


def table_row(measurement: Measurement | None) -> str:
    """One line of the table; the head of the table for None."""
    if measurement is None:
        cells = COLUMNS
    else:
        replies = Counter(measurement.replies)
        cells = (
            measurement.name,
            measurement.kind,
            str(sum(replies.values())),
            f"{measurement.cpu_seconds:.2f}",
            f"{measurement.request_cpu_ms:.1f}",
            f"{measurement.peak_mib:.1f}",
            f"{measurement.remaining_mib:.1f}",
            str(measurement.remaining_files),
            str(measurement.log_bytes),
            str(measurement.record_bytes),
            str(measurement.viewer_requests),
            str(sum(measurement.viewer_refusals.values())),
            f"{measurement.slowdown:.1f}",
            f"{measurement.loop_slowdown:.1f}",
            f"{measurement.longest_wait_ms:.0f}",
            ", ".join(f"{count} x {status}" for status, count in replies.items()),
        )
    texts = (
        cell.ljust(width) if index < 2 else cell.rjust(width)
        for index, (cell, width) in enumerate(zip(cells, _WIDTHS, strict=True))
    )
    return "  ".join(texts).rstrip()


def goals_line(measurements: Sequence[Measurement]) -> str:
    """The last line of a table: how many of its rows are within the goals for others, and which are not."""
    outside = []
    for measurement in measurements:
        missed = []
        if refused := sum(measurement.viewer_refusals.values()):
            missed.append(f"{refused} refused")
        if measurement.slowdown > MAX_SLOWDOWN:
            missed.append(f"p99 {measurement.slowdown:.1f} x")
        if measurement.remaining_mib > MAX_REMAINING_MIB:
            missed.append(f"{measurement.remaining_mib:.0f} MiB left")
        if missed:
            outside.append(f"{measurement.name} ({', '.join(missed)})")
    goals = f"0 refused, p99 at most {MAX_SLOWDOWN:g} x, at most {MAX_REMAINING_MIB:g} MiB left"
    within = f"{len(measurements) - len(outside)} of {len(measurements)} rows are within the goals ({goals})"
    return f"{within}; outside: {', '.join(outside)}" if outside else within


def broken_bounds(measurement: Measurement, attacks: Sequence[Attack], slack: float = 1.0) -> list[str]:
    """
    The bounds that attacks broke, each as a sentence.

    `slack` multiplies the bounds that depend on the load of the machine. The times of normal viewers have no bound
    here, because they depend on the machine more than on the gateway. With slack, refusals for overload are
    allowed: they are correct on a busy machine.
    """
    max_cpu_ms = max(
        math.inf if attack.max_request_cpu_ms is None else attack.max_request_cpu_ms for attack in attacks
    )
    checks = (
        ("internal errors", measurement.internal_errors, 0),
        ("MiB at the peak", measurement.peak_mib, MAX_PEAK_MIB * slack),
        ("MiB left behind", measurement.remaining_mib, MAX_REMAINING_MIB * slack),
        ("files left open", measurement.remaining_files, 8),
        ("bytes of log", measurement.log_bytes, MAX_LOG_BYTES),
        ("ms of processor time for a request", measurement.request_cpu_ms, max_cpu_ms * slack),
    )
    broken = [f"{name}: {count:g}, the limit is {limit:g}" for name, count, limit in checks if count > limit]
    refused = [
        f"normal viewers got {count} x {status}"
        for status, count in measurement.viewer_refusals.items()
        if status != OVERLOAD_STATUS or slack == 1
    ]
    return [*measurement.broken_promises, *refused, *broken]
