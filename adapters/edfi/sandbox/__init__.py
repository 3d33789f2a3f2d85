"""The Ed-Fi ODS/API as a sandbox: the synthetic district, or real records, in Data Standards 3.3 to 5.1."""

from student_graph.adapters.edfi.sandbox.filters import DataStandard
from student_graph.adapters.edfi.sandbox.server import EdFiSandbox

__all__ = ["DataStandard", "EdFiSandbox"]
