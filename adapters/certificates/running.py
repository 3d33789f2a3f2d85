"""Runs the conformance suite for a certificate, and measures what each lookup costs. Needs the extra `testing`."""

from __future__ import annotations

import asyncio
import contextlib
import io
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, Literal

import pytest

from student_graph.adapters.certificates.certificate import CertificateError, CheckResult, LookupFigures
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import NotOfferedError
from student_graph.adapters.lookup import Lookup
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing import AdapterSuite
from student_graph.adapters.testing.applicability import EXEMPT, INAPPLICABLE
from student_graph.adapters.testing.harness import open_adapter, run_lookup
from student_graph.adapters.testing.suite import ALL_CASES

MAX_MEASURED_KEYS = 10
TIMED_RUNS = 3
MAX_SHOWN_CASES = 5
"""Failed cases that a certificate names for each test."""
Outcome = Literal["passed", "failed", "exempt", "inapplicable"]
_SUITE = '''"""Runs the conformance suite for an installed adapter."""

from {module} import {attribute} as VendorSandbox

from student_graph.adapters.testing import AdapterSuite


class TestAdapter(AdapterSuite):
    """The conformance suite."""

    sandbox_type = VendorSandbox
'''


@dataclass(slots=True)
class SuiteRun:
    """What a run of the suite found."""

    suite: type[AdapterSuite]
    checks: list[CheckResult]
    group_of: dict[str, str] = field(default_factory=dict)
    """For each test, the class of the suite that it belongs to."""

    @property
    def adapter(self) -> type[Adapter]:
        """The adapter that was tested."""
        return self.suite.kind


def run_suite(file: str, *, all_cases: bool) -> SuiteRun:
    """
    Run the conformance suite in a test file, or that of one class in it (`FILE::CLASS`).

    Raises:
        CertificateError: there is no suite, or it cannot be run.
    """
    collector = _Collector(all_cases)
    # This process has imported what pytest would rewrite: a warning that some projects make an error.
    warning = ("-W", "ignore::pytest.PytestAssertRewriteWarning")
    options = ["-q", "-p", "no:cacheprovider", "-o", "addopts=", "-o", "asyncio_mode=auto", "--tb=no"]
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        status = pytest.main([*options, *warning, file], plugins=[collector])
    if status not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED} or collector.suite is None:
        last = next((line for line in reversed(output.getvalue().splitlines()) if line.strip()), "no output")
        raise CertificateError(f"{file}: the conformance suite did not run: {last.strip('= ')}")
    return SuiteRun(collector.suite, collector.results(), collector.groups)


