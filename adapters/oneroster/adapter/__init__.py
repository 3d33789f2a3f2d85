"""
The adapter for OneRoster 1.1 and 1.2: rostering, gradebook and, in 1.2, assessment results.

What the standard has, servers have in part, and not always the same. The adapter finds out which routes and
filters work before it relies on them, reads everything where none does, and checks rows against what was asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from student_graph.adapters.contract import AccessPath, Adapter, LookupMethod
from student_graph.adapters.oneroster.adapter.access_paths import PATHS
from student_graph.adapters.oneroster.adapter.assessments import Assessments
from student_graph.adapters.oneroster.adapter.gradebook import Gradebook
from student_graph.adapters.oneroster.adapter.people import People
from student_graph.adapters.oneroster.adapter.places import Places
from student_graph.adapters.oneroster.adapter.settings import OneRosterSettings

__all__ = ["OneRoster", "OneRosterSettings"]


class OneRoster(People, Places, Gradebook, Assessments, Adapter):
    """
    A OneRoster server.

    As a system of record it speaks the district's own ids; with identity rules it is asked by field and value.
    """

    settings: OneRosterSettings
    paths: ClassVar[Mapping[LookupMethod, AccessPath[Any]]] = PATHS
