"""A sandbox of the Ed-Fi ODS/API with a synthetic district or real records, in Data Standards 3.3 to 6.0."""

from student_graph.adapters.edfi.sandbox.filters import DataStandard
from student_graph.adapters.edfi.sandbox.server import EdFiSandbox

__all__ = ["DataStandard", "EdFiSandbox"]
