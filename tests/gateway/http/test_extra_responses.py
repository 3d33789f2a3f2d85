"""
A vendor that answers requests twice, at once or later: no request gets an answer that belongs to another one.

The extra response repeats the answer to the request, so it looks right and names another student. A request that
comes on a connection whose extra response is still to be sent is answered after it: a client that uses such a
connection again takes the extra response for its answer. The client forgets each extra response at once, so that
connections are used again and only the silence before that protects it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import math
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest
import uvloop

from student_graph.adapters.concurrency import gather_in_order
from student_graph.gateway.http import NetworkOptions
from student_graph.gateway.http.connections import SETTLE_SECONDS, StrayBytes
from student_graph.gateway.http.transport import AiohttpTransport, Timeouts
from tests.faults.vendor import LOOPBACK
from tests.long_runs import LONG_RUNS, size

CALLERS = 100
"""Callers at once in a full run; each asks, pauses and asks again."""
EXTRA_SHARE = 0.8
"""Share of the requests that the vendor answers twice; the connections of the others can be used again."""
SAME_PACKET = -1.0
NEXT_PACKET = 0.0
LATENESS_MS = (SAME_PACKET, NEXT_PACKET, 1.0, 5.0, 20.0, 50.0, 100.0, 200.0, 300.0)
"""How long after the answer the extra response is sent."""
OWN_PACKET_SECONDS = 0.02
"""How long after an extra response the answer to a request that waited behind it is sent."""
PATIENT = Timeouts(connect=60.0, read=60.0, attempt=60.0)


@dataclass(frozen=True)
class Variant:
    """When the vendor sends the extra response, and what a body holds."""

    late_ms: float
    is_list: bool

    def __str__(self) -> str:
        late = {SAME_PACKET: "same packet", NEXT_PACKET: "next packet"}.get(self.late_ms, f"{self.late_ms:g} ms")
        return f"{late}, {'lists' if self.is_list else 'rows'}"

    def callers(self, most: int) -> int:
        """Few callers for a short lateness: with many, the next request would be sent after the extra response."""
        return min(most, 2) if 0.0 < self.late_ms <= 5.0 else most

    def body(self, student: str) -> bytes:
        """The body of the answer about a student."""
        row = {"student": student, "title": "Essay"}
        return json.dumps([row] if self.is_list else row).encode()


@dataclass
class Vendor:
    """What the vendor sent."""

    variant: Variant
    repeated: frozenset[str]
    """Students about whom the first request is answered twice."""
    connections: int = 0
    reused: int = 0
    """Requests on a connection that was used before."""
    sent_after: dict[str, float] = field(default_factory=dict)
    """For each extra response, by student: the seconds between the answer and it."""
    answered: set[str] = field(default_factory=set)
    unsent: int = 0
    """Extra responses whose connection the client had closed before they were due."""


class VendorSide:
    """One connection of the vendor."""

    def __init__(self, vendor: Vendor, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._vendor, self._reader, self._transport = vendor, reader, writer.transport
        self._extra_is_due = False
        self._waiting: list[str] = []

    async def serve(self) -> None:
        """Answer requests until the client closes the connection."""
        self._vendor.connections += 1
        is_used = False
        with contextlib.suppress(ConnectionError):
            while head := await self._reader.read(4096):
                self._vendor.reused += is_used
                is_used = True
                self._answer(head.split(b" ", 2)[1].rpartition(b"/")[2].decode())
        self._transport.close()

    def _answer(self, student: str) -> None:
        """Send the answer, unless an extra response goes before it."""
        if self._extra_is_due:
            self._waiting.append(student)
            return
        vendor, late_ms = self._vendor, self._vendor.variant.late_ms
        content = vendor.variant.body(student)
        response = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content) + content
        is_repeated = student in vendor.repeated and student not in vendor.answered
        vendor.answered.add(student)
        if is_repeated and late_ms == SAME_PACKET:
            vendor.sent_after[student] = 0.0
            self._transport.write(response + response)
            return
        self._transport.write(response)
        if is_repeated:
            self._extra_is_due = True
            loop, answered_at = asyncio.get_running_loop(), time.monotonic()
            loop.call_later(late_ms / 1000, self._send_extra, student, response, answered_at)

    def _send_extra(self, student: str, response: bytes, answered_at: float) -> None:
        """Send the extra response, then the answers that waited behind it."""
        self._extra_is_due = False
        if self._transport.is_closing():
            self._vendor.unsent += 1
            return
        self._vendor.sent_after[student] = time.monotonic() - answered_at
        self._transport.write(response)
        waiting, self._waiting = self._waiting, []
        for other in waiting:  # in a packet of its own, else the client sees two responses and doubts both
            asyncio.get_running_loop().call_later(OWN_PACKET_SECONDS, self._answer, other)


class Forgiving(StrayBytes):
    """Counts unexpected responses, and lets connections be used again all the same."""

    @property
    def may_reuse(self) -> bool:
        return True


@dataclass
class Outcome:
    """Counts of one variant."""

    variant: Variant
    requests: int = 0
    reused: int = 0
    extras: int = 0
    unsent: int = 0
    """
    Extra responses whose connection was closed before they were due.

    Where this machine is too slow, the one before is sent while the client already writes the next request. The
    client then closes the connection, and sends the request again on another one.
    """
    met: int = 0
    """Extra responses that were sent after the next request of the same caller."""
    foreign: int = 0
    beyond: int = 0
    """Foreign answers sent after more than half a second, because the test's own machine was too slow."""
    failed: int = 0
    drops: int = 0
    alerts: int = 0

    def __str__(self) -> str:
        counts = ", ".join(f"{name} {count}" for name, count in vars(self).items() if name != "variant")
        return f"{self.variant}: {counts}"