def run_suite_of(sandbox: EntryPoint, *, all_cases: bool) -> SuiteRun:
    """
    Run the conformance suite for an installed adapter, which its sandbox names.

    Raises:
        CertificateError: the suite cannot be run.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "test_adapter.py"
        file.write_text(_SUITE.format(module=sandbox.module, attribute=sandbox.attr), encoding="utf-8")
        return run_suite(str(file), all_cases=all_cases)


class _Collector:
    """A plugin of pytest that keeps the tests of conformance suites and what they found."""

    def __init__(self, all_cases: bool) -> None:
        self._all_cases = all_cases
        self._rules: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._outcomes: dict[str, dict[str, tuple[Outcome, str]]] = {}
        self.groups: dict[str, str] = {}
        self.suite: type[AdapterSuite] | None = None

    def pytest_configure(self, config: pytest.Config) -> None:
        """Let the suite run all cases, whatever sample its class takes."""
        config.stash[ALL_CASES] = self._all_cases

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out tests that are not of a suite, and remember what each test proves."""
        tests: list[pytest.Item] = []
        for item in items:
            suite = getattr(item, "cls", None)
            test = getattr(item, "function", None)
            if test is None or not (isinstance(suite, type) and issubclass(suite, AdapterSuite)):
                continue
            group = next((base for base in AdapterSuite.__mro__ if test.__name__ in vars(base)), None)
            if group is None:
                continue
            tests.append(item)
            name = test.__name__.removeprefix("test_")
            self.suite = self.suite or suite
            self._rules[name] = " ".join((test.__doc__ or "").split())
            self._names[item.nodeid] = name
            self.groups[name] = group.__name__
        items[:] = tests

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember the outcome of a case: of its set-up, its test and its end, the worst."""
        cases = self._outcomes.setdefault(self._names[report.nodeid], {})
        if report.failed:
            cases[report.nodeid] = "failed", ""
        elif report.skipped and isinstance(report.longrepr, tuple):
            cases[report.nodeid] = _reason_of(report.longrepr[2].removeprefix("Skipped: "))
        elif report.when == "call":
            cases.setdefault(report.nodeid, ("passed", ""))

    def results(self) -> list[CheckResult]:
        """The result of each test over all of its cases, sorted by name."""
        return [self._result(name, self._outcomes[name]) for name in sorted(self._outcomes)]

    def _result(self, name: str, cases: dict[str, tuple[Outcome, str]]) -> CheckResult:
        outcomes = [outcome for outcome, _ in cases.values()]
        outcome: Outcome = next(o for o in ("failed", "passed", "exempt", "inapplicable") if o in outcomes)
        reasons = sorted({reason for own, reason in cases.values() if own == outcome and reason})
        if outcome == "failed":
            failed = [nodeid for nodeid, (own, _) in cases.items() if own == "failed"]
            reasons = [nodeid.partition("[")[2].rstrip("]") or name for nodeid in failed[:MAX_SHOWN_CASES]]
        run = sum(own in {"passed", "failed"} for own in outcomes)
        return CheckResult(
            name=name, rule=self._rules[name], outcome=outcome, cases=run, reason="; ".join(reasons) or None
        )


def _reason_of(text: str) -> tuple[Outcome, str]:
    if text.startswith(EXEMPT):
        return "exempt", text.removeprefix(EXEMPT)
    return "inapplicable", text.removeprefix(INAPPLICABLE)


def measure(suite: type[AdapterSuite]) -> list[LookupFigures]:
    """Measure each lookup of an adapter against its sandbox, in this process."""
    sandbox = suite.sandbox_type(make_district(suite.students))
    return asyncio.run(_measure_all(sandbox, suite.kind))


async def _measure_all(sandbox: Sandbox, kind: type[Adapter]) -> list[LookupFigures]:
    figures = [await _measure(sandbox, kind, lookup) for lookup in kind.capabilities()]
    return [of_lookup for of_lookup in figures if of_lookup is not None]


async def _measure(sandbox: Sandbox, kind: type[Adapter], lookup: Lookup) -> LookupFigures | None:
    keys: list[Any] = sandbox.known_keys(lookup.key_kind)[:MAX_MEASURED_KEYS]
    if not keys:
        return None
    calls, times = {}, []
    async with open_adapter(sandbox, kind=kind) as adapter:
        try:
            await run_lookup(adapter, lookup, keys[:1], sandbox.arguments())  # requests tokens and discovers
        except NotOfferedError:
            return None  # this version of the vendor's API has no such resource
        for requested in (keys[:1], keys):
            sandbox.requests.clear()
            await run_lookup(adapter, lookup, requested, sandbox.arguments())
            calls[len(requested)] = len(sandbox.requests)
        for _ in range(TIMED_RUNS):
            start = time.perf_counter()
            await run_lookup(adapter, lookup, keys[:1], sandbox.arguments())
            times.append(time.perf_counter() - start)
    return LookupFigures(
        lookup=lookup.name,
        calls_of_one_key=calls[1],
        keys=len(keys),
        calls_of_keys=calls[len(keys)],
        milliseconds=round(statistics.median(times) * 1000, 1),
    )


def is_typed(adapter: type[Adapter]) -> bool:
    """Whether the package of an adapter says that it is typed."""
    package = sys.modules.get(adapter.__module__.partition(".")[0])
    folders = [Path(folder) for folder in getattr(package, "__path__", ())]
    return any((folder / "py.typed").is_file() for folder in folders)
