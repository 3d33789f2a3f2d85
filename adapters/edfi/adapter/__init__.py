"""
The adapter for Ed-Fi ODS/API, versions 5 to 7, and Ed-Fi API 8.

Ed-Fi filters by equality only, pages by limit and offset, and cannot read several students in one call. A batch is
therefore answered by one concurrent read for each key, or by an access path over a coarser list.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from student_graph.adapters.contract import AccessPath, LookupMethod
from student_graph.adapters.edfi.adapter.academics import AcademicsLookups
from student_graph.adapters.edfi.adapter.access_paths import ACCESS_PATHS
from student_graph.adapters.edfi.adapter.caseloads import CaseloadLookups
from student_graph.adapters.edfi.adapter.contacts import ContactLookups
from student_graph.adapters.edfi.adapter.incidents import IncidentLookups
from student_graph.adapters.edfi.adapter.list_counts import ListCounts
from student_graph.adapters.edfi.adapter.people import PeopleLookups
from student_graph.adapters.edfi.adapter.school_life import SchoolLifeLookups
from student_graph.adapters.edfi.adapter.schools import SchoolLookups
from student_graph.adapters.edfi.adapter.sections import SectionLookups
from student_graph.adapters.edfi.adapter.services import ServiceLookups
from student_graph.adapters.edfi.adapter.settings import EdFiSettings

__all__ = ["EdFi", "EdFiSettings"]


class EdFi(
    PeopleLookups,
    ContactLookups,
    CaseloadLookups,
    SchoolLookups,
    SectionLookups,
    SchoolLifeLookups,
    IncidentLookups,
    AcademicsLookups,
    ServiceLookups,
    ListCounts,
):
    """A district's Ed-Fi ODS/API. It uses the district's own ids, so that no identity rules are needed."""

    recorded_properties = frozenset({
        "*Descriptor", "schoolYear", "version", "apiMode", "dataModels", "name", "informationalVersion", "suite",
        "build", "oldestChangeVersion", "newestChangeVersion", "beginDate", "endDate", "entryDate", "eventDate",
        "exitWithdrawDate", "date", "incidentDate", "disciplineDate", "administrationDate", "startTime", "endTime",
        "courseTitle", "classPeriodName", "totalInstructionalDays", "number",
    })  # fmt: skip
    paths: ClassVar[Mapping[LookupMethod, tuple[AccessPath[Any], ...]]] = ACCESS_PATHS
