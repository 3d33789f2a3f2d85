"""
`declared`: CPU time of a vendor that a file declares, and of the same vendor in code.

Both read the same responses of Hillside SIS, the example of a third-party adapter, from memory. The answers are
compared before they are timed.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx

from benchmarks.support.figures import Row
from hillside_sis.adapter import Hillside
from hillside_sis.sandbox import HillsideSandbox
from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import Window
from student_graph.adapters.rest.adapter import declared
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.testing.transports import InProcessTransport

DECLARATION = Path(__file__).parents[2] / "examples" / "third_party_adapter" / "hillside.toml"
MAX_RATIO = 1.3
"""Goal: CPU time of the declared adapter, as a multiple of the adapter in code."""
STUDENT_COUNT = 400
KEYS_OF_A_CLASS = 28


class _Remembered(httpx.AsyncBaseTransport):
    """Sends each request to the vendor once, and answers it from memory from then on."""

    def __init__(self, sandbox: HillsideSandbox) -> None:
        self._inner = InProcessTransport(sandbox)
        self._responses: dict[str, tuple[httpx.Headers, bytes]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the vendor's response."""
        key = str(request.url)
        if key not in self._responses:
            response = await self._inner.handle_async_request(request)
            self._responses[key] = response.headers, await response.aread()
        headers, content = self._responses[key]
        return httpx.Response(200, headers=headers, content=content)


async def measure(*, quick: bool) -> list[Row]:
    """The rows of this benchmark."""
    runs = 5 if quick else 60
    sandbox = HillsideSandbox(make_district(STUDENT_COUNT))
    transport = _Remembered(sandbox)
    kinds: dict[str, type[Adapter]] = {"in code": Hillside, "declared": declared(DECLARATION)}
    adapters = {name: _adapter(kind, sandbox, transport) for name, kind in kinds.items()}
    students, [district] = sandbox.known_keys("student"), sandbox.known_keys("district")
    year = sandbox.arguments()["school_year"]
    cases: dict[str, Callable[[Any], Awaitable[Any]]] = {
        f"{KEYS_OF_A_CLASS} students by number": lambda a: a.students_by_id(students[:KEYS_OF_A_CLASS]),
        f"attendance of {KEYS_OF_A_CLASS} students": lambda a: a.attendance_events_by_student(
            students[:KEYS_OF_A_CLASS], school_year=year
        ),
        "a page of 50 students": lambda a: a.students_by_district([district], window=Window(50)),
    }
    rows = []
    for case, call in cases.items():
        in_code, without_code = [dict(await call(adapter)) for adapter in adapters.values()]
        assert in_code == without_code, "the two adapters differ"
        seconds: dict[str, list[float]] = {name: [] for name in adapters}
        for _ in range(runs):
            for name, adapter in adapters.items():
                started = time.process_time()
                for _ in range(5):
                    await call(adapter)
                seconds[name].append(time.process_time() - started)
        best = {name: min(times) for name, times in seconds.items()}
        rows.append(
            Row("declared", case, "declared / in code", best["declared"] / best["in code"], "x", goal=MAX_RATIO)
        )
        rows += [Row("declared", case, f"CPU, {name}", value / 5 * 1000, "ms") for name, value in best.items()]
    for adapter in adapters.values():
        await adapter.http.aclose()
    return rows


def _adapter(kind: type[Adapter], sandbox: HillsideSandbox, transport: httpx.AsyncBaseTransport) -> Adapter:
    settings = kind.settings_type().model_validate({**sandbox.settings(), "base_url": "http://sandbox.example"})
    http = httpx.AsyncClient(base_url=str(settings.base_url), transport=transport, trust_env=False)
    adapter = kind("bench", settings, http)
    http.auth = adapter.auth()  # type: ignore[assignment] # None is allowed; the annotation omits it
    return adapter
