"""What holds for every test: which rows of the faults it plays, and what a skip means where all is installed."""

from __future__ import annotations

import gc
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings

from tests.faults.rows import NOT_COVERED, SECTIONS
from tests.forked_workers import adopt_collection, fork_workers
from tests.long_runs import LONG_RUNS, RANDOM

# Tests start many processes: without bytecode files, each of them would compile all modules again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

settings.register_profile(
    "tests",
    deadline=None,  # a slow machine is no failure
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=not RANDOM,
    database=None,
)
settings.load_profile("tests")


COLLECTION_THRESHOLDS = (2_000, 20, 50)
"""
Objects and collections after which the next generation is collected.

A processor's cache holds 2,000 new objects: they are visited in half of the time that 50,000 at once take. Older
ones are visited rarely, because Python's own rule takes a tenth of the tests' time.
"""
gc.disable()  # until the tests run: what is imported and collected stays, and a search in it takes seconds


def pytest_configure(config: pytest.Config) -> None:
    """
    Let a process that runs tests for another one send a report of each test.

    Preparations that passed, and what follows a test, are two thirds of all reports: to send and to read them
    takes the time of a thousand tests. Only lists of the slowest ones, and reports in XML, need them.
    """
    sender = next((plugin for plugin in config.pluginmanager.get_plugins() if hasattr(plugin, "sendevent")), None)
    if sender is None or config.option.durations is not None or config.option.xmlpath:
        return
    send = sender.sendevent

    def send_what_counts(name: str, **event: Any) -> None:
        report = event.get("data")
        if name != "testreport" or report["when"] == "call" or report["outcome"] != "passed":
            send(name, **event)

    sender.sendevent = send_what_counts


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config, specs: Sequence[Any]) -> None:
    """Fork the processes of a run of all tests; one of some tests imports only what these need."""
    everything = {Path(path).name for path in config.getini("testpaths")}
    is_measured = getattr(config.option, "cov_source", None)  # it would miss what ran before the fork
    if everything <= {Path(path).name for path in config.args} and sys.platform == "linux" and not is_measured:
        fork_workers(config, specs)


def pytest_collection(session: pytest.Session) -> bool | None:
    """Take what was collected before this process was forked; None lets pytest collect."""
    return adopt_collection(session) or None


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """Leave what was imported and collected out of every collection of garbage: it stays until the end."""
    gc.freeze()
    gc.set_threshold(*COLLECTION_THRESHOLDS)
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def _hardened_process() -> None:
    """Validate documents as the server's process does, also in tests that start no server."""
    from student_graph.gateway.documents.hardening import harden_graphql_core  # noqa: PLC0415 - see below

    harden_graphql_core()


@pytest.fixture(scope="session", autouse=True)
def _valid_documents() -> Iterator[None]:
    """Let Strawberry validate a text once for a schema: most tests send one of few texts, again and again."""
    from strawberry.schema import schema as strawberry_schema  # noqa: PLC0415 - only processes that run tests

    validate = strawberry_schema.validate_document
    valid: set[object] = set()

    def validate_once(schema: object, document: Any, rules: tuple[object, ...]) -> list[Any]:
        text = (schema, rules, document.loc and document.loc.source.body)
        errors: list[Any] = [] if text in valid else validate(schema, document, rules)  # type: ignore[arg-type] # as called
        if not errors and document.loc:
            valid.add(text)
        return errors

    strawberry_schema.validate_document = validate_once  # type: ignore[assignment]
    yield
    strawberry_schema.validate_document = validate


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_browser() -> AsyncIterator[None]:
    """One browser for all tests of this process that use it."""
    from tests.gateway.browser import sharing_browser  # noqa: PLC0415 - only processes that run tests

    async with sharing_browser():
        yield


