"""Settings of an Ed-Fi source."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr, field_validator

from student_graph.adapters.auth import TokenSettings
from student_graph.adapters.edfi.mapping.descriptors import validate_descriptor_codes
from student_graph.adapters.reading import EndDate


class EdFiSettings(TokenSettings):
    """
    Settings of an Ed-Fi ODS/API.

    Estimated numbers decide how data is read: a wrong one costs calls, but loses no data.
    """

    client_id: str = Field(min_length=1)
    """Key of an API client that may read the district, from the administrator of the API."""
    client_secret: SecretStr
    """Secret of the API client."""
    school_year: int | None = Field(default=None, ge=1990, le=2100)
    """
    School year to read, by the calendar year in which it ends, from an API with an address for each year.

    By default the district's current one, which changes on the day on which its school year begins.
    """
    tenant: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._~-]+$")
    """Tenant of the district at an API that serves several: `{tenantIdentifier}` in its addresses."""
    qualifiers: dict[str, Annotated[str, Field(pattern=r"^[A-Za-z0-9._~-]+$")]] = Field(default_factory=dict)
    """Values of other placeholders in the addresses of the API, by name: `districtId = "255901"`."""
    page_size: int = Field(default=500, ge=1, le=500)
    """Rows in one page; Ed-Fi allows 500."""
    students: int = Field(default=5000, ge=1)
    """Estimated number of students in the district: prices reads of the district."""
    school_students: int = Field(default=600, ge=1)
    """Estimated number of students in one school: prices reads of a school."""
    attendance_events_per_student: int = Field(default=10, ge=1)
    """Estimated number of attendance events of a student in a year: prices reads of a school."""
    enrollments_name_all_schools: bool = False
    """
    Whether a student has a row in `studentSchoolAssociations`, perhaps an ended one, for each school at which they
    have attendance or are in a section. If so, lists of a school also answer for its students.
    """
    enrollments_name_all_sections: bool = False
    """
    Whether a student has a row in `studentSectionAssociations`, perhaps an ended one, for each section in which
    they have attendance. If so, lists of a section also answer for its students.
    """
    results_name_all_schools: bool = False
    """
    Whether each row of `studentAssessments` names the school that reported it (`reportedSchoolReference`, from
    Data Standard 4 on), and the student has a row in `studentSchoolAssociations` for this school. If so, lists of
    a school also answer for its students.
    """
    exit_date: EndDate = "day_after"
    """
    What `exitWithdrawDate` is: `day_after`, the first day on which the student is not enrolled, or `last_day`, the
    last day of the enrollment. States differ; Ed-Fi recommends the latter.
    """
    session_end: EndDate = "last_day"
    """What `endDate` of sessions is: `last_day`, as Ed-Fi describes it, or `day_after`."""
    section_end: EndDate = "last_day"
    """What `endDate` of students and staff in sections is: `last_day`, as Ed-Fi recommends, or `day_after`."""
    descriptors: dict[str, str] = Field(default_factory=dict)
    """Enum name in the graph by descriptor, for the codes that the district has defined itself:
    `"uri://gbisd.edu/AttendanceEventCategoryDescriptor#Truant" = "UNEXCUSED_ABSENCE"`."""

    @field_validator("descriptors")
    @classmethod
    def _validate_descriptors(cls, descriptors: dict[str, str]) -> dict[str, str]:
        validate_descriptor_codes(descriptors)
        return descriptors

    def pages(self, rows: float) -> float:
        """The number of calls that reading so many rows takes."""
        return float(max(1, -(-rows // self.page_size)))
