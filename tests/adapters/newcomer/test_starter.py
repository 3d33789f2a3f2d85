"""Runs the conformance suite for the adapter that `student-graph adapters new` copies."""

from __future__ import annotations

import re
from importlib.metadata import version

import pytest

from student_graph.adapters.contract import CONTRACT_VERSION, Adapter
from student_graph.adapters.registry import CONTRACT_KEYWORD, declared_contract
from student_graph.adapters.starter.adapter import Starter
from student_graph.adapters.starter.sandbox import StarterSandbox
from student_graph.adapters.testing import AdapterSuite
from student_graph.gateway.cli.authors.new_package import package_files
from tests.long_runs import size


@pytest.mark.long_run
class TestStarter(AdapterSuite):
    """The conformance suite."""

    sandbox_type = StarterSandbox
    case_step = size(2, 1)
    odd_values = size(3, 12)

    @classmethod
    def adapter_type(cls) -> type[Adapter]:
        """The adapter that is copied; it is not installed."""
        return Starter


def test_a_new_package_is_built_for_this_contract() -> None:
    """Its class and its metadata state the version of this contract, and it needs this version of the kit."""
    metadata = package_files("hill_sis")["pyproject.toml"]

    assert declared_contract(Starter) == CONTRACT_VERSION
    assert f'keywords = ["{CONTRACT_KEYWORD}{CONTRACT_VERSION}"]' in metadata
    assert f'dependencies = ["student-graph>={version("student-graph")}"]' in metadata


def test_a_new_package_has_its_own_names_only() -> None:
    """No name of the starter is left in any file, and the classes are named after the package."""
    package = package_files("hill_sis")
    left = {name for name, text in package.items() if re.search("starter|KIT_VERSION", text, re.IGNORECASE)}

    assert left == set()
    assert "class HillSisSandbox(Sandbox)" in package["hill_sis/sandbox.py"]
