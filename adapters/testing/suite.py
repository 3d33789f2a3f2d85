"""The conformance suite as one class, which the test of a vendor inherits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar
from zlib import crc32

import pytest

from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import About, Lookup, lookup_of
from student_graph.adapters.model import Student
from student_graph.adapters.registry import find_adapter
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.serving import Sandbox, Switches, served
from student_graph.adapters.testing.access_paths import AccessPaths
from student_graph.adapters.testing.answers import Answers
from student_graph.adapters.testing.applicability import EXEMPT, INAPPLICABLE, NO_CASES, is_about_http
from student_graph.adapters.testing.arguments import Arguments
from student_graph.adapters.testing.declarations import Declarations
from student_graph.adapters.testing.failures import Failures
from student_graph.adapters.testing.hostile_keys import HostileKeys
from student_graph.adapters.testing.interruptions import Interruptions
from student_graph.adapters.testing.odd_values import OddValues
from student_graph.adapters.testing.oddities.files import OddFiles
from student_graph.adapters.testing.oddities.keys import OddKeys
from student_graph.adapters.testing.oddities.listed_ids import ListedIds
from student_graph.adapters.testing.oddities.lists import OddLists
from student_graph.adapters.testing.oddities.other_keys import OtherKeys
from student_graph.adapters.testing.oddities.rows import OddRows
from student_graph.adapters.testing.paging import Paging
from student_graph.adapters.testing.privacy import Privacy
from student_graph.adapters.testing.record_values import RecordValues
from student_graph.adapters.testing.secrets import Secrets

ALL_CASES = pytest.StashKey[bool]()
"""In the stash of pytest's configuration: whether all cases are run, and no sample of them."""


class AdapterSuite(
    Declarations,
    Secrets,
    Answers,
    RecordValues,
    Arguments,
    Paging,
    AccessPaths,
    Failures,
    Interruptions,
    HostileKeys,
    OddKeys,
    OddLists,
    OddRows,
    OddFiles,
    ListedIds,
    OtherKeys,
    OddValues,
    Privacy,
):
    """Tests that every adapter must pass, for every lookup that it supports."""

    sandbox_type: ClassVar[Any]
    """The vendor's sandbox: a subclass of `Sandbox` that is built from a district's facts."""
    students: ClassVar[int] = 60
    """Number of students of the sandbox's district."""
    case_step: ClassVar[int] = 1
    """
    Run one of this number of cases of each test; 1 runs all. The test's name decides which one, so that different
    tests take different lookups.
    """
    exempt: ClassVar[Mapping[str, str]] = {}
    """
    Tests that this adapter cannot pass, by name without `test_` or by name and case (`name[students_by_id]`),
    with the reason. Certificates show both.
    """

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.kind = cls.adapter_type()

    @classmethod
    def adapter_type(cls) -> type[Adapter]:
        """The adapter under test: the one that is installed under the sandbox's kind."""
        return find_adapter(cls.sandbox_type.kind)

    @classmethod
    def cases(cls) -> dict[str, list[tuple[str, Any]]]:
        """The cases of the tests, by argument: lookups and access paths of the adapter, each with its name."""
        supported = cls.kind.capabilities()
        uses_district_ids = cls.kind.identity is None
        student_lookups = [x for x in supported if uses_district_ids and x.about is About.STUDENTS]
        attendance = Adapter.attendance_events_by_student

        def named(lookups: Iterable[Lookup]) -> list[tuple[str, Any]]:
            return [(lookup.name, lookup) for lookup in lookups]

        return {
            "lookup": named(supported),
            # A district's key is not sent to the vendor: it only selects the source.
            "keyed_lookup": named(x for x in supported if x.key_kind != "district"),
            "list_lookup": named(x for x in supported if x.is_list and not x.paged),
            "paged_lookup": named(x for x in supported if x.paged),
            "filtered_lookup": named(x for x in student_lookups if "filter" in x.argument_names),
            "unpaged_list_lookup": named(
                x for x in supported if x.is_list and not x.paged and x.key_kind in ("district", "school")
            ),
            "yearly_lookup": named(x for x in supported if "school_year" in x.argument_names),
            "since_lookup": named(x for x in supported if "since" in x.argument_names),
            "student_lookup": named(x for x in supported if uses_district_ids and x.record_type is Student),
            "district_list_lookup": named(x for x in student_lookups if x.key_kind == "district"),
            "token_lookup": named(supported[:1] if cls.sandbox_type.token_path else []),
            "way": [
                (f"{lookup_of(method).name}-{lookup_of(path.coarse_lookup).name}", (method, path.coarse_lookup))
                for method, paths in cls.kind.paths.items()
                for path in paths
            ],
            "attendance_lookup": named(
                [lookup_of(attendance)] if uses_district_ids and cls.kind.supports(attendance) else []
            ),
        }

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run each test once for each of its cases, or a sample of them; a test without cases is inapplicable."""
        step = 1 if metafunc.config.stash.get(ALL_CASES, False) else self.case_step
        start = crc32(metafunc.function.__name__.encode())
        for argument, all_cases in self.cases().items():
            if argument in metafunc.fixturenames and not all_cases:
                reason = pytest.mark.skip(reason=f"{INAPPLICABLE}{NO_CASES.get(argument, 'no lookup')}")
                metafunc.parametrize(argument, [pytest.param(None, marks=reason)], ids=["none"])
            elif argument in metafunc.fixturenames:
                first = start % min(step, len(all_cases))
                cases = all_cases[first::step]
                metafunc.parametrize(argument, [case for _, case in cases], ids=[name for name, _ in cases])

    @pytest.fixture(autouse=True)
    def _applicable(self, request: pytest.FixtureRequest) -> None:
        """
        Report a test as exempt, or as inapplicable: one of requests and responses, if there is no HTTP.
        """
        for name in (request.function.__name__, request.node.name):
            if (reason := self.exempt.get(name.removeprefix("test_"))) is not None:
                pytest.skip(f"{EXEMPT}{reason}")
        if is_about_http(request.function) and not self.kind.uses_http:
            pytest.skip(f"{INAPPLICABLE}the adapter is not asked over HTTP (uses_http is false)")

    @pytest.fixture(scope="class")
    @classmethod
    def facts(cls) -> DistrictFacts:
        """The district that the sandbox serves."""
        return make_district(cls.students)

    @pytest.fixture(scope="class")
    @classmethod
    def _sandboxes(cls, facts: DistrictFacts) -> Iterator[tuple[Sandbox, Sandbox]]:
        """The sandbox with the facts, and one without facts, served for all tests of the class."""
        no_facts = DistrictFacts(
            lea=facts.lea, name=facts.name, year=facts.year, now=datetime(2022, 5, 1, tzinfo=UTC)
        )
        pair = cls.sandbox_type(facts), cls.sandbox_type(no_facts)
        with served(*pair):
            yield pair

    @pytest.fixture
    def sandbox(self, _sandboxes: tuple[Sandbox, Sandbox]) -> Sandbox:
        """The vendor, with its switches in the normal position."""
        sandbox, _ = _sandboxes
        sandbox.switches = Switches()
        sandbox.requests.clear()
        return sandbox

    @pytest.fixture
    def empty_sandbox(self, _sandboxes: tuple[Sandbox, Sandbox]) -> Sandbox:
        """The same vendor for a district without data."""
        return _sandboxes[1]
