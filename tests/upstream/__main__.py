"""
Run graphql-core's own tests with the gateway's executors and compare the outcomes with `differences.toml`.

    python -m tests.upstream [breadth | stock]...

The tests come from the source distribution of the installed version, which pip downloads once. It fails if a test
differs that is not listed, and if a listed one does not differ any more: an upgrade shows what it changes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import tomllib
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
DIFFERENCES = HERE / "differences.toml"
CACHE = Path(sys.prefix) / "upstream"
"""Downloads and reports, in the virtual environment."""
PLUGINS = ("pytest-describe==3.2.0", "pytest-timeout==2.4.0")
"""What the tests of graphql-core need beside pytest. Only these runs see it."""
SUITES = (
    "tests/execution",
    "tests/test_graphql.py",
    "tests/test_star_wars_query.py",
    "tests/test_user_registry.py",
)
"""The parts of graphql-core's tests that execute operations."""
OPTIONS = (
    *("-q", "--tb=short", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "upstream_executor"),
    *("-o", "addopts=", "-o", "asyncio_mode=strict", "-o", "asyncio_default_fixture_loop_scope=function"),
)
SKIPS_FAIL = "STUDENT_GRAPH_SKIPS_FAIL"
EXECUTORS = ("breadth", "stock")


class NoSourcesError(Exception):
    """The tests could not be downloaded."""


class Comparison(NamedTuple):
    """The outcomes of one run beside the listed differences."""

    new: list[str]
    """Tests that differ and are not listed."""
    resolved: list[str]
    """Tests that are listed and do not differ, or do not exist."""
    by_reason: Counter[str]
    """Number of tests that differ as listed, by reason."""


def compare(outcomes: dict[str, str], known: dict[str, str]) -> Comparison:
    """Compare outcomes by test with the reasons of the tests that are known to differ."""
    failed = {test for test, outcome in outcomes.items() if outcome == "failed"}
    return Comparison(
        sorted(failed - known.keys()),
        sorted(known.keys() - failed),
        Counter(known[test] for test in failed & known.keys()),
    )


def known_differences(executor: str, differences: dict[str, Any]) -> dict[str, str]:
    """Return the reason of each test that is known to differ with an executor."""
    return {
        test: name
        for name, reason in differences["reasons"].items()
        if executor in reason["executors"]
        for test in reason["tests"]
    }


def pip(*arguments: str) -> None:
    """
    Run pip.

    Raises:
        NoSourcesError: pip failed.
    """
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    if done.returncode:
        raise NoSourcesError(done.stderr.strip().rpartition("\n")[2] or "pip failed")


def sources(name: str) -> Path:
    """
    Return the unpacked source distribution of an installed package, which is downloaded if it is not there.

    Raises:
        NoSourcesError: it cannot be downloaded.
    """
    directory = CACHE / f"{name.replace('-', '_')}-{version(name)}"
    if not directory.exists():
        pip("download", "--no-deps", "--no-binary", name, "--dest", str(CACHE), f"{name}=={version(name)}")
        with tarfile.open(next(CACHE.glob(f"{directory.name}.tar*"))) as archive:
            archive.extractall(CACHE, filter="data")
    return directory


def plugins() -> Path:
    """
    Return the folder with the plugins that the tests need, which are downloaded if they are not there.

    Raises:
        NoSourcesError: they cannot be downloaded.
    """
    directory = CACHE / "plugins"
    if not directory.exists():
        pip("install", "--no-deps", "--target", str(directory), *PLUGINS)
    return directory


def run(executor: str, known: dict[str, str], tests: Path, path: Path) -> dict[str, Any]:
    """Run the tests in a folder with an executor; `path` has the plugins. Return the report."""
    settings, report = CACHE / f"{executor}.run.json", CACHE / f"{executor}.json"
    report.unlink(missing_ok=True)
    settings.write_text(json.dumps({"executor": executor, "known": sorted(known), "report": str(report)}))
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, (HERE, path, tests))),
        "UPSTREAM_RUN": str(settings),
    }
    log = CACHE / f"{executor}.log"
    with log.open("w") as output:
        subprocess.run(  # noqa: S603 - our own arguments
            [sys.executable, "-m", "pytest", *OPTIONS, *SUITES],
            cwd=tests,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if not report.exists():
        sys.exit(f"pytest wrote no report; see {log}")
    result: dict[str, Any] = json.loads(report.read_text())
    return result


def summary(executor: str, report: dict[str, Any], comparison: Comparison, reasons: dict[str, Any]) -> list[str]:
    """Return what a run showed, as lines."""
    outcomes = Counter(report["outcomes"].values())
    counts = f"{outcomes['passed']} passed, {outcomes['failed']} differ, {outcomes['skipped']} skipped"
    lines = [f"{executor}: {outcomes.total()} tests, {counts}"]
    if executor == "breadth":
        others = ", ".join(f"{count} {reason}" for reason, count in sorted(report["by graphql-core"].items()))
        lines.append(f"  {report['planned']} operations by plan; by graphql-core: {others}")
    lines += [f"  {count} differ: {reasons[name]['why']}" for name, count in comparison.by_reason.most_common()]
    lines += [f"  NEW difference, not in {DIFFERENCES.name}: {test}" for test in comparison.new]
    lines += [f"  NO difference, remove it from {DIFFERENCES.name}: {test}" for test in comparison.resolved]
    return lines


def main(executors: tuple[str, ...]) -> int:
    """Run the tests with each executor; return 1 if the differences are not those that are listed."""
    differences = tomllib.loads(DIFFERENCES.read_text(encoding="utf-8"))
    CACHE.mkdir(exist_ok=True)
    try:
        tests, path = sources("graphql-core"), plugins()
    except NoSourcesError as error:
        print(f"skipped: the tests of graphql-core cannot be downloaded: {error}")
        return 1 if os.environ.get(SKIPS_FAIL) else 0
    print(f"graphql-core {version('graphql-core')}; the differences were argued for {differences['version']}")
    is_as_listed = True
    for executor in executors:
        known = known_differences(executor, differences)
        report = run(executor, known, tests, path)
        comparison = compare(report["outcomes"], known)
        print("\n".join(summary(executor, report, comparison, differences["reasons"])))
        is_as_listed &= not comparison.new and not comparison.resolved
    return 0 if is_as_listed else 1


if __name__ == "__main__":
    sys.exit(main(tuple(sys.argv[1:]) or EXECUTORS))
