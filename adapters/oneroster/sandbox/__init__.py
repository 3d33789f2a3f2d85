"""
OneRoster as a small web application, over a district's facts.

What servers do differently is a `Manner`; those seen in the field have names.
"""

from student_graph.adapters.oneroster.sandbox.quirks import (
    EDFI_SERVICE,
    GRADEBOOK_ODD,
    LEGACY_11,
    PUBLISHED_11,
    PUBLISHED_12,
    Manner,
)
from student_graph.adapters.oneroster.sandbox.server import OneRosterSandbox

__all__ = [
    "EDFI_SERVICE",
    "GRADEBOOK_ODD",
    "LEGACY_11",
    "PUBLISHED_11",
    "PUBLISHED_12",
    "Manner",
    "OneRosterSandbox",
]
