"""The keys of a sandbox's rows, in the form that the adapter uses."""

from __future__ import annotations

from collections.abc import Callable

from student_graph.adapters.edfi.client.keys import (
    CohortKey,
    ProgramKey,
    assessment_id,
    caseload_id,
    section_id,
)
from student_graph.adapters.sandbox.records.folder import Payload


def _section_key(row: Payload) -> str:
    offering = row["courseOfferingReference"]
    return section_id(
        offering["schoolId"],
        offering["schoolYear"],
        offering["sessionName"],
        offering["localCourseCode"],
        row["sectionIdentifier"],
    )


def caseload_key(row: Payload) -> str:
    """The key of the caseload, a program or a cohort, of an association with staff."""
    if program := row.get("programReference"):
        return caseload_id(
            ProgramKey(
                program["educationOrganizationId"], program["programName"], program["programTypeDescriptor"]
            )
        )
    cohort = row["cohortReference"]
    return caseload_id(CohortKey(cohort["educationOrganizationId"], cohort["cohortIdentifier"]))


CASELOAD_RESOURCES = "staffProgramAssociations", "staffCohortAssociations"
"""Resources whose rows name a caseload."""
RESOURCE_AND_KEY: dict[str, tuple[str, Callable[[Payload], str]]] = {
    "student": ("students", lambda row: str(row["studentUniqueId"])),
    "contact": ("contacts", lambda row: str(row["contactUniqueId"])),
    "parent": ("parents", lambda row: str(row["parentUniqueId"])),
    "school": ("schools", lambda row: str(row["schoolId"])),
    "staff": ("staffs", lambda row: str(row["staffUniqueId"])),
    "section": ("sections", _section_key),
    "assessment": ("assessments", lambda row: assessment_id(row["assessmentIdentifier"], row["namespace"])),
    "district": ("localEducationAgencies", lambda row: str(row["localEducationAgencyId"])),
}
"""By kind of key: the resource whose rows have such a key, and the function that returns the key of a row."""
