"""
The adapter for Ed-Fi ODS/API, versions 5 to 7.

Ed-Fi filters by equality only, pages by limit and offset, and has no read of many students: a batch is answered
by one read for each key, side by side, or by one of the coarser paths.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from adapters.contract import Adapter, LookupMethod, Split
from adapters.edfi.lookups.academics import Academics
from adapters.edfi.lookups.caseloads import Caseloads
from adapters.edfi.lookups.contacts import Contacts
from adapters.edfi.lookups.incidents import Incidents
from adapters.edfi.lookups.people import People
from adapters.edfi.lookups.school_life import SchoolLife
from adapters.edfi.lookups.schools import Schools
from adapters.edfi.lookups.sections import Sections
from adapters.edfi.lookups.services import Services
from adapters.edfi.paths import PATHS
from adapters.edfi.settings import EdFiSettings

__all__ = ["EdFi", "EdFiSettings"]


class EdFi(People, Contacts, Caseloads, Schools, Sections, SchoolLife, Incidents, Academics, Services, Adapter):
    """A district's Ed-Fi ODS/API. It speaks the district's own ids: no identity rules are needed."""

    settings: EdFiSettings
    paths: ClassVar[Mapping[LookupMethod, Split[Any]]] = PATHS
