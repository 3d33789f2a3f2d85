"""
The filters of each resource in each Data Standard, and the property of a payload that a filter compares.

The name of a filter is the name of a property of the payload, or of a property of one of its references.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Literal, TypeAlias, get_args

from student_graph.adapters.edfi.sandbox.filters.names import (
    DIFFERENCES_BEFORE_4,
    DIFFERENCES_BEFORE_5,
    FILTER_NAMES,
)
from student_graph.adapters.edfi.sandbox.filters.names_from_6 import DIFFERENCES_FROM_6, RESOURCES_FROM_6

DataStandard: TypeAlias = Literal["3.3", "4.0", "5.0", "5.1", "6.0"]

_ONLY_BEFORE_5 = {"parents", "studentParentAssociations", "studentDisciplineIncidentAssociations"}
_ONLY_FROM_5 = {"contacts", "studentContactAssociations", "gradebookEntries", "studentGradebookEntries"}
_ONLY_FROM_5_1 = {"studentTransportations"}

_PATHS_BY_RESOURCE: dict[tuple[str, str], str] = {
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
"""
Path in the payload for some filters of one resource.

Their names differ from the property, or are the name of a property in several references.
"""

_EMPLOYMENT_REFERENCE = "employmentStaffEducationOrganizationEmploymentAssociationReference"
_TRANSPORTATION_REFERENCE = "transportationEducationOrganizationReference"
_PATHS: dict[str, str] = {
    "parentLocalEducationAgencyId": "parentLocalEducationAgencyReference.localEducationAgencyId",
    "charterApprovalSchoolYear": "charterApprovalSchoolYearTypeReference.schoolYear",
    "employmentEducationOrganizationId": f"{_EMPLOYMENT_REFERENCE}.educationOrganizationId",
    "employmentHireDate": f"{_EMPLOYMENT_REFERENCE}.hireDate",
    "responsibilitySchoolId": "responsibilitySchoolReference.schoolId",
    "assignmentSchoolId": "assignmentSchoolReference.schoolId",
    "parentIdentificationCode": "parentObjectiveAssessmentReference.identificationCode",
    "reportedSchoolId": "reportedSchoolReference.schoolId",
    "educationOrganizationId": "educationOrganizationReference.educationOrganizationId",
    "programEducationOrganizationId": "programReference.educationOrganizationId",
    "transportationEducationOrganizationId": f"{_TRANSPORTATION_REFERENCE}.educationOrganizationId",
    "staffUniqueId": "staffReference.staffUniqueId",
}
"""Path in the payload for filters of any resource that are named after the role of their reference."""


def is_since(standard: DataStandard, first: DataStandard) -> bool:
    """Whether a Data Standard is another one or a newer one."""
    standards = get_args(DataStandard)
    return standards.index(standard) >= standards.index(first)


@cache
def filters_by_resource(standard: DataStandard) -> dict[str, frozenset[str]]:
    """Names of the filters of each resource that the sandbox serves in a Data Standard."""
    not_served = _ONLY_BEFORE_5 if is_since(standard, "5.0") else _ONLY_FROM_5
    if not is_since(standard, "5.1"):
        not_served = not_served | _ONLY_FROM_5_1
    resources = FILTER_NAMES | (RESOURCES_FROM_6 if is_since(standard, "6.0") else {})
    filters = {resource: set(names.split()) for resource, names in resources.items() if resource not in not_served}
    for differences, applies in (
        (DIFFERENCES_BEFORE_5, not is_since(standard, "5.0")),
        (DIFFERENCES_BEFORE_4, not is_since(standard, "4.0")),
        (DIFFERENCES_FROM_6, is_since(standard, "6.0")),
    ):
        for resource, (added, dropped) in differences.items() if applies else ():
            filters[resource] = filters[resource] - set(dropped.split()) | set(added.split())
    return {resource: frozenset(names) for resource, names in filters.items()}


def filtered_value(resource: str, payload: dict[str, Any], name: str) -> Any:
    """The value in `payload` that the filter `name` compares; None if the payload has no such property."""
    if name in payload:
        return payload[name]
    if path := _PATHS_BY_RESOURCE.get((resource, name)) or _PATHS.get(name):
        reference, _, property = path.partition(".")
        if reference in payload:
            return payload[reference].get(property)
    references = (value for key, value in payload.items() if key.endswith("Reference") and isinstance(value, dict))
    return next((reference[name] for reference in references if name in reference), None)


def is_number(name: str) -> bool:
    """Whether the value of the filter is a whole number."""
    return name.endswith(("choolId", "rganizationId", "gencyId", "enterId", "choolYear", "eriodSequence"))
