"""The Ed-Fi adapter behaves as every adapter must."""

from __future__ import annotations

from adapters.edfi.sandbox import EdFiSandbox
from adapters.testing import AdapterSuite


class TestEdFi(AdapterSuite):
    """Every lookup, in the latest Data Standard served."""

    sandbox_type = EdFiSandbox
    students = 60  # the smallest district in which somebody is in the program for homeless children
