"""Runs the conformance suite for a vendor that is declared in less than 30 lines, and in all ways."""

from __future__ import annotations

from typing import Any

import pytest

from student_graph.adapters.contract import Adapter
from student_graph.adapters.rest.adapter import declared
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.testing import AdapterSuite
from tests.adapters.rest.lakeside import LakesideSandbox
from tests.adapters.rest.vendors import LAKESIDE, LAKESIDE_IN_ALL_WAYS
from tests.long_runs import size


class WideLakesideSandbox(LakesideSandbox):
    """Lakeside SIS with the settings of the declaration that has all ways."""

    def __init__(self, facts: DistrictFacts) -> None:
        super().__init__(facts)
        self.more_settings: dict[str, Any] = {"plain_token": "lakeside-plain-token", "campus_group": "all"}


@pytest.mark.long_run
class TestLakeside(AdapterSuite):
    """The conformance suite, for the shortest declaration."""

    sandbox_type = LakesideSandbox
    case_step = size(4, 1)

    @classmethod
    def adapter_type(cls) -> type[Adapter]:
        """The adapter that the file declares."""
        return declared(LAKESIDE)


@pytest.mark.long_run
class TestLakesideInAllWays(AdapterSuite):
    """The conformance suite, for several keys in a request, access paths, splits and changes."""

    sandbox_type = WideLakesideSandbox
    case_step = size(12, 1)

    @classmethod
    def adapter_type(cls) -> type[Adapter]:
        """The adapter that the file declares."""
        return declared(LAKESIDE_IN_ALL_WAYS)


def test_the_short_declaration_has_less_than_30_lines() -> None:
    """Students, sections, enrollments and grades of a vendor, without code; blank lines do not count."""
    lines = [line for line in LAKESIDE.read_text().splitlines() if line.strip()]

    assert len(lines) < 30
