"""
The adapter for Ed-Fi ODS/API, versions 5 to 7.

Ed-Fi filters by equality only, pages by limit and offset, and has no read of many students: a batch is answered
by one read for each key, side by side, or by one of the coarser paths.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from student_graph.adapters.contract import AccessPath, Adapter, LookupMethod
from student_graph.adapters.edfi.adapter.academics import Academics
from student_graph.adapters.edfi.adapter.access_paths import PATHS
from student_graph.adapters.edfi.adapter.caseloads import Caseloads
from student_graph.adapters.edfi.adapter.contacts import Contacts
from student_graph.adapters.edfi.adapter.incidents import Incidents
from student_graph.adapters.edfi.adapter.people import People
from student_graph.adapters.edfi.adapter.school_life import SchoolLife
from student_graph.adapters.edfi.adapter.schools import Schools
from student_graph.adapters.edfi.adapter.sections import Sections
from student_graph.adapters.edfi.adapter.services import Services
from student_graph.adapters.edfi.adapter.settings import EdFiSettings

__all__ = ["EdFi", "EdFiSettings"]


class EdFi(People, Contacts, Caseloads, Schools, Sections, SchoolLife, Incidents, Academics, Services, Adapter):
    """A district's Ed-Fi ODS/API. It speaks the district's own ids: no identity rules are needed."""

    settings: EdFiSettings
    paths: ClassVar[Mapping[LookupMethod, AccessPath[Any]]] = PATHS
