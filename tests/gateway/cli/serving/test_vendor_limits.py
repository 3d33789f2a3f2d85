"""Several workers together send a vendor no more requests at once than its limit allows."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import served
from tests.clients import async_client
from tests.gateway.cli.serving.gateway import SettingsFiles
from tests.gateway.cli.serving.worker_gateway import HEADERS, running_workers
from tests.long_runs import LONG_RUNS

LIMIT, WORKERS = 5, 3
PAGE = """{ student(studentUniqueId: "%s") { courseGrades { letter } attendanceEvents { totalCount } } }"""


class Counted:
    """An application that counts how many of its requests run at once."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.running = self.most = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http" or scope["path"].endswith("/token"):
            await self._app(scope, receive, send)
            return
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self._app(scope, receive, send)
        finally:
            self.running -= 1


@pytest.mark.long_run
class TestVendorLimits:
    """A gateway of three workers and a slow vendor."""

    __test__ = LONG_RUNS

    def test_workers_share_the_requests_that_a_vendor_allows_at_once(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Many pages at once use more than one worker's share, and never more than the limit."""
        facts = make_district(60, 3)
        sandbox = EdFiSandbox(facts)
        counted = Counted(sandbox.app())
        monkeypatch.setattr(sandbox, "app", lambda: counted)
        sandbox.switches.latency = 60
        with served(sandbox):
            files = SettingsFiles(tmp_path, [sandbox])
            files.source_lines["edfi"] = f"concurrency = {LIMIT}"
            files.write()
            with running_workers(files, WORKERS) as gateway:
                statuses = asyncio.run(self._ask_for_all(gateway.url, [student.id for student in facts.students]))

        assert statuses.count(200) > WORKERS  # the others were too many at once for one viewer
        assert LIMIT // WORKERS < counted.most <= LIMIT

    @staticmethod
    async def _ask_for_all(url: str, students: list[str]) -> list[int]:
        async with async_client(base_url=url, headers=HEADERS) as client:
            pages = (client.post("/graphql", json={"query": PAGE % student}) for student in students)
            return [response.status_code for response in await asyncio.gather(*pages)]
