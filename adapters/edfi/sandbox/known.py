"""Which keys the rows of a sandbox have, as the adapter writes them."""

from __future__ import annotations

from collections.abc import Callable

from student_graph.adapters.edfi.client.keys import (
    CohortParts,
    ProgramParts,
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
    """The caseload that a row is about: a program's, or a cohort's."""
    if program := row.get("programReference"):
        return caseload_id(
            ProgramParts(
                program["educationOrganizationId"], program["programName"], program["programTypeDescriptor"]
            )
        )
    cohort = row["cohortReference"]
    return caseload_id(CohortParts(cohort["educationOrganizationId"], cohort["cohortIdentifier"]))


CASELOADS = "staffProgramAssociations", "staffCohortAssociations"
"""Resources whose rows are about a caseload."""
KEYS: dict[str, tuple[str, Callable[[Payload], str]]] = {
    "student": ("students", lambda row: str(row["studentUniqueId"])),
    "contact": ("contacts", lambda row: str(row["contactUniqueId"])),
    "parent": ("parents", lambda row: str(row["parentUniqueId"])),
    "school": ("schools", lambda row: str(row["schoolId"])),
    "staff": ("staffs", lambda row: str(row["staffUniqueId"])),
    "section": ("sections", _section_key),
    "assessment": ("assessments", lambda row: assessment_id(row["assessmentIdentifier"], row["namespace"])),
    "district": ("localEducationAgencies", lambda row: str(row["localEducationAgencyId"])),
}
"""Kind of key to the resource whose rows have one, and how the adapter writes it."""
