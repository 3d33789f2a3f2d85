"""
The conformance suite that every adapter passes, ours and third parties'.

A vendor's test file names its sandbox and inherits the rest::

    class TestCanvas(AdapterSuite):
        sandbox_type = CanvasSandbox

The suite needs pytest with pytest-asyncio in automatic mode. What it asks is derived from the lookups that the
adapter overrides: there is nothing to declare, and nothing to switch off.
"""

import pytest

pytest.register_assert_rewrite(
    *(
        f"student_graph.adapters.testing.{name}"
        for name in (
            "answers",
            "arguments",
            "asking",
            "data",
            "declarations",
            "failures",
            "hostile",
            "interruptions",
            "paths",
            "privacy",
            "secrets",
            "suite",
            "windows",
            "wire",
        )
    )
)

from student_graph.adapters.testing.asking import build  # noqa: E402 - its assertions are rewritten first
from student_graph.adapters.testing.suite import AdapterSuite  # noqa: E402

__all__ = ["AdapterSuite", "build"]
