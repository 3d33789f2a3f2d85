"""Brook SIS in two ways: the conformance suite for both, equal answers, and how many lines each takes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from student_graph.adapters.certificates.certificate import Tier
from student_graph.adapters.certificates.running import measure, run_suite
from student_graph.adapters.certificates.sandbox_recording import record_and_replay
from student_graph.adapters.certificates.tiers import Evidence, decide
from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.rest.adapter import declared
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.testing import AdapterSuite
from student_graph.adapters.testing.harness import open_adapter, run_lookup
from tests.adapters.newcomer.brook_sis.adapter import BrookSis
from tests.adapters.newcomer.brook_sis.sandbox import BrookSandbox
from tests.long_runs import LONG_RUNS, size

HERE = Path(__file__).parent
DECLARATION = HERE / "brook.toml"
CODE = [HERE / "brook_sis" / f"{name}.py" for name in ("adapter", "api", "client", "mapping")]


class BrookSuite(AdapterSuite):
    """The suite for Brook SIS, with a small district."""

    sandbox_type = BrookSandbox
    students = size(24, 60)
    case_step = size(3, 1)
    odd_values = size(2, 12)

    @classmethod
    def adapter_type(cls) -> type[Adapter]:
        """The adapter in code; it is not installed."""
        return BrookSis


@pytest.mark.long_run
class TestBrookInCode(BrookSuite):
    """The conformance suite for the adapter in code."""


@pytest.mark.long_run
class TestBrookDeclared(BrookSuite):
    """The conformance suite for the declaration."""

    @classmethod
    def adapter_type(cls) -> type[Adapter]:
        """The adapter that the file declares."""
        return declared(DECLARATION)


def lines_of(*files: Path) -> int:
    """Number of lines of files that are not blank."""
    return sum(1 for file in files for line in file.read_text().splitlines() if line.strip())


def test_the_docs_count_the_lines() -> None:
    """Fewer than 30 lines declare Brook, fewer than 150 are its code; the page says how many."""
    page = (HERE.parents[2] / "docs" / "add-a-vendor.md").read_text()
    counts = re.search(r"declared in (\d+) lines, and in code in (\d+)", page)

    assert counts is not None
    assert (int(counts[1]), int(counts[2])) == (lines_of(DECLARATION), lines_of(*CODE))
    assert lines_of(DECLARATION) < 30
    assert lines_of(*CODE) < 150


async def test_both_ways_give_equal_answers() -> None:
    """Each lookup has the same records, whether Brook is declared or in code."""
    facts = make_district(24)
    for method in (Adapter.students_by_id, Adapter.students_by_district, Adapter.attendance_events_by_student):
        lookup, answers = lookup_of(method), []
        for kind in (BrookSis, declared(DECLARATION)):
            sandbox = BrookSandbox(facts)
            async with open_adapter(sandbox, kind=kind) as adapter:
                keys = sandbox.known_keys(lookup.key_kind)
                answers.append(await run_lookup(adapter, lookup, keys, sandbox.arguments()))

        assert answers[0] == answers[1], lookup.name


@pytest.mark.parametrize("kind", [BrookSis, declared(Path(__file__).with_name("brook.toml"))])
def test_both_ways_are_read_from_a_recording(kind: type[Adapter]) -> None:
    """The sandbox is recorded without its people, and a recording of it has the same answers."""
    assert record_and_replay(BrookSandbox, kind).replays


@pytest.mark.long_run
class TestCertification:
    """Certification runs the whole suite, which takes its time: it is left to the long run."""

    __test__ = LONG_RUNS

    @pytest.mark.parametrize("suite", ["TestBrookInCode", "TestBrookDeclared"])
    def test_both_ways_reach_silver(self, suite: str) -> None:
        """The suite is run as for a certificate, and its results decide the tier."""
        run = run_suite(f"{__file__}::{suite}", all_cases=True)
        figures, today = measure(run.suite), make_district(24).now.date()
        tier, _ = decide(run.adapter, Evidence(run.checks, run.group_of, figures, today))

        assert [check.name for check in run.checks if check.outcome == "failed"] == []
        assert tier is Tier.SILVER
