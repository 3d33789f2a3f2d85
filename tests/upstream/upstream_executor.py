"""
A plugin for pytest that runs graphql-core's own tests with one of the gateway's executors.

It is imported without the package that holds it, because the tests of graphql-core are a package `tests` too.
`UPSTREAM_RUN` names a JSON file: the executor, the tests that are known to differ, and the report to write.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
from pathlib import Path
from typing import Any, ClassVar

import pytest
from graphql.execution.executor import CollectedErrors

from student_graph.gateway.execution import BreadthExecutor, Counters, StockExecutor

MAX_SECONDS = 300
"""For one test. None needs that long: a test that waits for ever is to fail."""
MAX_SECONDS_OF_KNOWN_DIFFERENCE = 5
"""For a test that is known to differ: some of them wait for ever."""

RUN: dict[str, Any] = json.loads(Path(os.environ["UPSTREAM_RUN"]).read_text(encoding="utf-8"))


class Breadth(BreadthExecutor):
    """
    The breadth-first executor, also for tests without an event loop.

    `BreadthExecutor` leaves those operations to graphql-core. Here each gets an event loop of its own, so that the
    synchronous tests test plans too.
    """

    counters: ClassVar[Counters] = Counters()

    def execute_root_grouped_field_set(self, *arguments: Any) -> Any:
        """Execute the root fields; if something has to wait, by graphql-core."""
        if asyncio._get_running_loop() is not None:
            return super().execute_root_grouped_field_set(*arguments)
        planned = super().execute_root_grouped_field_set

        async def execute() -> tuple[Any, ...]:
            result: Any = planned(*arguments)
            if not self.is_awaitable(result):
                return (result,)
            result.close()
            return ()

        loop = asyncio.new_event_loop()
        try:
            completed = loop.run_until_complete(execute())
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            loop.close()
        if completed:
            return completed[0]
        self.collected_errors = CollectedErrors()
        return StockExecutor.execute_root_grouped_field_set(self, *arguments)


# graphql-core takes this class if no other is asked for.
importlib.import_module("graphql.execution.execute").IncrementalExecutor = (  # type: ignore[attr-defined]
    Breadth if RUN["executor"] == "breadth" else StockExecutor
)

_outcomes: dict[str, str] = {}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Limit the time of each test."""
    known = set(RUN["known"])
    for item in items:
        seconds = MAX_SECONDS_OF_KNOWN_DIFFERENCE if item.nodeid in known else MAX_SECONDS
        item.add_marker(pytest.mark.timeout(seconds), append=False)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note the outcome of a test: the worst of its phases."""
    if report.failed or (report.when == "call" and report.nodeid not in _outcomes) or report.skipped:
        _outcomes[report.nodeid] = report.outcome


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Note a file that could not be read."""
    if report.failed:
        _outcomes[report.nodeid] = "failed"


def pytest_sessionfinish() -> None:
    """Write the report."""
    counters = Breadth.counters
    report = {"outcomes": _outcomes, "planned": counters.planned, "by graphql-core": counters.stock}
    Path(RUN["report"]).write_text(json.dumps(report), encoding="utf-8")