def pytest_collection_modifyitems(items: Sequence[Any]) -> None:
    """Run tests that share a browser in its event loop."""
    for item in items:
        if "shared_browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """
    Five processes more than processors; three for the long runs.

    Half of the time a test waits: for a process that it started, a page of a browser, or a timeout. Long runs
    compute more, and each of their processes has browsers and servers that need a processor in time.
    """
    processors = os.process_cpu_count() if sys.version_info >= (3, 13) else len(os.sched_getaffinity(0))
    return processors + (3 if LONG_RUNS else 5)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Attach the rows of the faults that a test plays to its report, which a worker process sends on."""
    outcome: Any = yield
    rows = [name for mark in item.iter_markers("row") for name in mark.args]
    if rows:
        outcome.get_result().user_properties.append(("rows", rows))


def pytest_report_teststatus(report: Any) -> tuple[str, str, str] | None:
    """Count checks of the conformance suite that do not apply to an adapter apart from skipped tests."""
    if not report.skipped or not isinstance(report.longrepr, tuple):
        return None
    reason = report.longrepr[2].removeprefix("Skipped: ")
    if reason.startswith("exempt: "):
        return "exempt", "-", "EXEMPT"
    return ("inapplicable", "-", "INAPPLICABLE") if reason.startswith("inapplicable: ") else None


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what the tests counted, the rows of the faults that were played, and why tests had to run again."""
    passed: dict[str, bool] = {}
    attacks: list[str] = []
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.stats.get(outcome, ()):
            properties = [] if outcome == "passed" and report.when != "call" else _user_properties(report)
            for text in (text for name, text in properties if name == "counts"):
                terminalreporter.line(text)
            attacks += [text for name, text in properties if name == "attack"]
            for row in (row for name, rows in properties if name == "rows" for row in rows):
                passed[row] = passed.get(row, True) and outcome == "passed"
    _print_sums(terminalreporter)
    if attacks:
        # The process that hands out the tests runs none of them, and starts sooner without the gateway.
        from tests.attacks.measurement import table_row  # noqa: PLC0415

        terminalreporter.section("attacks")
        terminalreporter.line("\n".join([table_row(None), *attacks]))
    if passed:
        _summarize_rows(terminalreporter, passed)
    reruns = terminalreporter.stats.get("rerun", ())
    if reruns:
        terminalreporter.section("failures of tests that ran again")
        for report in reruns:
            terminalreporter.line(f"{report.nodeid}\n{report.longreprtext}\n")


def _print_sums(terminalreporter: Any) -> None:
    """Print what the parts of a long test counted together."""
    sums: dict[str, Counter[str]] = {}
    for report in terminalreporter.stats.get("passed", ()):
        for label, counts in (part for name, part in _user_properties(report) if name == "sums"):
            sums.setdefault(label, Counter()).update(counts)
    for label, counts in sums.items():
        numbers = ", ".join(f"{count:,} {unit}" for unit, count in counts.items())
        terminalreporter.line(f"{label}: {numbers}, 0 found")


def _summarize_rows(terminalreporter: Any, passed: dict[str, bool]) -> None:
    terminalreporter.section("faults")
    for section, rows in SECTIONS.items():
        played = [row for row in rows if row in passed]
        good = sum(passed[row] for row in played)
        terminalreporter.line(f"{section}: {len(rows)} rows, {len(played)} played, {good} passed")
        for row in rows:
            if row in NOT_COVERED:
                terminalreporter.line(f"   {row} not played: {NOT_COVERED[row]}")
            elif not passed.get(row, True):
                terminalreporter.line(f"   {row} FAILED")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run if a test was skipped on a machine that has everything."""
    if not os.environ.get("STUDENT_GRAPH_SKIPS_FAIL"):
        return
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and reporter.stats.get("skipped") and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _user_properties(report: Any) -> list[tuple[str, Any]]:
    """What a test attached to its report; a module that could not be imported has none."""
    properties: list[tuple[str, Any]] = getattr(report, "user_properties", [])
    return properties
