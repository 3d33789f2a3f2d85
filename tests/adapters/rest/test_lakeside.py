"""Runs the conformance suite for a vendor that is declared in less than 30 lines."""

from student_graph.adapters.contract import Adapter
from student_graph.adapters.rest.adapter import declared
from student_graph.adapters.testing import AdapterSuite
from tests.adapters.rest.lakeside import DECLARATION, LakesideSandbox


class TestLakeside(AdapterSuite):
    """The conformance suite."""

    sandbox_type = LakesideSandbox

    @classmethod
    def adapter_type(cls) -> type[Adapter]:
        """The adapter that the file declares."""
        return declared(DECLARATION)
