"""Settings of an Ed-Fi source."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator

from student_graph.adapters.contract import AdapterSettings
from student_graph.adapters.edfi.mapping.descriptors import checked


class EdFiSettings(AdapterSettings):
    """Settings of an Ed-Fi ODS/API; the three estimates price reads and bound nothing."""

    client_id: str = Field(min_length=1)
    """Key of an API client with read access to the district, from the host's administration."""
    client_secret: SecretStr
    """Secret of the API client."""
    page_size: int = Field(default=500, ge=1, le=500)
    """Rows asked for at once; Ed-Fi allows 500."""
    students: int = Field(default=5000, ge=1)
    """About how many students the district has: prices district-wide reads."""
    school_students: int = Field(default=600, ge=1)
    """About how many students one of its schools has: prices school-wide reads."""
    attendance_events_per_student: int = Field(default=10, ge=1)
    """About how many attendance events a student has in a year: prices school-wide reads."""
    descriptors: dict[str, str] = Field(default_factory=dict)
    """Vendor's code to our enum name, for codes that are the district's own:
    `"uri://gbisd.edu/AttendanceEventCategoryDescriptor#Truant" = "UNEXCUSED_ABSENCE"`."""

    @field_validator("descriptors")
    @classmethod
    def _known(cls, own: dict[str, str]) -> dict[str, str]:
        """A district's own code belongs to a descriptor that is mapped, and means something that exists."""
        checked(own)
        return own

    def pages(self, rows: float) -> float:
        """Calls that it takes to read so many rows."""
        return float(max(1, -(-rows // self.page_size)))
