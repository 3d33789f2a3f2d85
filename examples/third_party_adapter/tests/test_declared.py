"""Runs the conformance suite for Hillside as `hillside.toml` declares it, without code."""

from pathlib import Path

from hillside_sis.sandbox import HillsideSandbox
from student_graph.adapters import Adapter
from student_graph.adapters.rest.adapter import declared
from student_graph.adapters.testing import AdapterSuite

DECLARATION = Path(__file__).parents[1] / "hillside.toml"


class TestDeclaredHillside(AdapterSuite):
    """The conformance suite."""

    sandbox_type = HillsideSandbox
    case_step = 2

    @classmethod
    def adapter_type(cls) -> type[Adapter]:
        """The adapter that the file declares."""
        return declared(DECLARATION)
