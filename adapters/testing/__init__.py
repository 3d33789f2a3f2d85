"""
The conformance suite that every adapter must pass, whether it is part of this project or third-party.

The test file of a vendor names its sandbox and inherits all tests::

    class TestCanvas(AdapterSuite):
        sandbox_type = CanvasSandbox

The suite needs pytest with pytest-asyncio in automatic mode. It runs each test for each lookup that the adapter
overrides: there is nothing to declare and nothing to switch off.
"""

import pytest

pytest.register_assert_rewrite(
    *(
        f"student_graph.adapters.testing.{name}"
        for name in (
            "access_paths",
            "answers",
            "applicability",
            "arguments",
            "declarations",
            "failures",
            "harness",
            "hostile_keys",
            "interruptions",
            "odd_values",
            "oddities.keys",
            "oddities.lists",
            "oddities.rows",
            "paging",
            "privacy",
            "record_values",
            "secrets",
            "suite",
            "transports",
        )
    )
)

from student_graph.adapters.testing.harness import build_adapter  # noqa: E402 - after assertions are rewritten
from student_graph.adapters.testing.suite import AdapterSuite  # noqa: E402

__all__ = ["AdapterSuite", "build_adapter"]
