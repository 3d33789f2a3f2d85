"""
Facts of a district, in no vendor's words: what every sandbox serves, each in its own spelling.

All people are fictional. Codes are Ed-Fi code values (`"Ninth grade"`, `"Excused Absence"`), the common tongue
of the field; a sandbox puts them into its vendor's form.
"""

from student_graph.adapters.sandbox.facts.district import DistrictFacts
from student_graph.adapters.sandbox.facts.learning import (
    AssignmentFact,
    EngagementFact,
    LmsAccountFact,
    LmsCourseFact,
    SubmissionFact,
)
from student_graph.adapters.sandbox.facts.roster import (
    CalendarFact,
    ContactFact,
    CourseFact,
    EnrollmentFact,
    SchoolFact,
    SectionEnrollmentFact,
    SectionFact,
    SessionFact,
    StaffFact,
    StudentFact,
)
from student_graph.adapters.sandbox.facts.school_life import (
    ActionFact,
    AssessmentFact,
    AssessmentTakerFact,
    AttendanceFact,
    BusFact,
    CohortFact,
    GradeFact,
    IncidentFact,
    ProgramFact,
    ProgramStaffFact,
    ResultFact,
    TranscriptFact,
)

__all__ = [
    "ActionFact",
    "AssessmentFact",
    "AssessmentTakerFact",
    "AssignmentFact",
    "AttendanceFact",
    "BusFact",
    "CalendarFact",
    "CohortFact",
    "ContactFact",
    "CourseFact",
    "DistrictFacts",
    "EngagementFact",
    "EnrollmentFact",
    "GradeFact",
    "IncidentFact",
    "LmsAccountFact",
    "LmsCourseFact",
    "SectionEnrollmentFact",
    "ProgramFact",
    "ProgramStaffFact",
    "ResultFact",
    "SchoolFact",
    "SectionFact",
    "SessionFact",
    "StaffFact",
    "StudentFact",
    "SubmissionFact",
    "TranscriptFact",
]
