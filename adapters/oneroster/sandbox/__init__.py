"""
The OneRoster sandbox, over a district's facts.

`Quirks` describe how servers differ; the servers that were observed have names.
"""

from student_graph.adapters.oneroster.sandbox.quirks import (
    CLASSLINK_PROXY,
    EDFI_SERVICE,
    LEGACY_11,
    PUBLISHED_11,
    PUBLISHED_12,
    UNUSUAL_GRADEBOOK,
    Quirks,
)
from student_graph.adapters.oneroster.sandbox.server import OneRosterSandbox

__all__ = [
    "CLASSLINK_PROXY",
    "EDFI_SERVICE",
    "LEGACY_11",
    "PUBLISHED_11",
    "PUBLISHED_12",
    "UNUSUAL_GRADEBOOK",
    "OneRosterSandbox",
    "Quirks",
]
