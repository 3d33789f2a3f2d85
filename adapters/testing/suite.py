"""The suite as one class: what a vendor's test inherits."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import About, Lookup, lookup_of
from student_graph.adapters.model import Student
from student_graph.adapters.registry import find_adapter
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.serving import Sandbox, Switches, served
from student_graph.adapters.testing.answers import Answers
from student_graph.adapters.testing.arguments import Arguments
from student_graph.adapters.testing.data import Data
from student_graph.adapters.testing.declarations import Declarations
from student_graph.adapters.testing.failures import Failures
from student_graph.adapters.testing.hostile import Hostile
from student_graph.adapters.testing.interruptions import Interruptions
from student_graph.adapters.testing.paths import Paths
from student_graph.adapters.testing.privacy import Privacy
from student_graph.adapters.testing.secrets import Secrets
from student_graph.adapters.testing.windows import Windows


class AdapterSuite(
    Declarations, Secrets, Answers, Data, Arguments, Windows, Paths, Failures, Interruptions, Hostile, Privacy
):
    """Behaviour that every adapter must show in every lookup that it supports."""

    sandbox_type: ClassVar[Any]
    """The vendor's sandbox: a subclass of `Sandbox` that is made from a district's facts."""
    students: ClassVar[int] = 60
    """Size of the district that the sandbox serves."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.kind = cls.adapter_type()
        nothing = {name for name, cases in cls._cases().items() if not cases}
        for name, test in inspect.getmembers(cls, inspect.isfunction):
            if name.startswith("test_") and nothing & inspect.signature(test).parameters.keys():
                setattr(cls, name, None)  # an adapter without access paths has no test of them, not a skipped one

    @classmethod
    def adapter_type(cls) -> type[Adapter]:
        """The adapter under test: the one that is registered under the sandbox's kind."""
        return find_adapter(cls.sandbox_type.kind)

    @classmethod
    def _cases(cls) -> dict[str, list[tuple[str, Any]]]:
        """What tests are about, by the name of their argument: lookups and access paths of the adapter, named."""
        capabilities = cls.kind.capabilities()
        ours = [lookup for lookup in capabilities if cls.kind.identity is None]  # speaks the district's ids
        unlinked = cls.kind.identity is None and cls.kind.supports(Adapter.attendance_events_by_student)
        renewing = capabilities[:1] if cls.sandbox_type.token_path else []
        students = [lookup for lookup in ours if lookup.about is About.STUDENTS]

        def named(lookups: Iterable[Lookup]) -> list[tuple[str, Any]]:
            return [(lookup.name, lookup) for lookup in lookups]

        return {
            "lookup": named(capabilities),
            # a district is never sent to a vendor: it says which source is asked
            "keyed": named(lookup for lookup in capabilities if lookup.key_kind != "district"),
            "paged": named(lookup for lookup in capabilities if lookup.paged),
            "filtered": named(lookup for lookup in students if "filter" in lookup.argument_names),
            "whole": named(
                lookup
                for lookup in capabilities
                if lookup.is_list and not lookup.paged and lookup.key_kind in ("district", "school")
            ),
            "yearly": named(lookup for lookup in capabilities if "school_year" in lookup.argument_names),
            "dated": named(lookup for lookup in capabilities if "since" in lookup.argument_names),
            "naming": named(lookup for lookup in ours if lookup.record_type is Student),
            "personal": named(lookup for lookup in students if lookup.key_kind == "district"),
            "renewing": named(renewing),
            "path": [(lookup_of(method).name, method) for method in cls.kind.paths],
            "attendance": [("attendance", lookup_of(Adapter.attendance_events_by_student))] if unlinked else [],
        }

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run each test once for each lookup or access path that it is about."""
        for name, cases in self._cases().items():
            if name in metafunc.fixturenames:
                metafunc.parametrize(name, [case for _, case in cases], ids=[each for each, _ in cases])

    @pytest.fixture(scope="class")
    @classmethod
    def facts(cls) -> DistrictFacts:
        """The district that the sandbox serves."""
        return make_district(cls.students)

    @pytest.fixture(scope="class")
    @classmethod
    def _sandboxes(cls, facts: DistrictFacts) -> Iterator[tuple[Sandbox, Sandbox]]:
        """A sandbox with the facts and one with none, served for the whole class."""
        nothing = DistrictFacts(
            lea=facts.lea, name=facts.name, year=facts.year, now=datetime(2022, 5, 1, tzinfo=UTC)
        )
        pair = cls.sandbox_type(facts), cls.sandbox_type(nothing)
        with served(*pair):
            yield pair

    @pytest.fixture
    def sandbox(self, _sandboxes: tuple[Sandbox, Sandbox]) -> Sandbox:
        """The vendor, with its switches at rest."""
        sandbox, _ = _sandboxes
        sandbox.switches = Switches()
        sandbox.requests.clear()
        return sandbox

    @pytest.fixture
    def empty_sandbox(self, _sandboxes: tuple[Sandbox, Sandbox]) -> Sandbox:
        """The same vendor, of a district that has entered nothing yet."""
        return _sandboxes[1]
