"""
The adapter for OneRoster 1.1 and 1.2: rostering, gradebook and, in 1.2, assessment results.

Servers implement different parts of the standard, and not always in the same way. The adapter therefore probes
which
routes and filters work before it uses them, reads complete collections if none works, and checks every row against
the request.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from student_graph.adapters.contract import AccessPath, LookupMethod
from student_graph.adapters.model import GradeType
from student_graph.adapters.oneroster.adapter.access_paths import ACCESS_PATHS
from student_graph.adapters.oneroster.adapter.assessments import AssessmentLookups
from student_graph.adapters.oneroster.adapter.contacts import ContactLookups
from student_graph.adapters.oneroster.adapter.gradebook import GradebookLookups
from student_graph.adapters.oneroster.adapter.people import PeopleLookups
from student_graph.adapters.oneroster.adapter.section_enrollments import SectionEnrollmentLookups
from student_graph.adapters.oneroster.adapter.settings import OneRosterSettings

__all__ = ["OneRoster", "OneRosterSettings"]


class OneRoster(PeopleLookups, ContactLookups, SectionEnrollmentLookups, GradebookLookups, AssessmentLookups):
    """
    A OneRoster server.

    A student information system uses the district's own ids. For other servers identity rules make keys of a
    field and
    its value.
    """

    recorded_properties = frozenset({
        "status", "type", "role", "roleType", "classType", "schoolYear", "startDate", "endDate", "beginDate",
        "grades", "scoreStatus", "scoreDate", "assignDate", "dueDate",
        "subject", "subjects", "subjectCodes", "gradeLevel",
    })  # fmt: skip
    recorded_constants = frozenset(kind.value for kind in GradeType)
    recorded_settings = frozenset({"course_grade_categories"})
    paths: ClassVar[Mapping[LookupMethod, tuple[AccessPath[Any], ...]]] = ACCESS_PATHS
