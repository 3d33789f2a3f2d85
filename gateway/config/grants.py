"""The sections of a district about access: grants of classes of data, and students assigned to staff members."""

from __future__ import annotations

from datetime import date, timedelta

from pydantic import Field, model_validator

from student_graph.adapters.model import DistrictId, GradeLevel, SchoolId, Sensitivity, StudentId
from student_graph.gateway.config.sections import Section
from student_graph.resolvers.access import AssignedStudents, Grant
from student_graph.resolvers.context import ViewerRole

MAX_RESTRICTED_GRANT = timedelta(days=366)
"""How long a grant of a restricted class may last: one school year."""
MIN_RESTRICTED_APPROVALS = 2


class GrantConfig(Section):
    """Classes of data that roles or persons may see in addition to open data."""

    roles: frozenset[ViewerRole] = frozenset()
    """Roles that get the grant."""
    subjects: frozenset[str] = frozenset()
    """Subjects (`sub`) of the persons and services that get the grant."""
    issuer: str | None = Field(default=None, min_length=1)
    """Only viewers of this issuer (`settings`: of `[[viewers]]`); needed for subjects if there are several."""
    classes: frozenset[Sensitivity] = Field(min_length=1)
    """Classes of data that they may see."""
    purpose: str | None = Field(default=None, min_length=1, max_length=64)
    """Only for requests that state this purpose."""
    schools: frozenset[str] | None = None
    """Only students enrolled at these schools."""
    students: frozenset[str] | None = None
    """Only these students."""
    until: date | None = None
    """Last day of the grant, in the district's calendar; required for a restricted class."""
    approved_by: tuple[str, ...] = ()
    """Names of the people who approved it: at least two for a restricted class."""

    @model_validator(mode="after")
    def _check_grant(self) -> GrantConfig:
        if not self.roles and not self.subjects:
            raise ValueError("granted to somebody: set roles or subjects")
        if restricted := sorted(sensitivity.value for sensitivity in self.classes if sensitivity.restricted):
            if len(set(self.approved_by)) < MIN_RESTRICTED_APPROVALS:
                raise ValueError(
                    f"approved by two people because {restricted[0]} is restricted: name them in approved_by"
                )
            # The day may differ by one from the district's calendar: nobody relies on the exact day.
            if self.until is None or self.until > date.today() + MAX_RESTRICTED_GRANT:  # noqa: DTZ011
                raise ValueError(
                    f"limited to one school year because {restricted[0]} is restricted: set until accordingly"
                )
        return self

    def build(self, district: DistrictId) -> Grant:
        """The grant of a district."""
        return Grant(
            self.classes,
            district,
            None if self.schools is None else frozenset(map(SchoolId, self.schools)),
            None if self.students is None else frozenset(map(StudentId, self.students)),
            self.purpose,
            self.until,
        )


class AssignedConfig(Section):
    """Students that the district assigns to a staff member in addition to those that the SIS names."""

    subject: str = Field(min_length=1)
    """Subject (`sub`) of the staff member's token."""
    issuer: str | None = Field(default=None, min_length=1)
    """The issuer of the token, or `settings` for `[[viewers]]`; needed if the district has several issuers."""
    schools: frozenset[str] = frozenset()
    """Schools whose enrolled students are assigned."""
    grade_levels: frozenset[GradeLevel] | None = None
    """Grade levels of the students at these schools; all if left out."""
    students: frozenset[str] = frozenset()
    """Numbers of further students, such as those of a caseload."""
    begin: date | None = None
    """First day of the assignment, in the district's calendar."""
    until: date | None = None
    """Last day of the assignment, in the district's calendar."""

    @model_validator(mode="after")
    def _check_students(self) -> AssignedConfig:
        if not self.schools and not self.students:
            raise ValueError("for some students: set schools or students")
        return self

    def build(self, district: DistrictId) -> AssignedStudents:
        """The assignment of a district."""
        schools, students = frozenset(map(SchoolId, self.schools)), frozenset(map(StudentId, self.students))
        return AssignedStudents(district, schools, self.grade_levels, students, self.begin, self.until)
