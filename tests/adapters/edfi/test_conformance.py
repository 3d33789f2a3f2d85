"""Runs the conformance suite for the Ed-Fi adapter."""

from __future__ import annotations

from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.testing import AdapterSuite


class TestEdFi(AdapterSuite):
    """The conformance suite in the latest Data Standard of the sandbox."""

    sandbox_type = EdFiSandbox
    students = 60  # the smallest district with a student in the program for homeless students