class Alerts(logging.Filter):
    """Counts the errors of a log and keeps them from its handlers."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: dict[str, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno >= logging.ERROR:
            source = str(record.args[0]) if isinstance(record.args, tuple) else ""
            self.counts[source] = self.counts.get(source, 0) + 1
        return False


@contextlib.contextmanager
def alerts_by_source() -> Iterator[dict[str, int]]:
    """The numbers of errors that the HTTP client logs, by source."""
    log, alerts = logging.getLogger("student_graph.http"), Alerts()
    log.addFilter(alerts)
    try:
        yield alerts.counts
    finally:
        log.removeFilter(alerts)


async def meet_extras(
    variant: Variant, extras: int, callers: int, settle_seconds: float = SETTLE_SECONDS
) -> Outcome:
    """Counts of requests to a vendor that sends so many extra responses, each while the caller goes on asking."""
    chance, late = random.Random(str(variant)), max(variant.late_ms, 0.0) / 1000  # noqa: S311 - a fixed seed
    students = [f"s{number}" for number in range(math.ceil(extras / EXTRA_SHARE))]
    vendor = Vendor(variant, frozenset(chance.sample(students, extras)))
    outcome, stray = Outcome(variant), Forgiving(str(variant))
    server = await asyncio.start_server(
        lambda reader, writer: VendorSide(vendor, reader, writer).serve(), "127.0.0.1", 0, backlog=1024
    )
    origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/work"
    network = NetworkOptions(settle_seconds=settle_seconds)
    transport = AiohttpTransport(8 * CALLERS, LOOPBACK, lambda: None, network, timeouts=PATIENT, stray=stray)

    async def call(first: int) -> None:
        previous = ""
        for student in students[first::callers]:
            outcome.requests += 1
            outcome.met += previous in vendor.repeated and previous not in vendor.sent_after
            try:
                response = await transport.handle_async_request(httpx.Request("GET", f"{origin}/{student}"))
            except httpx.TransportError:
                outcome.failed += 1
            else:
                if response.content != variant.body(student):
                    answer = json.loads(response.content)
                    other = (answer[0] if variant.is_list else answer)["student"]
                    is_beyond = vendor.sent_after.get(other, 0.0) > SETTLE_SECONDS
                    outcome.beyond += is_beyond
                    outcome.foreign += not is_beyond
            previous = student
            await asyncio.sleep(chance.choice((0.0, 0.0, late / 2, late)))

    try:
        await asyncio.gather(*(call(first) for first in range(callers)))
        if settle_seconds:
            with contextlib.suppress(TimeoutError):  # the counts then show what is missing
                async with asyncio.timeout(60):
                    while stray.count + vendor.unsent < extras:  # noqa: ASYNC110 - the count has no event
                        await asyncio.sleep(0.01)
    finally:
        await transport.aclose()
        server.close()
    outcome.reused, outcome.extras, outcome.drops = vendor.reused, len(vendor.sent_after), stray.count
    outcome.unsent = vendor.unsent
    return outcome


VARIANTS = [Variant(late_ms, is_list) for late_ms in LATENESS_MS for is_list in (False, True)]


@pytest.mark.long_run
def test_no_extra_response_is_taken_for_an_answer() -> None:
    """Two thousand for each lateness, half of them lists: each drops its connection with an alert."""
    extras, callers = size(4, 1_000), size(2, CALLERS)
    with alerts_by_source() as alerts:
        outcomes = uvloop.run(
            gather_in_order(
                VARIANTS,
                lambda variant: meet_extras(variant, extras, variant.callers(callers)),
                size(len(VARIANTS), 3),
            )
        )
    for outcome in outcomes:
        outcome.alerts = alerts.get(str(outcome.variant), 0)
        print(outcome)  # noqa: T201 - the report of the long run
    for outcome in outcomes:
        assert (outcome.foreign, outcome.failed) == (0, 0)
        assert outcome.extras + outcome.unsent == extras
        assert outcome.unsent <= extras // 4  # on an idle machine it is none
        assert outcome.drops == outcome.alerts
        # A busy client may have closed its connection just before an extra response arrived.
        assert outcome.extras - outcome.drops <= extras // 4
    if LONG_RUNS:
        assert all(outcome.met for outcome in outcomes if outcome.variant.late_ms >= 20.0)
        assert all(outcome.reused for outcome in outcomes)


@pytest.mark.parametrize("is_list", [False, True], ids=["rows", "lists"])
def test_without_the_silence_extra_responses_are_taken_for_answers(is_list: bool) -> None:
    """The test above sends what a client that uses connections again at once takes for answers."""
    with alerts_by_source():
        outcome = uvloop.run(meet_extras(Variant(50.0, is_list), 8, 1, settle_seconds=0.0))
    assert outcome.foreign
