"""The Ed-Fi adapter behaves as every adapter must."""

from __future__ import annotations

from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.testing import AdapterSuite


class TestEdFi(AdapterSuite):
    """Every lookup, in the latest Data Standard served."""

    sandbox_type = EdFiSandbox
    students = 60  # the smallest district in which somebody is in the program for homeless children
