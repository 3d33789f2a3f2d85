"""
What each resource can be filtered by, in each Data Standard, and where in a payload a filter looks.

A filter is named after a leaf of the payload: a property, or a property of a reference.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Literal, TypeAlias

from student_graph.adapters.edfi.sandbox.filter_names import BEFORE_4, BEFORE_5, NAMES

DataStandard: TypeAlias = Literal["3.3", "4.0", "5.0", "5.1"]

_ONLY_BEFORE_5 = {"parents", "studentParentAssociations", "studentDisciplineIncidentAssociations"}
_ONLY_FROM_5 = {"contacts", "studentContactAssociations", "gradebookEntries", "studentGradebookEntries"}
_ONLY_FROM_5_1 = {"studentTransportations"}

_HOMES: dict[tuple[str, str], str] = {
    ("studentSchoolAssociations", "schoolId"): "schoolReference.schoolId",
    ("studentSchoolAssociations", "schoolYear"): "schoolYearTypeReference.schoolYear",
    ("studentSchoolAssociations", "nextYearSchoolId"): "nextYearSchoolReference.schoolId",
    ("studentSchoolAssociations", "classOfSchoolYear"): "classOfSchoolYearTypeReference.schoolYear",
    ("sections", "schoolId"): "courseOfferingReference.schoolId",
    ("sections", "locationSchoolId"): "locationSchoolReference.schoolId",
    ("sections", "locationClassroomIdentificationCode"): "locationReference.classroomIdentificationCode",
    ("grades", "schoolId"): "studentSectionAssociationReference.schoolId",
    ("grades", "schoolYear"): "studentSectionAssociationReference.schoolYear",
    ("grades", "gradingPeriodSchoolYear"): "gradingPeriodReference.schoolYear",
    ("grades", "gradingPeriodSequence"): "gradingPeriodReference.periodSequence",
    ("gradebookEntries", "schoolId"): "sectionReference.schoolId",
    ("gradebookEntries", "schoolYear"): "sectionReference.schoolYear",
}
"""Parameters of one resource whose leaf cannot be told from its name, or occurs in several references."""

_EMPLOYMENT = "employmentStaffEducationOrganizationEmploymentAssociationReference"
_TRANSPORTING = "transportationEducationOrganizationReference"
_ROLES: dict[str, str] = {
    "parentLocalEducationAgencyId": "parentLocalEducationAgencyReference.localEducationAgencyId",
    "charterApprovalSchoolYear": "charterApprovalSchoolYearTypeReference.schoolYear",
    "employmentEducationOrganizationId": f"{_EMPLOYMENT}.educationOrganizationId",
    "employmentHireDate": f"{_EMPLOYMENT}.hireDate",
    "responsibilitySchoolId": "responsibilitySchoolReference.schoolId",
    "assignmentSchoolId": "assignmentSchoolReference.schoolId",
    "parentIdentificationCode": "parentObjectiveAssessmentReference.identificationCode",
    "reportedSchoolId": "reportedSchoolReference.schoolId",
    "educationOrganizationId": "educationOrganizationReference.educationOrganizationId",
    "programEducationOrganizationId": "programReference.educationOrganizationId",
    "transportationEducationOrganizationId": f"{_TRANSPORTING}.educationOrganizationId",
    "staffUniqueId": "staffReference.staffUniqueId",
}
"""Parameters of any resource named after the role of their reference, not after their leaf."""


@cache
def filters(standard: DataStandard) -> dict[str, frozenset[str]]:
    """The resources of a Data Standard that are served, each with its filters."""
    older = standard in {"3.3", "4.0"}
    absent = _ONLY_FROM_5 | _ONLY_FROM_5_1 if older else _ONLY_BEFORE_5
    if standard == "5.0":
        absent = absent | _ONLY_FROM_5_1
    found = {resource: set(names.split()) for resource, names in NAMES.items() if resource not in absent}
    for differences in ([BEFORE_5] if older else []) + ([BEFORE_4] if standard == "3.3" else []):
        for resource, (added, dropped) in differences.items():
            found[resource] = found[resource] - set(dropped.split()) | set(added.split())
    return {resource: frozenset(names) for resource, names in found.items()}


def leaf(resource: str, payload: dict[str, Any], name: str) -> Any:
    """What `payload` holds where the filter `name` looks; None when it holds nothing there."""
    if name in payload:
        return payload[name]
    if home := _HOMES.get((resource, name)) or _ROLES.get(name):
        reference, _, inner = home.partition(".")
        if reference in payload:
            return payload[reference].get(inner)
    references = (one for key, one in payload.items() if key.endswith("Reference") and isinstance(one, dict))
    return next((reference[name] for reference in references if name in reference), None)


def is_number(name: str) -> bool:
    """Whether the filter takes a whole number."""
    return name.endswith(("choolId", "rganizationId", "gencyId", "enterId", "choolYear", "eriodSequence"))
